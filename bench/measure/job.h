/* Writing a job file for a cell or a calibration. One thread. */
#ifndef POOLBENCH_MEASURE_JOB_H
#define POOLBENCH_MEASURE_JOB_H
#include "bench/launch/job_begin.h"
#include "bench/model/cell.h"

struct job_order {
    uint64_t seed;   /* of the run */
    int64_t samples; /* per trial, SAMPLES_ALL */
    uint64_t sample_seed;
    uint32_t conformance; /* enum conformance_mode */
    unsigned block;       /* from 1, for which arrivals are drawn; 0: of none */
};

/* Whether files, and with them what is shared with a trial, may be as large as a trial of this cell needs. -EINVAL with
 * a line in error. */
int job_trial_check(const struct cell *cell, int64_t samples, char *error);
/* The job for one trial of a cell. 0 or -errno with a line in error. */
int job_write_trial(struct launcher *launcher, const struct cell *cell, const struct job_order *order,
                    struct job_parts *parts, char *error);
/* Whether the other trial program that a cell is to be run by takes its jobs: of that pool and workload, too. 0 or
 * -errno with a line in error. */
int job_program_check(struct launcher *launcher, const struct cell *cell, char *error);
/* Where POOLBENCH_KEEP_JOBS names a directory: the job as DIRECTORY/NAME.job, which `poolbench-trial FILE` runs again,
 * by hand or in a debugger. Before it is run, as a trial changes its job. 0 or -errno with a line in error. */
int job_keep(const struct job_parts *parts, const char *name, char *error);
/* The job that measures on CPU `cpu` how long a workload takes for `iterations`; 0: for several numbers of them. */
int job_write_calibration(struct launcher *launcher, const struct workload_ops *workload, const int64_t *params,
                          unsigned cpu, uint64_t iterations, struct job_parts *parts, char *error);

#endif
