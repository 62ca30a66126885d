/* sanitizers: address undefined */
/* What share of a difference goes away: of made-up costs whose truth is known, how often intervals hold it; and that
 * nothing is said of a difference that is not told. */
#include "bench/analyse/why/gone.h"
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h> /* after what it needs */

#define BLOCKS 16
#define RUNS   400
#define LEVEL  0.95

struct costs {
    double a[BLOCKS], b[BLOCKS], a_changed[BLOCKS], b_changed[BLOCKS];
};

/* Each block has a speed that its trials share, each trial a noise of its own. */
static void draw(gsl_rng *rng, double ratio, double changed, double noise, struct costs *c)
{
    for (int i = 0; i < BLOCKS; i++) {
        const double speed = gsl_ran_lognormal(rng, 0, 0.3);
        c->a[i] = 100 * speed * gsl_ran_lognormal(rng, 0, noise);
        c->b[i] = 100 * ratio * speed * gsl_ran_lognormal(rng, 0, noise);
        c->a_changed[i] = 50 * speed * gsl_ran_lognormal(rng, 0, noise);
        c->b_changed[i] = 50 * changed * speed * gsl_ran_lognormal(rng, 0, noise);
    }
}

static struct gone made(const struct costs *c)
{
    const struct tried_costs costs = {c->a, c->b, c->a_changed, c->b_changed};
    struct gone gone;
    assert_int_equal(gone_make(&costs, BLOCKS, LEVEL, &gone), 0);
    return gone;
}

static void intervals_hold_the_share(void **state)
{
    static const struct {
        double ratio, changed;
    } truths[] = {{1.5, 1}, {1.5, 1.5}, {1.5, 1.1}, {1.3, 1.8}, {1.5, 0.8}, {0.5, 0.7}, {4, 2}};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    (void)state;
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
        const double share = 1 - log(truths[i].changed) / log(truths[i].ratio);
        size_t told = 0, held = 0;
        for (int run = 0; run < RUNS; run++) {
            struct costs costs;
            draw(rng, truths[i].ratio, truths[i].changed, 0.05, &costs);
            const struct gone gone = made(&costs);
            if (isnan(gone.share))
                continue;
            told++;
            held += gone.interval.lo <= share && share <= gone.interval.hi;
            assert_true(gone.interval.lo <= gone.share && gone.share <= gone.interval.hi);
        }
        print_message("share %.2f: told in %zu of %d, %.1f %% of the intervals hold it\n", share, told, RUNS,
                      100. * (double)held / (double)told);
        assert_true(told > RUNS * 9 / 10);
        assert_true((double)held > 0.92 * (double)told); /* 95 % less three standard errors */
    }
    gsl_rng_free(rng);
}

/* No difference, or too few blocks: no share. */
static void nothing_is_said_of_no_difference(void **state)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    size_t told = 0;
    struct costs costs;
    struct gone gone;
    (void)state;
    for (int run = 0; run < RUNS; run++) {
        draw(rng, 1, 1.5, 0.05, &costs);
        told += !isnan(made(&costs).share);
    }
    assert_true(told < RUNS * 8 / 100); /* 5 % and three standard errors */
    const struct tried_costs few = {costs.a, costs.b, costs.a_changed, costs.b_changed};
    assert_int_equal(gone_make(&few, 5, LEVEL, &gone), 0);
    assert_true(isnan(gone.share) && gone.blocks == 5);
    gsl_rng_free(rng);
}

/* A trial that did not end well takes its block with it; without noise the share is exact. */
static void blocks_that_lack_a_trial_do_not_count(void **state)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    struct costs costs;
    (void)state;
    draw(rng, 4, 2, 0, &costs);
    costs.b_changed[3] = NAN;
    const struct gone gone = made(&costs);
    assert_int_equal(gone.blocks, BLOCKS - 1);
    assert_true(fabs(gone.share - 0.5) < 1e-6 && fabs(gone.ratio - 4) < 1e-6 && fabs(gone.ratio_changed - 2) < 1e-6);
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_hold_the_share),
        cmocka_unit_test(nothing_is_said_of_no_difference),
        cmocka_unit_test(blocks_that_lack_a_trial_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
