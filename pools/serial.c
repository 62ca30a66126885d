/* serial: the submitter runs the tasks itself, one after another, inside reap. The base of every speed-up: no
 * hand-over, no second CPU. */
#include "pools/parts/clock.h"
#include "pools/parts/moves.h"
#include "pools/parts/process.h"
#include "pools/parts/task_run.h"
#include "pools/parts/usage.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STAGED_MAX = 1024, REAP_MAX = 64 };

struct pool {
    const struct job *job;
    uint32_t staged[STAGED_MAX]; /* a ring of tasks handed in */
    uint32_t head, tail;
    unsigned char *outputs; /* of the tasks of one reap */
    const struct places *places;
    struct moves moves;
    pid_t pid;
};

static const char *serial_shape(unsigned workers, const int64_t *values, struct pool_shape *shape)
{
    (void)workers, (void)values;
    *shape = (struct pool_shape){.workers = 1};
    return NULL;
}

static int serial_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    int rc = place_apply(&config->places, 0);
    if (rc < 0)
        return rc;
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return -ENOMEM;
    pool->job = job;
    pool->places = &config->places;
    pool->moves.cpu = NO_CPU;
    pool->pid = getpid();
    if (job->out_bytes && !(pool->outputs = malloc(job->out_bytes * REAP_MAX))) {
        free(pool);
        return -ENOMEM;
    }
    if (pool->outputs) /* mapped now: a first touch while timed would be part of every speed-up's base */
        memset(pool->outputs, 0, job->out_bytes * REAP_MAX);
    *result = pool;
    return 0;
}

static int serial_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    unsigned taken = 0;
    while (taken < n && pool->tail - pool->head < STAGED_MAX)
        pool->staged[pool->tail++ % STAGED_MAX] = tasks[taken++];
    return (int)taken;
}

/* Runs as many as are asked for at least; a task that is due meanwhile can then be handed in. */
static int serial_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    unsigned count = 0, goal = min > 1 ? min : 1;
    if (goal > max)
        goal = max;
    if (goal > REAP_MAX)
        goal = REAP_MAX;
    while (count < goal && pool->head != pool->tail) {
        unsigned char *out = pool->outputs ? pool->outputs + count * pool->job->out_bytes : NULL;
        uint32_t task = pool->staged[pool->head++ % STAGED_MAX];
        struct done *d = &done[count++];
        task_run(pool->job, task, job_input(pool->job, task), out, d);
        d->slot = 0;
        d->worker = 0;
        d->pid = pool->pid;
        d->out = out;
        moves_note(&pool->moves, pool->places, d->cpu);
        if (clock_is_past(until_ns))
            break;
    }
    return (int)count;
}

static int serial_usage(struct pool *pool, bool with_memory, struct usage *usage)
{
    usage_read_own(usage, with_memory);
    moves_add(&pool->moves, usage);
    return 0;
}

static int serial_close(struct pool *pool)
{
    free(pool->outputs);
    free(pool);
    return 0;
}

const struct pool_ops pool_serial = {
    .name = "serial",
    .summary = "the submitter runs the tasks one after another",
    .traits = POOL_IGNORES_WORKERS | POOL_SUBMITTER_WORKS,
    .handover_ns = 20,
    .shape = serial_shape,
    .open = serial_open,
    .submit = serial_submit,
    .reap = serial_reap,
    .usage = serial_usage,
    .close = serial_close,
};
