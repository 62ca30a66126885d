/* Looking at a running pool from another process: who is on which task. Pools write nothing for it. A peek says where
 * in the submitter's memory stands what the pool keeps anyway, and the other process reads it there (/proc/PID/mem).
 * Nothing is locked or stopped, so what is read may be some microseconds old; what cannot be known is said not to be.
 */
#ifndef POOLBENCH_PEEK_H
#define POOLBENCH_PEEK_H
#include <stdint.h>

#define PEEKS_MAX 2 /* of one pool */

/* Plain numbers, so that it travels in the job file. For each worker there is a 64-bit word, `stride` bytes from one to
 * the next: the task it is on << 32 | a number that is 0 while it is on none. */
struct peek {
    uint32_t first, workers; /* of the pool's numbers; workers 0: there is nothing to read */
    uint64_t at, stride;     /* at: an address of the submitter's */
};

/* No task has these numbers (workloads/sequence.h). */
#define PEEK_IDLE    UINT32_MAX       /* the worker is on no task */
#define PEEK_UNKNOWN (UINT32_MAX - 1) /* what it is on cannot be told */

static inline uint64_t peek_word(uint32_t task, uint32_t number)
{
    return (uint64_t)task << 32 | number;
}

/* Which task each worker is on: tasks[number - peek->first], peek->workers of them; all PEEK_UNKNOWN unless 0 is
 * returned. memory: the submitter's, open for reading. 0 or -errno. */
int peek_read(const struct peek *peek, int memory, uint32_t *tasks);

#endif
