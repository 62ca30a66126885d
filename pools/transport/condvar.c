/* transport=condvar: two lists under one mutex, tasks and records, each with a condition variable; a signal for each
 * task and each record, a broadcast for orders. Threads only, see transport.h. */
#include "pools/parts/worker.h"
#include "pools/transport/way.h"
#include <stdlib.h>

struct way {
    pthread_mutex_t mutex;
    pthread_cond_t task_came, record_came;
    uint32_t tasks_from, tasks_to, records_from, records_to; /* counted up for ever */
    uint32_t *tasks;                                         /* rings of queue.size */
    struct done *records;
};

static int condvar_open(struct pool *pool)
{
    struct way *way = calloc(1, sizeof *way);
    if (!way)
        return -ENOMEM;
    pool->way = way;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&way->mutex, NULL); /* none of these fails: they only fill in memory */
    pthread_cond_init(&way->task_came, NULL);
    pthread_cond_init(&way->record_came, &monotonic);
    pthread_condattr_destroy(&monotonic);
    way->tasks = calloc(pool->queue.size, sizeof *way->tasks);
    way->records = calloc(pool->queue.size, sizeof *way->records);
    return way->tasks && way->records ? 0 : -ENOMEM;
}

static void condvar_close(struct pool *pool)
{
    struct way *way = pool->way;
    if (!way)
        return;
    pthread_cond_destroy(&way->task_came);
    pthread_cond_destroy(&way->record_came);
    pthread_mutex_destroy(&way->mutex);
    free(way->tasks);
    free(way->records);
    free(way);
}

static int condvar_offer(struct pool *pool)
{
    struct way *way = pool->way;
    for (; pool->backlog_count; backlog_drop_first(pool)) {
        pthread_mutex_lock(&way->mutex);
        way->tasks[way->tasks_to++ & pool->queue.mask] = backlog_first(pool);
        pthread_mutex_unlock(&way->mutex);
        pthread_cond_signal(&way->task_came);
    }
    return 0;
}

static int condvar_collect(struct pool *pool, struct done *done)
{
    struct way *way = pool->way;
    pthread_mutex_lock(&way->mutex);
    bool some = way->records_from != way->records_to;
    if (some)
        *done = way->records[way->records_from++ & pool->queue.mask];
    pthread_mutex_unlock(&way->mutex);
    return some;
}

static void condvar_wait(struct pool *pool, uint64_t until_ns)
{
    struct way *way = pool->way;
    struct timespec until = clock_timespec(until_ns);
    int rc = 0;
    pthread_mutex_lock(&way->mutex);
    while (way->records_from == way->records_to && rc == 0)
        rc = until_ns == UINT64_MAX ? pthread_cond_wait(&way->record_came, &way->mutex)
                                    : pthread_cond_timedwait(&way->record_came, &way->mutex, &until);
    pthread_mutex_unlock(&way->mutex);
}

static void condvar_call(struct pool *pool)
{
    struct way *way = pool->way;
    pthread_mutex_lock(&way->mutex); /* a worker that has not seen the order sleeps now, or looks after this */
    pthread_mutex_unlock(&way->mutex);
    pthread_cond_broadcast(&way->task_came);
}

static bool condvar_receive(struct pool *pool, struct self *self, uint32_t *slot)
{
    struct way *way = pool->way;
    pthread_mutex_lock(&way->mutex);
    while (way->tasks_from == way->tasks_to && !worker_has_orders(self))
        pthread_cond_wait(&way->task_came, &way->mutex);
    bool some = way->tasks_from != way->tasks_to;
    if (some)
        *slot = way->tasks[way->tasks_from++ & pool->queue.mask];
    pthread_mutex_unlock(&way->mutex);
    return some;
}

static bool condvar_report(struct pool *pool, struct self *self, const struct done *done)
{
    (void)self;
    struct way *way = pool->way;
    pthread_mutex_lock(&way->mutex);
    way->records[way->records_to++ & pool->queue.mask] = *done;
    pthread_mutex_unlock(&way->mutex);
    pthread_cond_signal(&way->record_came);
    return true;
}

const struct transport transport_condvar = {
    .open = condvar_open,
    .close = condvar_close,
    .offer = condvar_offer,
    .collect = condvar_collect,
    .wait = condvar_wait,
    .call = condvar_call,
    .receive = condvar_receive,
    .report = condvar_report,
};
