/* Two cells that were measured in different runs. What changes from one run to the next (the machine, what else it
 * does) is in no interval that the blocks of one run give: it is taken in here, from what is told, what is seen, or,
 * with several runs a side, from the runs themselves. Costs and blocks as in verdict.h. Pure; thread-safe. */
#ifndef POOLBENCH_STATS_RUNS_H
#define POOLBENCH_STATS_RUNS_H
#include "bench/stats/verdict.h"

#define RUNS_LEAST 3 /* a side: below, their spread is not known */

/* How far two runs of one program are apart, beside the noise of their blocks. */
struct apart {
    double told;     /* the share by which 19 of 20 pairs of runs differ at most; 0: nothing beside what is seen */
    double variance; /* of the difference of two log middles: what is seen of it in how the quarters of both runs differ
                        beyond their noise (F test at 1 %); 0: nothing is */
};
/* Of the costs of one cell in two runs; NAN where a block has none. told as above. 0 or -ENOMEM. */
int apart_see(const double *cell, const double *baseline, size_t blocks, double told, struct apart *apart);

/* Has the interval of a comparison, of block i of one run and block i of the other, which have nothing in common but
 * their number, take in what lies between the runs. Where that alone leaves a cell unresolved, blocks_to_resolve is
 * RESOLVE_MAX + 1: no number of blocks helps. */
void comparison_widen(struct comparison *comparison, const struct apart *apart, const struct family *family);

/* The middle over blocks of the costs of a cell in one run, as a logarithm; NAN: no block has it. room: `blocks`. */
double run_middle(const double *costs, size_t blocks, double *room);

/* A number a run on both sides (log middles; NAN: this run has none, and does not count): the runs are the units, so
 * whatever differs from run to run is noise. The interval is that of Welch's t (1947), which takes runs to be drawn
 * from a normal distribution on the logarithmic scale, and nothing of the two sides to be equal. blocks: of the side
 * that has fewer runs; below RUNS_LEAST there is no interval. blocks_to_resolve is 0: blocks do not settle it, runs do.
 * It sorts nothing. */
void comparison_of_runs(const double *cells, size_t cell_count, const double *baselines, size_t baseline_count,
                        const struct family *family, struct comparison *comparison);

/* What a gate says of one comparison: surely beyond 1 + limit; surely within it; or neither could be told. */
enum gate { GATE_WITHIN, GATE_BEYOND, GATE_BLIND };
enum gate gate_read(const struct interval *ratio, double limit);

#endif
