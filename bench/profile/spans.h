/* What the slots of a trial did one after the other, and what its threads did, between the gate and the last reap: the
 * same as slots.h adds up, as it happened. Sums of these are those of slots_add_up(), without what slots_compare()
 * moves afterwards. Pure. */
#ifndef POOLBENCH_PROFILE_SPANS_H
#define POOLBENCH_PROFILE_SPANS_H
#include "bench/profile/slots.h"
#include "bench/profile/span_list.h"

/* Spans are released by spans_release(), also after -ENOMEM. 0 or -ENOMEM. */
int spans_make(const struct slots_from *from, struct spans *spans);

#endif
