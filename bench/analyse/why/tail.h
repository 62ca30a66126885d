/* What the slowest tasks of a trial spent their time on, from the stamps of samples.csv: handed in late, queued, in
 * their bodies, ended and not reaped. One thread. */
#ifndef POOLBENCH_ANALYSE_WHY_TAIL_H
#define POOLBENCH_ANALYSE_WHY_TAIL_H
#include "bench/analyse/why/states.h"

/* One a trial of the run, in their order, to be freed: means over the slowest `tail` (0.01: 1 %) of the tasks that it
 * has there, in ns; whole_ns is their latency from due to reap, NAN where that is no task. Whether a worker was free
 * while a task was queued is told where all tasks of the trial are there. 0 or -errno with a line in error (ERROR_MAX
 * bytes): -ENODATA, no trial has so many, with what would make it so. */
int tails_make(const struct run_data *run, double tail, struct states **states, char *error);

#endif
