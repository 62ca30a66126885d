/* What a way of transport= (transport.h) consists of: two sides, the submitter's and the worker's, and the pool that
 * both belong to. Errors are 0 or -errno. */
#ifndef POOLBENCH_WAY_H
#define POOLBENCH_WAY_H
#include "pools/parts/queue.h"

/* A message to a worker: a slot, or this: look at your orders. */
#define LOOK_UP UINT32_MAX

/* The pool behind transport=, whichever it is. */
struct pool {
    const struct transport *transport;
    struct event *event;
    bool broken;
    struct group group;
    struct queue queue;
    uint32_t depth;    /* how many tasks may be in flight */
    void *way;         /* the transport's own, in private memory */
    void *shared;      /* its zeroed shared_bytes in the group's mapping */
    int ready;         /* readable when a record may have come; -1: the transport waits by itself */
    int room;          /* writable when there is room for more of the backlog; -1: that needs no waiting */
    uint32_t *backlog; /* slots that nobody was told of yet, oldest first: a ring of queue.size */
    uint32_t backlog_from, backlog_count;
    struct done *stash; /* records that were taken back for recovery and not reported yet */
    unsigned stashed;
};

struct transport {
    size_t shared_bytes;
    /* The submitter's side. open may lower depth and sets way, ready and room; workers are made after it. -errno: close
     * follows, as after a pool's life, when workers have ended. */
    int (*open)(struct pool *pool);
    void (*close)(struct pool *pool);
    int (*offer)(struct pool *pool);                         /* tells of the backlog, as far as that is possible now */
    int (*collect)(struct pool *pool, struct done *done);    /* 1: a record; 0: there is none; never waits */
    void (*wait)(struct pool *pool, uint64_t until_ns);      /* for a record; NULL: `ready`, `room` and children do */
    void (*call)(struct pool *pool);                         /* all workers are to look at their orders */
    void (*reported)(struct pool *pool);                     /* optional: they have all reported their usage */
    void (*bury)(struct pool *pool, unsigned worker);        /* optional: it has died, and what it has sent is taken */
    bool (*is_told)(const struct pool *pool, uint32_t slot); /* optional: a living worker knows of this slot */
    /* The worker's side. */
    bool (*receive)(struct pool *pool, struct self *self, uint32_t *slot); /* waits; false: look at orders */
    bool (*report)(struct pool *pool, struct self *self, const struct done *done);
    void (*looked)(struct pool *pool, struct self *self); /* optional: it was called, and has looked */
};

/* For transports: the oldest slot of the backlog, which must not be empty. */
static inline uint32_t backlog_first(const struct pool *pool)
{
    return pool->backlog[pool->backlog_from & pool->queue.mask];
}

static inline void backlog_drop_first(struct pool *pool)
{
    pool->backlog_from++;
    pool->backlog_count--;
}

#endif
