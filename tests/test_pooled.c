/* Percentiles and misses over trials: how often their intervals hold the truth, of independent latencies and of those
 * of a queue that is hardly served in time, where a trial of thousands of tasks tells little more than one; and where
 * there can be none. A few cases, with wide slack; `ALL=1 build/default/test_pooled` plays those that docs/OPEN-LOOP.md
 * tells of. Seeded. */
/* sanitizers: none (arithmetic, millions of times over; test_summary goes the same ways once) */
#include "bench/job/histogram.h"
#include "bench/stats/pooled.h"
#include "tests/sim.h"
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SERVICE_NS   1e6
enum { TRIALS_MOST = 20, SERVERS_MOST = 8 };

/* ---- a queue with a known truth ---- */

/* M/M/c in its steady state; load 0: no queue, latencies are independent and exponential. */
struct kind {
    unsigned servers;
    double load;
};

/* The share of tasks that take longer than so many times their mean service. */
static double slower(const struct kind *kind, double x)
{
    double offered = kind->servers * kind->load, term = 1, sum = 0, rate = kind->servers - offered;
    if (kind->load <= 0)
        return exp(-x);
    for (unsigned i = 0; i < kind->servers; i++) {
        sum += term;
        term *= offered / (i + 1);
    }
    double waits = term / (1 - kind->load) / (sum + term / (1 - kind->load)); /* Erlang C */
    rate += fabs(rate - 1) < 1e-9 ? 1e-6 : 0;                                 /* the formula has a gap there */
    return (1 - waits) * exp(-x) + waits * (rate * exp(-x) - exp(-rate * x)) / (rate - 1);
}

static double truth_of(const struct kind *kind, double p)
{
    double lo = 0, hi = 1e4;
    for (int i = 0; i < 100; i++) {
        double middle = (lo + hi) / 2;
        *(slower(kind, middle) > 1 - p ? &lo : &hi) = middle;
    }
    return lo * SERVICE_NS;
}

struct trial {
    uint32_t counts[HISTOGRAM_BUCKETS];
    struct bucket buckets[HISTOGRAM_BUCKETS];
};
static struct trial room[TRIALS_MOST];
static struct pooled_trial trials[TRIALS_MOST];

/* A trial that begins when the queue has been served for long. */
static void trial_draw(const struct kind *kind, size_t tasks, struct trial *trial)
{
    double now = 0, free_at[SERVERS_MOST] = {0};
    memset(trial->counts, 0, sizeof trial->counts);
    for (size_t i = 0, warm = kind->load > 0 ? 2500 : 0; i < tasks + warm; i++) {
        unsigned next = 0;
        for (unsigned s = 1; s < kind->servers; s++)
            next = free_at[s] < free_at[next] ? s : next;
        now += kind->load > 0 ? gsl_ran_exponential(sim_rng, 1 / (kind->load * kind->servers)) : 1e3;
        free_at[next] = fmax(free_at[next], now) + gsl_ran_exponential(sim_rng, 1);
        if (i >= warm)
            trial->counts[histogram_bucket((uint64_t)((free_at[next] - now) * SERVICE_NS))]++;
    }
}

static struct pooled_trial trial_take(struct trial *trial)
{
    struct pooled_trial taken = {trial->buckets, 0};
    for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++)
        if (trial->counts[b])
            trial->buckets[taken.count++] =
                (struct bucket){(int64_t)histogram_lo(b), (int64_t)histogram_hi(b), trial->counts[b]};
    return taken;
}

static void trials_draw(const struct kind *kind, size_t tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        trial_draw(kind, tasks, &room[i]);
        trials[i] = trial_take(&room[i]);
    }
}

/* ---- coverage ---- */

static bool all;
enum { P50, P90, P99, P999, MISSES, STATEMENTS };
static const double shares[] = {0.5, 0.9, 0.99, 0.999};

struct score {
    size_t given, held;
    double width; /* sum of log(hi / lo) */
};

static void score_add(struct score *score, int rc, const struct pooled *pooled, double truth)
{
    const struct interval interval = {pooled->lo, pooled->hi};
    if (rc)
        return;
    score->given++;
    score->held += sim_holds(&interval, truth);
    score->width += log(pooled->hi / pooled->lo);
}

/* One case, printed; counts those below the least coverage. */
static unsigned play(const struct kind *kind, size_t tasks, size_t count, size_t runs)
{
    struct score scores[STATEMENTS] = {0};
    unsigned wrong = 0;
    for (size_t run = 0; run < runs; run++) {
        struct pooled pooled;
        trials_draw(kind, tasks, count);
        for (size_t i = 0; i < COUNT(shares); i++) {
            int rc = pooled_percentile(trials, count, shares[i], 0.95, &pooled);
            score_add(&scores[i], rc, &pooled, truth_of(kind, shares[i]));
        }
        score_add(&scores[MISSES], pooled_beyond(trials, count, truth_of(kind, 0.99), 0.95, &pooled), &pooled, 0.01);
    }
    printf("%u servers, load %.1f, %zu trials of %5zu tasks:", kind->servers, kind->load, count, tasks);
    for (size_t i = 0; i < STATEMENTS; i++) {
        const struct score *s = &scores[i];
        double held = s->given ? 100.0 * (double)s->held / (double)s->given : NAN;
        double slack = s->given ? 300 * sqrt(0.06 * 0.94 / (double)s->given) : 0;
        printf("  %5.1f of %3.0f %%", held, 100.0 * (double)s->given / (double)runs);
        if (i < MISSES && s->given)
            printf(" x%.2f", exp(s->width / (double)s->given));
        wrong += s->given >= runs / 10 && held < 94 - slack;
    }
    printf("%s\n", wrong ? "  <-- too few" : "");
    return wrong;
}

static void test_coverage(void **state)
{
    static const struct kind kinds[] = {{1, 0}, {2, 0.9}, {1, 0.9}, {8, 0.9}, {2, 0.5}, {2, 0.7}};
    static const size_t counts[] = {8, 12, 20}, lengths[] = {125, 1000, 5000, 20000};
    unsigned wrong = 0;
    (void)state;
    gsl_rng_set(sim_rng, 16);
    for (size_t k = 0; k < (all ? COUNT(kinds) : 2); k++)
        for (size_t l = 0; l < (all ? COUNT(lengths) : 3); l++)
            for (size_t c = 0; c < (all ? COUNT(counts) : 1); c++) {
                size_t cost = counts[c] * (lengths[l] + 2500 * (kinds[k].load > 0));
                size_t most = all ? 1000 : 300, runs = (all ? 20000000 : 3000000) / cost;
                wrong += play(&kinds[k], lengths[l], counts[c], runs < most ? runs : most);
            }
    assert_int_equal(wrong, 0);
}

/* ---- two cells ---- */

/* Of two equal cells: how many comparisons have an interval, and how many of those hold 1. */
static unsigned compare(const struct kind *kind, size_t tasks, size_t count, size_t runs)
{
    const double limit = truth_of(kind, 0.99);
    size_t given[2] = {0}, held[2] = {0};
    unsigned wrong = 0;
    for (size_t run = 0; run < runs; run++) {
        struct pooled pooled[2][2], ratio;
        for (size_t cell = 0; cell < 2; cell++) {
            trials_draw(kind, tasks, count);
            pooled_percentile(trials, count, 0.99, 0.95, &pooled[0][cell]);
            pooled_beyond(trials, count, limit, 0.95, &pooled[1][cell]);
        }
        for (size_t what = 0; what < 2; what++) {
            pooled_ratio(&pooled[what][0], &pooled[what][1], &ratio);
            const struct interval interval = {ratio.lo, ratio.hi};
            given[what] += !isnan(ratio.lo);
            held[what] += sim_holds(&interval, 1);
        }
    }
    printf("%u servers, load %.1f, %zu trials of %5zu tasks: ratio of p99 and of misses", kind->servers, kind->load,
           count, tasks);
    for (size_t what = 0; what < 2; what++) {
        double share = given[what] ? 100.0 * (double)held[what] / (double)given[what] : NAN;
        double slack = given[what] ? 300 * sqrt(0.06 * 0.94 / (double)given[what]) : 0;
        printf("  %5.1f of %3.0f %%", share, 100.0 * (double)given[what] / (double)runs);
        wrong += given[what] >= runs / 10 && share < 94 - slack;
    }
    printf("%s\n", wrong ? "  <-- too few" : "");
    return wrong;
}

static void test_ratios(void **state)
{
    static const struct kind kinds[] = {{1, 0}, {2, 0.9}};
    static const size_t counts[] = {8, 12, 20}, lengths[] = {125, 1000, 5000, 20000};
    unsigned wrong = 0;
    (void)state;
    gsl_rng_set(sim_rng, 17);
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (size_t l = 0; l < (all ? COUNT(lengths) : 3); l++)
            for (size_t c = 0; c < (all ? COUNT(counts) : 1); c++) {
                size_t cost = 2 * counts[c] * (lengths[l] + 2500 * (kinds[k].load > 0));
                size_t most = all ? 1000 : 200, runs = (all ? 20000000 : 3000000) / cost;
                wrong += compare(&kinds[k], lengths[l], counts[c], runs < most ? runs : most);
            }
    assert_int_equal(wrong, 0);
}

/* ---- where there is little to tell ---- */

/* So many trials of the same tasks, that take one time or another. */
static struct bucket two_times[TRIALS_MOST][2];
static void trials_make(size_t count, int64_t fast, int64_t slow)
{
    for (size_t i = 0; i < count; i++) {
        two_times[i][0] = (struct bucket){1000, 1001, fast};
        two_times[i][1] = (struct bucket){5000, 5001, slow};
        trials[i] = (struct pooled_trial){two_times[i], 2};
    }
}

static void test_percentile(void **state)
{
    struct pooled pooled;
    (void)state;
    trials_make(8, 124, 1); /* 992 and 8 */
    assert_int_equal(pooled_percentile(trials, 8, 0.99, 0.95, &pooled), 0);
    assert_true(pooled.n == 1000 && pooled.trials == 8 && pooled.value == 1000);
    assert_true(pooled.lo == 1000 && pooled.hi == 5000); /* 8 may as well have been 11 */
    assert_int_equal(pooled_percentile(trials, 8, 0.999, 0.95, &pooled), -EDOM);
    assert_true(pooled.n == 1000 && isnan(pooled.value) && isnan(pooled.lo) && isnan(pooled.hi));
    trials_make(8, 125, 0); /* all in one bucket */
    assert_int_equal(pooled_percentile(trials, 8, 0.5, 0.95, &pooled), 0);
    assert_true(pooled.value == 1000 && pooled.lo == 1000 && pooled.hi == 1000);
}

static void test_few_trials(void **state)
{
    struct pooled pooled;
    (void)state;
    trials_make(5, 10000, 1000);
    for (size_t count = 1; count <= 5; count++) {
        assert_int_equal(pooled_percentile(trials, count, 0.99, 0.95, &pooled), -EDOM);
        assert_true(pooled.value == 5000 && isnan(pooled.lo) && isnan(pooled.hi) && pooled.trials == count);
        assert_int_equal(pooled_beyond(trials, count, 2000, 0.95, &pooled), -EDOM);
        assert_true(fabs(pooled.value - 1.0 / 11) < 1e-12 && isnan(pooled.hi));
    }
    assert_int_equal(pooled_percentile(NULL, 0, 0.5, 0.95, &pooled), -EDOM);
    assert_true(pooled.n == 0 && pooled.trials == 0 && isnan(pooled.value));
    assert_int_equal(pooled_beyond(NULL, 0, 1, 0.95, &pooled), -EDOM);
    assert_true(isnan(pooled.value));
}

/* All slow tasks in one trial of eight: they are one observation, not eighty. */
static void test_one_slow_trial(void **state)
{
    struct pooled alike, pooled;
    (void)state;
    trials_make(8, 990, 10);
    assert_int_equal(pooled_beyond(trials, 8, 2000, 0.95, &alike), 0);
    trials_make(8, 1000, 0);
    two_times[3][0].count = 920;
    two_times[3][1].count = 80;
    assert_int_equal(pooled_beyond(trials, 8, 2000, 0.95, &pooled), 0);
    assert_true(fabs(pooled.value - alike.value) < 1e-12);
    assert_true(pooled.hi - pooled.lo > 5 * (alike.hi - alike.lo));
}

static void test_no_misses(void **state)
{
    struct pooled pooled;
    (void)state;
    trials_make(8, 1000, 0);
    assert_int_equal(pooled_beyond(trials, 8, 2000, 0.95, &pooled), 0);
    assert_true(pooled.value == 0 && pooled.lo == 0);
    assert_true(fabs(pooled.hi - (1 - pow(0.025, 1 / 8000.0))) < 1e-9); /* independent: Clopper and Pearson's bound */
    trials_make(8, 0, 1000);
    assert_int_equal(pooled_beyond(trials, 8, 2000, 0.95, &pooled), 0);
    assert_true(pooled.value == 1 && pooled.hi == 1 && pooled.lo > 0.99);
    two_times[0][1] = (struct bucket){5000, 5050, 1000}; /* the limit lies in a bucket */
    assert_int_equal(pooled_beyond(trials, 1, 5025, 0.95, &pooled), -EDOM);
    assert_true(fabs(pooled.value - 0.5) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentile), cmocka_unit_test(test_few_trials), cmocka_unit_test(test_one_slow_trial),
        cmocka_unit_test(test_no_misses),  cmocka_unit_test(test_coverage),   cmocka_unit_test(test_ratios),
    };
    const char *asked = getenv("ALL");
    all = asked && *asked;
    return cmocka_run_group_tests(tests, sim_open, sim_close);
}
