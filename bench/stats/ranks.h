/* The middle of values, as Hodges and Lehmann estimate it, with the interval of Wilcoxon's signed ranks. All on the
 * averages of two values, each with itself too (Walsh averages), of `count` (count + 1) / 2. Where the values are
 * distributed symmetrically the level is exact, whatever else the distribution is; where they are not, what is
 * estimated is the median of such averages, and the interval is widened if the values fall into two groups
 * (docs/STATISTICS.md). Values are finite and sorted ascending. Pure; thread-safe. */
#ifndef POOLBENCH_STATS_RANKS_H
#define POOLBENCH_STATS_RANKS_H
#include "bench/stats/stats.h"

double ranks_middle(const double *sorted, size_t count); /* the median of the averages; NAN for none */

/* Holds that middle of what the values are drawn from, at this level. -EDOM leaves both ends NAN: fewer values than
 * stats_interval_least(level), which is the same for medians. */
int ranks_interval(const double *sorted, size_t count, double level, struct interval *interval);

/* The standard error that the middle would have with one value; with n it is this over sqrt(n). NAN for none. */
double ranks_error_of_one(const double *sorted, size_t count);

#endif
