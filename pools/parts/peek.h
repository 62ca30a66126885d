/* Looking at a running pool from another process: who is on which task. Pools write nothing for it. A peek says where
 * in the submitter's memory stands what the pool keeps anyway, and the other process reads it there (/proc/PID/mem).
 * Nothing is locked or stopped, so what is read may be some microseconds old; what cannot be known is said not to be.
 */
#ifndef POOLBENCH_PEEK_H
#define POOLBENCH_PEEK_H
#include <stdint.h>
#include <sys/types.h>

#define PEEKS_MAX 2 /* of one pool */

enum peek_kind {
    PEEK_NOTHING,
    PEEK_GROUP,    /* each worker says what it is on (group.h) */
    PEEK_CHILDREN, /* a pid and a task per worker, the pid 0 while it has none (fork.c) */
};

/* Plain numbers, so that it travels in the job file: addresses are the submitter's. */
struct peek {
    uint32_t kind;              /* enum peek_kind */
    uint32_t first, workers;    /* of the pool's numbers */
    uint64_t workers_at;        /* PEEK_GROUP */
    uint64_t pids_at, tasks_at; /* PEEK_CHILDREN */
};

/* No task has these numbers (workloads/sequence.h). */
#define PEEK_IDLE    UINT32_MAX       /* the worker is on no task */
#define PEEK_UNKNOWN (UINT32_MAX - 1) /* what it is on cannot be told */

/* Which task each worker is on: tasks[number - peek->first], peek->workers of them; all PEEK_UNKNOWN unless 0 is
 * returned. memory: the submitter's, open for reading. 0 or -errno. */
int peek_read(const struct peek *peek, int memory, uint32_t *tasks);

#endif
