/* Pilots: short trials before a run, of cells of whose kind nothing is known yet, so that numbers of tasks, the time
 * left and the budget rest on what was measured here. Their results are kept (prices.h) and go into no file of the
 * run. One thread. */
#ifndef POOLBENCH_MEASURE_FORECAST_PILOT_H
#define POOLBENCH_MEASURE_FORECAST_PILOT_H
#include "bench/measure/calibrate.h"
#include "bench/model/cell.h"

/* Fills the forecasts of all cells, which are complete but for their numbers of tasks. `measure`: runs pilots where
 * something is not known and may be run (workload_ops.once), as long as they take less than `most_ns` in all, and ends
 * one that goes on for twice as long; what is left is guessed by what the others showed. seed: of the run. 0 or -errno
 * with a line in error; -EINTR: a signal came.
 */
int pilots_run(struct calibrations *store, struct cells *cells, uint64_t seed, bool measure, double most_ns,
               char *error);
/* Before something is refused, or left out, because of a price that was kept: pilots of the cells that have one, whose
 * numbers of tasks are known by now. Where a pilot is cheaper, it is the price from now on. */
int pilots_renew(struct calibrations *store, struct cells *cells, uint64_t seed, double most_ns, char *error);

#endif
