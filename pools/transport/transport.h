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
#include "pools/parts/channel.h"

enum transport_kind { TRANSPORT_RING, TRANSPORT_PIPE, TRANSPORT_SOCKET, TRANSPORT_CONDVAR };
#define TRANSPORT_PARAM                                                                                                \
    {                                                                                                                  \
        .name = "transport", .kind = PARAM_CHOICE, .preset = "ring", .choices = "ring|pipe|socket|condvar",            \
        .help = "how tasks reach workers: rings in memory, or a textbook way, a task at a time: one pipe out and one " \
                "back, a socket a worker, a mutex with condition variables (threads only)"                             \
    }
/* What the pool_ops of pools with another transport than `ring` have in common. */
#define TRANSPORT_OPS                                                                                                  \
    .handover_ns = 3000, .submit = transport_submit, .reap = transport_reap, .usage = transport_usage,                 \
    .peek = transport_peek, .close = transport_close

/* NULL, or why these do not go together. */
const char *transport_misfit(enum transport_kind kind, enum wait_mode wait, bool processes, unsigned workers);

/* The pool contract. open: as channels_open does for TRANSPORT_RING, whose pools have CHANNELS_OPS; else channels is
 * one team of threads, or of processes of one thread, and the pool has TRANSPORT_OPS. */
int transport_open(const struct pool_config *config, const struct job *job, enum transport_kind kind,
                   const struct channels *channels, struct pool **pool);
int transport_submit(struct pool *pool, const uint32_t *tasks, unsigned n);
int transport_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns);
int transport_usage(struct pool *pool, bool with_memory, struct usage *usage);
void transport_peek(const struct pool *pool, struct peek *peeks);
int transport_close(struct pool *pool);

#endif
