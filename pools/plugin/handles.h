/* The submitter's side of handles (handles_map.h): a plug-in's tasks handed in and taken back.
 *
 * Where workers are to be executed and not forked, the memory is a file, and HANDLES_WHERE in the environment says
 * whose descriptor that is. Such a process has copies of the tasks, with functions and payload at its own addresses. */
#ifndef POOLBENCH_HANDLES_H
#define POOLBENCH_HANDLES_H
#include "pools/plugin/handles_run.h"

#define HANDLES_WHERE "POOLBENCH_TRIAL" /* PID, and the descriptor there */

enum { HANDLES_SUBMITTER_WORKS = 1, HANDLES_IN_FILE = 2 };

/* 0 or -errno. job, config and workers are set by the caller. The handles live until handles_release; workers in other
 * processes are forked in between, or executed where they are HANDLES_IN_FILE. */
int handles_init(struct handles *handles, unsigned traits);
void handles_release(struct handles *handles);
/* The same handles in a process that was executed, which has them until it ends; fd may be closed. 0 or -errno. */
int handles_attach(struct handles *handles, int fd);

/* All that follows is for the submitter's thread. -EPROTO: there is a complaint (handles_complaint).
 *
 * Fills up to n handles for these tasks; returns how many there was room for. handles_taken says afterwards how many
 * of them the pool took. 0 or -EPROTO. */
unsigned handles_hand(struct handles *handles, const uint32_t *tasks, unsigned n, struct poolbench_task **out);
int handles_taken(struct handles *handles, unsigned handed, unsigned taken);
/* Finished ones off the list, in order of completion, up to max; how many. Never waits. */
unsigned handles_drain(struct handles *handles, struct done *done, unsigned max);
/* A handle that a pool with completions of its own gave back. 0 or -EPROTO. */
int handles_take(struct handles *handles, struct poolbench_task *task, struct done *done);
/* Waits for finished tasks as the contract of reap says; `have` that were drained before count. Returns how many
 * there are, or -EPROTO. */
int handles_wait(struct handles *handles, struct done *done, unsigned have, unsigned goal, unsigned max,
                 uint64_t until_ns);

#endif
