/* The statistics poolbench claims anything by (docs/STATISTICS.md): medians with order-statistic intervals, means of
 * the right kind, percentiles of histograms. Nothing is assumed to be normal. Pure; thread-safe. */
#ifndef POOLBENCH_STATS_STATS_H
#define POOLBENCH_STATS_STATS_H
#include <stddef.h>
#include <stdint.h>

#define STATS_INTERVAL_MIN 6    /* values: below, no interval is given at any level */
#define FAMILY_ERROR       0.05 /* the probability of any wrong interval among all that are claimed together */

struct interval {
    double lo, hi;
};

/* Removes NANs, sorts ascending; returns how many values are left. The functions below want such an array. */
size_t stats_sort(double *values, size_t count);

double stats_median(const double *sorted, size_t count); /* NAN for none */

/* The ranks (1 .. count) of the two order statistics that hold the median between them with at least this probability,
 * whatever the distribution: exact, by the binomial one. The narrowest symmetric pair. -EDOM: fewer than
 * STATS_INTERVAL_MIN values, or too few for this level. */
int stats_median_ranks(size_t count, double level, size_t *lo, size_t *hi);

/* The fewest values that give an interval at this level. */
size_t stats_interval_least(double level);

/* The interval between those ranks; -EDOM leaves both ends NAN. */
int stats_median_interval(const double *sorted, size_t count, double level, struct interval *interval);

/* A histogram bucket of whole nanoseconds: lo <= ns < hi. */
struct bucket {
    int64_t lo_ns, hi_ns, count;
};

/* The smallest time that at least a share q (0 < q <= 1) of the counted values does not exceed, of buckets in ascending
 * order: the arithmetic middle of the whole numbers its bucket can hold, so exact where a bucket is 1 ns wide and at
 * most half a bucket (0.5 %) off elsewhere. NAN when nothing was counted. */
double stats_histogram_quantile(const struct bucket *buckets, size_t count, double q);

#endif
