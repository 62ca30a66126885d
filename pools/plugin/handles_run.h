/* The worker's side of handles (handles_map.h), in threads, forked processes and executed ones: who is which worker,
 * and what a task's functions do. A handle moves by compare-and-swap, so that a pool that breaks the contract is told
 * by it.
 */
#ifndef POOLBENCH_HANDLES_RUN_H
#define POOLBENCH_HANDLES_RUN_H
#include "pools/plugin/handles_map.h"

/* States of a handle. DROPPED: FINISHED by one that died, maybe before it was on the list. */
enum { FREE, HANDED, RUNNING, RAN, FINISHED, DROPPED };

enum {
    NO_COMPLAINT,
    RAN_TWICE,
    FINISHED_UNRUN,
    RETURNED_FOREIGN,
    RETURNED_TWICE,
    RETURNED_UNRUN,
    RETURNED_FINISHED,
    RAN_UNTAKEN,
    COMPLAINTS,
};

/* From one state to the other, with what was written before; false: it is in a third. */
bool handle_move(struct handle *handle, uint32_t from, uint32_t to);
/* Keeps the first complaint, of that task, and wakes the submitter. */
void handles_complain(struct handles *handles, uint32_t what, uint32_t task);
/* -EPROTO and words in text when there is a complaint; else 0. */
int handles_complaint(const struct handles *handles, char *text, size_t size);

/* They are the ones of this process from now on, which threads that end give their numbers back to; NULL: none is. */
void handles_live(struct handles *handles);
/* What the calling thread is from now on. 0 or -errno. */
int handles_worker(struct handles *handles, unsigned number);
/* Runs the task of a handle, as its `work` does. */
void handles_work(struct handles *handles, struct handle *handle, const void *in, void *out);
/* Its task died with a process: finishes the handle. wait_status: as waitpid(2) tells. */
void handles_died(struct poolbench_task *task, int wait_status);

/* What a task's functions are (struct poolbench_task). */
void handle_run(struct poolbench_task *task);
void handle_work(struct poolbench_task *task, const void *in, void *out);
void handle_finish(struct poolbench_task *task);

#endif
