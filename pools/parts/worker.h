/* The worker's side of a group: what its body calls around each task and where there is none; and how workers are
 * woken. Called by the worker whose `self` it is, but for waking. */
#ifndef POOLBENCH_WORKER_H
#define POOLBENCH_WORKER_H
#include "pools/parts/group_state.h"

/* Around each task: goes_on, (claiming), before, record, begin, task_run, finish.
 *
 * The worker starts that task, from that slot: from now on its death is the task's. */
void worker_begin(struct self *self, uint32_t task, uint32_t slot);
/* false: this process is to make way for a new one; everything has been handed over. */
bool worker_goes_on(struct self *self);
/* The next free record of the worker's ring; waits for room. NULL: stop. */
struct done *worker_record(struct self *self);
/* The record is complete; label_ns: how long its task was expected to take. */
void worker_finish(struct self *self, uint64_t label_ns);
/* For those who hand back their records by other ways than the ring: signs one; after that, the task is over. */
void worker_sign(struct self *self, struct done *done);
void worker_end(struct self *self);
/* Before a task that may take `label_ns`: nothing finished may wait behind a long one. */
void worker_before(struct self *self, uint64_t label_ns);
/* No work: waits for some. false: stop. */
bool worker_rest(struct self *self);
/* Carries out an order, if there is a new one. false: it was to stop. */
bool worker_obey(struct self *self);
bool worker_has_orders(const struct self *self); /* there is one that it has not carried out */

/* What the worker has used so far goes where group_usage reads it. */
void worker_note_usage(struct self *self);
/* It has carried out the order of that number; to have started is the answer to the last order before that. */
void worker_answer(struct group *group, struct worker *worker, uint32_t order);

/* ---- waking: by anybody, after work was published with a seq_cst store ---- */

void group_wake(struct group *group, unsigned count);         /* up to count idle workers */
void group_wake_worker(struct group *group, unsigned number); /* this one, if it is idle */
void group_ring_all(struct group *group);                     /* everybody, idle or not */
void group_ring(struct group *group, unsigned number);        /* this one, asleep or not */
/* Clears a worker's idle bit; false when somebody else has. */
bool idle_leave(struct group *group, unsigned number);

#endif
