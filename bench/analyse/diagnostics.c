/* A table of what to look for; each kind a test of a row of the summary. */
#include "bench/analyse/diagnostics.h"
#include "bench/analyse/summary.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include <math.h>

#define NAMED_MAX      3    /* cells a line */
#define EFFICIENT_MOST 1.05 /* nobody is faster than the ideal: the iterations are wrong */
#define BUSY           0.9  /* of the wall time, in the submitter */
#define RESIDUAL_MOST  0.01 /* of a calibration */
#define NUMA_LEAST     0.95 /* of the pages where they were meant to be; a few are there before anything is said */
#define LABEL_MAX      96

enum { MISCALIBRATED, PACED, SATURATED, UNTOLD, LATE, SUBMITTER_BOUND, DRIFT, LAG, BIMODAL, ELSEWHERE, DIAGNOSTICS };

static const char *const words[DIAGNOSTICS] = {
    [MISCALIBRATED] = "faster than the ideal by more than 5 %, a calibration error (--recalibrate)",
    [PACED] = "arrivals determine the time per task; compare latencies (below)",
    [SATURATED] = "saturated: tasks arrive more than 2 % faster than they are done",
    [UNTOLD] =
        ("no latencies: the queue is still filling, or too full, when trials end; longer trials (--budget, --tasks) or "
         "a lower rate would tell"),
    [LATE] = "tasks were handed in later than half of the latencies are long, which says little about the pool",
    [SUBMITTER_BOUND] = "limited by the main process, which was busy for more than 90 % of the time",
    [DRIFT] = "times drifted during the run: trust comparisons, which are made within blocks, not times",
    [LAG] = "each block depends on the one before: verdicts and intervals are less sure than they look",
    [BIMODAL] = "times fall into two groups, and the median may lie in neither",
    [ELSEWHERE] = "more than 5 % of the pages were not where --numa says (numa_share in summary.csv)",
};

static bool holds(const struct summary_row *row, unsigned diagnostic)
{
    bool has_workers = row->f.processes > 0 || row->f.threads > 0; /* without, the submitter is who works */
    const bool all[DIAGNOSTICS] = {
        [MISCALIBRATED] = row->efficiency > EFFICIENT_MOST,
        [PACED] = !isnan(row->achieved_share) && !row_is_saturated(row) && !row_is_untold(row),
        [SATURATED] = row_is_saturated(row),
        [UNTOLD] = row_is_untold(row),
        [LATE] = row->latency_p50_ns != MISSING && row->late_p99_ns > row->latency_p50_ns, /* MISSING is below any */
        /* at a rate the submitter may spin until the next task is due */
        [SUBMITTER_BOUND] = has_workers && isnan(row->achieved_share) && row->submitter_share > BUSY,
        [DRIFT] = row->drift_said == 1,
        [LAG] = row->lag_said == 1,
        [BIMODAL] = row->group_ratio > 1,
        [ELSEWHERE] = row->numa_share < NUMA_LEAST,
    };
    return all[diagnostic];
}

static double member(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* Where sizes are not what tasks take, and nothing was computed from them. */
static void labels_print(FILE *out, const json_t *host)
{
    const char *name;
    json_t *one;
    json_object_foreach(host_fact(host, "calibrations"), name, one)
    {
        const json_t *checks = json_object_get(one, "checks");
        const double count = member(checks, "count"), held = member(checks, "held");
        const double residual = member(one, "residual");
        char took[96] = "", why[96] = "were disturbed by what else runs here";
        if (count > 0)
            snprintf(took, sizeof took, "alone, a task took %.2f times its label (%.2f .. %.2f in %.0f checks)",
                     member(checks, "took"), member(checks, "least"), member(checks, "most"), count);
        if (residual > RESIDUAL_MOST)
            snprintf(why, sizeof why, "were off by %.2g %% or more (1 %% is asked for)", 100 * residual);
        if (json_is_false(json_object_get(one, "judged")))
            fprintf(
                out,
                "sizes of %s are labels only: three calibrations %s, so efficiency is empty%s%s; --recalibrate when "
                "less else runs here\n",
                name, why, count > 0 ? "; " : "", took);
        else if (held < count)
            fprintf(out, "%s: %s; efficiency is %s\n", name, took,
                    held > 0 ? "of the blocks where that was within 2 %" : "empty, as that was never within 2 %");
    }
}

/* Trials that others disturbed, and what became of them (docs/NOISE.md). */
static void disturbed_print(FILE *out, const struct run_data *run)
{
    size_t stay = 0, all = run->trial_count + run->set_aside;
    for (size_t i = 0; i < run->trial_count; i++)
        stay += run->trials[i].outside == 1;
    if (!stay && !run->set_aside)
        return;
    const size_t mates = run->set_aside - run->set_aside_disturbed;
    fprintf(out, "%zu of %zu trials were disturbed by others (steal, CPU time%s)", run->set_aside_disturbed + stay, all,
            run->stood ? ", stops" : "");
    const char *before = ":";
    if (run->set_aside) {
        fprintf(out, ": %zu %s run again", run->set_aside_disturbed, run->set_aside_disturbed == 1 ? "was" : "were");
        if (mates)
            fprintf(out, " with %zu more of the same rows", mates);
        before = ",";
    }
    if (stay)
        fprintf(out, "%s %zu count%s as %s", before, stay, stay == 1 ? "s" : "", stay == 1 ? "it is" : "they are");
    fputc('\n', out);
}

void diagnostics_print(FILE *out, const struct table *t)
{
    const struct run_data *s = t->run;
    disturbed_print(out, s);
    labels_print(out, s->host);
    for (unsigned i = 0; i < DIAGNOSTICS; i++) {
        size_t found = 0;
        for (size_t c = 0; c < s->count; c++) {
            char label[LABEL_MAX];
            if (!holds(&s->rows[c], i) || found++ >= NAMED_MAX)
                continue;
            fprintf(out, "%s%s", found == 1 ? "" : "; ",
                    factors_label(label, sizeof label, &s->rows[c], t->shown | FACTOR_POOL));
        }
        if (found > NAMED_MAX)
            fprintf(out, "; and %zu more", found - NAMED_MAX);
        if (found)
            fprintf(out, ": %s\n", words[i]);
    }
}
