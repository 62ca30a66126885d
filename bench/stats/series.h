/* What a median hides: one cell's costs over the blocks of a run, and whether they drift or fall into two groups. Entry
 * i is of block i, NAN where there is no ok trial; costs of 0 or below are left out. Pure; thread-safe. */
#ifndef POOLBENCH_STATS_SERIES_H
#define POOLBENCH_STATS_SERIES_H
#include "bench/stats/stats.h"
#include <stdbool.h>

struct drift {
    double change; /* from the first to the last block by the Theil-Sen line through the logs: 0.1 is 10 % more at the
                      end; NAN below SERIES_MIN values */
    double p;      /* of no trend, Mann-Kendall with ties, two-sided; NAN likewise */
    bool said;     /* p is at most DRIFT_P, and the change is more than half the width of the median's interval */
};

#define SERIES_MIN 8
#define DRIFT_P    0.01

int drift_find(const double *costs, size_t blocks, struct drift *drift); /* 0 or -ENOMEM */

struct bimodality {
    bool two;        /* the values fall into two groups; else nothing below is set */
    size_t lo_count; /* values in the lower group, */
    size_t hi_count; /* in the upper one, */
    double lo, hi;   /* and their medians */
};

int bimodality_find(const double *costs, size_t count,
                    struct bimodality *bimodality); /* 0 or -ENOMEM; order does not matter */

#endif
