/* The submitter's side of completions: taking records off the rings of one or two groups that share an event, and
 * waiting for them, as reap of the pool contract does. */
#ifndef POOLBENCH_REAP_H
#define POOLBENCH_REAP_H
#include "pools/parts/group_state.h"

struct group_reap {
    struct group **groups;
    unsigned count;     /* of groups */
    uint64_t in_flight; /* tasks, over all groups */
    struct done *done;  /* room for max */
    unsigned min, max;
    uint64_t until_ns; /* CLOCK_MONOTONIC; 0, UINT64_MAX: as in the contract */
};
/* How many, or -errno as reap of the contract; a group whose workers are over a limit ends their tasks meanwhile. */
int group_reap(const struct group_reap *reap);
/* Takes up to max records of finished tasks off the rings; how many. Never waits. */
unsigned group_drain(struct group *group, struct done *done, unsigned max);

#endif
