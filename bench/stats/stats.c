/* Statistics on GSL. Intervals of medians are pairs of order statistics: the number of values below the median is
 * binomial(n, 1/2) whatever the distribution, so the coverage of a pair of ranks is known exactly. */
#include "bench/stats/stats.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

size_t stats_sort(double *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            values[kept++] = values[i];
    gsl_sort(values, 1, kept);
    return kept;
}

double stats_median(const double *sorted, size_t count)
{
    return count ? gsl_stats_median_from_sorted_data(sorted, 1, count) : NAN;
}

int stats_median_ranks(size_t count, double level, size_t *lo, size_t *hi)
{
    double tail = (1 - level) / 2;
    size_t rank = 0;
    if (count < STATS_INTERVAL_MIN)
        return -EDOM;
    /* The largest rank whose order statistic is above the median with at most the probability of one tail. */
    while (gsl_cdf_binomial_P((unsigned)rank, 0.5, (unsigned)count) <= tail)
        rank++;
    if (!rank)
        return -EDOM;
    *lo = rank;
    *hi = count + 1 - rank;
    return 0;
}

size_t stats_interval_least(double level)
{
    size_t blocks = STATS_INTERVAL_MIN, lo, hi;
    while (stats_median_ranks(blocks, level, &lo, &hi))
        blocks++;
    return blocks;
}

int stats_median_interval(const double *sorted, size_t count, double level, struct interval *interval)
{
    size_t lo, hi;
    int error = stats_median_ranks(count, level, &lo, &hi);
    *interval = (struct interval){NAN, NAN};
    if (!error)
        *interval = (struct interval){sorted[lo - 1], sorted[hi - 1]};
    return error;
}

double stats_histogram_quantile(const struct bucket *buckets, size_t count, double q)
{
    int64_t total = 0, seen = 0;
    for (size_t i = 0; i < count; i++)
        total += buckets[i].count;
    if (!total)
        return NAN;
    /* q is a decimal that has no exact binary form: 0.9 x 10 must be the 9th value, not the 10th. */
    double wanted = fmax(1, ceil(q * (double)total - 1e-9 * (double)total));
    for (size_t i = 0; i < count; i++) {
        seen += buckets[i].count;
        if ((double)seen >= wanted)
            return ((double)buckets[i].lo_ns + (double)(buckets[i].hi_ns - 1)) / 2;
    }
    return NAN; /* counts below zero: not a histogram */
}
