/* Floors: the bare cost of what a pool must use, as pools, so that both run in the same blocks. Each does what the
 * driver needs, runs every task once by task_run() like any pool, and nothing else: no payload, no survival of workers
 * that die, no orders. They are listed apart (floor_table), and no answer ever names one as the best pool.
 *
 * This file is what they share: workers that are threads or processes, and waiting. */
#ifndef POOLBENCH_FLOOR_H
#define POOLBENCH_FLOOR_H
#include "pools/parts/clock.h"
#include "pools/parts/event.h"
#include "pools/parts/memory.h"
#include "pools/parts/process.h"
#include "pools/parts/task_run.h"
#include "pools/parts/wait.h"
#include "pools/pool.h"
#include <pthread.h>

struct floor_team {
    const struct pool_config *config;
    const struct job *job;
    bool processes; /* else threads of the submitter */
    void (*body)(unsigned worker, void *work);
    void *work;
    unsigned started;
    pthread_t *threads;
    pid_t *pids; /* by worker: its process */
    struct floor_member *members;
    struct floor_gate *gate; /* shared */
};

/* Starts config->workers of them, pinned; body is entered when all are there. The first five members are the caller's,
 * the others zeroed. On failure nothing is left. 0 or -errno; -ENOTSUP: floor_refuses. */
int floor_start(struct floor_team *team);
/* Waits for all and frees. Threads must have been told to leave their body; processes are killed. */
void floor_end(struct floor_team *team);

/* The job has what floors do without. */
static inline bool floor_refuses(const struct job *job)
{
    return job->in_bytes || job->out_bytes;
}
/* usage of the contract: all threads of the submitter and the children it has waited for. */
int floor_usage(struct pool *pool, bool with_memory, struct usage *usage);

/* The submitter waits until the event's `wanted` results have come, or until_ns. It stored `wanted` (seq_cst) and then
 * found nothing; workers store their result (seq_cst) and then call this. */
static inline void floor_tell(struct event *event)
{
    /* seq_cst: the result, then `wanted`. relaxed: only the count matters, and event_shout releases */
    if (atomic_load_explicit(&event->wanted, memory_order_seq_cst) &&
        atomic_fetch_sub_explicit(&event->wanted, 1, memory_order_relaxed) == 1)
        event_shout(event);
}

#endif
