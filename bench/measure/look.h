/* What a run decides by what it has found: which cells need further blocks. With --precision, the rows of the table
 * that are not precise enough yet, after so many blocks as are fixed beforehand. Else, where rows leave: those with a
 * verdict that is not told yet, less the cells that are surely slower than the best of their row; after every block
 * (of many, after some) by what a few blocks tell (bench/stats/drop.h), at looks and where the run is gone on with by
 * all verdicts. Always a whole row, base and all, as what is compared must be run in the same blocks. One thread. */
#ifndef POOLBENCH_MEASURE_LOOK_H
#define POOLBENCH_MEASURE_LOOK_H
#include "bench/measure/session.h"

/* Whether the run is to look at what it has after so many blocks of it. */
bool look_is_due(const struct session *session, unsigned blocks);

/* Clears of `wanted`, one a cell of the plan, the cells that need no further blocks; with --precision it is made anew.
 * Returns how many are wanted, or -errno with a line in error (ERROR_MAX bytes). */
int look(const struct session *session, unsigned blocks, bool *wanted, char *error);

/* In how many blocks each cell of the plan ran, by the files. 0, or -errno with a line in error. */
int look_blocks(const struct session *session, unsigned *blocks, char *error);

/* 1: the run is gone on with for what is not told, within a budget, and all is told. 0: not so. Or as look(). */
int look_nothing_left(const struct session *session, char *error);

#endif
