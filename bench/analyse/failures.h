/* What failed and why: trials that did not end well, a kind for every cell, status and reason. Pure. */
#ifndef POOLBENCH_ANALYSE_FAILURES_H
#define POOLBENCH_ANALYSE_FAILURES_H
#include "bench/model/run_data.h"

struct failure {
    size_t trial; /* the first of its kind, in run->trials */
    size_t count; /* trials of the kind */
};

/* In the order of the trials. The caller's; NULL without memory. */
struct failure *failures_find(const struct run_data *run, size_t *count);

#endif
