/* A table of what to look for; each kind a test of a row of the summary. */
#include "bench/analyse/diagnostics.h"
#include "bench/model/summary_factors.h"
#include <math.h>

#define NAMED_MAX      3    /* cells a line */
#define EFFICIENT_MOST 1.05 /* nobody is faster than the ideal: the iterations are wrong */
#define BUSY           0.9  /* of the wall time, in the submitter */
#define ACHIEVED_LEAST 0.98
#define LABEL_MAX      96

enum { MISCALIBRATED, PACED, SATURATED, LATE, SUBMITTER_BOUND, DRIFT, BIMODAL, DIAGNOSTICS };

static const char *const words[DIAGNOSTICS] = {
    [MISCALIBRATED] = "faster than the ideal by more than 5 %, a calibration error (--recalibrate)",
    [PACED] = "the time per task is what arrivals make it; what tells pools apart is latency (below)",
    [SATURATED] = "saturated: less than 98 % of the rate asked for was served",
    [LATE] = "tasks were handed in later than half of the latencies, which says little about the pool",
    [SUBMITTER_BOUND] = "bound by the submitter, which was busy for more than 90 % of the time",
    [DRIFT] = "times drifted over the run; ratios within blocks hold, times do not",
    [BIMODAL] = "times fall into two groups, and a median between them is neither",
};

static bool holds(const struct summary_row *row, unsigned diagnostic)
{
    bool has_workers = row->f.processes > 0 || row->f.threads > 0; /* without, the submitter is who works */
    const bool all[DIAGNOSTICS] = {
        [MISCALIBRATED] = row->efficiency > EFFICIENT_MOST,
        [PACED] = row->achieved_share >= ACHIEVED_LEAST,
        [SATURATED] = row->achieved_share < ACHIEVED_LEAST,
        [LATE] = row->latency_p50_ns != MISSING && row->late_p99_ns > row->latency_p50_ns, /* MISSING is below any */
        /* at a rate the submitter may spin until the next task is due */
        [SUBMITTER_BOUND] = has_workers && isnan(row->achieved_share) && row->submitter_share > BUSY,
        [DRIFT] = row->drift_said == 1,
        [BIMODAL] = row->group_ratio > 1,
    };
    return all[diagnostic];
}

void diagnostics_print(FILE *out, const struct table *t)
{
    const struct run_data *s = t->run;
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
