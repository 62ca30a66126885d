/* Workers and children as the kernel has them: where they run, whom they die with, how they are waited for. Thread- and
 * fork-safe. */
#ifndef POOLBENCH_PROCESS_H
#define POOLBENCH_PROCESS_H
#include "pools/pool.h"
#include <pthread.h>

#define FORK_RETRY_NS   (10ull * 1000000u)   /* between attempts to fork what could not be forked */
#define FORK_GIVE_UP_NS (1000ull * 1000000u) /* with no process left and none to be had */

/* Shapes of pools that are --workers threads of the submitter, or processes (struct pool_ops, shape). */
const char *shape_of_threads(unsigned workers, const int64_t *params, struct pool_shape *shape);
const char *shape_of_processes(unsigned workers, const int64_t *params, struct pool_shape *shape);

/* Applies row `worker` of places to the calling thread: its CPUs, and where its memory is to be. 0 or -errno. */
int place_apply(const struct places *places, unsigned worker);
/* Names the calling thread pb-worker-NUMBER, of which the kernel keeps five digits. */
void worker_name(unsigned number);
/* A thread with a small stack, the same for all pools. 0 or -errno. */
int thread_make(pthread_t *thread, void *(*run)(void *argument), void *argument);
/* First thing in a child of `parent`: it is killed when that ends, and exits with 1 if it has already. */
void child_begin(pid_t parent);
/* Waits until that child has ended; its wait status, 0 where there is no such child. */
int child_await(pid_t pid);
/* The limit of a task is wall time less the time in which whoever watches it did not run itself: was stopped, or had no
 * CPU. So who watches looks at least so often, and by what a look comes late, it did not run. */
#define LIMIT_LOOKS         8
#define LIMIT_LOOK_LEAST_NS 1000000u
static inline uint64_t limit_look_ns(uint64_t limit_ns)
{
    return limit_ns / LIMIT_LOOKS > LIMIT_LOOK_LEAST_NS ? limit_ns / LIMIT_LOOKS : LIMIT_LOOK_LEAST_NS;
}
/* Does that child of this process stand still (SIGSTOP)? Takes nothing of what waitpid(2) tells. */
bool child_is_stopped(pid_t pid);
/* Since *since_ns, 0 where it does not: for so long has it been seen to. Returns whether that is `limit_ns` or more. */
bool child_stopped_for(pid_t pid, uint64_t limit_ns, uint64_t *since_ns);
/* Waits up to `limit_ns` for the end of a process that need not be a child of this one; false: it lives on, or that
 * cannot be known. */
bool process_has_ended(pid_t pid, uint64_t limit_ns);

#endif
