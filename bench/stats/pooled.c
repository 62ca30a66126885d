/* See pooled.h. Shares of clustered observations after Korn and Graubard ("Confidence intervals for proportions with
 * small expected number of positive counts estimated from survey data", Survey Methodology 24, 1998): Clopper and
 * Pearson's interval for as many independent observations as the clustered ones are worth. A percentile's interval is
 * that of the share below it, read off the pooled distribution (Woodruff, "Confidence intervals for medians and other
 * position measures", JASA 47, 1952). */
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

/* How many independent tasks all are worth, above a time. The design effect of few trials is itself uncertain, so what
 * exceeds 1 is taken at its upper limit, which does what Student's t would do for a mean. */
#define EFFECT_TAIL 0.2
static double worth_of(const struct pool *pool, double ns)
{
    double freedom = (double)(pool->used - 1), upper = freedom / gsl_cdf_chisq_Pinv(EFFECT_TAIL, freedom);
    return pool->tasks / (1 + upper * (design_effect_up_to(pool, ns) - 1));
}

/* Clopper and Pearson's, of a share of so many independent tasks. */
static struct interval share_interval(double share, double worth, double level)
{
    double tail = (1 - level) / 2, yes = worth * share, no = worth * (1 - share);
    return (struct interval){beta_inverse(tail, yes, no + 1), beta_inverse(1 - tail, yes + 1, no)};
}

static double quantile(const struct pool *pool, double p)
{
    return stats_histogram_quantile(pool->all, pool->buckets, fmin(fmax(p, 1e-12), 1));
}

/* That which has the percentile in it. */
static const struct bucket *bucket_at(const struct pool *pool, double p)
{
    const double rank = fmin(fmax(p, 1e-12), 1) * pool->tasks;
    double below = 0;
    size_t i = 0;
    for (; i + 1 < pool->buckets && (below += (double)pool->all[i].count) < rank; i++)
        ;
    return &pool->all[i];
}

/* Of independent tasks that must be slower: below WORTH_LEAST nothing is said, and below WORTH_SEEN the slowest of them
 * may not have been seen yet. */
#define WORTH_LEAST 0.5
#define WORTH_SEEN  10

/* Where the share `beyond` of a tail lies if it falls as from p50 to p90: exponentially, as waiting times do. */
static double extrapolated(const struct pool *pool, double value, double slower, double beyond)
{
    double slope = (quantile(pool, 0.9) - quantile(pool, 0.5)) / log(0.5 / 0.1);
    return value + slope * log(slower / beyond);
}

/* The interval of the share below becomes one in ns. */
static int percentile_interval(const struct pool *pool, double p, double level, struct pooled *result)
{
    if (pool->used < STATS_INTERVAL_MIN)
        return -EDOM;
    double worth = worth_of(pool, result->value), rare = worth * fmin(p, 1 - p);
    struct interval share = share_interval(p, worth, level);
    if (rare < WORTH_LEAST)
        return -EDOM;
    /* whole buckets: within one nothing is known */
    result->lo = (double)bucket_at(pool, share.lo)->lo_ns;
    result->hi = (double)(bucket_at(pool, share.hi)->hi_ns - 1);
    if (rare < WORTH_SEEN && p >= 0.9 && share.hi < 1)
        result->hi = fmax(result->hi, extrapolated(pool, result->value, 1 - p, 1 - share.hi));
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
        struct interval share = share_interval(result->value, worth_of(&pool, limit_ns), level);
        result->lo = share.lo;
        result->hi = share.hi;
    }
    free(pool.all);
    return rc;
}

void pooled_ratio(const struct pooled *x, const struct pooled *y, struct pooled *ratio)
{
    double down = hypot(log(x->value / x->lo), log(y->hi / y->value));
    double up = hypot(log(x->hi / x->value), log(y->value / y->lo));
    *ratio = (struct pooled){.value = x->value / y->value,
                             .n = x->n < y->n ? x->n : y->n,
                             .trials = x->trials < y->trials ? x->trials : y->trials};
    ratio->lo = ratio->value * exp(-down);
    ratio->hi = ratio->value * exp(up);
}
