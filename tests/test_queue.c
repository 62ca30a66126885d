/* A queue in simulated time against what theory says of it: percentiles and means of many seeds hold theory's values,
 * at utilisations from half to nearly full; and what is asked of one queue at several rates fits together. */
/* sanitizers: none (arithmetic, millions of times over) */
#include "bench/job/histogram.h"
#include "bench/stats/pooled.h"
#include "bench/stats/queue.h"
#include "tests/sim.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SEEDS        8
#define TASKS        100000
#define WARM         5000
#define MEAN_NS      1e6
#define RUN_TRIALS   12
#define ALPHA        0.001 /* of an interval: 24 of them, all of which are to hold */

static const double utilisations[] = {0.5, 0.7, 0.9};

enum law { EXPONENTIAL, CONSTANT, MIXED };

/* Two kinds of tasks, nine of ten of them short, and both spread: as a histogram, which is all that is known of
 * measured ones. */
static const struct bucket mixed[] = {{200000, 600001, 900}, {5000000, 7400001, 100}};

#define MIXED_MEAN_NS (0.9 * 400000 + 0.1 * 6200000)

static double mixed_draw(void)
{
    const struct bucket *bucket = &mixed[gsl_rng_uniform(sim_rng) >= 0.9];
    return (double)bucket->lo_ns + gsl_rng_uniform(sim_rng) * (double)(bucket->hi_ns - 1 - bucket->lo_ns);
}

static double service_draw(enum law law)
{
    return law == EXPONENTIAL ? gsl_ran_exponential(sim_rng, MEAN_NS) : law == CONSTANT ? MEAN_NS : mixed_draw();
}

static double *due, *service, *latency;

static int open_room(void **state)
{
    due = calloc(3 * TASKS, sizeof *due);
    service = due + TASKS;
    latency = due + 2 * TASKS;
    return !due || sim_open(state);
}

static int close_room(void **state)
{
    free(due);
    return sim_close(state);
}

/* The mean latency where p is 0, else its percentile, of one seed. */
static double once(enum law law, unsigned workers, double rate, double p, unsigned seed)
{
    const struct queue queue = {.workers = workers};
    double at_ns = 0, sum = 0;
    gsl_rng_set(sim_rng, seed);
    for (size_t i = 0; i < TASKS; i++) {
        due[i] = at_ns += gsl_ran_exponential(sim_rng, 1e9 / rate);
        service[i] = service_draw(law);
    }
    assert_int_equal(queue_simulate(&queue, due, service, TASKS, latency), 0);
    for (size_t i = WARM; i < TASKS; i++)
        sum += latency[i] / (TASKS - WARM);
    stats_sort(latency + WARM, TASKS - WARM);
    return p > 0 ? latency[WARM + (size_t)(p * (TASKS - WARM))] : sum;
}

/* Student's interval over seeds holds theory's value, and is narrow enough to say something. */
static void holds(const char *name, enum law law, unsigned workers, double utilisation, double p, double theory)
{
    const double rate = utilisation * workers * 1e9 / (law == MIXED ? MIXED_MEAN_NS : MEAN_NS);
    double value[SEEDS], mean = 0, square = 0;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        value[seed] = once(law, workers, rate, p, seed + 1);
        mean += value[seed] / SEEDS;
    }
    for (unsigned seed = 0; seed < SEEDS; seed++)
        square += (value[seed] - mean) * (value[seed] - mean) / (SEEDS - 1);
    double reach = gsl_cdf_tdist_Pinv(1 - ALPHA / 2, SEEDS - 1) * sqrt(square / SEEDS);
    printf("%-6s %u workers at %.1f: %-4s %8.4f ms, theory %8.4f, +- %.2f %%\n", name, workers, utilisation,
           p > 0 ? "p99" : "mean", mean / 1e6, theory / 1e6, 100 * reach / mean);
    assert_true(fabs(mean - theory) <= reach);
    assert_true(reach <= 0.4 * mean);
}

static void test_theory_holds(void **state)
{
    (void)state;
    static const unsigned workers[] = {1, 2, 8};
    for (size_t u = 0; u < COUNT(utilisations); u++) {
        for (size_t c = 0; c < COUNT(workers); c++) {
            const double rate = utilisations[u] * workers[c] * 1e9 / MEAN_NS;
            holds("M/M/c", EXPONENTIAL, workers[c], utilisations[u], 0.99,
                  queue_mmc_percentile(workers[c], rate, MEAN_NS, 0.99));
            holds("M/D/c", CONSTANT, workers[c], utilisations[u], 0.99,
                  queue_mdc_percentile(workers[c], rate, MEAN_NS, 0.99));
        }
        const double mean_ns = MIXED_MEAN_NS, rate = utilisations[u] * 1e9 / mean_ns;
        const double square = 0.9 * (4e5 * 4e5 + 4e5 * 4e5 / 12) + 0.1 * (6.2e6 * 6.2e6 + 2.4e6 * 2.4e6 / 12);
        holds("M/G/1", MIXED, 1, utilisations[u], 0, queue_mg1_mean(rate, mean_ns, square));
        holds("M/G/1", MIXED, 1, utilisations[u], 0.99, queue_mg1_percentile(rate, mixed, COUNT(mixed), 0.99));
    }
}

/* Of one trial after its warm-up, as a trial program counts it. */
static size_t histogram_of(const double *values, size_t count, struct bucket *buckets)
{
    static int64_t counts[HISTOGRAM_BUCKETS];
    size_t used = 0;
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < count; i++)
        counts[histogram_bucket((uint64_t)values[i])]++;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (counts[i])
            buckets[used++] = (struct bucket){(int64_t)histogram_lo(i), (int64_t)histogram_hi(i), counts[i]};
    return used;
}

/* A run without a wall clock: so many trials, each from an empty queue, as `run` pools them. 1: the interval holds it.
 */
static unsigned run_holds(enum law law, unsigned workers, double utilisation, double theory, unsigned seed)
{
    static struct bucket buckets[RUN_TRIALS][HISTOGRAM_BUCKETS];
    const size_t tasks = (size_t)(600 / ((1 - utilisation) * (1 - utilisation))), warm = tasks / 5;
    const double rate = utilisation * workers * 1e9 / (law == MIXED ? MIXED_MEAN_NS : MEAN_NS);
    const struct queue queue = {.workers = workers};
    struct pooled_trial trials[RUN_TRIALS];
    struct pooled pooled;
    gsl_rng_set(sim_rng, seed);
    for (size_t t = 0; t < RUN_TRIALS; t++) {
        double at_ns = 0;
        for (size_t i = 0; i < tasks; i++) {
            due[i] = at_ns += gsl_ran_exponential(sim_rng, 1e9 / rate);
            service[i] = service_draw(law);
        }
        assert_int_equal(queue_simulate(&queue, due, service, tasks, latency), 0);
        trials[t] = (struct pooled_trial){buckets[t], histogram_of(latency + warm, tasks - warm, buckets[t])};
    }
    assert_int_equal(pooled_percentile(trials, RUN_TRIALS, 0.99, 0.95, &pooled), 0);
    return pooled.lo <= theory && theory <= pooled.hi;
}

static void test_pooled_intervals_hold_theory(void **state)
{
    (void)state;
    size_t held = 0, of = 0;
    for (size_t u = 0; u < COUNT(utilisations); u++) {
        for (unsigned workers = 1; workers <= 4; workers *= 2) {
            const double rate = utilisations[u] * workers * 1e9 / MEAN_NS;
            const double exponential = queue_mmc_percentile(workers, rate, MEAN_NS, 0.99),
                         same = queue_mdc_percentile(workers, rate, MEAN_NS, 0.99);
            for (unsigned seed = 1; seed <= SEEDS; seed++, of += 2)
                held += run_holds(EXPONENTIAL, workers, utilisations[u], exponential, seed) +
                        run_holds(CONSTANT, workers, utilisations[u], same, seed);
        }
        const double rate = utilisations[u] * 1e9 / MIXED_MEAN_NS;
        const double mg1 = queue_mg1_percentile(rate, mixed, COUNT(mixed), 0.99);
        for (unsigned seed = 1; seed <= SEEDS; seed++, of++)
            held += run_holds(MIXED, 1, utilisations[u], mg1, seed);
    }
    printf("of %zu intervals of p99 at 95 %% %zu hold it\n", of, held);
    /* so many or fewer, were it less than 94 %: one in a thousand */
    assert_true(gsl_cdf_binomial_P((unsigned)held, 0.94, (unsigned)of) > 0.001);
}

/* Formulas against others that know the same: published values, special cases, integrals. */
static void test_formulas(void **state)
{
    (void)state;
    /* Gross, Harris: two workers, load 1: they wait with probability 1/3. One worker: the load. Nobody: none waits. */
    assert_float_equal(queue_erlang_c(2, 1), 1.0 / 3, 1e-12);
    assert_float_equal(queue_erlang_c(1, 0.7), 0.7, 1e-12);
    assert_float_equal(queue_erlang_c(5, 0), 0, 1e-12);
    assert_float_equal(queue_erlang_c(3, 3), 1, 0);
    /* M/M/1: latency is exponential. A worker each for all: that of the task. Load c - 1: the limit of the formula. */
    assert_float_equal(queue_mmc_percentile(1, 700, 1e6, 0.99), 1e6 * log(100) / 0.3, 1);
    assert_float_equal(queue_mmc_percentile(500, 700, 1e6, 0.99), 1e6 * log(100), 1);
    assert_float_equal(queue_mmc_percentile(2, 1000, 1e6, 0.99), queue_mmc_percentile(2, 1000.001, 1e6, 0.99), 100);
    assert_true(isnan(queue_mmc_percentile(2, 2000, 1e6, 0.99)));
    /* M/D/1: the mean wait, as an integral over percentiles, is half of that of M/M/1; and it is an M/G/1, too. */
    const struct bucket constant = {1000000, 1000001, 1};
    double sum = 0;
    for (int i = 0; i < 200; i++)
        sum += queue_mdc_percentile(1, 700, 1e6, (i + 0.5) / 200) / 200;
    assert_float_equal(sum, queue_mg1_mean(700, 1e6, 1e12), 1e-2 * sum);
    for (double p = 0.5; p < 1; p += 0.07)
        assert_float_equal(queue_mg1_percentile(700, &constant, 1, p), queue_mdc_percentile(1, 700, 1e6, p), 4e3);
    assert_true(isnan(queue_mdc_percentile(2, 1990, 1e6, 0.99)));
    assert_true(isnan(queue_mg1_mean(1000, 1e6, 1e12)));
    assert_true(isnan(queue_mg1_percentile(1001, &constant, 1, 0.5)));
}

/* By hand: hand-over one after the other, two workers, one CPU. */
static void test_simulated_by_hand(void **state)
{
    (void)state;
    static const double at[] = {0, 0, 0, 100}, takes[] = {10, 10, 10, 10};
    double found[4];
    const struct queue plain = {.workers = 2}, one = {.workers = 2, .cpus = 1, .cpu_share = 1},
                       half = {.workers = 2, .cpus = 1, .cpu_share = 0.5},
                       costs = {.workers = 2, .handover_ns = 4, .beside_ns = 1};
    static const double plain_ns[] = {10, 10, 20, 10}, one_ns[] = {20, 20, 30, 10}, costs_ns[] = {15, 19, 25, 15};
    assert_int_equal(queue_simulate(&plain, at, takes, 4, found), 0);
    for (int i = 0; i < 4; i++)
        assert_float_equal(found[i], plain_ns[i], 1e-9);
    assert_int_equal(queue_simulate(&half, at, takes, 4, found), 0);
    for (int i = 0; i < 4; i++)
        assert_float_equal(found[i], plain_ns[i], 1e-9);
    assert_int_equal(queue_simulate(&one, at, takes, 4, found), 0);
    for (int i = 0; i < 4; i++)
        assert_float_equal(found[i], one_ns[i], 1e-9);
    assert_int_equal(queue_simulate(&costs, at, takes, 4, found), 0);
    for (int i = 0; i < 4; i++)
        assert_float_equal(found[i], costs_ns[i], 1e-9);
}

/* One worker that shares its CPU with as many others as there are tasks is M/G/1 with processor sharing: the mean
 * depends on the mean alone (L. Kleinrock: Queueing Systems 2, 4.4). */
static void test_shared_cpu(void **state)
{
    (void)state;
    const struct queue queue = {.workers = 1000, .cpus = 1, .cpu_share = 1};
    for (enum law law = EXPONENTIAL; law <= CONSTANT; law++) {
        double mean = 0;
        for (unsigned seed = 1; seed <= SEEDS; seed++) {
            double at_ns = 0;
            gsl_rng_set(sim_rng, seed);
            for (size_t i = 0; i < TASKS; i++) {
                due[i] = at_ns += gsl_ran_exponential(sim_rng, MEAN_NS / 0.7);
                service[i] = service_draw(law);
            }
            assert_int_equal(queue_simulate(&queue, due, service, TASKS, latency), 0);
            for (size_t i = WARM; i < TASKS; i++)
                mean += latency[i] / (TASKS - WARM) / SEEDS;
        }
        assert_float_equal(mean, MEAN_NS / 0.3, 0.03 * MEAN_NS / 0.3);
    }
}

/* What a histogram gives: percentiles as theory has them, the rate that keeps to one, and the edge. */
static void test_percentiles_of_rates(void **state)
{
    (void)state;
    const struct queue queue = {.workers = 1}, two = {.workers = 2}, slow = {.workers = 2, .handover_ns = 2e6};
    struct queue_sample sample;
    double ns, rate, most;
    assert_int_equal(queue_draw(mixed, COUNT(mixed), true, 7, QUEUE_TASKS, &sample), 0);
    most = queue_rate_most(&queue, &sample);
    assert_float_equal(most, 1e9 / 980000, 1);
    assert_float_equal(queue_rate_most(&two, &sample), 2 * most, 1e-6 * most);
    assert_float_equal(queue_rate_most(&slow, &sample), 500, 1e-9);
    assert_int_equal(queue_percentile(&queue, &sample, 0.7 * most, 0.99, &ns), 0);
    double theory = queue_mg1_percentile(0.7 * most, mixed, COUNT(mixed), 0.99);
    assert_float_equal(ns, theory, 0.1 * theory);
    assert_int_equal(queue_rate_for_percentile(&queue, &sample, 0.99, ns, &rate), 0);
    assert_float_equal(rate, 0.7 * most, 2e-3 * most);
    assert_int_equal(queue_percentile(&queue, &sample, most, 0.99, &ns), 0);
    assert_true(isinf(ns));
    assert_int_equal(queue_rate_for_percentile(&queue, &sample, 0.99, 7e6, &rate), 0);
    assert_float_equal(rate, 0, 0); /* a task alone takes longer */
    queue_sample_release(&sample);
    assert_int_equal(queue_draw(mixed, 0, true, 7, 10, &sample), -EDOM);
    queue_sample_release(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formulas),     cmocka_unit_test(test_simulated_by_hand),
        cmocka_unit_test(test_shared_cpu),   cmocka_unit_test(test_percentiles_of_rates),
        cmocka_unit_test(test_theory_holds), cmocka_unit_test(test_pooled_intervals_hold_theory)};
    return cmocka_run_group_tests(tests, open_room, close_room);
}
