/* Laws of scaling against truth that was made up here: intervals hold it about as often as they say, and what the
 * points do not bear is refused. Noise is lognormal, on top of what each block has in common. */
#include "bench/base/refuse.h"
#include "bench/stats/fit.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define EXPERIMENTS 30 /* what they look for shows in a few */
#else
#define EXPERIMENTS 250
#endif
#define RESAMPLES  500
#define COUNTS_MAX 8
#define BLOCKS_MAX 24
#define COVERED    0.93

static char why[ERROR_MAX];

struct truth {
    const char *name;
    enum fit_law law;
    double value[FIT_VALUES_MAX]; /* parameters; what follows from them is worked out */
    double size_ns;
    size_t count, blocks;
    double workers[COUNTS_MAX];
    double noise, block_noise; /* sigma of the logarithms */
};

static double truth_ns(const struct truth *truth, double n)
{
    const double *v = truth->value;
    if (truth->law == FIT_SLEEP)
        return (truth->size_ns + v[SLEEP_WAIT_NS]) / n + v[SLEEP_HANDOVER_NS];
    double kappa = truth->law == FIT_USL ? v[USL_KAPPA] : 0;
    return 1e9 / v[FIT_ONE_PER_S] * (1 + v[FIT_SIGMA] * (n - 1) + kappa * n * (n - 1)) / n;
}

static void draw(gsl_rng *rng, const struct truth *truth, double *ns)
{
    for (size_t b = 0; b < truth->blocks; b++) {
        double block = gsl_ran_gaussian(rng, truth->block_noise);
        for (size_t i = 0; i < truth->count; i++)
            ns[i * truth->blocks + b] =
                truth_ns(truth, truth->workers[i]) * exp(block + gsl_ran_gaussian(rng, truth->noise));
    }
}

static int fit_once(const struct truth *truth, const double *ns, uint64_t seed, struct fit *fit)
{
    struct fit_points points = {
        .count = truth->count, .blocks = truth->blocks, .workers = truth->workers, .ns = ns, .size_ns = truth->size_ns};
    struct fit_bootstrap bootstrap = {.resamples = RESAMPLES, .seed = seed};
    return fit_make(truth->law, &points, &bootstrap, fit, why);
}

static const struct truth truths[] = {
    {"Amdahl, 8 blocks", FIT_AMDAHL, {10000, 0.05, 20}, 0, 5, 8, {1, 2, 4, 8, 16}, 0.03, 0.05},
    {"Amdahl, little in series", FIT_AMDAHL, {500, 0.004, 250}, 0, 4, 12, {1, 2, 3, 4}, 0.01, 0.02},
    {"USL, 12 blocks", FIT_USL, {10000, 0.03, 0.002, 22.0227}, 0, 6, 12, {1, 2, 4, 8, 16, 32}, 0.03, 0.05},
    {"USL, 6 blocks", FIT_USL, {2000, 0.1, 0.01, 9.48683}, 0, 5, 6, {1, 2, 4, 8, 16}, 0.02, 0.05},
    {"USL, no coherence", FIT_USL, {10000, 0.05, 0, INFINITY}, 0, 5, 10, {1, 2, 4, 8, 16}, 0.03, 0.05},
    {"USL, falls", FIT_USL, {80000, 0.3, 0.05, 3.741657}, 0, 7, 18, {1, 2, 3, 4, 6, 8, 12}, 0.05, 0.1},
    {"sleep", FIT_SLEEP, {60000, 2000, 500000}, 1e6, 6, 8, {1, 4, 16, 64, 256, 512}, 0.01, 0.02},
};

static void test_coverage(void **state)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    double ns[COUNTS_MAX * BLOCKS_MAX];
    (void)state;
    gsl_rng_set(rng, 20240229);
    for (size_t t = 0; t < sizeof truths / sizeof truths[0]; t++) {
        const struct truth *truth = &truths[t];
        const struct fit_words *words = &fit_words[truth->law];
        size_t covered[FIT_VALUES_MAX] = {0}, refused = 0;
        for (size_t e = 0; e < EXPERIMENTS; e++) {
            struct fit fit;
            draw(rng, truth, ns);
            if (fit_once(truth, ns, e, &fit)) {
                refused++;
                continue;
            }
            for (size_t v = 0; v < words->values; v++)
                covered[v] += fit.interval[v].lo <= truth->value[v] * (1 + 1e-6) &&
                              truth->value[v] * (1 - 1e-6) <= fit.interval[v].hi;
        }
        print_message("%s:", truth->name);
        for (size_t v = 0; v < words->values; v++)
            print_message(" %s %.1f %%", words->value[v].name, 100.0 * (double)covered[v] / EXPERIMENTS);
        print_message(" of %d\n", EXPERIMENTS);
        if (refused)
            print_message("refused %zu: %s\n", refused, why);
        assert_int_equal(refused, 0);
        for (size_t v = 0; v < words->values && EXPERIMENTS >= 100; v++)
            assert_true((double)covered[v] >= COVERED * EXPERIMENTS);
    }
    gsl_rng_free(rng);
}

/* A law that is not theirs: refused where it is far off, and else no surer of its best than it is right. */
static void test_misfit(void **state)
{
    static const double workers[] = {1, 2, 4, 8, 16, 32};
    static const struct fit_bootstrap bootstrap = {200, 1};
    double ns[6 * 10];
    const struct fit_points points = {.count = 6, .blocks = 10, .workers = workers, .ns = ns};
    struct fit fit;
    (void)state;
    for (size_t i = 0; i < 60; i++) /* linear up to 8 workers, and no further */
        ns[i] = 1e6 / fmin(workers[i / 10], 8) * (1 + 1e-3 * (double)(i % 10));
    assert_int_equal(fit_make(FIT_USL, &points, &bootstrap, &fit, why), 0);
    assert_true(fit.worst > 0.1 && fit.worst < 0.2);
    assert_true(fit.interval[USL_BEST].lo <= 8 && fit.interval[USL_BEST].hi >= 30);
    for (size_t i = 0; i < 60; i++)
        ns[i] = 1e6 / workers[i / 10] * (i / 10 == 3 ? 2 : 1);
    assert_int_equal(fit_make(FIT_USL, &points, &bootstrap, &fit, why), -EDOM);
    assert_non_null(strstr(why, "does not describe"));
}

/* An experiment with other points than that truth has. */
static int fit_changed(const struct truth *of, size_t count, size_t blocks, double sigma, struct fit *fit)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    double ns[COUNTS_MAX * BLOCKS_MAX];
    struct truth truth = *of;
    truth.count = count;
    truth.blocks = blocks;
    truth.value[FIT_SIGMA] = sigma;
    if (truth.law == FIT_USL && sigma == 1)
        truth.value[USL_KAPPA] = 0;
    gsl_rng_set(rng, 7);
    draw(rng, &truth, ns);
    gsl_rng_free(rng);
    return fit_once(&truth, ns, 1, fit);
}

static void test_refused(void **state)
{
    const struct truth *amdahl = &truths[0], *usl = &truths[2], *sleep = &truths[6];
    struct fit fit;
    (void)state;
    assert_int_equal(sleep->law, FIT_SLEEP);
    assert_int_equal(fit_changed(amdahl, 2, 12, 0.05, &fit), -EDOM);
    assert_string_equal(why, "takes at least 3 different numbers of workers, there are 2");
    assert_int_equal(fit_changed(amdahl, 3, 12, 0.05, &fit), 0);
    assert_int_equal(fit_changed(usl, 3, 12, 0.03, &fit), -EDOM);
    assert_string_equal(why, "takes at least 4 different numbers of workers, there are 3");
    assert_int_equal(fit_changed(usl, 6, 5, 0.03, &fit), -EDOM);
    assert_string_equal(why, "takes at least 6 blocks, there are 5");
    assert_int_equal(fit_changed(sleep, 2, 8, 2000, &fit), -EDOM);
    /* Flat, and falling. */
    assert_int_equal(fit_changed(amdahl, 5, 12, 1, &fit), -EDOM);
    assert_non_null(strstr(why, "flat"));
    assert_int_equal(fit_changed(usl, 6, 12, 1, &fit), -EDOM);
    assert_non_null(strstr(why, "flat"));
    assert_int_equal(fit_changed(amdahl, 5, 12, 1.5, &fit), -EDOM);
    assert_non_null(strstr(why, "falls"));
    /* All that can be said is that there is noise. */
    struct truth noisy = *amdahl;
    noisy.noise = 3;
    assert_int_equal(fit_changed(&noisy, 3, 6, 0.5, &fit), -EDOM);
    assert_non_null(strstr(why, "not identified"));
}

/* Without noise the truth itself is found; the same seed gives the same numbers. */
static void test_exact(void **state)
{
    struct truth truth = truths[2];
    double ns[COUNTS_MAX * BLOCKS_MAX];
    struct fit fit, again;
    (void)state;
    truth.noise = truth.block_noise = 0;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    draw(rng, &truth, ns);
    gsl_rng_free(rng);
    assert_int_equal(fit_once(&truth, ns, 1, &fit), 0);
    for (size_t v = 0; v < fit_words[FIT_USL].values; v++)
        assert_true(fabs(fit.value[v] / truth.value[v] - 1) < 1e-3);
    assert_true(fit.worst < 1e-5);
    for (size_t i = 0; i < truth.count; i++)
        assert_true(fabs(fit_ns(&fit, truth.workers[i]) / truth_ns(&truth, truth.workers[i]) - 1) < 1e-5);
    assert_int_equal(fit_once(&truth, ns, 1, &again), 0);
    assert_memory_equal(fit.interval, again.interval, sizeof fit.interval);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_misfit),
        cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests_name("fits", tests, NULL, NULL);
}
