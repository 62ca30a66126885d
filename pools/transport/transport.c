/* What the textbook transports have in common, see transport.h: a group, slots, and the submitter's backlog. */
#include "pools/transport/transport.h"
#include "pools/parts/reap.h"
#include "pools/parts/survive.h"
#include "pools/parts/usage.h"
#include "pools/parts/worker.h"
#include "pools/transport/way.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>

enum { PIPE_WORKERS_MAX = 1000 }; /* one record of each fits into a pipe of 64 KiB */

extern const struct transport transport_pipe, transport_socket, transport_condvar;

static const struct transport *const transports[] = {
    [TRANSPORT_PIPE] = &transport_pipe,
    [TRANSPORT_SOCKET] = &transport_socket,
    [TRANSPORT_CONDVAR] = &transport_condvar,
};

const char *transport_misfit(enum transport_kind kind, enum wait_mode wait, bool processes, unsigned workers)
{
    if (kind == TRANSPORT_RING)
        return NULL;
    if (kind == TRANSPORT_CONDVAR && processes)
        return "transport=condvar is for threads (pool pthread), for a process that dies in a condition variable "
               "leaves "
               "it unusable for the others; expected ring, pipe or socket";
    if (wait == WAIT_SPIN)
        return "wait=spin goes with transport=ring: the others sleep in the kernel; expected wait=block";
    if (kind == TRANSPORT_PIPE && workers > PIPE_WORKERS_MAX)
        return "transport=pipe is for up to 1000 workers: a pipe has no room for the results of more";
    return NULL;
}

/* ---- workers ---- */

static void transport_work(struct self *self, void *work)
{
    struct pool *pool = work;
    const struct transport *transport = pool->transport;
    uint32_t slot, task;
    /* no rings here: one record, where those who look after the dead look for last words */
    struct done *done = &self->ring[0];
    while (worker_goes_on(self) && worker_obey(self)) {
        if (!transport->receive(pool, self, &slot)) {
            if (!worker_obey(self))
                return;
            if (transport->looked)
                transport->looked(pool, self);
            continue;
        }
        /* what is left of a backlog when the pool closes is not run; relaxed: whoever misses it now runs one task more
         */
        if (atomic_load_explicit(&self->group->shared->stopping, memory_order_relaxed))
            return;
        if (!queue_claim(&pool->queue, slot, self->number + 1, &task))
            continue; /* told twice */
        queue_run(self, &pool->queue, slot, task, done);
        worker_sign(self, done);
        if (!transport->report(pool, self, done)) {
            if (!self->group->processes)
                abort(); /* nobody would miss a thread, and its task would be waited for in vain */
            return;
        }
        worker_end(self);
    }
}

static bool transport_has_work(struct self *self, void *work)
{
    (void)self, (void)work;
    return false; /* nobody sleeps on a doorbell */
}

static void transport_touch(struct self *self, void *work)
{
    struct pool *pool = work;
    queue_touch(self, &pool->queue);
}

static void transport_call(void *work)
{
    struct pool *pool = work;
    pool->transport->call(pool);
}

/* ---- the submitter ---- */

static void backlog_add(struct pool *pool, uint32_t slot)
{
    pool->backlog[(pool->backlog_from + pool->backlog_count++) & pool->queue.mask] = slot;
}

static int offer(struct pool *pool)
{
    return pool->backlog_count ? pool->transport->offer(pool) : 0;
}

/* Takes the records that the dead have sent, then their slots; whatever is on offer after that is told again, unless
 * somebody who lives is known to know. */
static unsigned transport_recover(void *work, unsigned first, unsigned count, struct done *fallen)
{
    struct pool *pool = work;
    struct queue *queue = &pool->queue;
    while (pool->transport->collect(pool, &pool->stash[pool->stashed]) > 0)
        queue->state[pool->stash[pool->stashed++].slot] = SLOT_RETURNED;
    for (unsigned i = first; i < first + count && pool->transport->bury; i++)
        pool->transport->bury(pool, i);
    unsigned found = queue_recover(queue, first, count, fallen);
    pool->backlog_count = 0;
    for (uint32_t slot = 0; slot < queue->size; slot++)
        if (queue_is_offered(queue, slot) && !(pool->transport->is_told && pool->transport->is_told(pool, slot)))
            backlog_add(pool, slot);
    return found;
}

int transport_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    struct queue *queue = &pool->queue;
    unsigned taken = 0;
    queue_next_call(queue);
    for (; taken < n && queue->in_flight < pool->depth; taken++)
        backlog_add(pool, queue_place(queue, tasks[taken]));
    offer(pool); /* should it fail, it does so in reap, too, which says so */
    return (int)taken;
}

static int collect(struct pool *pool, struct done *done, unsigned max)
{
    unsigned have = 0;
    int rc = 1;
    while (pool->stashed && have < max)
        done[have++] = pool->stash[--pool->stashed];
    have += group_drain(&pool->group, done + have, max - have); /* those that fell */
    while (have < max && rc > 0) {
        rc = pool->transport->collect(pool, &done[have]);
        if (rc > 0) {
            have++;
            pool->group.barren = 0; /* somebody gets things done */
            int told = offer(pool);
            rc = told < 0 ? told : rc;
        }
    }
    queue_take_back(&pool->queue, done, have);
    return have || rc >= 0 ? (int)have : rc;
}

/* For a record, children, or room for the backlog. */
static void poll_wait(struct pool *pool, uint64_t until_ns)
{
    enum { READY, CHILDREN, ROOM, FDS };
    struct pollfd fds[FDS] = {
        [READY] = {pool->ready, POLLIN, 0},
        [CHILDREN] = {pool->event->fd, POLLIN, 0},
        [ROOM] = {pool->backlog_count ? pool->room : -1, POLLOUT, 0},
    };
    uint64_t now = until_ns == UINT64_MAX ? 0 : clock_monotonic_ns();
    struct timespec limit = clock_timespec(until_ns > now ? until_ns - now : 0);
    eventfd_t children;
    if (ppoll(fds, FDS, until_ns == UINT64_MAX ? NULL : &limit, NULL) > 0 && fds[CHILDREN].revents)
        eventfd_read(pool->event->fd, &children); /* reap asks the group who it was */
}

/* `min` is a wish for fewer wake-ups that is not granted: each record wakes the submitter. */
int transport_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    (void)min;
    queue_next_call(&pool->queue);
    if (max > QUEUE_REAP_MAX)
        max = QUEUE_REAP_MAX;
    for (bool late = until_ns == 0;;) {
        uint64_t wake_ns = until_ns;
        int rc = group_look_after(&pool->group, true, &wake_ns); /* what they have sent transport_recover takes */
        if (rc == 0)
            rc = offer(pool);
        if (rc == 0)
            rc = collect(pool, done, max);
        if (rc < 0)
            pool->broken = true;
        if (rc != 0 || late || pool->queue.in_flight == 0)
            return rc;
        (pool->transport->wait ? pool->transport->wait : poll_wait)(pool, wake_ns);
        late = clock_is_past(until_ns);
    }
}

int transport_usage(struct pool *pool, bool with_memory, struct usage *usage)
{
    usage_read_thread(usage);
    int rc = group_usage(&pool->group, with_memory, usage);
    if (rc < 0) {
        pool->broken = true;
        return rc;
    }
    if (with_memory)
        usage_add_memory(usage);
    if (pool->transport->reported)
        pool->transport->reported(pool);
    return 0;
}

void transport_peek(const struct pool *pool, struct peek *peeks)
{
    group_peek(&pool->group, &peeks[0]);
}

int transport_close(struct pool *pool)
{
    bool busy = pool->queue.state && queue_is_busy(&pool->queue);
    group_stop(&pool->group, pool->broken || busy);
    pool->transport->close(pool);
    queue_release(&pool->queue);
    event_close(pool->event);
    free(pool->backlog);
    free(pool->stash);
    free(pool);
    return 0;
}

static int prepare(struct pool *pool)
{
    struct group *group = &pool->group;
    group->body = (struct group_body){
        .run = transport_work,
        .has_work = transport_has_work,
        .touch = transport_touch,
        .recover = transport_recover,
        .work = pool,
    };
    int rc = queue_open(&pool->queue, group, WAIT_BLOCK, pool->transport->shared_bytes, &pool->shared);
    if (rc < 0)
        return rc;
    pool->depth = pool->queue.size;
    pool->backlog = calloc(pool->depth, sizeof *pool->backlog);
    pool->stash = calloc(pool->depth, sizeof *pool->stash);
    return pool->backlog && pool->stash ? 0 : -ENOMEM;
}

static int watch_children(struct pool *pool)
{
    pool->event->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return pool->event->fd < 0 ? -errno : event_watch_children(pool->event);
}

int transport_open(const struct pool_config *config, const struct job *job, enum transport_kind kind,
                   const struct channels *channels, struct pool **result)
{
    struct team team = channels->teams[0];
    if (kind == TRANSPORT_RING)
        return channels_open(config, job, channels, result);
    struct pool *pool = aligned_alloc(_Alignof(struct pool), sizeof *pool);
    if (!pool)
        return -ENOMEM;
    *pool = (struct pool){.transport = transports[kind], .ready = -1, .room = -1};
    int rc = event_open(&pool->event, !team.processes);
    if (rc < 0) {
        free(pool);
        return rc;
    }
    pool->group = (struct group){
        .config = config,
        .job = job,
        .event = pool->event,
        .workers = team.workers,
        .processes = team.processes,
        .threads = team.threads,
        .max_tasks = channels->max_tasks,
    };
    if (team.processes)
        rc = watch_children(pool);
    if (rc == 0)
        rc = prepare(pool);
    if (rc == 0)
        rc = pool->transport->open(pool);
    if (rc == 0) {
        pool->group.body.call = transport_call;
        rc = group_start(&pool->group);
    }
    if (rc < 0)
        transport_close(pool);
    else
        *result = pool;
    return rc;
}
