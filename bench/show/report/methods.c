/* How it was made: a paragraph for a paper, of this run, and what the words mean. */
#include "bench/analyse/summary.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/show/report/parts.h"
#include "bench/show/screen.h"
#include "bench/show/tables.h"
#include <stdlib.h>
#include <string.h>

static const char *fact_text(const struct report *r, const char *path)
{
    const char *text = json_string_value(report_fact(r, path));
    return text && *text ? text : "(not known)";
}

/* "serial, prefork and pthread" */
static void pools_print(FILE *out, const struct table *t)
{
    char name[64];
    for (size_t c = 0; c < t->pools; c++)
        fprintf(out, "%s%s", !c ? "" : c + 1 < t->pools ? ", " : " and ", table_pool_name(t, c, name, sizeof name));
}

/* What was run, and how often. */
static void design_print(FILE *out, const struct report *r)
{
    const struct table *t = r->table;
    const struct totals totals = totals_make(r->run);
    const size_t count = r->run->trial_count;
    char common[1024];
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < r->run->count; i++) {
        const size_t trials = (size_t)(r->run->rows[i].trials - r->run->rows[i].failed);
        least = trials < least ? trials : least;
        most = trials > most ? trials : most;
    }
    fprintf(out, "We measured [what for] with poolbench %s (commit %s). ", fact_text(r, "build.version"),
            fact_text(r, "build.commit"));
    pools_print(out, t);
    fprintf(out, " ran the same seeded tasks (seed %s) in %zu cells of a factorial design", fact_text(r, "run.seed"),
            r->run->count);
    if (*table_common(t, common, sizeof common))
        fprintf(out, " (everywhere: %s)", common);
    fprintf(
        out,
        "; every cell was run once in each of %zu block%s, in an order drawn anew for each, each trial in a process of "
        "its own, after a warm-up that is not timed. Of %zu trials %zu failed and enter no number; n = ",
        r->run->blocks, r->run->blocks == 1 ? "" : "s", count, count - totals.ok - totals.interrupted);
    fprintf(out, least == most ? "%zu" : "%zu to %zu", least, most);
    fputs(" a cell. ", out);
}

static void intervals_print(FILE *out, const struct report *r)
{
    const struct family *family = &r->table->family;
    fprintf(
        out,
        "Times per task are medians over trials, speed-ups medians of ratios within blocks, both with 95 %% intervals "
        "of order statistics, which assume no distribution");
    if (family->comparisons)
        fprintf(
            out,
            "; %u comparison%s between pools hold%s together at %.0f %%, and differences within %.0f %% count as equal",
            family->comparisons, family->comparisons == 1 ? "" : "s", family->comparisons == 1 ? "s" : "",
            100 * (1 - FAMILY_ERROR), 100 * family->margin);
    fputs(". Intervals are of this run: they do not tell how far another hour or machine would differ. ", out);
}

static void machine_print(FILE *out, const struct report *r)
{
    char machine[256];
    const char *governor = json_string_value(report_fact(r, "cpu.governor"));
    host_line(machine, sizeof machine, r->run->host);
    fprintf(out, "Machine: %s", machine);
    if (governor)
        fprintf(out, ", frequency governor %s", governor);
    fprintf(out, "; kernel %s; compiled by %s with %s. Raw data: [archive of `poolbench pack %s`].",
            fact_text(r, "kernel.release"), fact_text(r, "build.compiler"), fact_text(r, "build.flags"), r->run_id);
}

static const struct document_fact method[] = {
    {"Trial",
     "One timed run of one cell, a combination of pool, workload, size, workers and what else was varied, in a "
     "program of its own. Making the pool and warming it up lie before the timed part."},
    {"Block", "Every cell once, in an order drawn from the seed; every pool gets the same tasks. Cells are compared "
              "within a block, so that what changes slowly changes both sides."},
    {"Speed-up",
     "Time per task of serial over that of the pool, block by block; the table has the middle over blocks."},
    {"Interval", "Of order statistics: no shape of distribution is assumed. One of a time is of this run: it holds the "
                 "median of all "
                 "trials that could have been run in these minutes. What the machine does in another hour no single "
                 "run can tell; that "
                 "takes three or more."},
    {"Mark",
     "Read off the ratios to the best of a row, block by block, with intervals that hold for all comparisons of the "
     "table at once. Unresolved means that these blocks cannot tell the two apart, not that they are equal."},
    {"Failure", "A trial that failed counts as failed and enters no number."},
    {"Scope", "All of it holds for these tasks, this seed and this machine in the state it was in."},
};

void report_method(struct report *r)
{
    struct lines text;
    if (r->table && lines_open(&text)) {
        report_paragraph(r, "To quote, with what is yours to say in place of what is in brackets:");
        design_print(text.out, r);
        intervals_print(text.out, r);
        machine_print(text.out, r);
        report_paragraph(r, lines_close(&text));
        free(text.text);
    }
    report_facts(r, method, sizeof method / sizeof method[0]);
}
