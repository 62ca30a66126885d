/* Failures on purpose, where they happen: when the work of a task is done, so that a failed one has cost what a good
 * one costs, and what follows is the price of the failure alone. Thread- and fork-safe. */
#ifndef POOLBENCH_STRIKE_H
#define POOLBENCH_STRIKE_H
#include "pools/pool.h"

/* At the end of a task, all of *done filled: spoils the result or the status, or stamps `end` and does not return. */
void fault_strike(enum fault_kind kind, struct done *done);

#endif
