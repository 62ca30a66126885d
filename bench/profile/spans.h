/* What the slots of a trial did one after the other, and what its threads did, between the gate and the last reap: the
 * same as slots.h adds up, as it happened. Sums of these are those of slots_add_up(), without what slots_compare()
 * moves afterwards. Pure. */
#ifndef POOLBENCH_PROFILE_SPANS_H
#define POOLBENCH_PROFILE_SPANS_H
#include "bench/profile/slots.h"

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

/* Spans are released by spans_release(), also after -ENOMEM. 0 or -ENOMEM. */
int spans_make(const struct slots_from *from, struct spans *spans);
int spans_put(struct spans *spans, const struct time_span *span); /* 0 or -ENOMEM */
void spans_release(struct spans *spans);

#endif
