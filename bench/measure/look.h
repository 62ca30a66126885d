/* What a run decides by what it has found: which cells need further blocks. With --precision, the rows of the table
 * that are not precise enough yet. Else, where rows leave: those with a verdict that is not told yet, less the cells
 * that are surely slower than the best of their row (bench/stats/drop.h). Always a whole row, base and all, as what is
 * compared must be run in the same blocks. Asked after so many blocks as are fixed beforehand, and nowhere else. One
 * thread. */
#ifndef POOLBENCH_MEASURE_LOOK_H
#define POOLBENCH_MEASURE_LOOK_H
#include "bench/measure/session.h"

/* Whether the run is to look at what it has after so many blocks of it. */
bool look_is_due(const struct session *session, unsigned blocks);

/* Clears of `wanted`, one a cell of the plan, the cells that need no further blocks; with --precision it is made anew.
 * Returns how many are wanted, or -errno with a line in error (ERROR_MAX bytes). */
int look(const struct session *session, unsigned blocks, bool *wanted, char *error);

#endif
