/* Between group.c and worker.c: what a worker does for its group. */
#ifndef POOLBENCH_WORKER_H
#define POOLBENCH_WORKER_H
#include "pools/parts/group.h"

/* Answers the order to report usage, number `order`. */
void worker_report(struct self *self, uint32_t order);
/* What the worker has used so far, for others to read. */
void worker_note_usage(struct self *self);
/* Clears the worker's idle bit; false when somebody else has. */
bool idle_leave(struct group *group, unsigned number);
/* The signals of a task that does something forbidden are noted before they kill, so that of several threads the one
 * that died is known. For the calling thread, on a stack of its own that watch returns for unwatch (NULL: it has none).
 */
void *fatal_watch(struct worker *worker);
void fatal_unwatch(void *stack);

#endif
