/* Of the verb explain: the states of a run as CSV or JSON. One thread. */
#ifndef POOLBENCH_VERBS_EXPLAIN_H
#define POOLBENCH_VERBS_EXPLAIN_H
#include "bench/analyse/why/states.h"

/* Writes a row a trial and state to standard output; those of a trial sum up to workers x wall. 0 or -errno. */
int states_write(const struct run_data *run, const struct states *states, const char *how);

#endif
