/* See pooled.h. Shares of clustered observations by Korn and Graubard ("Confidence intervals for proportions with small
 * expected number of positive counts estimated from survey data", Survey Methodology 24, 1998): Clopper and Pearson's
 * interval for as many independent observations as the clustered ones are worth. A percentile's interval is that of the
 * share below it, read off the pooled distribution (Woodruff, "Confidence intervals for medians and other position
 * measures", JASA 47, 1952). */
#include "bench/stats/pooled.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pool {
    const struct pooled_trial *trials;
    size_t count, used; /* trials, and those that have tasks */
    struct bucket *all; /* ascending */
    size_t buckets;
    double tasks;
};

static int bucket_compare(const void *a, const void *b)
{
    const struct bucket *x = a, *y = b;
    return (x->lo_ns > y->lo_ns) - (x->lo_ns < y->lo_ns);
}

static double tasks_of(const struct pooled_trial *trial)
{
    double sum = 0;
    for (size_t i = 0; i < trial->count; i++)
        sum += (double)trial->buckets[i].count;
    return sum;
}

static int pool_make(const struct pooled_trial *trials, size_t count, struct pool *pool)
{
    size_t size = 0;
    *pool = (struct pool){.trials = trials, .count = count};
    for (size_t i = 0; i < count; i++)
        size += trials[i].count;
    pool->all = malloc((size + 1) * sizeof *pool->all);
    if (!pool->all)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        double tasks = tasks_of(&trials[i]);
        if (trials[i].count)
            memcpy(pool->all + pool->buckets, trials[i].buckets, trials[i].count * sizeof *pool->all);
        pool->buckets += trials[i].count;
        pool->tasks += tasks;
        pool->used += tasks > 0;
    }
    qsort(pool->all, pool->buckets, sizeof *pool->all, bucket_compare);
    return 0;
}

/* Tasks of a trial above a time, a bucket that has it in it by its part. */
static double above(const struct pooled_trial *trial, double ns)
{
    double sum = 0;
    for (size_t i = trial->count; i-- > 0 && (double)trial->buckets[i].hi_ns > ns;) {
        const struct bucket *b = &trial->buckets[i];
        double width = (double)(b->hi_ns - b->lo_ns);
        sum += (double)b->count * fmin(1, ((double)b->hi_ns - ns) / width);
    }
    return sum;
}

/* How many clustered tasks are worth one independent: the variance between trials of the share above a time, over that
 * of independent tasks (design effect; ratio estimator for trials of different length). 1 at least. */
static double design_effect(const struct pool *pool, double ns)
{
    double share = 0, squares = 0, used = (double)pool->used;
    for (size_t i = 0; i < pool->count; i++)
        share += above(&pool->trials[i], ns) / pool->tasks;
    for (size_t i = 0; i < pool->count; i++) {
        double off = above(&pool->trials[i], ns) - share * tasks_of(&pool->trials[i]);
        squares += off * off;
    }
    return share > 0 && share < 1 ? fmax(1, used / (used - 1) * squares / (pool->tasks * share * (1 - share))) : 1;
}

/* A tail that was seen in few excursions, or missed, looks steadier than it is; the body tells how tasks depend on each
 * other far better. The largest of both is taken. */
static double design_effect_up_to(const struct pool *pool, double ns)
{
    static const double body[] = {0.5, 0.75, 0.9, 0.95, 0.99};
    double worst = design_effect(pool, ns);
    for (size_t i = 0; i < sizeof body / sizeof *body; i++) {
        double at = stats_histogram_quantile(pool->all, pool->buckets, body[i]);
        if (at < ns)
            worst = fmax(worst, design_effect(pool, at));
    }
    return worst;
}

/* Where the incomplete beta function is `tail`. GSL's own inverse does not converge everywhere. */
static double beta_inverse(double tail, double a, double b)
{
    double lo = 0, hi = 1;
    if (a <= 0 || b <= 0)
        return a <= 0 ? 0 : 1;
    for (int i = 0; i < 60; i++) {
        double middle = (lo + hi) / 2;
        *(gsl_cdf_beta_P(middle, a, b) < tail ? &lo : &hi) = middle;
    }
    return (lo + hi) / 2;
}

/* The interval of a share, whose tasks are worth so many independent ones. */
static struct interval share_interval(const struct pool *pool, double share, double worth, double level)
{
    double tail = (1 - level) / 2, freedom = (double)(pool->used - 1);
    double wider = gsl_cdf_tdist_Qinv(tail, freedom) / gsl_cdf_ugaussian_Qinv(tail);
    double n = worth / (wider * wider);
    return (struct interval){beta_inverse(tail, n * share, n * (1 - share) + 1),
                             beta_inverse(1 - tail, n * share + 1, n * (1 - share))};
}

/* What must be slower, or faster, in independent tasks. With less the tail has been missed more often than an interval
 * may be wrong. */
#define SLOWER_WORTH 3

/* The interval in percentiles becomes one in ns. */
static int percentile_interval(const struct pool *pool, double p, double level, struct pooled *result)
{
    if (pool->used < STATS_INTERVAL_MIN)
        return -EDOM;
    double worth = pool->tasks / design_effect_up_to(pool, result->value);
    struct interval share = share_interval(pool, p, worth, level);
    if (worth * fmin(p, 1 - p) < SLOWER_WORTH || (1 - share.hi) * pool->tasks < 1)
        return -EDOM;
    result->lo = stats_histogram_quantile(pool->all, pool->buckets, fmax(share.lo, 1e-12));
    result->hi = stats_histogram_quantile(pool->all, pool->buckets, share.hi);
    return 0;
}

static int pooled_make(const struct pooled_trial *trials, size_t count, struct pool *pool, struct pooled *result)
{
    int rc = pool_make(trials, count, pool);
    *result = (struct pooled){NAN, NAN, NAN, rc ? 0 : (int64_t)pool->tasks, rc ? 0 : pool->used};
    return rc;
}

int pooled_percentile(const struct pooled_trial *trials, size_t count, double p, double level, struct pooled *result)
{
    struct pool pool;
    int rc = pooled_make(trials, count, &pool, result);
    if (!rc && pool.tasks * (1 - p) < POOLED_SLOWER * (1 - 1e-9))
        rc = -EDOM;
    if (!rc) {
        result->value = stats_histogram_quantile(pool.all, pool.buckets, p);
        rc = percentile_interval(&pool, p, level, result);
    }
    free(pool.all);
    return rc;
}

int pooled_beyond(const struct pooled_trial *trials, size_t count, double limit_ns, double level, struct pooled *result)
{
    struct pool pool;
    int rc = pooled_make(trials, count, &pool, result);
    if (!rc && pool.tasks > 0) {
        result->value = 0;
        for (size_t i = 0; i < count; i++)
            result->value += above(&trials[i], limit_ns) / pool.tasks;
    }
    if (!rc && pool.used < STATS_INTERVAL_MIN)
        rc = -EDOM;
    if (!rc) {
        double worth = pool.tasks / design_effect_up_to(&pool, limit_ns);
        struct interval share = share_interval(&pool, result->value, worth, level);
        result->lo = share.lo;
        result->hi = share.hi;
    }
    free(pool.all);
    return rc;
}
