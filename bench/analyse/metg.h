/* METG, the minimum effective task granularity (Slaughter et al.: Task Bench, SC 2020): the smallest granularity at
 * which a pool still has a share of the highest throughput. Throughput is work by time, the work of a task its
 * iterations, or its size where it has none. The highest is the highest that was measured, in the same block, with
 * tasks of 1 ms, all else but the pool equal. Granularity is wall time x min(workers, CPUs) / tasks: what a task takes
 * with all that comes with it. One thread. */
#ifndef POOLBENCH_ANALYSE_METG_H
#define POOLBENCH_ANALYSE_METG_H
#include "bench/model/run_data.h"

#define METG_REFERENCE_NS 1000000 /* the size of the tasks with the highest throughput */

/* Of a trial, work by ns of wall time; NAN: it has no time, or its tasks no work. */
double metg_throughput(const struct trial_row *trial);
/* cpus: that are in effect; 0: not known, so workers alone count. NAN: it has no time. */
double metg_granularity_ns(const struct trial_row *trial, int64_t cpus);
/* The highest throughput by which trials of a cell in a block are measured. NAN: it was not. */
double metg_highest(const struct run_data *run, size_t cell, size_t block);

struct metg_point {
    double granularity_ns, efficiency;
};
/* Of points by ascending task size: straight between the highest two on whose sides `level` lies, on a log axis. Good
 * enough at the smallest already: that one, for METG is not larger; not at the largest: infinite. NAN where a point is
 * missing. Pure. */
double metg_of(const struct metg_point *points, size_t count, double level);

#endif
