/* Running a task: fence, clock, input, run, output, clock, record. The one function that every worker of every pool
 * calls, so that pools differ in everything but this. Thread- and fork-safe. */
#ifndef POOLBENCH_TASK_RUN_H
#define POOLBENCH_TASK_RUN_H
#include "pools/pool.h"

/* Runs task number `index`. `in` and `out` are the buffers of the job's payload (NULL when it has none). Fills all of
 * `done` but slot, worker, pid and out. */
void task_run(const struct job *job, uint32_t index, const void *in, void *out, struct done *done);

/* For a worker process of one task. True: it has become the task's program and this is not reached, or it could not and
 * `done` says so. `done` was filled and `complete` set before, as for a program that ends with 0; end is left to
 * whoever waits for it. False: nothing was done, because the task is none for a program; task_run is for it. */
bool task_become(const struct job *job, uint32_t index, const void *in, void *out, struct done *done,
                 _Atomic uint32_t *complete);
/* Status and code of a task whose process ended in another way than with 0; as waitpid(2) tells. */
void task_ended(int wait_status, struct done *done);
/* The same of one that has become its program: ok where the workload accepts that status. */
void task_program_ended(const struct job *job, int wait_status, struct done *done);

/* The same of a task that its process did not survive, done->task; record: what it was writing, with its last words, if
 * it left any (pool.h). */
void task_fallen(const struct done *record, int wait_status, struct done *done);

/* The task as the workload sees it, without its payload. */
struct task task_describe(const struct job *job, uint32_t index);

/* What the payload adds to a task's result, so that a result proves that the right input arrived. */
uint64_t task_input_hash(const void *in, size_t bytes);
static inline uint64_t task_result(uint64_t work, uint64_t input_hash)
{
    return input_hash ? mix64(work, input_hash) : work;
}
/* The output a result asks for; true when `out` holds it. */
void task_output_fill(void *out, size_t bytes, uint64_t result);
bool task_output_check(const void *out, size_t bytes, uint64_t result);

/* The words of enum task_status. */
extern const char *const task_status_names[TASK_STATUSES];

/* What --faults does to the task. */
enum fault_kind task_fault(const struct job *job, uint32_t index);

/* About how long a task will take, for decisions about waking; never for results. */
static inline uint64_t task_cost_label_ns(const struct job *job, const struct cost *cost)
{
    uint64_t label = cost->size_ns;
    if (!label)
        label = job->workload->about_ns;
    if (job->in_bytes | job->out_bytes | job->ballast_write_ppm) /* a few bytes a ns; a page copied a microsecond */
        label += (job->in_bytes + job->out_bytes) / 4 + job->ballast_bytes / 4096 * job->ballast_write_ppm / 1000;
    return label;
}

static inline uint64_t task_label_ns(const struct job *job, uint32_t index)
{
    return task_cost_label_ns(job, sequence_cost(&job->sequence, index));
}

#endif
