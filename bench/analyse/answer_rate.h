/* The answer of a run whose tasks come at a rate, for each load it has: the pool and the number of workers with the
 * lowest percentile of latency (p99 where enough tasks ran, else p90 or p50), of all trials together, and what is not
 * told apart from it; the share that was later than --deadline. Intervals hold together over the pools of a load. What
 * does not keep up with the arrivals is not to be taken; where trials were too short for a steady queue, that is said.
 * One thread. */
#ifndef POOLBENCH_ANALYSE_ANSWER_RATE_H
#define POOLBENCH_ANALYSE_ANSWER_RATE_H
#include "bench/analyse/table.h"
#include <stdio.h>

/* A line each; none where no cell has a rate. 0 or -ENOMEM. */
int answer_rate_print(FILE *out, const struct table *table);

#endif
