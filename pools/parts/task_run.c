/* Running a task, see task_run.h. */
#include "pools/parts/task_run.h"
#include "pools/parts/clock.h"
#include "pools/parts/strike.h"
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>

enum { PAGE_BYTES = 4096 };

const char *const task_status_names[TASK_STATUSES] = {
    [TASK_OK] = "ok",
    [TASK_ERROR] = "error",
    [TASK_EXITED] = "exited",
    [TASK_SIGNALLED] = "signalled",
    [TASK_TIMEOUT] = "timeout",
    [TASK_WRONG] = "wrong",
    [TASK_COLLATERAL] = "collateral",
    [TASK_LOST] = "lost",
    [TASK_DROPPED] = "dropped",
};

static inline struct task describe(const struct job *job, uint32_t index, const void *in, void *out)
{
    const struct cost *cost = sequence_cost(&job->sequence, index);
    return (struct task){
        .index = index,
        .class = job_class(job, index),
        .size_ns = cost->size_ns,
        .iterations = cost->iterations,
        .in = in,
        .in_bytes = in ? job->in_bytes : 0,
        .out = out,
        .out_bytes = out ? job->out_bytes : 0,
    };
}

struct task task_describe(const struct job *job, uint32_t index)
{
    return describe(job, index, NULL, NULL);
}

/* Words are folded, not hashed one by one: reading must cost about what reading memory costs. */
uint64_t task_input_hash(const void *in, size_t bytes)
{
    if (!in)
        return 0;
    const unsigned char *at = in;
    uint64_t sum = bytes;
    size_t i = 0;
    for (; i + 8 <= bytes; i += 8) {
        uint64_t word;
        memcpy(&word, at + i, 8);
        sum += word;
    }
    uint64_t rest = 0;
    memcpy(&rest, at + i, bytes - i);
    return mix64(sum, rest) | 1; /* never 0, which means no input */
}

#define OUTPUT_STEP 0x9e3779b97f4a7c15ull /* between words of an output, so that they all differ */

void task_output_fill(void *out, size_t bytes, uint64_t result)
{
    unsigned char *at = out;
    size_t i = 0;
    for (; i + 8 <= bytes; i += 8, result += OUTPUT_STEP)
        memcpy(at + i, &result, 8);
    if (i < bytes)
        memcpy(at + i, &result, bytes - i);
}

bool task_output_check(const void *out, size_t bytes, uint64_t result)
{
    const unsigned char *at = out;
    uint64_t differs = 0;
    size_t i = 0;
    for (; i + 8 <= bytes; i += 8, result += OUTPUT_STEP) {
        uint64_t word;
        memcpy(&word, at + i, 8);
        differs |= word ^ result;
    }
    return !differs && !memcmp(at + i, &result, bytes - i);
}

enum fault_kind task_fault(const struct job *job, uint32_t index)
{
    return fault_find(&job->faults, job->sequence.seed, index);
}

/* One word on each of the task's pages: a copy-on-write fault each in a forked child, a plain store in a thread. */
static void write_ballast(const struct job *job, uint32_t index)
{
    uint64_t pages = job->ballast_bytes / PAGE_BYTES;
    uint64_t count = pages * job->ballast_write_ppm / 1000000;
    uint64_t page = mix_below(mix64(job->sequence.seed ^ 0x62616c6c, index), pages ? pages : 1);
    for (uint64_t i = 0; i < count; i++) {
        /* relaxed: tasks in threads may write the same page; nobody reads it */
        atomic_store_explicit((_Atomic uint32_t *)(job->ballast + page * PAGE_BYTES), index, memory_order_relaxed);
        page = page + 1 < pages ? page + 1 : 0;
    }
}

void task_ended(int wait_status, struct done *done)
{
    done->status = WIFSIGNALED(wait_status) ? TASK_SIGNALLED : TASK_EXITED;
    done->code = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

void task_program_ended(const struct job *job, int wait_status, struct done *done)
{
    const struct workload_ops *workload = job->workload;
    task_ended(wait_status, done);
    if (done->status == TASK_EXITED && workload->accepts && workload->accepts(job->state, done->code))
        done->status = TASK_OK;
}

void task_fallen(const struct done *record, int wait_status, struct done *done)
{
    if (record->task == done->task && record->status == TASK_LOST) {
        done->start = record->start;
        done->end = record->end;
    }
    task_ended(wait_status, done);
}

/* Of a task whose run() returned `code`. */
static void status_set(int code, struct done *done)
{
    int how = code % RUN_RETRY;
    done->status = how & RUN_EXITED      ? TASK_EXITED
                   : how & RUN_SIGNALLED ? TASK_SIGNALLED
                   : how & RUN_TIMEOUT   ? TASK_TIMEOUT
                   : how & RUN_ACCEPTED  ? TASK_OK
                   : how                 ? TASK_ERROR
                                         : TASK_OK;
    done->code = code & RUN_CODE;
    done->retries = (uint16_t)(code / RUN_RETRY);
}

/* What comes before the work: fence, clock, input, ballast. *start: ticks, 0 where tasks are not timed. The input's
 * hash. */
static inline uint64_t begin(const struct job *job, uint32_t index, const void *in, uint64_t *start)
{
    if (job->fenced)
        clock_fence();
    *start = job->timed ? clock_ticks() : 0;
    uint64_t input_hash = task_input_hash(in, job->in_bytes);
    if (job->ballast_write_ppm)
        write_ballast(job, index);
    return input_hash;
}

bool task_become(const struct job *job, uint32_t index, const void *in, void *out, struct done *done,
                 _Atomic uint32_t *complete)
{
    const struct workload_ops *workload = job->workload;
    if (!workload->become || index >= TASK_WARMUP_FIRST || task_fault(job, index) != FAULT_NONE)
        return false;
    struct task task = task_describe(job, index);
    uint64_t result = 0, start, input_hash = begin(job, index, in, &start);
    if (!workload->expect(job->state, &task, &result))
        return false;
    result = task_result(result, input_hash);
    if (out)
        task_output_fill(out, job->out_bytes, result);
    *done = (struct done){.task = index, .cpu = (uint16_t)sched_getcpu(), .start = start, .result = result};
    /* release: pairs with the parent's look after it has waited */
    atomic_store_explicit(complete, 1, memory_order_release);
    int code = workload->become(job->state, &task);
    if (!code) {
        /* relaxed: nobody believes it before this process has ended or said so again */
        atomic_store_explicit(complete, 0, memory_order_relaxed);
        return false;
    }
    status_set(code, done);
    return true;
}

void task_run(const struct job *job, uint32_t index, const void *in, void *out, struct done *done)
{
    const struct task task = describe(job, index, in, out);
    uint64_t result = 0, start, input_hash = begin(job, index, in, &start);
    uint32_t cpu;
    int code = job->workload->run(job->state, &task, &result);
    result = task_result(result, input_hash);
    if (out)
        task_output_fill(out, job->out_bytes, result);
    uint64_t end = 0;
    if (job->timed)
        end = clock_ticks_after(&cpu);
    else
        cpu = (uint32_t)sched_getcpu();
    done->task = index;
    done->cpu = (uint16_t)cpu;
    done->status = TASK_OK;
    done->retries = 0;
    done->code = 0;
    if (__builtin_expect(code != 0, 0))
        status_set(code, done);
    done->start = start;
    done->end = end;
    done->result = result;
    if (__builtin_expect(job->faults.count != 0, 0)) {
        enum fault_kind fault = task_fault(job, index);
        if (fault && done->status == TASK_OK)
            fault_strike(fault, done);
    }
}
