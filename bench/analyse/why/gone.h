/* What share of a difference goes away with a change: A and B, and both again with the change, in the same blocks.
 * Pure; thread-safe. */
#ifndef POOLBENCH_ANALYSE_WHY_GONE_H
#define POOLBENCH_ANALYSE_WHY_GONE_H
#include "bench/stats/verdict.h"

#define GONE_MOST 10. /* intervals end there: 1,000 % */

/* Costs, one a block, aligned; NAN where a trial did not end well. */
struct tried_costs {
    const double *a, *b, *a_changed, *b_changed;
};

struct gone {
    size_t blocks;               /* that have all four */
    double ratio, ratio_changed; /* B by A, without the change and with it; middles over these blocks */
    double share;                /* 1 - log ratio_changed / log ratio: below 0 it grew, above 1 it turned round; NAN */
    struct interval interval;    /* NAN, NAN: too few blocks, or the difference itself is not resolved */
};

/* The share is that s at which log(b'/a') - (1 - s) log(b/a) has its middle (bench/stats/ranks.h) at 0, and its
 * interval holds every s at which that cannot be told from 0, at this level: E. C. Fieller, J. R. Stat. Soc. B 16
 * (1954), with signed ranks in the place of normal errors, so that the noise of both ratios is in it. It is told only
 * where the interval of log(b/a) at the same level leaves 0 out. 0 or -ENOMEM. */
int gone_make(const struct tried_costs *costs, size_t blocks, double level, struct gone *gone);

#endif
