/* What the tasks of a cell take, from its size, its distribution and a calibration. One thread. */
#ifndef POOLBENCH_MEASURE_COSTS_H
#define POOLBENCH_MEASURE_COSTS_H
#include "bench/measure/calibrate.h"
#include "bench/model/cell.h"

/* Fills costs (owned by the caller: free), cost_count, cost_in_order and iterations of the cell from f.size_dist and
 * f.size_ns; with DIST_FILE size_ns becomes the mean of the file. calibration: NULL where an iteration has no known
 * length: the cell's iterations are MISSING, those of the costs 0. 0 or -errno with a line in error. */
int dist_costs(struct cell *cell, const struct calibration *calibration, char *error);

#endif
