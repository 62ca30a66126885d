/* How many tasks warm a pool up, before its trial is timed: known to the trial, and to who forecasts how long one
 * takes. Pure. */
#ifndef POOLBENCH_JOB_WARMUP_H
#define POOLBENCH_JOB_WARMUP_H
#include "pools/pool.h"

#define WARMUP_LEAST      64
#define WARMUP_PER_WORKER 4
#define WARMUP_PROCESSES  4      /* until who makes them has copied what it shares with the first ones */
#define WARMUP_TASK_NS    100000 /* a warm-up task is no longer than that */

/* At most so many. `pool` may be NULL: none is opened. */
static inline uint32_t warmup_count(const struct pool_ops *pool, uint32_t workers)
{
    uint32_t count = workers * WARMUP_PER_WORKER;
    if (!pool || !(pool->traits & POOL_TASK_IS_PROCESS))
        return count < WARMUP_LEAST ? WARMUP_LEAST : count;
    /* made by workers, each of which is to have made one, or by the submitter */
    return pool->early && workers > WARMUP_PROCESSES ? workers : WARMUP_PROCESSES;
}

#endif
