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

#define REPRODUCED 1.05 /* times: siblings that surely differ otherwise than by that do not */

static void profile_put(FILE *out, const struct explanation *why)
{
    const struct interval *a = &why->profile_cost[0], *b = &why->profile_cost[1], *apart = &why->profile_apart;
    if (!why->is_profiled) {
        if (why->profiled_blocks)
            fprintf(out,
                    " States are by rusage and times of tasks: the %zu blocks with profiled siblings of both are too "
                    "few, or differ otherwise than all.",
                    why->profiled_blocks);
        return;
    }
    fprintf(out,
            " States are shares of %zu profiled siblings each (records of switches) times the published time; those "
            "took %.2f .. %.2f times as long as published trials of A, %.2f .. %.2f of B%s.",
            why->profiled_blocks, a->lo, a->hi, b->lo, b->hi,
            why_costs(why, PROFILE_COST_MOST)   ? ", so only shares are shown"
            : why_costs(why, PROFILE_COST_SAID) ? ", so values carry ~"
                                                : "");
    fprintf(out,
            " Among siblings B takes %.2fx the time of A, among the published trials of the same blocks %.2fx: %.2f .. "
            "%.2f times that%s.",
            why->profile_ratio[0], why->profile_ratio[1], apart->lo, apart->hi,
            apart->lo > REPRODUCED || apart->hi < 1 / REPRODUCED
                ? ", so they do not show the same difference, and shares may be others"
                : "");
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
        fprintf(lines.out, "share: of the whole difference, below 0 where a state goes the other way; * has a reason.");
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
    snprintf(label, sizeof label, "%s%s a task", why_costs(why, PROFILE_COST_SAID) ? "~" : "", unit.name);
    heads_put(&sheet, why, label);
    sheet_put(&sheet, "share");
    for (int i = 0; i < STATES; i++) {
        const struct part *part = &why->part[i];
        if (!is_shown(&part->change))
            continue;
        change_put(&sheet, i == STATE_BODY && !why->has_serial ? "task bodies" : state_words[i].label, &part->change,
                   why_costs(why, PROFILE_COST_MOST) ? (struct unit){"", NAN} : unit);
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

/* Where they come from, and what to think of them. */
static void counters_foot(struct sheet *sheet, const struct explanation *why)
{
    struct lines lines;
    size_t least = why->counter[0].blocks, most = least;
    bool is_shared = false;
    if (!lines_open(&lines))
        return;
    for (unsigned i = 0; i < why->counters; i++) {
        const struct counted_change *counter = &why->counter[i];
        least = counter->blocks < least ? counter->blocks : least;
        most = counter->blocks > most ? counter->blocks : most;
        is_shared = is_shared || counter->is_shared;
    }
    fprintf(lines.out, "Of submitter and all others, in %zu", least);
    if (most > least)
        fprintf(lines.out, " to %zu", most);
    fprintf(lines.out,
            " block%s with profiled siblings of both (profile/counters.csv; what was not to be had is in "
            "profile/abilities.csv); intervals hold together with 95 %%.",
            most == 1 ? "" : "s");
    if (is_shared)
        fprintf(lines.out, " ~: counted for a part of the time, as others had the counters, and scaled by that.");
    sheet->foot = *lines_close(&lines) ? lines.text : NULL;
    if (!sheet->foot)
        free(lines.text);
}

struct sheet why_counters(const struct explanation *why)
{
    struct sheet sheet = {.title = "Counted a task", .columns = 5, .align = "lr"};
    if (!why->counters)
        return sheet;
    heads_put(&sheet, why, "a task");
    for (unsigned i = 0; i < why->counters; i++) {
        const struct counted_change *counter = &why->counter[i];
        const struct counted_event *event = counter->event;
        const bool is_time = !strcmp(event->event, "task-clock"), is_software = !strcmp(event->pmu, "software"),
                   is_only = is_software || !strcmp(event->pmu, "cpu");
        const struct unit unit = is_time ? unit_of(fmax(counter->change.a, counter->change.b)) : (struct unit){"", 1};
        char label[96];
        snprintf(label, sizeof label, "%s%s%s%s%s%s%s", counter->is_shared ? "~" : "", event->event,
                 strcmp(event->scope, "user") ? "" : ":u", is_only ? "" : ", ", is_only ? "" : event->pmu,
                 is_time ? ", " : "", unit.name);
        change_put(&sheet, label, &counter->change, unit);
    }
    counters_foot(&sheet, why);
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
        if (why_is_answered(why) && why->explained > 1.005)
            sheet_put(&sheet, "all");
        else if (why_is_answered(why))
            sheet_put(&sheet, "%.0f %%", 100 * fmax(why->explained, 0));
        else
            sheet_put(&sheet, "%s", verdict_said(why->comparison.verdict));
    }
    return sheet;
}
