/* How often a search finds what is there: hundreds of searches with a known truth, through the functions that metg
 * and crossover search with. What is measured is printed, so that docs/SEARCHES.md can say it. Seeded. */
#include "bench/stats/search.h"
#include "tests/sim.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define EXPERIMENTS   500
#define HELD          0.93 /* of them, at least; intervals are of 95 % */
#define LEVEL         0.95
#define SCAN_BLOCKS   12
#define STEP_BLOCKS   3
#define BLOCKS_MAX    27
#define LATENCY_NOISE 0.02 /* no p99 has less */
#define BLOCK_NOISE   0.3  /* of what a block's trials have in common */

/* A machine with a known crossing. */
struct world {
    const char *name;
    double (*g)(const struct world *world, double x); /* without noise */
    double truth;                                     /* where it is 0 */
    struct search_rules rules;
    double sigma; /* of the logarithm of a cost */
    unsigned blocks;
    bool relative; /* g is taken as a share of the level, as metg does; else as a log ratio */
};

/* Efficiency over 50 % of tasks with an overhead. */
static double efficiency_g(const struct world *world, double x)
{
    return log(x / (x + world->truth) / 0.5);
}

/* Two pools that are the same. */
static double equal_g(const struct world *world, double x)
{
    (void)world;
    (void)x;
    return 0;
}

/* Two pools: one pays more for every task, the other more for its size. */
static double costs_g(const struct world *world, double x)
{
    return log((10 * world->truth + 11 * x) / (11 * world->truth + 10 * x)) * 10;
}

/* Far below the limit at low rates, beyond it near saturation. */
static double latency_g(const struct world *world, double x)
{
    return log((1.3 * world->truth - x) / (0.3 * world->truth));
}

/* One value of a block: the ratio of two costs that are disturbed each by itself and together. */
static double noisy_g(const struct world *world, double x)
{
    double block = gsl_ran_gaussian(sim_rng, BLOCK_NOISE);
    double cost = block + gsl_ran_gaussian(sim_rng, world->sigma),
           base = block + gsl_ran_gaussian(sim_rng, world->sigma);
    double limited = fmin(x, 1.29 * world->truth);
    double g = world->g(world, world->g == latency_g ? limited : x) + base - cost;
    return world->relative ? expm1(g) : g;
}

static void search_through(const struct world *world, struct search *search)
{
    double g[SCAN_BLOCKS];
    search_begin(search, &world->rules);
    for (double x = search_next(search); !isnan(x); x = search_next(search)) {
        const size_t blocks = search_scanning(search) ? SCAN_BLOCKS : STEP_BLOCKS;
        assert_true(x >= world->rules.from && x <= world->rules.to);
        for (size_t b = 0; b < blocks; b++)
            g[b] = noisy_g(world, x);
        search_tell(search, g, blocks);
    }
}

static void resolve(const struct world *world, const struct search *search, struct crossing *crossing)
{
    double lo[BLOCKS_MAX], hi[BLOCKS_MAX];
    for (size_t b = 0; b < world->blocks; b++) {
        lo[b] = noisy_g(world, search->lo.x);
        hi[b] = noisy_g(world, search->hi.x);
    }
    assert_int_equal(search_resolve(search, lo, hi, world->blocks, LEVEL, crossing), 0);
}

/* An end that is not known bounds nothing. */
static bool holds(const struct interval *interval, double truth)
{
    return !(interval->lo > truth) && !(interval->hi < truth);
}

static unsigned world_row(const struct world *world)
{
    size_t held = 0, found = 0, open = 0, points = 0;
    double off[EXPERIMENTS], reach[EXPERIMENTS];
    for (size_t e = 0; e < EXPERIMENTS; e++) {
        struct search search;
        struct crossing crossing;
        search_through(world, &search);
        points += search.points;
        if (search.state != SEARCH_BRACKETED)
            continue;
        resolve(world, &search, &crossing);
        assert_true(crossing.bounded);
        off[found] = fabs(log(crossing.x / world->truth));
        reach[found] = log(crossing.interval.hi / crossing.interval.lo) / 2;
        found++;
        held += holds(&crossing.interval, world->truth);
        open += isnan(crossing.interval.lo) || isnan(crossing.interval.hi);
    }
    size_t offs = stats_sort(off, found), reaches = stats_sort(reach, found);
    printf("%-11s %3.1f %% %6u %7.1f %7.1f %% %9.1f %% %6.1f %% ", world->name, 100 * world->sigma, world->blocks,
           (double)points / EXPERIMENTS, 100 * expm1(stats_median(off, offs)),
           100 * expm1(stats_median(reach, reaches)), 100 * (double)open / EXPERIMENTS);
    unsigned wrong = sim_share(held, EXPERIMENTS, HELD, true);
    puts("");
    return wrong;
}

static void test_coverage(void **state)
{
    static const struct search_rules sizes = {100, 1e6, SEARCH_WIDTH, false, SEARCH_RISES};
    static const struct search_rules unknown = {100, 1e6, SEARCH_WIDTH, false, SEARCH_UNKNOWN};
    static const struct search_rules rates = {100, 2000, 1.08, false, SEARCH_FALLS};
    static const double sigmas[] = {0.005, 0.02, 0.05, 0.2};
    static const unsigned blocks[] = {8, 12, 27};
    unsigned wrong = 0;
    (void)state;
    printf("\nIntervals that hold the true crossing, %% of %d searches\n", EXPERIMENTS);
    printf("%-11s %5s %6s %7s %9s %11s %8s  held\n", "world", "noise", "blocks", "points", "off", "reach", "open");
    gsl_rng_set(sim_rng, 1);
    for (size_t s = 0; s < sizeof sigmas / sizeof *sigmas; s++)
        for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
            const struct world worlds[] = {
                {"efficiency", efficiency_g, 7310, sizes, sigmas[s], blocks[b], true},
                {"efficiency", efficiency_g, 150, sizes, sigmas[s], blocks[b], true},
                {"costs", costs_g, 21700, unknown, sigmas[s], blocks[b], false},
                {"latency", latency_g, 1234, rates, sigmas[s], blocks[b], true},
            };
            for (size_t w = 0; w < sizeof worlds / sizeof *worlds; w++)
                wrong += worlds[w].g == latency_g && sigmas[s] < LATENCY_NOISE ? 0 : world_row(&worlds[w]);
        }
    assert_int_equal(wrong, 0);
}

/* Outside of the range: said, on the right side, and nearly always. */
static void test_outside(void **state)
{
    const struct search_rules sizes = {1000, 1e6, SEARCH_WIDTH, false, SEARCH_RISES};
    const struct search_rules rates = {100, 2000, 1.08, false, SEARCH_FALLS};
    const struct search_rules unknown = {1000, 1e6, SEARCH_WIDTH, false, SEARCH_UNKNOWN};
    const struct {
        struct world world;
        enum search_state state;
    } cases[] = {
        {{"below", efficiency_g, 200, sizes, 0.05, 8, true}, SEARCH_BEYOND_LO},
        {{"above", efficiency_g, 8e6, sizes, 0.05, 8, true}, SEARCH_BEYOND_HI},
        {{"falls, below", latency_g, 50, rates, 0.05, 8, true}, SEARCH_BEYOND_LO},
        {{"falls, above", latency_g, 9000, rates, 0.05, 8, true}, SEARCH_BEYOND_HI},
        {{"equal", equal_g, 50, unknown, 0.05, 8, false}, SEARCH_UNTOLD},
        {{"one side", costs_g, 50, unknown, 0.02, 8, false}, SEARCH_ONE_SIDE},
    };
    (void)state;
    printf("\nNo crossing in the range, said so, %% of %d searches\n", EXPERIMENTS);
    gsl_rng_set(sim_rng, 2);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        size_t right = 0;
        for (size_t e = 0; e < EXPERIMENTS; e++) {
            struct search search;
            search_through(&cases[c].world, &search);
            right += search.state == cases[c].state;
        }
        printf("%-14s ", cases[c].world.name);
        unsigned wrong = sim_share(right, EXPERIMENTS, HELD, true);
        puts("");
        assert_int_equal(wrong, 0);
    }
}

/* Without noise: the first change of a scan, neighbours of whole numbers, both ends. */
static double steps_g(const struct world *world, double x)
{
    return x < world->truth ? -1 : 1;
}

static void test_whole(void **state)
{
    const struct world world = {"whole", steps_g, 5.5, {1, 64, SEARCH_WIDTH, true, SEARCH_UNKNOWN}, 0, 8, false};
    const struct world pair = {"pair", steps_g, 1.5, {1, 2, SEARCH_WIDTH, true, SEARCH_UNKNOWN}, 0, 8, false};
    struct search search;
    (void)state;
    search_through(&world, &search);
    assert_int_equal(search.state, SEARCH_BRACKETED);
    assert_int_equal(search.lo.x, 5);
    assert_int_equal(search.hi.x, 6);
    assert_int_equal(search.direction, SEARCH_RISES);
    for (size_t i = 0; i < search.points; i++)
        assert_true(search.point[i].x == rint(search.point[i].x));
    search_through(&pair, &search);
    assert_int_equal(search.state, SEARCH_BRACKETED);
    assert_int_equal(search.lo.x, 1);
    assert_int_equal(search.hi.x, 2);
}

static void test_edges(void **state)
{
    const struct search_rules rules = {100, 1000, SEARCH_WIDTH, false, SEARCH_RISES};
    double none[2] = {NAN, NAN}, apart[2] = {-1, 1}, low[8], high[8];
    struct search search;
    struct crossing crossing;
    (void)state;
    search_begin(&search, &rules);
    search_tell(&search, none, 2);
    assert_int_equal(search.state, SEARCH_FAILED);
    /* Blocks that always contradict each other: the search ends, with the range as its bracket. */
    search_begin(&search, &rules);
    while (!isnan(search_next(&search))) {
        double g[2];
        memcpy(g, apart, sizeof g);
        search_tell(&search, g, 2);
    }
    assert_int_equal(search.state, SEARCH_BRACKETED);
    assert_true(search.lo.x == 100 && search.hi.x == 1000);
    search_begin(&search, &rules);
    search_stop(&search);
    assert_int_equal(search.state, SEARCH_BRACKETED);
    for (size_t b = 0; b < 8; b++) {
        low[b] = -1;
        high[b] = 1;
    }
    assert_int_equal(search_resolve(&search, low, high, 5, LEVEL, &crossing), 0);
    assert_false(crossing.bounded); /* too few */
    assert_true(fabs(crossing.x / sqrt(100 * 1000) - 1) < 1e-9);
    low[0] = NAN; /* a trial that failed */
    assert_int_equal(search_resolve(&search, low, high, 8, LEVEL, &crossing), 0);
    assert_int_equal(crossing.blocks, 7);
    assert_true(crossing.bounded && fabs(crossing.interval.lo / crossing.x - 1) < 1e-9);
    for (size_t b = 0; b < 8; b++)
        low[b] = high[b] = 1;
    assert_int_equal(search_resolve(&search, low, high, 8, LEVEL, &crossing), 0);
    assert_true(isnan(crossing.x) && crossing.beyond == -1);
    search_reopen(&search, -1); /* the bracket was the range: there is nothing below it */
    assert_int_equal(search.state, SEARCH_BEYOND_LO);
}

/* A machine that gets slower while it is searched: the crossing moves out of the bracket, and is found again. */
static void test_reopened(void **state)
{
    const struct search_rules sizes = {100, 1e6, SEARCH_WIDTH, false, SEARCH_RISES};
    const struct world early = {"early", efficiency_g, 5000, sizes, 0.01, 12, true};
    const struct world late = {"late", efficiency_g, 50000, sizes, 0.01, 12, true};
    struct search search;
    struct crossing crossing;
    double g[STEP_BLOCKS];
    (void)state;
    gsl_rng_set(sim_rng, 3);
    search_through(&early, &search);
    resolve(&late, &search, &crossing);
    assert_true(isnan(crossing.x) && crossing.beyond == 1);
    search_reopen(&search, crossing.beyond);
    for (double x = search_next(&search); !isnan(x); x = search_next(&search)) {
        for (size_t b = 0; b < STEP_BLOCKS; b++)
            g[b] = noisy_g(&late, x);
        search_tell(&search, g, STEP_BLOCKS);
    }
    assert_int_equal(search.state, SEARCH_BRACKETED);
    resolve(&late, &search, &crossing);
    assert_true(fabs(log(crossing.x / 50000)) < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coverage), cmocka_unit_test(test_outside), cmocka_unit_test(test_reopened),
        cmocka_unit_test(test_whole),    cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, sim_open, sim_close);
}
