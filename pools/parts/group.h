/* The life of a worker group (group_state.h): its memory, its workers made, asked and stopped. For the submitter.
 *
 * Fill config, job, event, body, first, workers, processes, threads and max_tasks of a zeroed group, then call
 * group_prepare (memory) and group_start (workers, all ready when it returns). 0 or -errno, and then nothing is left of
 * the group. */
#ifndef POOLBENCH_GROUP_H
#define POOLBENCH_GROUP_H
#include "pools/parts/group_state.h"
#include "pools/parts/memory.h"
#include "pools/parts/process.h"
#include "pools/parts/wait.h"

/* extra: bytes of zeroed memory for the pool's own use in the same mapping, whose address goes to extra_memory. */
int group_prepare(struct group *group, enum wait_mode wait, size_t extra, void **extra_memory);
int group_start(struct group *group);
/* Adds what all workers, and those that have ended, have used to sum; with_memory: also what they hold. Waits until
 * they have said it, and replaces those who die meanwhile. 0, or -errno: the group cannot go on. */
int group_usage(struct group *group, bool with_memory, struct usage *sum);
/* Where its workers say what they are on. */
void group_peek(const struct group *group, struct peek *peek);
/* Stops and frees; once more is nothing. kill: workers may be busy or broken; processes are killed, threads are waited
 * for, until their tasks end. */
void group_stop(struct group *group, bool kill);

#endif
