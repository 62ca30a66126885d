/* The answer of a run, for each kind of tasks it has (those that compute, that sleep, mixed ones): which pool to take,
 * with how many workers; or what it cannot tell apart, how far apart that can be, and what telling would take. It is
 * that of the first tasks of a kind, in the order of the plan. All pools and numbers of workers that ran those tasks
 * are compared with the fastest; intervals hold over all pairs of them. `static`, which must know all tasks beforehand,
 * and floors are not to be taken. One thread. */
#ifndef POOLBENCH_ANALYSE_ANSWER_H
#define POOLBENCH_ANALYSE_ANSWER_H
#include "bench/analyse/table.h"
#include <stdio.h>

/* A line each; none where nothing was compared. run: how a command names the run. 0 or -ENOMEM. */
int answer_print(FILE *out, const struct table *table, const char *run);

#endif
