/* What else than the layout must be the same in harness and trial program, where they are of two builds: the options of
 * the job's pool and workload, whose values stand in a job by their positions. */
#ifndef POOLBENCH_JOB_JOB_TABLES_H
#define POOLBENCH_JOB_JOB_TABLES_H
#include "bench/job/job_file.h"
#include "workloads/workload.h"

static inline uint64_t job_text_hash(uint64_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull; /* FNV-1a */
    return (hash ^ 0xff) * 0x100000001b3ull;                     /* and the end of it */
}

static inline uint64_t job_params_hash(uint64_t hash, const struct param *params)
{
    for (; params && params->name; params++) {
        hash = job_text_hash(hash, params->name);
        hash = job_text_hash(hash, params->choices);
        hash = (hash ^ (uint64_t)params->kind) * 0x100000001b3ull;
    }
    return hash;
}

/* Of the pool and the workload that the job names; of a plug-in, which the trial program reads itself, nothing. */
static inline uint64_t job_tables(const struct job_file *file)
{
    const struct pool_ops *pool = file->pool_file[0] ? NULL : pool_find(file->pool);
    const struct workload_ops *workload = file->workload_file[0] ? NULL : workload_find(file->workload);
    uint64_t hash = job_text_hash(0xcbf29ce484222325ull, pool ? pool->name : "");
    hash = job_params_hash(hash, pool ? pool->params : NULL);
    hash = job_text_hash(hash, workload ? workload->name : "");
    return job_params_hash(hash, workload ? workload->params : NULL);
}

#endif
