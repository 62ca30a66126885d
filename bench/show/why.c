/* See why.h. */
#include "bench/show/why.h"
#include "bench/base/units.h"
#include "bench/show/lines.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One unit for all of a table, so that its numbers can be added by eye. */
struct unit {
    const char *name;
    double ns;
};

static struct unit unit_of(double ns)
{
    return ns < 1e3   ? (struct unit){"ns", 1}
           : ns < 1e6 ? (struct unit){"us", 1e3}
           : ns < 1e9 ? (struct unit){"ms", 1e6}
                      : (struct unit){"s", 1e9};
}

static char *number_text(char *text, size_t size, double ns, struct unit unit, bool is_signed)
{
    const double value = ns / unit.ns;
    if (isnan(value))
        snprintf(text, size, "-");
    else
        snprintf(text, size, is_signed ? "%+.*f" : "%.*f",
                 fabs(value) < 99.95   ? 2
                 : fabs(value) < 999.5 ? 1
                                       : 0,
                 value + 0.0);
    return text;
}

static char *range_text(char *text, size_t size, const struct interval *interval, struct unit unit)
{
    char lo[32], hi[32];
    if (isnan(interval->lo))
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%s .. %s", number_text(lo, sizeof lo, interval->lo, unit, true),
                 number_text(hi, sizeof hi, interval->hi, unit, true));
    return text;
}

static void change_put(struct sheet *sheet, const char *label, const struct change *change, struct unit unit)
{
    char a[32], b[32], more[32], range[72];
    sheet_row(sheet, label, number_text(a, sizeof a, change->a, unit, false),
              number_text(b, sizeof b, change->b, unit, false),
              number_text(more, sizeof more, change->more, unit, true),
              range_text(range, sizeof range, &change->interval, unit));
}

static void heads_put(struct sheet *sheet, const struct explanation *why, const char *label)
{
    char a[SPEC_MAX], b[SPEC_MAX];
    why_name(a, sizeof a, why, false);
    why_name(b, sizeof b, why, true);
    const bool fit = strlen(a) <= 9 && strlen(b) <= 9;
    sheet_row(sheet, label, fit ? a : "A", fit ? b : "B", "more", "interval");
}

#define COST_SAID 1.05 /* times: from there on values carry a mark, */
#define COST_MOST 1.3  /* and from there on there are only shares */

/* Profiling surely costs that much of one of the two. */
static bool costs(const struct explanation *why, double least)
{
    return why->is_profiled && (why->profile_cost[0].lo > least || why->profile_cost[1].lo > least);
}

static void profile_put(FILE *out, const struct explanation *why)
{
    const struct interval *a = &why->profile_cost[0], *b = &why->profile_cost[1];
    if (why->is_profiled)
        fprintf(
            out,
            " States are shares of %zu profiled siblings each (records of switches) times the published time; those "
            "took %.2f .. %.2f times as long as published trials of A, %.2f .. %.2f of B%s.",
            why->profiled_blocks, a->lo, a->hi, b->lo, b->hi,
            costs(why, COST_MOST)   ? ", so only shares are shown"
            : costs(why, COST_SAID) ? ", so values carry ~"
                                    : "");
    else if (why->profiled_blocks)
        fprintf(out,
                " States are by rusage and times of tasks: the %zu blocks with profiled siblings of both are too "
                "few, or differ otherwise than all.",
                why->profiled_blocks);
}

/* What stands below: whose intervals they are, and what is missing. */
static void foot_put(struct sheet *sheet, const struct explanation *why)
{
    struct lines lines;
    if (!lines_open(&lines))
        return;
    if (why->b_run->tail > 0)
        fprintf(lines.out,
                "Of the slowest %g %% of the tasks of each trial that samples.csv has, in the mean: from due to reap; "
                "intervals hold together with 95 %%; ",
                100 * why->b_run->tail);
    else
        fprintf(lines.out, "A worker's time per task; intervals hold together with 95 %%; ");
    if (why->is_told)
        fprintf(lines.out, "* counts as explained.");
    else
        fprintf(lines.out, "nothing is told, so nothing has a share.");
    if (!why->has_serial)
        fprintf(lines.out, " Without serial in the same blocks, all CPU time of bodies is one state.");
    if (!why->has_stamps)
        fprintf(lines.out, " No times of tasks are there, so CPU time of bodies beyond serial's is in that between "
                           "tasks, and waiting inside of bodies in that between them.");
    profile_put(lines.out, why);
    if (why->is_uneven)
        fprintf(lines.out, " One of the two was run before it was known what the submitter waits: its workers' waiting "
                           "has that in it.");
    sheet->foot = *lines_close(&lines) ? lines.text : NULL;
    if (!sheet->foot)
        free(lines.text);
}

static bool is_shown(const struct change *change)
{
    return fabs(change->a) > 0 || fabs(change->b) > 0 || fabs(change->more) > 0;
}

struct sheet why_sheet(const struct explanation *why)
{
    struct sheet sheet = {.title = "From A to B", .columns = 6, .align = "lr"};
    struct unit unit = unit_of(fmin(why->whole.a, why->whole.b) / 5);
    char label[64];
    snprintf(label, sizeof label, "%s%s a task", costs(why, COST_SAID) ? "~" : "", unit.name);
    heads_put(&sheet, why, label);
    sheet_put(&sheet, "share");
    for (int i = 0; i < STATES; i++) {
        const struct part *part = &why->part[i];
        if (!is_shown(&part->change))
            continue;
        change_put(&sheet, i == STATE_BODY && !why->has_serial ? "task bodies" : state_words[i].label, &part->change,
                   costs(why, COST_MOST) ? (struct unit){"", NAN} : unit);
        if (why->is_told)
            sheet_put(&sheet, "%.0f %%%s", 100 * part->share, part->is_named ? " *" : "");
        else
            sheet_put(&sheet, "-");
    }
    change_put(&sheet, why->b_run->tail > 0 ? "latency" : "time per task", &why->whole, unit);
    sheet_put(&sheet, why->is_told ? "100 %%" : "-");
    foot_put(&sheet, why);
    return sheet;
}

struct sheet why_facts(const struct explanation *why)
{
    static const struct {
        const char *label;
        bool is_time;
    } rows[FACTS] = {
        [FACT_SUBMITTER] = {"submitter's CPU time", true},
        [FACT_WAITS] = {"submitter waits for a CPU", true},
        [FACT_CPU] = {"all CPU time", true},
        [FACT_KERNEL] = {"CPU time in the kernel", true},
        [FACT_SWITCHES] = {"switches, voluntary", false},
        [FACT_PREEMPTIONS] = {"switches, preempted", false},
        [FACT_FAULTS] = {"page faults", false},
        [FACT_MIGRATIONS] = {"changes of CPU", false},
    };
    struct sheet sheet = {.title = "Counts a task", .columns = 5, .align = "lr"};
    heads_put(&sheet, why, "a task");
    for (int i = 0; i < FACTS; i++) {
        const struct change *fact = &why->fact[i];
        char label[64];
        struct unit unit = {"", 1};
        if (isnan(fact->a) && isnan(fact->b))
            continue;
        if (rows[i].is_time)
            unit = unit_of(fmax(fact->a, fact->b));
        snprintf(label, sizeof label, "%s%s%s", rows[i].label, rows[i].is_time ? ", " : "", unit.name);
        change_put(&sheet, label, fact, unit);
    }
    return sheet;
}

struct sheet why_rows(const struct whys *whys)
{
    struct sheet sheet = {.title = "All rows", .columns = 3, .align = "l"};
    char a[SPEC_MAX], b[SPEC_MAX], label[192];
    sheet_row(&sheet, "row", "B by A", "explained");
    for (size_t i = 0; i < whys->count; i++) {
        const struct explanation *why = &whys->why[i];
        sheet_put(&sheet, "%zu: %s", i + 1, why_label(label, sizeof label, why));
        sheet_put(&sheet, "%s by %s %.2fx", why_name(b, sizeof b, why, true), why_name(a, sizeof a, why, false),
                  why->comparison.ratio);
        if (why_is_answered(why))
            sheet_put(&sheet, "%.0f %%", 100 * why->explained);
        else
            sheet_put(&sheet, "%s", verdict_said(why->comparison.verdict));
    }
    return sheet;
}
