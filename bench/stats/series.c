/* Drift by ranks (Mann 1945, Kendall 1975; Sen 1968), two groups by the widest gap: both look at logs, so that a trend
 * and a distance are relative. Dependence from block to block by ranks (Bartels 1982). */
#include "bench/stats/series.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#define GROUP_MIN   3    /* values of a group */
#define GROUP_SHARE 0.2  /* of all, at least: fewer are outliers */
#define GAP_MIN     0.02 /* log: closer groups are nothing to speak of */
#define GAP_TICKS   2.5  /* of the clock, or whatever else counts in steps: a missing step is no gap */

/* How wide the gap must be, in mean distances of the values of a group from their median. Few values have wide gaps by
 * chance; these numbers keep false alarms to about 1 in 100 for any number of values (tests/test_simulation.c). */
static double gap_needed(size_t count)
{
    return 1.5 + 44.0 / (double)count;
}

/* The variance of Mann-Kendall's S when there is no trend, of sorted values: ties take away from it. */
static double kendall_variance(const double *sorted, size_t count)
{
    double n = (double)count, variance = n * (n - 1) * (2 * n + 5);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && sorted[next] == sorted[i]; next++)
            ;
        double tied = (double)(next - i);
        variance -= tied * (tied - 1) * (2 * tied + 5);
    }
    return variance / 18;
}

int drift_find(const double *costs, size_t blocks, struct drift *drift)
{
    size_t count = 0, slope_count = 0;
    double *logs = calloc(blocks + 1, sizeof *logs), *slopes = NULL, *at = calloc(blocks + 1, sizeof *at);
    double score = 0;
    int result = -ENOMEM;
    *drift = (struct drift){.change = NAN, .p = NAN};
    if (!logs || !at)
        goto out;
    for (size_t i = 0; i < blocks; i++)
        if (costs[i] > 0 && isfinite(costs[i])) {
            at[count] = (double)i;
            logs[count++] = log(costs[i]);
        }
    result = 0;
    if (count < SERIES_MIN)
        goto out;
    slopes = calloc(count * (count - 1) / 2, sizeof *slopes);
    if (!slopes) {
        result = -ENOMEM;
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            slopes[slope_count++] = (logs[j] - logs[i]) / (at[j] - at[i]);
            score += (logs[j] > logs[i]) - (logs[j] < logs[i]);
        }
    slope_count = stats_sort(slopes, slope_count);
    double change = stats_median(slopes, slope_count) * (at[count - 1] - at[0]);
    count = stats_sort(logs, count);
    double variance = kendall_variance(logs, count);
    double z = variance > 0 ? fmax(fabs(score) - 1, 0) / sqrt(variance) : 0;
    struct interval interval;
    stats_median_interval(logs, count, 0.95, &interval);
    drift->change = expm1(change);
    drift->p = fmin(1, 2 * gsl_cdf_ugaussian_Q(z));
    drift->said = drift->p <= DRIFT_P && fabs(change) > (interval.hi - interval.lo) / 2;
out:
    free(slopes);
    free(at);
    free(logs);
    return result;
}

/* The mean distance of sorted values from their median. */
static double spread_of(const double *sorted, size_t count)
{
    return gsl_stats_absdev_m(sorted, 1, count, stats_median(sorted, count));
}

/* The smallest difference between sorted values that differ: the tick, where they are counted in ticks. */
static double tick_of(const double *sorted, size_t count)
{
    double tick = INFINITY;
    for (size_t i = 1; i < count; i++)
        if (sorted[i] > sorted[i - 1])
            tick = fmin(tick, sorted[i] - sorted[i - 1]);
    return tick;
}

int bimodality_find(const double *costs, size_t count, struct bimodality *bimodality)
{
    double *logs = calloc(count + 1, sizeof *logs);
    size_t kept = 0, split = 0;
    *bimodality = (struct bimodality){0};
    if (!logs)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (costs[i] > 0 && isfinite(costs[i]))
            logs[kept++] = log(costs[i]);
    kept = stats_sort(logs, kept);
    double tick = tick_of(logs, kept);
    size_t least = (size_t)fmax(GROUP_MIN, ceil(GROUP_SHARE * (double)kept));
    for (size_t i = least; kept >= SERIES_MIN && i + least <= kept; i++)
        if (!split || logs[i] - logs[i - 1] > logs[split] - logs[split - 1])
            split = i;
    if (split) {
        double gap = logs[split] - logs[split - 1];
        double spread = fmax(spread_of(logs, split), spread_of(logs + split, kept - split));
        if (gap >= GAP_MIN && gap > GAP_TICKS * tick && gap > gap_needed(kept) * spread)
            *bimodality = (struct bimodality){.two = true,
                                              .lo_count = split,
                                              .hi_count = kept - split,
                                              .lo = exp(stats_median(logs, split)),
                                              .hi = exp(stats_median(logs + split, kept - split))};
    }
    free(logs);
    return 0;
}

/* The ranks of values, from 1; equal ones share the mean of theirs. */
static void ranks_of(const double *values, const size_t *order, size_t count, double *ranks)
{
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && values[order[next]] == values[order[i]]; next++)
            ;
        for (size_t k = i; k < next; k++)
            ranks[order[k]] = ((double)i + (double)next + 1) / 2;
    }
}

int lag_find(const double *values, size_t blocks, struct lag *lag)
{
    double *kept = calloc(blocks + 1, sizeof *kept), *ranks = calloc(blocks + 1, sizeof *ranks);
    size_t *order = calloc(blocks + 1, sizeof *order), count = 0;
    *lag = (struct lag){.correlation = NAN, .p = NAN};
    for (size_t i = 0; kept && i < blocks; i++)
        if (isfinite(values[i]))
            kept[count++] = values[i];
    int result = kept && ranks && order ? 0 : -ENOMEM;
    if (!result && count >= SERIES_MIN) {
        gsl_sort_index(order, kept, 1, count);
        ranks_of(kept, order, count, ranks);
        double n = (double)count, steps = 0, squares = 0;
        for (size_t i = 0; i < count; i++) {
            squares += (ranks[i] - (n + 1) / 2) * (ranks[i] - (n + 1) / 2);
            steps += i ? (ranks[i] - ranks[i - 1]) * (ranks[i] - ranks[i - 1]) : 0;
        }
        double ratio = squares > 0 ? steps / squares : 2; /* all are equal: nothing to be seen */
        double shape = 5 * n * (n + 1) * (n - 1) * (n - 1) / (2 * (n - 2) * (5 * n * n - 2 * n - 9)) - 0.5;
        lag->correlation = 1 - ratio / 2;
        lag->p = gsl_cdf_beta_P(fmin(ratio / 4, 1), shape, shape);
        lag->said = lag->p <= LAG_P;
    }
    free(order);
    free(ranks);
    free(kept);
    return result;
}
