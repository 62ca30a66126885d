/* The submitter's one 32-bit event word. Completions bump it, and so does SIGCHLD while children are watched; the
 * submitter sleeps on nothing else. It never misses news:
 *
 *   submitter: seen = word; look for news, find none; wanted = n; look again; sleep while word == seen
 *   worker:    publish news; if wanted: wanted = 0, word++, wake
 *
 * Both sides' store-then-load pairs are sequentially consistent, so at least one of them sees the other. `wanted` is
 * how many completions one worker should have pending before it rings, which spares the wake-ups of short tasks.
 *
 * Taking `wanted` back is a relaxed store: a worker that still sees the number rings once too often. One that sees this
 * 0 where the next number could be is before that number in the order of all seq_cst accesses, and so is what it
 * published: the look that follows the number finds it. */
#ifndef POOLBENCH_EVENT_H
#define POOLBENCH_EVENT_H
#include "pools/parts/futex.h"

struct event {
    _Alignas(128) _Atomic uint32_t word;
    _Alignas(128) _Atomic uint32_t wanted;   /* 0: the submitter is awake */
    _Alignas(128) _Atomic uint32_t children; /* SIGCHLDs so far: while it stands still, no child has ended */
    bool private;                            /* every worker is a thread of the submitter */
    int fd; /* an eventfd that SIGCHLD makes readable, for a submitter that sleeps in poll(2); -1: none */
};

/* One shared page, inherited by children made later. 0 or -errno. */
int event_open(struct event **event, bool private);
void event_close(struct event *event);

/* News the submitter must look at, whatever it wanted. Async-signal-safe. */
void event_shout(struct event *event);
/* News for a submitter that sleeps and wants it. */
static inline void event_ring(struct event *event)
{
    /* seq_cst: see above; exchange, so that only one of several workers pays for the wake-up */
    if (atomic_exchange_explicit(&event->wanted, 0, memory_order_seq_cst))
        event_shout(event);
}

/* SIGCHLD bumps the word from now on, and the default action is back after unwatch; one event at a time. Children made
 * meanwhile call event_forget_children first thing. 0 or -errno. */
int event_watch_children(struct event *event);
void event_unwatch_children(void);
void event_forget_children(void);

#endif
