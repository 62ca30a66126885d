/* counter: every iteration adds one to a single counter in ordinary memory. Threads share it: without synchronisation
 * they lose increments, with it they wait for each other. Forked workers each count in a copy of their own, and the
 * submitter sees nothing of it. The result of a task does not depend on the count; the column parent_sees is the count.
 *
 * The mutex is an ordinary one, private to a process. A forked child inherits it unlocked, because pools fork from a
 * thread that runs no task at that moment, and make threads after processes. */
#include "workloads/work.h"
#include <pthread.h>

enum counter_sync { SYNC_NONE, SYNC_ATOMIC, SYNC_MUTEX };

struct counter {
    uint64_t seed;
    enum counter_sync sync;
    pthread_mutex_t mutex;
    _Alignas(128) uint64_t count; /* away from what every task reads */
    uint64_t warmup_count;        /* warm-up tasks do the same work, and nobody counts them */
};

enum { COUNTER_SYNC };
static const struct param counter_params[] = {
    [COUNTER_SYNC] = {"sync", PARAM_CHOICE, "none", 0, 0, "none|atomic|mutex",
                      "how an increment is protected: not at all, an atomic add, a pthread mutex"},
    {.name = NULL},
};

static int counter_prepare(const struct workload_config *config, void **state)
{
    struct counter *counter = aligned_alloc(_Alignof(struct counter), sizeof *counter);
    if (!counter)
        return -ENOMEM;
    *counter = (struct counter){.seed = config->seed, .sync = (enum counter_sync)config->params[COUNTER_SYNC]};
    int error = pthread_mutex_init(&counter->mutex, NULL);
    if (error) {
        free(counter);
        return -error;
    }
    *state = counter;
    return 0;
}

/* The data race is the experiment; volatile keeps every load and store of it. */
__attribute__((noinline, no_sanitize("thread"))) static void count_unprotected(volatile uint64_t *count, uint64_t times)
{
    for (uint64_t i = 0; i < times; i++)
        *count = *count + 1;
}

static void count_atomic(uint64_t *count, uint64_t times)
{
    for (uint64_t i = 0; i < times; i++)
        __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); /* nothing else is published by it */
}

static int count_locked(pthread_mutex_t *mutex, uint64_t *count, uint64_t times)
{
    for (uint64_t i = 0; i < times; i++) {
        int error = pthread_mutex_lock(mutex);
        if (error)
            return error;
        ++*count;
        __asm__ volatile("" : : : "memory");
        pthread_mutex_unlock(mutex); /* cannot fail for its owner */
    }
    return 0;
}

static uint64_t counter_result(const struct counter *counter, const struct task *task)
{
    return mix64(work_start(counter->seed, task->index), task->iterations);
}

static int counter_run(void *state, const struct task *task, uint64_t *result)
{
    struct counter *counter = state;
    uint64_t *count = task->index < TASK_WARMUP_FIRST ? &counter->count : &counter->warmup_count;
    *result = counter_result(counter, task);
    switch (counter->sync) {
    case SYNC_NONE:
        count_unprotected(count, task->iterations);
        return 0;
    case SYNC_ATOMIC:
        count_atomic(count, task->iterations);
        return 0;
    case SYNC_MUTEX:
        return count_locked(&counter->mutex, count, task->iterations);
    }
    return EINVAL;
}

static bool counter_expect(const void *state, const struct task *task, uint64_t *result)
{
    *result = counter_result(state, task);
    return true;
}

static int64_t counter_observe(void *state)
{
    const struct counter *counter = state;
    return (int64_t)counter->count;
}

static void counter_release(void *state)
{
    struct counter *counter = state;
    pthread_mutex_destroy(&counter->mutex);
    free(counter);
}

const struct workload_ops workload_counter = {
    .name = "counter",
    .summary = "contention: all tasks increment one counter in ordinary memory; parent_sees is its end",
    .params = counter_params,
    .traits = WORKLOAD_SIZED | WORKLOAD_OBSERVED,
    .unit = "increment",
    .prepare = counter_prepare,
    .run = counter_run,
    .expect = counter_expect,
    .observe = counter_observe,
    .release = counter_release,
};
