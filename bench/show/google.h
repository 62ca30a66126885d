/* The trials of a run as google-benchmark writes its results (--benchmark_format=json), for dashboards and its
 * tools/compare.py. One thread. */
#ifndef POOLBENCH_SHOW_GOOGLE_H
#define POOLBENCH_SHOW_GOOGLE_H
#include "bench/model/run_data.h"

/* On `out`: every trial that ended well as a repetition of its cell, in the order of blocks, with the time per task and
 * the CPU time per task in ns and its tasks as iterations; behind those of a cell their mean, median and standard
 * deviation (of two or more). Cells without such a trial are left out, a line each on `talk`. 0 or -ENOMEM. */
int google_print(FILE *out, FILE *talk, const struct run_data *run);

#endif
