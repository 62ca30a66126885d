/* The submitter's one 32-bit event word. Completions bump it, and so does SIGCHLD while children are watched; the
 * submitter sleeps on nothing else. It never misses news:
 *
 *   submitter: seen = word; look for news, find too few; wanted = those it lacks; look again, wanted -= what that
 * found; sleep while word == seen worker:    publish k results; if wanted: wanted -= k; if that brought it to 0:
 * word++, wake
 *
 * Both sides' store-then-load pairs are sequentially consistent, so at least one of them sees the other: no result is
 * counted by nobody. One may be counted by both, and the submitter is woken too early, finds less than it wanted and
 * sleeps again. `wanted` is a signed number, and nobody rings below 0.
 *
 * Taking `wanted` back is a relaxed store: a worker that still sees the number rings once too often, and what it takes
 * off the next number makes that ring too early. One that sees this 0 where the next number could be is before that
 * number in the order of all seq_cst accesses, and so is what it published: the look that follows the number finds it.
 */
#ifndef POOLBENCH_EVENT_H
#define POOLBENCH_EVENT_H
#include "pools/parts/futex.h"

struct event {
    _Alignas(128) _Atomic uint32_t word;
    _Alignas(128) _Atomic uint32_t wanted;   /* results the submitter sleeps for; 0 or "negative": it is awake */
    _Alignas(128) _Atomic uint32_t children; /* SIGCHLDs so far: while it stands still, no child has ended */
    bool private;                            /* every worker is a thread of the submitter */
    int fd; /* an eventfd that SIGCHLD makes readable, for a submitter that sleeps in poll(2); -1: none */
};

/* One shared page, inherited by children made later. 0 or -errno. Closing ends the watching of children and closes fd;
 * NULL is nothing to close. */
int event_open(struct event **event, bool private);
void event_close(struct event *event);

/* News the submitter must look at, whatever it wanted. Async-signal-safe. */
void event_shout(struct event *event);
/* `count` more results, which were published before. How many the submitter still sleeps for; 0 or below: it is awake.
 */
static inline int32_t event_report(struct event *event, uint32_t count)
{
    /* seq_cst: see above */
    if (!atomic_load_explicit(&event->wanted, memory_order_seq_cst))
        return 0;
    uint32_t before = atomic_fetch_sub_explicit(&event->wanted, count, memory_order_seq_cst);
    if ((int32_t)before > 0 && before <= count)
        event_shout(event);
    return (int32_t)(before - count);
}
/* The submitter, after the look that followed `wanted`: it has found `count` of them. Whether it need not sleep. */
static inline bool event_found(struct event *event, uint32_t count)
{
    /* relaxed: only the number matters */
    return (int32_t)(atomic_fetch_sub_explicit(&event->wanted, count, memory_order_relaxed) - count) <= 0;
}
/* What a submitter that sleeps must look at, whatever it lacks. */
static inline void event_ring(struct event *event)
{
    /* relaxed first: only a look. seq_cst: see above; exchange, so that only one of several pays for the wake-up */
    if ((int32_t)atomic_load_explicit(&event->wanted, memory_order_relaxed) > 0 &&
        (int32_t)atomic_exchange_explicit(&event->wanted, 0, memory_order_seq_cst) > 0)
        event_shout(event);
}

/* SIGCHLD bumps the word from now on, and the default action is back after unwatch; one event at a time. Children made
 * meanwhile call event_forget_children first thing. 0 or -errno. Where an event is part of other memory (not
 * event_open), its fd is set to -1 before. */
int event_watch_children(struct event *event);
void event_unwatch_children(void);
void event_forget_children(void);

#endif
