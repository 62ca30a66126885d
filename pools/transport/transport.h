/* The textbook ways from submitter to workers and back, as options of pthread and prefork: `transport=pipe|socket|
 * condvar`, one file each, beside `ring`, which is pools/parts/channel.h. Workers, places, slots with their payload,
 * the task function, its records and what happens when a worker dies are the same as there, so that what differs is the
 * way.
 *
 * What goes out are numbers of slots, what comes back are records by value, one at a time in both directions, with a
 * system call or a lock each: that is what the textbooks do, and what it costs is what these are for.
 *
 * A number that was handed over says where to look. Who runs the task is decided by the claim in the slot (queue.h), so
 * a number may be told twice. And so a worker that dies with a number it has read and not claimed loses nothing:
 * whatever is on offer is told again, to those who live. Records of the dead are still in the pipe or socket, and are
 * taken before its slots are looked at. There is nothing else for a death to leave half-done, for a write of less than
 * PIPE_BUF bytes is done or not done. A mutex and a condition variable have no such property: condvar is for threads.
 */
#ifndef POOLBENCH_TRANSPORT_H
#define POOLBENCH_TRANSPORT_H
#include "pools/parts/queue.h"

enum transport_kind { TRANSPORT_RING, TRANSPORT_PIPE, TRANSPORT_SOCKET, TRANSPORT_CONDVAR };
#define TRANSPORT_PARAM                                                                                                \
    {                                                                                                                  \
        .name = "transport", .kind = PARAM_CHOICE, .preset = "ring", .choices = "ring|pipe|socket|condvar",            \
        .help = "how tasks reach workers: rings in memory, or a textbook way, a task at a time: one pipe out and one " \
                "back, a socket a worker, a mutex with condition variables (threads only)"                             \
    }
#define TRANSPORT_HANDOVER_NS 3000

/* A message to a worker: a slot, or this: look at your orders. */
#define LOOK_UP UINT32_MAX

/* The pool behind transport=, whichever it is. */
struct pool {
    const struct transport *transport;
    struct event *event;
    bool has_children, broken;
    struct group group;
    struct queue queue;
    uint32_t depth;    /* how many tasks may be in flight */
    void *way;         /* the transport's own, in private memory */
    void *shared;      /* its zeroed shared_bytes in the group's mapping */
    int ready;         /* readable when a record may have come; -1: the transport waits by itself */
    uint32_t *backlog; /* slots that nobody was told of yet, oldest first: a ring of queue.size */
    uint32_t backlog_from, backlog_count;
    struct done *stash; /* records that were taken back for recovery and not reported yet */
    unsigned stashed;
};

struct transport {
    size_t shared_bytes;
    /* The submitter's side. open may lower depth and sets way and ready; workers are made after it. -errno: close
     * follows, as after a pool's life, when workers have ended. */
    int (*open)(struct pool *pool);
    void (*close)(struct pool *pool);
    int (*offer)(struct pool *pool);                         /* tells of the backlog, as far as that is possible now */
    int (*collect)(struct pool *pool, struct done *done);    /* 1: a record; 0: there is none; never waits */
    void (*wait)(struct pool *pool, uint64_t until_ns);      /* for a record or news of children */
    void (*call)(struct pool *pool);                         /* all workers are to look at their orders */
    void (*reported)(struct pool *pool);                     /* optional: they have all reported their usage */
    void (*bury)(struct pool *pool, unsigned worker);        /* optional: it has died, and what it has sent is taken */
    bool (*is_told)(const struct pool *pool, uint32_t slot); /* optional: a living worker knows of this slot */
    /* The worker's side. */
    bool (*receive)(struct pool *pool, struct self *self, uint32_t *slot); /* waits; false: look at orders */
    bool (*report)(struct pool *pool, struct self *self, const struct done *done);
    void (*looked)(struct pool *pool, struct self *self); /* optional: it was called, and has looked */
};
extern const struct transport transport_pipe, transport_socket, transport_condvar;

/* For transports. */
static inline uint32_t backlog_first(const struct pool *pool)
{
    return pool->backlog[pool->backlog_from & pool->queue.mask];
}

static inline void backlog_drop_first(struct pool *pool)
{
    pool->backlog_from++;
    pool->backlog_count--;
}

/* Waits in poll(2) for pool->ready, children, and `room` (-1: none) to be writable. */
void transport_poll(struct pool *pool, int room, uint64_t until_ns);

/* NULL, or why these do not go together. */
const char *transport_misfit(enum transport_kind kind, enum wait_mode wait, bool processes, unsigned workers);

/* The pool contract. */
struct transport_choice {
    enum transport_kind kind;
    bool processes;
    uint32_t max_tasks;
};
int transport_open(const struct pool_config *config, const struct job *job, struct transport_choice choice,
                   struct pool **pool);
int transport_submit(struct pool *pool, const uint32_t *tasks, unsigned n);
int transport_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns);
int transport_usage(struct pool *pool, bool with_memory, struct usage *usage);
void transport_peek(const struct pool *pool, struct peek *peeks);
int transport_close(struct pool *pool);

#endif
