/* What poolbench forecasts of trials; and what it forecasts and remarks, against simulated runs with a known truth: how
 * many blocks settle a cell, which difference would have been seen, drifts and groups where there are some and where
 * there are none. */
/* sanitizers: none (arithmetic, thousands of times over; test_verdict goes the same ways once) */
#include "bench/base/refuse.h"
#include "bench/measure/forecast/prices.h"
#include "bench/model/faults.h"
#include "bench/stats/looks.h"
#include "bench/stats/series.h"
#include "bench/stats/verdict.h"
#include "tests/scratch.h"
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

static const unsigned fixed_blocks[] = {8, 12, 27, 60};

static bool differs(const struct comparison *comparison)
{
    return comparison->verdict == VERDICT_FASTER || comparison->verdict == VERDICT_SLOWER;
}

struct tally {
    size_t named, resolved;
};

/* Unresolved after 12 blocks: how many of the cells are resolved by the blocks that were named. */
static void resolve_print(const struct sim_noise *noise, const struct family *family, double ratio, struct tally *tally)
{
    const double truth[] = {1, ratio};
    size_t named = 0, resolved = 0, many = 0;
    for (size_t e = 0; e < SIM_RUNS / 4; e++) {
        double first[2][12], more[2 * RESOLVE_MAX], cell[RESOLVE_MAX], base[RESOLVE_MAX];
        struct comparison now, then;
        sim_run(sim_rng, noise, 0, truth, 2, 12, first[0]);
        assert_int_equal(comparison_make(first[1], first[0], 12, family, &now), 0);
        if (now.verdict != VERDICT_UNRESOLVED)
            continue;
        many += now.blocks_to_resolve > RESOLVE_MAX;
        if (now.blocks_to_resolve > RESOLVE_MAX)
            continue;
        size_t added = now.blocks_to_resolve - 12;
        sim_run(sim_rng, noise, 0, truth, 2, added, more);
        memcpy(base, first[0], sizeof first[0]);
        memcpy(cell, first[1], sizeof first[1]);
        memcpy(base + 12, more, added * sizeof *more);
        memcpy(cell + 12, more + added, added * sizeof *more);
        assert_int_equal(comparison_make(cell, base, now.blocks_to_resolve, family, &then), 0);
        named++;
        resolved += then.verdict != VERDICT_UNRESOLVED;
    }
    tally->named += named;
    tally->resolved += resolved;
    if (named)
        printf("  %3.0f of %3zu, %3zu", 100 * (double)resolved / (double)named, named, many);
    else
        printf("    - of   0, %3zu", many);
}

static void test_resolve(void **state)
{
    static const double ratios[] = {1, 1.01, 1.03, 1.05};
    struct family family = family_make(1, LOOKS_NONE, FAMILY_MARGIN);
    struct tally all = {0};
    (void)state;
    printf(
        "\nUnresolved after 12 blocks: %% resolved by the blocks named, of how many; how many were told more than %d\n",
        RESOLVE_MAX);
    printf("%-18s", "noise, true ratio");
    for (size_t i = 0; i < COUNT(ratios); i++)
        printf("%17.2f", ratios[i]);
    puts("");
    gsl_rng_set(sim_rng, 400);
    for (size_t k = 0; k < sim_noise_count; k++) {
        printf("%-18s", sim_noises[k].name);
        for (size_t i = 0; i < COUNT(ratios); i++)
            resolve_print(&sim_noises[k], &family, ratios[i], &all);
        puts("");
    }
    printf("in all %38zu of %zu\n", all.resolved, all.named);
    assert_true((double)all.resolved >= 0.8 * (double)all.named);
}

/* A difference of the size that a set of comparisons calls visible, in new runs of the same length: how many see it. */
static unsigned visible_print(const struct sim_noise *noise, double ratio)
{
    enum { RUNS = 20, SET = SIM_RUNS / RUNS, BLOCKS = 12 };
    struct family family = family_make(1, LOOKS_NONE, 0);
    double truth[] = {1, ratio}, costs[2 * BLOCKS], room[2 * SET], visible, sum = 0;
    size_t seen = 0;
    for (size_t run = 0; run < RUNS; run++) {
        struct comparison made[SET];
        truth[1] = ratio;
        for (size_t i = 0; i < SET; i++) {
            sim_run(sim_rng, noise, SIM_DRIFT, truth, 2, BLOCKS, costs);
            assert_int_equal(comparison_make(costs + BLOCKS, costs, BLOCKS, &family, &made[i]), 0);
        }
        visible = difference_visible(made, SET, ratio == 1, room);
        sum += visible;
        truth[1] = 1 + visible;
        for (size_t i = 0; i < SET; i++) {
            sim_run(sim_rng, noise, SIM_DRIFT, truth, 2, BLOCKS, costs);
            assert_int_equal(comparison_make(costs + BLOCKS, costs, BLOCKS, &family, &made[i]), 0);
            seen += differs(&made[i]);
        }
    }
    printf("   %6.2f %%", 100 * sum / RUNS);
    return sim_share(seen, SIM_RUNS, 0.6, true);
}

static void test_visible(void **state)
{
    unsigned wrong = 0;
    (void)state;
    printf("\nThe difference called visible in 12 blocks, and %% of %d runs that see it\n", SIM_RUNS);
    printf("%-18s     by equal cells     by cells 10 %% apart\n", "noise");
    gsl_rng_set(sim_rng, 450);
    for (size_t k = 0; k < sim_noise_count; k++) {
        printf("%-18s", sim_noises[k].name);
        wrong += visible_print(&sim_noises[k], 1);
        wrong += visible_print(&sim_noises[k], 1.1);
        puts("");
    }
    assert_int_equal(wrong, 0);
}

struct said {
    size_t drifts, groups;
};

static struct said series_said(const struct sim_noise *noise, double drift, unsigned blocks)
{
    const double truth = 1;
    struct said said = {0};
    for (size_t e = 0; e < SIM_RUNS; e++) {
        double costs[LOOK_MAX];
        struct drift found;
        struct bimodality bimodality;
        sim_run(sim_rng, noise, drift, &truth, 1, blocks, costs);
        assert_int_equal(drift_find(costs, blocks, &found), 0);
        assert_int_equal(bimodality_find(costs, blocks, &bimodality), 0);
        said.drifts += found.said;
        said.groups += bimodality.two;
    }
    return said;
}

/* Costs of one cell: how often a drift or two groups are said where there are none, and where there are. */
static void test_series(void **state)
{
    unsigned wrong = 0;
    (void)state;
    printf("\nSaid of one cell, %% of %d runs: a drift where there is none | of %.0f %%; two groups, which are there "
           "in the "
           "bimodal\n%-18s",
           SIM_RUNS, 100 * SIM_DRIFT, "noise");
    for (size_t i = 0; i < COUNT(fixed_blocks); i++)
        printf("  n=%-21u", fixed_blocks[i]);
    puts("");
    gsl_rng_set(sim_rng, 500);
    for (size_t k = 0; k < sim_noise_count; k++) {
        bool grouped = !strncmp(sim_noises[k].name, "bimodal", strlen("bimodal"));
        printf("%-18s", sim_noises[k].name);
        for (size_t i = 0; i < COUNT(fixed_blocks); i++) {
            struct said still = series_said(&sim_noises[k], 0, fixed_blocks[i]);
            struct said drifts = series_said(&sim_noises[k], SIM_DRIFT, fixed_blocks[i]);
            wrong += sim_share(still.drifts, SIM_RUNS, 0.02, false);
            printf("|%6.2f ", 100 * (double)drifts.drifts / SIM_RUNS);
            wrong += sim_share(still.groups, SIM_RUNS, grouped ? 0.4 : 0.03, grouped);
        }
        puts("");
    }
    assert_int_equal(wrong, 0);
}

/* ---- blocks that depend on the one before ---- */

/* The log ratio of two cells: of independent blocks, whatever the noise; and where both walk by themselves, with a
 * correlation of `rho` from block to block. */
static void ratios_draw(const struct sim_noise *noise, double rho, unsigned blocks, double *costs, double *ratios)
{
    const double truth[] = {1, 1};
    if (noise)
        sim_run(sim_rng, noise, SIM_DRIFT, truth, 2, blocks, costs);
    for (size_t cell = 0; !noise && cell < 2; cell++) {
        double walk = gsl_ran_gaussian(sim_rng, 0.03);
        for (unsigned b = 0; b < blocks; b++) {
            costs[cell * blocks + b] = exp(walk);
            walk = rho * walk + gsl_ran_gaussian(sim_rng, 0.03 * sqrt(1 - rho * rho));
        }
    }
    for (unsigned b = 0; b < blocks; b++)
        ratios[b] = log(costs[blocks + b] / costs[b]);
}

static void test_lag(void **state)
{
    static const double rhos[] = {0, 0.3, 0.5, 0.7, 0.9};
    const struct family alone = family_make(1, LOOKS_NONE, FAMILY_MARGIN);
    double costs[2 * LOOK_MAX], ratios[LOOK_MAX];
    struct lag lag;
    unsigned wrong = 0;
    (void)state;
    printf("\nSaid of blocks that they depend on the one before, %% of %d runs, where they do not, drift %.0f %%\n",
           SIM_RUNS, 100 * SIM_DRIFT);
    gsl_rng_set(sim_rng, 501);
    for (size_t k = 0; k < sim_noise_count; k++) {
        printf("%-18s", sim_noises[k].name);
        for (size_t i = 0; i < COUNT(fixed_blocks); i++) {
            size_t said = 0;
            for (size_t e = 0; e < SIM_RUNS; e++) {
                ratios_draw(&sim_noises[k], 0, fixed_blocks[i], costs, ratios);
                assert_int_equal(lag_find(ratios, fixed_blocks[i], &lag), 0);
                said += lag.said;
            }
            wrong += sim_share(said, SIM_RUNS, 0.02, false);
        }
        puts("");
    }
    printf("Where they do; and intervals of the ratio at 95 %% that hold it\n");
    for (size_t r = 0; r < COUNT(rhos); r++) {
        printf("correlation %.1f   ", rhos[r]);
        for (size_t i = 0; i < COUNT(fixed_blocks); i++) {
            size_t said = 0, held = 0;
            for (size_t e = 0; e < SIM_RUNS; e++) {
                struct comparison made;
                ratios_draw(NULL, rhos[r], fixed_blocks[i], costs, ratios);
                assert_int_equal(lag_find(ratios, fixed_blocks[i], &lag), 0);
                assert_int_equal(comparison_make(costs + fixed_blocks[i], costs, fixed_blocks[i], &alone, &made), 0);
                said += lag.said;
                held += made.interval.lo <= 1 && made.interval.hi >= 1;
            }
            printf("|%6.2f %6.2f ", 100 * (double)said / SIM_RUNS, 100 * (double)held / SIM_RUNS);
            wrong += rhos[r] == 0.7 && fixed_blocks[i] == 27 && said < SIM_RUNS * 8 / 10;
        }
        puts("");
    }
    assert_int_equal(wrong, 0);
}

/* ---- how long trials take ---- */

static struct cell cell_of(const char *pool, unsigned workers)
{
    struct cell cell = {.pool = pool_find(pool), .workload = workload_find("spin"), .f.workers = workers};
    assert_non_null(cell.pool);
    assert_null(cell.pool->shape(workers, cell.pool_params, &cell.shape));
    cell.f.tasks = 100;
    cell.f.size_ns = 1000000;
    cell.placement.cpus = 2;
    cell.trial_limit_ns = 10000000000;
    forecast_make(&cell, NULL);
    return cell;
}

/* A price is what usual trials took: neither the one that was disturbed, nor those that failed. */
static void test_price(void **state)
{
    struct cell cell = cell_of("pthread", 2);
    struct trial_price price;
    (void)state;
    forecast_note(&cell, 12e9, NAN);
    assert_false(price_learn(&cell, &price));
    for (unsigned i = 0; i < 7; i++)
        forecast_note(&cell, i == 3 ? 5e9 : 60e6, i == 3 ? 4e9 : 50e6);
    forecast_note(&cell, 12e9, NAN);
    assert_true(price_learn(&cell, &price));
    assert_true(fabs(price.task_ns - 50e6 / 100) < 1);
    assert_true(fabs(price.beside_ns - 10e6) < 1);
    for (unsigned i = 0; i < FORECAST_LAST; i++) /* the machine has changed: the last ones count */
        forecast_note(&cell, 120e6, 100e6);
    assert_true(price_learn(&cell, &price));
    assert_true(fabs(price.task_ns - 100e6 / 100) < 1);
    cell.faults.count = 1;
    assert_false(price_learn(&cell, &price));
}

/* What comes after the last trial: one that is far off is forgotten, a change of the machine is not. */
static void test_closing(void **state)
{
    char directory[4096], error[ERROR_MAX];
    const char *place = getenv("TMPDIR");
    struct calibrations *store;
    (void)state;
    snprintf(directory, sizeof directory, "%s/poolbench-forecast-XXXXXX", place && *place ? place : P_tmpdir);
    assert_non_null(mkdtemp(directory));
    setenv("XDG_CACHE_HOME", directory, 1);
    assert_int_equal(calibrations_open(&store, false, error), 0);
    double guess = closing_recall_ns(store, "run", 2);
    closing_keep(store, "run", 2, 60e9);
    assert_true(closing_recall_ns(store, "run", 2) < 3 * guess);
    for (unsigned i = 0; i < 4; i++)
        closing_keep(store, "run", 2, i == 2 ? 60e9 : 1e9);
    assert_true(closing_recall_ns(store, "run", 2) == 1e9);
    assert_true(closing_recall_ns(store, "metg", 2) == guess);
    for (unsigned i = 0; i < 3; i++)
        closing_keep(store, "run", 2, 20e9);
    assert_true(closing_recall_ns(store, "run", 2) == 20e9);
    calibrations_forget(store);
    calibrations_close(store);
    assert_int_equal(scratch_remove(directory), 0);
}

/* Tasks that hang are waited for until what ends them: their limit, or that of the trial. */
static void test_waits(void **state)
{
    static const struct {
        const char *pool;
        enum fault_kind kind;
        int64_t task_limit_ns;
        double ns;
    } known[] = {
        {"fork", FAULT_ERROR, 0, 0},
        {"fork", FAULT_HANG, 20000000, 20e6},
        {"fork", FAULT_HANG, 0, 10e9},
        {"pthread", FAULT_HANG, 0, 10e9},
        {"pthread", FAULT_HANG, 20000000, 20e6},
        {"pthread", FAULT_STOP, 20000000, 10e9},
        {"serial", FAULT_HANG, 20000000, 10e9},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct cell cell = cell_of(known[i].pool, 2);
        double before_ns = forecast_trial_ns(&cell);
        cell.task_limit_ns = known[i].task_limit_ns;
        cell.faults.count = 1;
        cell.faults.fault[0] = (struct fault){.kind = known[i].kind, .task = 7};
        if (faults_wait_ns(&cell) != known[i].ns)
            fail_msg("%s: waits for %.0f ns, expected %.0f", known[i].pool, faults_wait_ns(&cell), known[i].ns);
        assert_true(forecast_trial_ns(&cell) == fmin(before_ns + known[i].ns, 10e9));
    }
}

/* The first trial of a command tells of the others of that command, by how many tasks they run at once. */
static void test_command(void **state)
{
    struct cell two[] = {cell_of("serial", 1), cell_of("fork", 2), cell_of("fork", 2)};
    struct cells cells = {.cell = two, .count = COUNT(two)};
    (void)state;
    for (size_t i = 0; i < COUNT(two); i++) {
        two[i].workload = workload_find("cmd");
        snprintf(two[i].f.workload, sizeof two[i].f.workload, "cmd:line=%s", i < 2 ? "one" : "other");
        assert_true(forecast_unknown(&two[i]));
    }
    double other_ns = forecast_trial_ns(&two[2]);
    forecast_note(&two[0], 8e9, 7.9e9);
    forecast_compare(&cells, &two[0]);
    assert_true(forecast_trial_ns(&two[1]) > 3.9e9 && forecast_trial_ns(&two[1]) < 8.5e9);
    assert_true(forecast_trial_ns(&two[2]) == other_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_price),   cmocka_unit_test(test_closing), cmocka_unit_test(test_waits),
        cmocka_unit_test(test_command), cmocka_unit_test(test_resolve), cmocka_unit_test(test_visible),
        cmocka_unit_test(test_series),  cmocka_unit_test(test_lag),
    };
    return cmocka_run_group_tests(tests, sim_open, sim_close);
}
