/* Simulated costs with a known truth, for tests that measure how often poolbench is right. */
#ifndef POOLBENCH_TESTS_SIM_H
#define POOLBENCH_TESTS_SIM_H
#include "bench/stats/stats.h"
#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stddef.h>

#define SIM_RUNS  2000 /* of every case, unless a test says otherwise */
#define SIM_DRIFT 0.3  /* by so much a machine that drifts gets slower over a run */

/* The generator of a group of tests, and its setup and teardown. A test seeds it. */
extern gsl_rng *sim_rng;
int sim_open(void **state);
int sim_close(void **state);

/* What disturbs a cost: a factor > 0 that is drawn anew for every trial. */
struct sim_noise {
    const char *name;
    double (*draw)(gsl_rng *rng);
    double median; /* of the factor, exactly */
};

extern const struct sim_noise sim_noises[];
extern const size_t sim_noise_count;

/* The costs of `cells` cells in `blocks` blocks, costs[cell * blocks + block] = truth[cell] x noise x drift. drift: by
 * how much the machine gets slower over the run, as a line and a random walk that is half as large; every block runs
 * its cells in an order of its own, so that cells of a block share the drift up to their positions. */
void sim_run(gsl_rng *rng, const struct sim_noise *noise, double drift, const double *truth, size_t cells,
             size_t blocks, double *costs);

/* Likewise, with a noise for each cell. */
void sim_run_unlike(gsl_rng *rng, const struct sim_noise *const *noise, double drift, const double *truth, size_t cells,
                    size_t blocks, double *costs);

bool sim_holds(const struct interval *interval, double truth);

/* Prints the share of hits in per cent and holds it against its limit, the least or the most that it may be. 1, and a
 * mark behind the number, when it is wrong; else 0. */
unsigned sim_share(size_t hits, size_t of, double limit, bool least);

#endif
