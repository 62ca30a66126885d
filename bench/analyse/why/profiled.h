/* States of published trials by their profiled siblings (rung 1, bench/measure/siblings.h): shares of the sibling's
 * slots times the published time per task. Only reads. One thread. */
#ifndef POOLBENCH_ANALYSE_WHY_PROFILED_H
#define POOLBENCH_ANALYSE_WHY_PROFILED_H
#include "bench/analyse/why/states.h"

/* One a trial of the run, to be freed; whole_ns NAN: no sibling of its cell and block ended well and has states.
 * `states`: what every run tells of them, which has what records do not: CPU time of serial, the quota, counts. NULL,
 * and 0: the run has no siblings. Else 0 or -errno with a line in error (ERROR_MAX bytes). */
int profiled_make(const struct run_data *run, const struct states *states, struct states **profiled, char *error);

#endif
