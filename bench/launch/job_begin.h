/* What all jobs have in common: how the parts of a job file lie, and finding them again. One thread. */
#ifndef POOLBENCH_LAUNCH_JOB_BEGIN_H
#define POOLBENCH_LAUNCH_JOB_BEGIN_H
#include "bench/job/job_file.h"
#include "bench/launch/launch.h"

/* Where the report, samples and histograms of the job in the launcher are. Valid until the next job. */
struct job_parts {
    struct job_file *file;
    struct trial_report *report;
    struct sample *samples;
    uint32_t *histograms;
    uint64_t *reaped;
    struct probe *probe; /* of a probe alone */
};

/* How much of what there will be. */
struct job_counts {
    unsigned workers, words, kind_cpus;
    uint32_t costs;
    uint64_t tasks, due, samples;
    size_t text_bytes;
};
struct job_layout job_layout(const struct job_counts *counts);

/* Makes room for it in the launcher and fills in what every job has. NULL with a line in error. */
struct job_file *job_begin(struct launcher *launcher, const struct job_counts *counts, struct job_parts *parts,
                           char *error);
void job_pool_set(struct job_file *file, const struct pool_ops *pool);
void job_workload_set(struct job_file *file, const struct workload_ops *workload);
/* The bytes of the texts among the values of parameters. */
size_t job_texts_bytes(const struct param *params, const int64_t *values);
/* The values as the job carries them, with their texts from `offset` on. Returns where the next text would stand. */
size_t job_values_set(struct job_file *file, size_t offset, const struct param *params, const int64_t *values,
                      int64_t to[PARAM_MAX]);

#endif
