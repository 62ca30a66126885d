/* How often poolbench is right: thousands of runs with a known truth, judged by the functions that judge real ones.
 * What is measured is printed, so that docs/STATISTICS.md can say it. Seeded, so the numbers are the same wherever GSL
 * is.
 */
/* sanitizers: none (arithmetic, thousands of times over; test_verdict goes the same ways once) */
#include "bench/stats/looks.h"
#include "bench/stats/verdict.h"
#include "tests/sim.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define COVERED      0.94   /* of them, at least */
#define ALARMS       0.05   /* at most */
#define ALARMS_EAGER 0.0646 /* 5 % and three standard errors of SIM_RUNS: the error is spent to the last there */
#define LOOKS        6
#define CELLS        11 /* of the simultaneous comparisons: ten with the first */

/* Precisions that stop runs at all looks, narrow noise and wide. */
static const double precisions[] = {0.005, 0.01, 0.02, 0.05, 0.1, 0.2};
static const unsigned fixed_blocks[] = {8, 12, 27, 60};

static void median_of(const double *costs, size_t count, double level, struct interval *interval)
{
    double sorted[LOOK_MAX];
    memcpy(sorted, costs, count * sizeof *costs);
    assert_int_equal(stats_median_interval(sorted, stats_sort(sorted, count), level, interval), 0);
}

/* The first look whose interval is narrow enough, or the last one. */
static void median_stop(const double *costs, double level, double precision, struct interval *interval)
{
    for (unsigned look = look_next(0); look; look = look_next(look)) {
        median_of(costs, look, level, interval);
        if (precision_reached(interval, precision))
            return;
    }
}

/* Medians of costs: fixed numbers of blocks, and stopped by each of the precisions, of which the worst counts. The last
 * column is no claim: it shows why looks share the error. */
static void test_medians(void **state)
{
    struct family fixed = family_make(1, LOOKS_NONE, 0),
                  stopped = family_make(1, (struct looks){.planned = looks_planned(1)}, 0);
    const double truth = 1;
    unsigned wrong = 0;
    (void)state;
    printf("\nIntervals of medians that hold the true one, %% of %d runs, no drift\n", SIM_RUNS);
    printf("%-18s   n=8    n=12    n=27    n=60   stopped  (stopped without sharing the error)\n", "noise");
    for (size_t k = 0; k < sim_noise_count; k++) {
        size_t hits[COUNT(fixed_blocks)] = {0}, shared[COUNT(precisions)] = {0}, alone[COUNT(precisions)] = {0};
        size_t worst = SIM_RUNS, worst_alone = SIM_RUNS;
        gsl_rng_set(sim_rng, 100 + k);
        for (size_t e = 0; e < SIM_RUNS; e++) {
            double costs[LOOK_MAX];
            struct interval interval;
            sim_run(sim_rng, &sim_noises[k], 0, &truth, 1, LOOK_MAX, costs);
            for (size_t i = 0; i < COUNT(fixed_blocks); i++) {
                median_of(costs, fixed_blocks[i], fixed.level, &interval);
                hits[i] += sim_holds(&interval, sim_noises[k].median);
            }
            for (size_t i = 0; i < COUNT(precisions); i++) {
                median_stop(costs, stopped.level, precisions[i], &interval);
                shared[i] += sim_holds(&interval, sim_noises[k].median);
                median_stop(costs, fixed.level, precisions[i], &interval);
                alone[i] += sim_holds(&interval, sim_noises[k].median);
            }
        }
        printf("%-18s", sim_noises[k].name);
        for (size_t i = 0; i < COUNT(fixed_blocks); i++)
            wrong += sim_share(hits[i], SIM_RUNS, COVERED, true);
        for (size_t i = 0; i < COUNT(precisions); i++) {
            worst = shared[i] < worst ? shared[i] : worst;
            worst_alone = alone[i] < worst_alone ? alone[i] : worst_alone;
        }
        wrong += sim_share(worst, SIM_RUNS, COVERED, true);
        printf("  (%.2f)\n", 100 * (double)worst_alone / SIM_RUNS);
    }
    assert_int_equal(wrong, 0);
}

static void compare(const double *costs, size_t cell, unsigned blocks, const struct family *family,
                    struct comparison *comparison)
{
    assert_int_equal(comparison_make(costs + cell * LOOK_MAX, costs, blocks, family, comparison), 0);
}

/* What every look says. */
static void looks_compare(const double *costs, const struct family *family, struct comparison *at)
{
    for (unsigned look = look_next(0); look; look = look_next(look))
        compare(costs, 1, look, family, at++);
}

/* A rule to stop by: by precision, or (verdict) as soon as there is one, which the looks bear as well. */
static const struct comparison *look_stop(const struct comparison *at, double precision, bool verdict)
{
    for (unsigned look = look_next(0); look_next(look); look = look_next(look), at++)
        if (verdict ? at->verdict != VERDICT_UNRESOLVED : precision_reached(&at->interval, precision))
            break;
    return at;
}

static bool differs(const struct comparison *comparison)
{
    return comparison->verdict == VERDICT_FASTER || comparison->verdict == VERDICT_SLOWER;
}

static unsigned ratios_row(const struct sim_noise *noise, double drift)
{
    static const double truth[] = {1, 1.07}, equal[] = {1, 1};
    struct family fixed = family_make(1, LOOKS_NONE, 0),
                  stopped = family_make(1, (struct looks){.planned = looks_planned(1)}, 0);
    size_t hits[COUNT(fixed_blocks)] = {0}, shared[COUNT(precisions)] = {0}, alarms[COUNT(precisions)] = {0};
    size_t eager = 0, worst = SIM_RUNS, most = 0;
    unsigned wrong = 0;
    for (size_t e = 0; e < SIM_RUNS; e++) {
        double costs[2 * LOOK_MAX];
        struct comparison made, at[LOOKS];
        sim_run(sim_rng, noise, drift, truth, 2, LOOK_MAX, costs);
        for (size_t i = 0; i < COUNT(fixed_blocks); i++) {
            compare(costs, 1, fixed_blocks[i], &fixed, &made);
            hits[i] += sim_holds(&made.interval, truth[1]);
        }
        looks_compare(costs, &stopped, at);
        for (size_t i = 0; i < COUNT(precisions); i++)
            shared[i] += sim_holds(&look_stop(at, precisions[i], false)->interval, truth[1]);
        sim_run(sim_rng, noise, drift, equal, 2, LOOK_MAX, costs);
        looks_compare(costs, &stopped, at);
        for (size_t i = 0; i < COUNT(precisions); i++)
            alarms[i] += differs(look_stop(at, precisions[i], false));
        eager += differs(look_stop(at, 0, true));
    }
    printf("%-18s%3.0f %%", noise->name, 100 * drift);
    for (size_t i = 0; i < COUNT(fixed_blocks); i++)
        wrong += sim_share(hits[i], SIM_RUNS, COVERED, true);
    for (size_t i = 0; i < COUNT(precisions); i++) {
        worst = shared[i] < worst ? shared[i] : worst;
        most = alarms[i] > most ? alarms[i] : most;
    }
    wrong += sim_share(worst, SIM_RUNS, COVERED, true);
    wrong += sim_share(most, SIM_RUNS, ALARMS, false);
    wrong += sim_share(eager, SIM_RUNS, ALARMS_EAGER, false);
    puts("");
    return wrong;
}

/* Ratios of two cells of a block, the drift shared; alarms are verdicts on equal cells, without a margin that would
 * hide them. */
static void test_ratios(void **state)
{
    unsigned wrong = 0;
    (void)state;
    printf("\nIntervals of ratios that hold the true 1.07, and false alarms on equal cells, %% of %d runs\n", SIM_RUNS);
    printf("%-18s%5s   n=8    n=12    n=27    n=60   stopped  alarms  stopped by verdict\n", "noise", "drift");
    gsl_rng_set(sim_rng, 200);
    for (size_t k = 0; k < sim_noise_count; k++) {
        wrong += ratios_row(&sim_noises[k], 0);
        wrong += ratios_row(&sim_noises[k], SIM_DRIFT);
    }
    assert_int_equal(wrong, 0);
}

static double mean_of_block(const double *costs, size_t blocks, size_t block)
{
    double sum = 0;
    for (size_t cell = 1; cell < CELLS; cell++)
        sum += log(costs[cell * blocks + block] / costs[block]) / (CELLS - 1);
    return sum;
}

/* What the geometric mean over cells estimates, the median of averages of two blocks, from very many of them. */
static double mean_truth(const struct sim_noise *noise, const double *truth)
{
    enum { MANY = 40001 };
    static double means[MANY];
    double costs[CELLS * 2];
    for (size_t i = 0; i < MANY; i++) {
        sim_run(sim_rng, noise, 0, truth, CELLS, 2, costs);
        means[i] = (mean_of_block(costs, 2, 0) + mean_of_block(costs, 2, 1)) / 2;
    }
    return stats_median(means, stats_sort(means, MANY));
}

/* Ten comparisons with one baseline: all intervals hold together, and so does that of the geometric mean over the ten.
 */
static void test_simultaneous(void **state)
{
    enum { BLOCKS = 27 };
    struct family all = family_make(CELLS - 1, LOOKS_NONE, 0), one = family_make(1, LOOKS_NONE, 0);
    double truth[CELLS];
    unsigned wrong = 0;
    (void)state;
    for (size_t cell = 0; cell < CELLS; cell++)
        truth[cell] = 1 + 0.1 * (double)cell;
    printf("\nTen comparisons with one baseline, %d blocks, drift %.0f %%, %% of %d runs\n", BLOCKS, 100 * SIM_DRIFT,
           SIM_RUNS);
    printf("%-18s  all ten hold  geometric mean holds\n", "noise");
    gsl_rng_set(sim_rng, 300);
    for (size_t k = 0; k < sim_noise_count; k++) {
        double mean = mean_truth(&sim_noises[k], truth);
        size_t together = 0, means = 0;
        for (size_t e = 0; e < SIM_RUNS; e++) {
            double costs[CELLS * BLOCKS], ratios[CELLS * BLOCKS];
            struct comparison made;
            size_t held = 0;
            sim_run(sim_rng, &sim_noises[k], SIM_DRIFT, truth, CELLS, BLOCKS, costs);
            for (size_t cell = 1; cell < CELLS; cell++) {
                assert_int_equal(comparison_make(costs + cell * BLOCKS, costs, BLOCKS, &all, &made), 0);
                held += sim_holds(&made.interval, truth[cell]);
                for (size_t b = 0; b < BLOCKS; b++)
                    ratios[(cell - 1) * BLOCKS + b] = costs[cell * BLOCKS + b] / costs[b];
            }
            together += held == CELLS - 1;
            assert_int_equal(comparison_of_all(ratios, CELLS - 1, BLOCKS, &one, &made), 0);
            means += sim_holds(&made.interval, exp(mean));
        }
        printf("%-18s      ", sim_noises[k].name);
        wrong += sim_share(together, SIM_RUNS, COVERED, true);
        printf("      ");
        wrong += sim_share(means, SIM_RUNS, COVERED, true);
        puts("");
    }
    assert_int_equal(wrong, 0);
}

/* A machine whose speed wanders over days, by `wander` and with a memory of so many blocks: what it is at each of the
 * moments of a run. */
static void machine_wander(double wander, double memory, double *speed, size_t moments, double per_block)
{
    const double rho = exp(-1 / (memory * per_block));
    speed[0] = gsl_ran_gaussian(sim_rng, wander);
    for (size_t i = 1; i < moments; i++)
        speed[i] = rho * speed[i - 1] + gsl_ran_gaussian(sim_rng, wander * sqrt(1 - rho * rho));
}

/* Intervals of times are of the run: they hold the median of all trials that could have been run in its time. Of the
 * machine over days they cannot know. */
static void test_wandering(void **state)
{
    enum { PER_BLOCK = 40, MOMENTS = PER_BLOCK * LOOK_MAX };
    static const double memories[] = {0.1, 1, 10, 100};
    static double speed[MOMENTS], all[MOMENTS];
    const double level = family_make(1, LOOKS_NONE, 0).level;
    unsigned wrong = 0;
    (void)state;
    printf("\nIntervals of times of a machine that wanders by 10 %%, noise 3 %%: %% of %d runs that hold the median of "
           "the run "
           "| of the machine\nmemory in blocks      n=8            n=12           n=27           n=60\n",
           SIM_RUNS);
    gsl_rng_set(sim_rng, 700);
    for (size_t m = 0; m < COUNT(memories); m++) {
        printf("%-18g", memories[m]);
        for (size_t i = 0; i < COUNT(fixed_blocks); i++) {
            const size_t blocks = fixed_blocks[i], moments = blocks * PER_BLOCK;
            size_t of_run = 0, of_machine = 0;
            for (size_t e = 0; e < SIM_RUNS; e++) {
                double costs[LOOK_MAX] = {0};
                struct interval interval;
                machine_wander(0.1, memories[m], speed, moments, PER_BLOCK);
                for (size_t k = 0; k < moments; k++)
                    all[k] = exp(speed[k] + gsl_ran_gaussian(sim_rng, 0.03));
                for (size_t b = 0; b < blocks; b++) /* its place in the block is drawn */
                    costs[b] = all[b * PER_BLOCK + gsl_rng_uniform_int(sim_rng, PER_BLOCK)];
                median_of(costs, blocks, level, &interval);
                of_run += sim_holds(&interval, stats_median(all, stats_sort(all, moments)));
                of_machine += sim_holds(&interval, 1);
            }
            wrong += sim_share(of_run, SIM_RUNS, COVERED, true);
            printf("|%6.2f ", 100 * (double)of_machine / SIM_RUNS);
            wrong += memories[m] >= 10 && of_machine > SIM_RUNS * 9 / 10; /* or it does not wander */
        }
        puts("");
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_medians),
        cmocka_unit_test(test_wandering),
        cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_simultaneous),
    };
    return cmocka_run_group_tests(tests, sim_open, sim_close);
}
