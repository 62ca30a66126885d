/* floor-clock: serial, with the clock read before and after each task and nothing made of it. Beside serial under
 * --timing trial it is what two readings take; serial under --timing task can at best take the same. Where tasks have
 * no size, task_run() has a fence less. */
#include "pools/floors/floor.h"
#include <stdlib.h>

enum { STAGED_MAX = 1024 };

struct pool {
    const struct job *job;
    uint32_t staged[STAGED_MAX]; /* a ring of tasks handed in */
    uint32_t head, tail;
    uint64_t ticks; /* read, and of no use */
    pid_t pid;
};

static const char *readings_shape(unsigned workers, const int64_t *params, struct pool_shape *shape)
{
    (void)workers, (void)params;
    *shape = (struct pool_shape){.workers = 1};
    return NULL;
}

static int readings_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    if (floor_refuses(job))
        return -ENOTSUP;
    int rc = place_apply(&config->places, 0);
    if (rc < 0)
        return rc;
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return -ENOMEM;
    pool->job = job;
    pool->pid = getpid();
    *result = pool;
    return 0;
}

static int readings_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    unsigned taken = 0;
    while (taken < n && pool->tail - pool->head < STAGED_MAX)
        pool->staged[pool->tail++ % STAGED_MAX] = tasks[taken++];
    return (int)taken;
}

static int readings_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    unsigned count = 0;
    const unsigned goal = min > max ? max : min ? min : 1;
    while (count < goal && pool->head != pool->tail) {
        struct done *d = &done[count++];
        uint32_t cpu;
        const uint64_t start = clock_ticks();
        task_run(pool->job, pool->staged[pool->head++ % STAGED_MAX], NULL, NULL, d);
        pool->ticks += clock_ticks_after(&cpu) - start;
        d->slot = 0;
        d->worker = 0;
        d->pid = pool->pid;
        d->out = NULL;
        if (clock_is_past(until_ns))
            break;
    }
    return (int)count;
}

static int readings_close(struct pool *pool)
{
    free(pool);
    return 0;
}

const struct pool_ops floor_clock = {
    .name = "floor-clock",
    .summary = "the submitter runs the tasks and reads the clock before and after each",
    .traits = POOL_FLOOR | POOL_IGNORES_WORKERS | POOL_SUBMITTER_WORKS,
    .handover_ns = 60,
    .shape = readings_shape,
    .open = readings_open,
    .submit = readings_submit,
    .reap = readings_reap,
    .usage = floor_usage,
    .close = readings_close,
};
