/* What happens when a worker process ends, or a task is over its limit (group_state.h, Death). For the submitter. */
#ifndef POOLBENCH_SURVIVE_H
#define POOLBENCH_SURVIVE_H
#include "pools/parts/group_state.h"

/* Has a child ended since the last look? */
static inline bool group_has_news(const struct group *group)
{
    /* acquire: pairs with the signal handler, which counts before it adds to the word */
    return group->processes &&
           group->children_seen != atomic_load_explicit(&group->event->children, memory_order_acquire);
}

static inline bool group_must_tend(const struct group *group)
{
    return group->down || group_has_news(group);
}

/* Takes note of processes that have ended; with all_taken, when nothing that was drained is still on its way to the
 * pool, it also recovers what they held and replaces them. 0, or -errno: this group cannot go on. */
int group_tend(struct group *group, bool all_taken);
/* That, where it must be, and ends tasks that are over their limit. *until_ns moves forward to when it is to be called
 * again. 0 or -errno; -ETIME: a thread is over the limit. */
int group_look_after(struct group *group, bool all_taken, uint64_t *until_ns);
/* Adds to gone.replace_ns how long replacing took, where that is known by now. */
void group_count_replaced(struct group *group);

#endif
