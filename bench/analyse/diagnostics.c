/* A table of what to look for; each kind is a test of a row of the summary. */
#include "bench/analyse/diagnostics.h"
#include "bench/model/summary_factors.h"
#include <math.h>

#define NAMED_MAX      3    /* cells a line */
#define EFFICIENT_MOST 1.05 /* nobody is faster than the ideal: the iterations are wrong */
#define BUSY           0.9  /* of the wall time, in the submitter */
#define ACHIEVED_LEAST 0.98
#define LABEL_MAX      96

static bool is_miscalibrated(const struct summary_row *row)
{
    return row->efficiency > EFFICIENT_MOST;
}

static bool is_paced(const struct summary_row *row)
{
    return row->achieved_share >= ACHIEVED_LEAST;
}

static bool is_saturated(const struct summary_row *row)
{
    return row->achieved_share < ACHIEVED_LEAST;
}

/* Without workers, the submitter is who works; at a rate it may spin until the next task is due. */
static bool is_submitter_bound(const struct summary_row *row)
{
    return (row->f.processes > 0 || row->f.threads > 0) && isnan(row->achieved_share) && row->submitter_share > BUSY;
}

static bool is_late(const struct summary_row *row)
{
    return row->late_p99_ns != MISSING && row->latency_p50_ns != MISSING && row->late_p99_ns > row->latency_p50_ns;
}

static bool has_drift(const struct summary_row *row)
{
    return row->drift_said == 1;
}

static bool is_bimodal(const struct summary_row *row)
{
    return row->modes_ratio > 1;
}

static const struct diagnostic {
    bool (*holds)(const struct summary_row *row);
    const char *words;
} diagnostics[] = {
    {is_miscalibrated, "faster than the ideal by more than 5 %, a calibration error (--recalibrate)"},
    {is_paced, "the time per task is what arrivals make it; what tells pools apart is latency (below)"},
    {is_saturated, "saturated: less than 98 % of the rate asked for was served"},
    {is_late, "tasks were handed in later than half of the latencies, which says little about the pool"},
    {is_submitter_bound, "bound by the submitter, which was busy for more than 90 % of the time"},
    {has_drift, "times drifted over the run; ratios within blocks hold, times do not"},
    {is_bimodal, "times fall into two groups, and a median between them is neither"},
};

void diagnostics_print(FILE *out, const struct table *t)
{
    const struct run_data *s = t->run;

    for (size_t i = 0; i < sizeof diagnostics / sizeof diagnostics[0]; i++) {
        size_t found = 0;
        for (size_t c = 0; c < s->count; c++) {
            char label[LABEL_MAX];
            if (!diagnostics[i].holds(&s->rows[c]) || found++ >= NAMED_MAX)
                continue;
            fprintf(out, "%s%s", found == 1 ? "" : "; ",
                    factors_label(label, sizeof label, &s->rows[c], t->shown | FACTOR_POOL));
        }
        if (found > NAMED_MAX)
            fprintf(out, "; and %zu more", found - NAMED_MAX);
        if (found)
            fprintf(out, ": %s\n", diagnostics[i].words);
    }
}
