/* static: the list is dealt out to threads beforehand, task k to worker k mod workers; nobody queues, claims or is
 * handed anything. What remains is starting, running and reporting, which other pools are held against as long as
 * tasks cost the same. A worker that starts late delays its tasks alone, and nobody takes them over: pools can beat it.
 *
 * Tasks are numbered by position in the order they were handed in. The submitter publishes how many there are; worker w
 * runs positions w, w + workers, ... below that. Positions map to task numbers by one offset as long as task numbers
 * are contiguous; where they are not (warm-up ends, the run begins) the next phase waits until nothing is in flight. */
#include "pools/parts/group.h"
#include "pools/parts/reap.h"
#include "pools/parts/task_run.h"
#include "pools/parts/usage.h"
#include "pools/parts/worker.h"
#include <stdlib.h>
#include <string.h>

static const struct param params[] = {WAIT_PARAM, {0}};

enum { OUTPUTS_MAX = 64 }; /* per worker, in flight or being read */
#define OUTPUTS_LIMIT (64u << 20)

struct deal {
    _Alignas(128) _Atomic uint64_t published; /* positions */
    /* written by the submitter while nothing is in flight, read after `published` was */
    uint64_t first_position;
    uint32_t first_task;
};

struct pool {
    const struct job *job;
    struct event *event;
    struct group group;
    struct deal deal;
    /* outputs: `depth` per worker, used in turn; a worker's tasks end in order, so counting them says what is free */
    unsigned char *outputs;
    uint32_t depth;
    /* the submitter's own, away from what workers read for every task */
    _Alignas(128) uint64_t published;
    uint64_t in_flight;
    uint32_t next_task; /* that continues the phase */
    bool broken;
    uint64_t *read;     /* per worker: tasks whose output the driver has read */
    uint16_t *returned; /* workers of the tasks returned by the last reap */
    unsigned returned_count;
};

/* ---- workers ---- */

static bool static_has_work(struct self *self, void *work)
{
    struct pool *pool = work;
    /* seq_cst: the second look, after the idle bit; static_submit stores it, then looks at the bits */
    return self->cursor < atomic_load_explicit(&pool->deal.published, memory_order_seq_cst);
}

static void static_work(struct self *self, void *work)
{
    struct pool *pool = work;
    const struct job *job = pool->job;
    unsigned workers = self->group->workers;
    self->cursor = self->number;
    for (uint64_t ran = 0;;) {
        /* acquire: the phase that these positions belong to */
        uint64_t published = atomic_load_explicit(&pool->deal.published, memory_order_acquire);
        if (self->cursor >= published) {
            if (!worker_rest(self))
                return;
            continue;
        }
        for (; self->cursor < published; self->cursor += workers, ran++) {
            uint32_t task = pool->deal.first_task + (uint32_t)(self->cursor - pool->deal.first_position);
            uint64_t label = task_label_ns(job, task);
            worker_before(self, label);
            struct done *done = worker_record(self);
            if (!done)
                return;
            uint32_t slot = pool->depth ? self->number * pool->depth + (uint32_t)(ran % pool->depth) : 0;
            unsigned char *out = pool->depth ? pool->outputs + slot * job->out_bytes : NULL;
            worker_begin(self, task, slot);
            task_run(job, task, job_input(job, task), out, done);
            done->slot = slot;
            worker_finish(self, done, label);
        }
    }
}

/* ---- the submitter ---- */

static int static_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    struct pool *pool = aligned_alloc(_Alignof(struct pool), sizeof *pool);
    if (!pool)
        return -ENOMEM;
    *pool = (struct pool){.job = job};
    pool->group = (struct group){
        .config = config,
        .job = job,
        .body = {.run = static_work, .has_work = static_has_work, .work = pool},
        .workers = config->workers,
    };
    int rc = event_open(&pool->event, true);
    if (rc < 0)
        goto free_pool;
    pool->group.event = pool->event;
    rc = -ENOMEM;
    if (job->out_bytes) {
        size_t each = OUTPUTS_LIMIT / job->out_bytes / config->workers;
        pool->depth = each > OUTPUTS_MAX ? OUTPUTS_MAX : each < 2 ? 2 : (uint32_t)each;
        pool->outputs = malloc((size_t)config->workers * pool->depth * job->out_bytes);
        pool->read = calloc(config->workers, sizeof *pool->read);
        pool->returned = calloc(256, sizeof *pool->returned);
        if (!pool->outputs || !pool->read || !pool->returned)
            goto free_outputs;
        memset(pool->outputs, 0,
               (size_t)config->workers * pool->depth * job->out_bytes); /* mapped before it is timed */
    }
    rc = group_prepare(&pool->group, (enum wait_mode)config->params[0], 0, NULL);
    if (rc == 0)
        rc = group_start(&pool->group);
    if (rc < 0)
        goto free_outputs;
    *result = pool;
    return 0;
free_outputs:
    free(pool->outputs);
    free(pool->read);
    free(pool->returned);
    event_close(pool->event);
free_pool:
    free(pool);
    return rc;
}

static void outputs_were_read(struct pool *pool)
{
    for (unsigned i = 0; i < pool->returned_count; i++)
        pool->read[pool->returned[i]]++;
    pool->returned_count = 0;
}

static bool has_output_room(const struct pool *pool, uint64_t position)
{
    if (!pool->depth)
        return true;
    /* how many tasks this worker has been dealt before: as many as positions of its residue */
    unsigned workers = pool->group.workers;
    return position / workers - pool->read[position % workers] < pool->depth;
}

static int static_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    unsigned taken = 0;
    outputs_were_read(pool);
    if (n && tasks[0] != pool->next_task) {
        if (pool->in_flight)
            return 0;
        pool->deal.first_position = pool->published;
        pool->deal.first_task = pool->next_task = tasks[0];
    }
    while (taken < n && tasks[taken] == pool->next_task + taken && has_output_room(pool, pool->published + taken))
        taken++;
    if (taken) {
        pool->next_task += taken;
        pool->published += taken;
        pool->in_flight += taken;
        /* seq_cst: published, then group_wake looks who sleeps */
        atomic_store_explicit(&pool->deal.published, pool->published, memory_order_seq_cst);
        unsigned workers = pool->group.workers; /* no worker can do another's share */
        for (unsigned i = 0; i < taken && i < workers; i++)
            group_wake_worker(&pool->group, (unsigned)((pool->published - taken + i) % workers));
    }
    return (int)taken;
}

static int static_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    struct group *group = &pool->group;
    outputs_were_read(pool);
    struct group_reap reap = {.groups = &group,
                              .count = 1,
                              .in_flight = pool->in_flight,
                              .done = done,
                              .min = min,
                              .max = max < 256 ? max : 256,
                              .until_ns = until_ns};
    int rc = group_reap(&reap);
    pool->broken |= rc < 0;
    for (int i = 0; pool->depth && i < rc; i++) {
        done[i].out = pool->outputs + done[i].slot * pool->job->out_bytes;
        pool->returned[pool->returned_count++] = done[i].worker;
    }
    pool->in_flight -= rc > 0 ? (unsigned)rc : 0;
    return rc;
}

static int static_usage(struct pool *pool, bool with_memory, struct usage *usage)
{
    usage_read_own(usage, with_memory);
    return group_usage(&pool->group, false, usage);
}

static int static_close(struct pool *pool)
{
    group_stop(&pool->group, pool->broken);
    event_close(pool->event);
    free(pool->outputs);
    free(pool->read);
    free(pool->returned);
    free(pool);
    return 0;
}

const struct pool_ops pool_static = {
    .name = "static",
    .summary = "the list is dealt out to threads beforehand: no queue",
    .params = params,
    .handover_ns = 10,
    .shape = shape_of_threads,
    .open = static_open,
    .submit = static_submit,
    .reap = static_reap,
    .usage = static_usage,
    .close = static_close,
};
