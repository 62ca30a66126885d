/* Group and queue together, see channel.h. */
#include "pools/parts/channel.h"
#include "pools/parts/queue.h"
#include "pools/parts/reap.h"
#include "pools/parts/usage.h"
#include <stdlib.h>

struct channel {
    struct group group;
    struct queue queue;
};

struct pool {
    const struct job *job;
    struct event *event;
    unsigned count; /* channels that are open */
    bool broken;
    struct channel channel[TEAMS_MAX];
};

static int channel_open(struct channel *channel, enum wait_mode wait)
{
    struct group *group = &channel->group;
    struct queue *queue = &channel->queue;
    group->body = (struct group_body){
        .run = queue_work,
        .has_work = queue_has_work,
        .touch = queue_touch,
        .recover = queue_recover,
        .work = queue,
    };
    int rc = queue_open(queue, group, wait, 0, NULL);
    if (rc < 0)
        return rc;
    rc = group_start(group);
    if (rc < 0)
        queue_release(queue);
    return rc;
}

int channels_open(const struct pool_config *config, const struct job *job, const struct channels *channels,
                  struct pool **result)
{
    const struct team *teams = channels->teams;
    unsigned count = channels->count;
    struct pool *pool = aligned_alloc(_Alignof(struct pool), sizeof *pool);
    if (!pool)
        return -ENOMEM;
    *pool = (struct pool){.job = job};
    int rc = event_open(&pool->event, !teams[0].processes);
    if (rc == 0 && teams[0].processes)
        rc = event_watch_children(pool->event);
    for (unsigned i = 0, first = 0; i < count && rc == 0; first += teams[i++].workers) {
        pool->channel[i].group = (struct group){
            .config = config,
            .job = job,
            .event = pool->event,
            .first = first,
            .workers = teams[i].workers,
            .processes = teams[i].processes,
            .threads = teams[i].threads,
            .max_tasks = teams[i].processes ? channels->max_tasks : 0,
        };
        rc = channel_open(&pool->channel[i], channels->wait);
        pool->count += rc == 0;
    }
    if (rc < 0) {
        channels_close(pool);
        return rc;
    }
    *result = pool;
    return 0;
}

static struct channel *channel_of(struct pool *pool, uint32_t task)
{
    return &pool->channel[pool->count > 1 && job_class(pool->job, task) == TASK_SLEEP];
}

int channels_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < pool->count; i++)
        queue_next_call(&pool->channel[i].queue);
    if (pool->count == 1)
        return queue_submit(&pool->channel[0].queue, tasks, n);
    while (taken < n) { /* runs of tasks with the same destination, so that the order stays */
        struct channel *to = channel_of(pool, tasks[taken]);
        unsigned run = 1;
        while (taken + run < n && channel_of(pool, tasks[taken + run]) == to)
            run++;
        unsigned got = (unsigned)queue_submit(&to->queue, tasks + taken, run);
        taken += got;
        if (got < run)
            break;
    }
    return (int)taken;
}

int channels_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    struct group *groups[TEAMS_MAX];
    struct group_reap reap = {.groups = groups, .done = done, .min = min, .until_ns = until_ns};
    reap.max = max < QUEUE_REAP_MAX ? max : QUEUE_REAP_MAX;
    for (unsigned i = 0; i < pool->count; i++) {
        queue_next_call(&pool->channel[i].queue);
        groups[reap.count++] = &pool->channel[i].group;
        reap.in_flight += pool->channel[i].queue.in_flight;
    }
    int rc = group_reap(&reap);
    pool->broken |= rc < 0;
    if (pool->count == 1 && rc > 0)
        queue_take_back(&pool->channel[0].queue, done, (unsigned)rc);
    for (int i = 0; pool->count > 1 && i < rc; i++)
        queue_take_back(&pool->channel[done[i].worker >= pool->channel[1].group.first].queue, &done[i], 1);
    return rc;
}

int channels_usage(struct pool *pool, bool with_memory, struct usage *usage)
{
    usage_read_thread(usage);
    for (unsigned i = 0; i < pool->count; i++) {
        int rc = group_usage(&pool->channel[i].group, with_memory, usage);
        if (rc < 0) {
            pool->broken = true;
            return rc;
        }
    }
    if (with_memory)
        usage_add_memory(usage);
    return 0;
}

void channels_peek(const struct pool *pool, struct peek *peeks)
{
    _Static_assert(TEAMS_MAX <= PEEKS_MAX, "a row for each channel");
    for (unsigned i = 0; i < pool->count; i++) {
        const struct group *group = &pool->channel[i].group;
        group_peek(group, &peeks[i]);
    }
}

int channels_close(struct pool *pool)
{
    while (pool->count > 0) {
        struct channel *channel = &pool->channel[--pool->count];
        group_stop(&channel->group, pool->broken || queue_is_busy(&channel->queue));
        queue_release(&channel->queue);
    }
    event_close(pool->event);
    free(pool);
    return 0;
}
