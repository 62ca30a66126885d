/* transport=pipe: one pipe of slot numbers that all workers read, one pipe of records that all workers write. The
 * kernel hands each number to one reader, and writes of up to PIPE_BUF bytes do not mix.
 *
 * No write ever waits: as many tasks may be in flight as the pipe of records has room for, and the pipe of numbers has
 * several times that. Numbers that are told again after a death may fill it; those that do not fit stay in the backlog.
 *
 * Orders. Nobody can be called by name through a pipe that all read. As many messages to look up are written as there
 * are workers, and whoever has read one reads no further until the submitter has had all answers: so each of them
 * takes one. One that died with its message in hand needs none, its place is taken by one that has nothing to report.
 */
#include "pools/parts/worker.h"
#include "pools/transport/way.h"
#include <fcntl.h>
#include <stdlib.h>

enum { PAGE_BYTES = 4096 }; /* pipes are made of these, and a record lies in one */
_Static_assert(sizeof(struct done) <= PIPE_BUF, "a record is written in one piece");

enum { FROM, TO };
struct way {
    int tasks[2], records[2]; /* as pipe(2) fills them in; -1: not open */
};

struct together {
    _Atomic uint32_t reported; /* the order that all have answered */
};

static void pipe_close(struct pool *pool)
{
    struct way *way = pool->way;
    for (unsigned i = 0; way && i < 2; i++) {
        if (way->tasks[i] >= 0)
            close(way->tasks[i]);
        if (way->records[i] >= 0)
            close(way->records[i]);
    }
    free(way);
}

static int pipe_open(struct pool *pool)
{
    struct way *way = malloc(sizeof *way);
    if (!way)
        return -ENOMEM;
    *way = (struct way){{-1, -1}, {-1, -1}};
    pool->way = way;
    if (pipe2(way->tasks, O_CLOEXEC) < 0 || pipe2(way->records, O_CLOEXEC) < 0)
        return -errno;
    /* the submitter's ends */
    if (fcntl(way->tasks[TO], F_SETFL, O_NONBLOCK) < 0 || fcntl(way->records[FROM], F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    int bytes = fcntl(way->records[TO], F_GETPIPE_SZ);
    if (bytes < 0)
        return -errno;
    uint32_t room = (uint32_t)bytes / PAGE_BYTES * (PAGE_BYTES / sizeof(struct done));
    if (room < pool->group.workers)
        return -ENOBUFS; /* a user with too many pipes gets small ones */
    if (pool->depth > room)
        pool->depth = room;
    pool->ready = way->records[FROM];
    pool->room = way->tasks[TO];
    return 0;
}

/* 1: told; 0: no room now. */
static int tell(const struct way *way, uint32_t message)
{
    if (TEMP_FAILURE_RETRY(write(way->tasks[TO], &message, sizeof message)) == sizeof message)
        return 1;
    return errno == EAGAIN ? 0 : -errno;
}

static int pipe_offer(struct pool *pool)
{
    int rc = 1;
    while (pool->backlog_count && (rc = tell(pool->way, backlog_first(pool))) > 0)
        backlog_drop_first(pool);
    return rc < 0 ? rc : 0;
}

static int pipe_collect(struct pool *pool, struct done *done)
{
    const struct way *way = pool->way;
    ssize_t got = TEMP_FAILURE_RETRY(read(way->records[FROM], done, sizeof *done));
    if (got == sizeof *done)
        return 1;
    if (got >= 0)
        return -EPROTO; /* a part of a record */
    return errno == EAGAIN ? 0 : -errno;
}

static void let_go_on(struct pool *pool, uint32_t order)
{
    struct together *together = pool->shared;
    /* release: only for tidiness, what is waited for is the number itself */
    atomic_store_explicit(&together->reported, order, memory_order_release);
    futex_wake(&together->reported, INT_MAX, pool->group.processes == 0);
}

static void pipe_reported(struct pool *pool)
{
    let_go_on(pool, atomic_load_explicit(&pool->group.shared->orders, memory_order_relaxed)); /* ours */
}

static void pipe_call(struct pool *pool)
{
    if (atomic_load_explicit(&pool->group.shared->stopping, memory_order_relaxed)) /* ours */
        let_go_on(pool, UINT32_MAX);
    for (unsigned i = 0; i < pool->group.workers; i++)
        if (tell(pool->way, LOOK_UP) <= 0)
            break; /* it is full: nobody sleeps, and everybody looks at orders before the next message */
}

static bool pipe_receive(struct pool *pool, struct self *self, uint32_t *slot)
{
    (void)self;
    const struct way *way = pool->way;
    return read(way->tasks[FROM], slot, sizeof *slot) == sizeof *slot && *slot != LOOK_UP;
}

static bool pipe_report(struct pool *pool, struct self *self, const struct done *done)
{
    (void)self;
    const struct way *way = pool->way;
    return TEMP_FAILURE_RETRY(write(way->records[TO], done, sizeof *done)) == sizeof *done;
}

static void pipe_looked(struct pool *pool, struct self *self)
{
    struct together *together = pool->shared;
    uint32_t reported;
    /* acquire: a formality, see let_go_on */
    while ((reported = atomic_load_explicit(&together->reported, memory_order_acquire)) != self->orders_seen &&
           !worker_has_orders(self))
        futex_wait(&together->reported, reported, UINT64_MAX, pool->group.processes == 0);
}

const struct transport transport_pipe = {
    .shared_bytes = sizeof(struct together),
    .open = pipe_open,
    .close = pipe_close,
    .offer = pipe_offer,
    .collect = pipe_collect,
    .call = pipe_call,
    .reported = pipe_reported,
    .receive = pipe_receive,
    .report = pipe_report,
    .looked = pipe_looked,
};
