/* How often a gate on two runs is right: a thousand pairs of runs with a known truth, on a machine whose speed wanders
 * between runs and drifts within them. What is measured is printed, so that docs/STATISTICS.md can say it. */
/* sanitizers: none (arithmetic, thousands of times over; test_verdict goes the same ways once) */
#include "bench/stats/runs.h"
#include "tests/sim.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define PAIRS    1000
#define BLOCKS   27
#define CELLS    4 /* the baseline, and pools that are measured by it */
#define RUNS_MAX 5
#define LIMIT    0.05
#define SLOWER   1.1

/* How a machine behaves, as standard deviations of log times. */
struct world {
    const char *name;
    double between; /* from run to run, of all cells alike; */
    double own;     /* and of each cell by itself */
    double drift;   /* of a random walk over the blocks of a run, at its end, of all cells alike */
    double noise;   /* of a trial */
    double told;    /* --between-runs */
    bool counts;    /* a slow-down must be seen here */
};

static const struct world worlds[] = {
    {"quiet", 0.003, 0.002, 0.005, 0.01, 0.015, true},    {"usual", 0.005, 0.003, 0.01, 0.02, 0.015, true},
    {"drifting", 0.007, 0.003, 0.05, 0.02, 0.015, false}, {"wandering", 0.02, 0.003, 0.01, 0.02, 0.015, false},
    {"restless", 0.03, 0.01, 0.05, 0.03, 0.08, false},
};

static gsl_rng *rng;

static int rng_open(void **state)
{
    (void)state;
    rng = gsl_rng_alloc(gsl_rng_mt19937);
    return rng ? 0 : -1;
}

static int rng_close(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

/* A run: cell 0 is the baseline; truth a cell. */
static void run_draw(const struct world *world, const double truth[CELLS], double costs[CELLS][BLOCKS])
{
    double run = gsl_ran_gaussian(rng, world->between), own[CELLS], at = 0;
    for (size_t c = 0; c < CELLS; c++)
        own[c] = gsl_ran_gaussian(rng, world->own);
    for (size_t b = 0; b < BLOCKS; b++) {
        at += gsl_ran_gaussian(rng, world->drift / sqrt(BLOCKS));
        for (size_t c = 0; c < CELLS; c++)
            costs[c][b] = truth[c] * exp(run + own[c] + at + gsl_ran_gaussian(rng, world->noise));
    }
}

/* What is compared: the baseline itself, and the others by it. */
static void compared(double costs[CELLS][BLOCKS], size_t cell, double *values)
{
    for (size_t b = 0; b < BLOCKS; b++)
        values[b] = cell ? costs[cell][b] / costs[0][b] : costs[0][b];
}

static void pair_compare(double a[CELLS][BLOCKS], double b[CELLS][BLOCKS], size_t cell, double told,
                         const struct family *family, struct comparison *made)
{
    double x[BLOCKS], y[BLOCKS];
    struct apart apart;
    compared(b, cell, x);
    compared(a, cell, y);
    assert_int_equal(apart_see(x, y, BLOCKS, cell ? 0 : told, &apart), 0);
    assert_int_equal(comparison_make(x, y, BLOCKS, family, made), 0);
    comparison_widen(made, &apart, family);
}

static double middle_of(double run[CELLS][BLOCKS], size_t cell)
{
    double values[BLOCKS], room[BLOCKS];
    compared(run, cell, values);
    return run_middle(values, BLOCKS, room);
}

struct shares {
    size_t beyond, blind; /* of PAIRS */
};

/* So many runs a side, each cell of the second as slow as `slower` says. */
static struct shares gates_count(const struct world *world, size_t runs, const double slower[CELLS])
{
    static const double same[CELLS] = {1, 0.5, 0.55, 0.6};
    struct family family = family_make(CELLS, LOOKS_NONE, FAMILY_MARGIN);
    struct shares shares = {0};
    double truth[CELLS];
    for (size_t c = 0; c < CELLS; c++)
        truth[c] = same[c] * slower[c];
    for (size_t i = 0; i < PAIRS; i++) {
        static double a[RUNS_MAX][CELLS][BLOCKS], b[RUNS_MAX][CELLS][BLOCKS];
        bool beyond = false, blind = false;
        for (size_t r = 0; r < runs; r++) {
            run_draw(world, same, a[r]);
            run_draw(world, truth, b[r]);
        }
        for (size_t c = 0; c < CELLS; c++) {
            struct comparison made;
            double x[RUNS_MAX], y[RUNS_MAX];
            for (size_t r = 0; r < runs; r++) {
                x[r] = middle_of(b[r], c);
                y[r] = middle_of(a[r], c);
            }
            if (runs == 1)
                pair_compare(a[0], b[0], c, world->told, &family, &made);
            else
                comparison_of_runs(x, runs, y, runs, &family, &made);
            enum gate gate = gate_read(&made.interval, LIMIT);
            beyond = beyond || gate == GATE_BEYOND;
            blind = blind || gate == GATE_BLIND;
        }
        shares.beyond += beyond;
        shares.blind += !beyond && blind;
    }
    return shares;
}

static const double nothing[CELLS] = {1, 1, 1, 1}, one[CELLS] = {1, 1, SLOWER, 1},
                    all[CELLS] = {SLOWER, SLOWER, SLOWER, SLOWER};

static void test_gates(void **state)
{
    static const size_t counts[] = {1, 3, 5};
    unsigned wrong = 0;
    (void)state;
    printf("\n%% of %d pairs that a gate of %.0f %% calls slower, %d blocks; in brackets: could not tell\n", PAIRS,
           100 * LIMIT, BLOCKS);
    printf("%-10s runs   same program     10 %% slower pool  10 %% slower all\n", "machine");
    for (size_t w = 0; w < sizeof worlds / sizeof *worlds; w++)
        for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
            const double *const slower[] = {nothing, one, all};
            gsl_rng_set(rng, 100 * w + n);
            printf("%-10s %zu+%zu ", worlds[w].name, counts[n], counts[n]);
            for (size_t s = 0; s < 3; s++) {
                struct shares shares = gates_count(&worlds[w], counts[n], slower[s]);
                bool claimed = s == 0 || (worlds[w].counts && counts[n] != 3);
                printf("  %5.1f (%5.1f)", 100.0 * (double)shares.beyond / PAIRS, 100.0 * (double)shares.blind / PAIRS);
                wrong += claimed && (s ? shares.beyond < PAIRS * 9 / 10 : shares.beyond > PAIRS / 100);
            }
            printf("\n");
        }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gates)};
    return cmocka_run_group_tests(tests, rng_open, rng_close);
}
