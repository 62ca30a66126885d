/* Spans of time in which a slot or a thread did one thing: see spans.h. Pure. */
#ifndef POOLBENCH_PROFILE_SPAN_LIST_H
#define POOLBENCH_PROFILE_SPAN_LIST_H
#include "bench/profile/threads.h"

#define SPANS_MOST 8000 /* of a trial: what comes later is cut off */

struct time_span {
    uint32_t tid; /* 0: it is a slot's */
    enum thread_role role;
    int slot;     /* -1: none */
    uint32_t cpu; /* that a thread is on, or that it or the slot waits for; CPU_UNKNOWN */
    uint64_t from_ns, to_ns;
    int state; /* enum slot_state of a slot, enum thread_does of a thread */
};

struct spans {
    struct time_span *span; /* by when they begin */
    size_t count, room;
    uint64_t end_ns; /* nothing is known from here on: the last reap, or where it was cut off */
};

int spans_put(struct spans *spans, const struct time_span *span); /* one of no length is left out; 0 or -ENOMEM */
void spans_release(struct spans *spans);

#endif
