/* What a median hides: one cell's costs over the blocks of a run, whether they drift or fall into two groups; and
 * whether blocks are exchangeable, as every interval takes them to be. Entry i is of block i, NAN where there is no ok
 * trial; costs of 0 or below are left out. Pure; thread-safe. */
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

struct lag {
    double correlation; /* of the ranks of successive values, 1 - half of von Neumann's ratio of them; NAN below
                           SERIES_MIN values */
    double p;           /* of independent values, one-sided: of blocks that are like those before them; NAN likewise */
    bool said;          /* p is at most LAG_P */
};

#define LAG_P 0.01

/* Whether successive values depend on each other: the rank version of von Neumann's ratio (Bartels 1982), its beta
 * approximation; ties get their mean rank. Values of any sign, as logs of ratios. 0 or -ENOMEM. */
int lag_find(const double *values, size_t blocks, struct lag *lag);

#endif
