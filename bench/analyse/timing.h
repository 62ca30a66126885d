/* What timing each task costs, which is in all numbers of cells with --timing task. One thread. */
#ifndef POOLBENCH_ANALYSE_TIMING_H
#define POOLBENCH_ANALYSE_TIMING_H
#include "bench/analyse/table.h"
#include <stdio.h>

/* What two readings of the run's clock take on their own, in ns, as host.json says; NAN: it does not. */
double timing_readings_ns(const struct run_data *run);
/* A sentence where the run has two cells that differ in the timing alone: the CPU time per task of one over that of the
 * other in the same block, the median over blocks. Of several such pairs the one with the cheapest tasks counts, of
 * those with 5,000 tasks a trial or more. 0 or -ENOMEM. */
int timing_print(FILE *out, const struct table *table);

#endif
