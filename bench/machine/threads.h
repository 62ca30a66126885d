/* The threads of a running trial as the kernel lists them: those of its program and of that program's children. Reads
 * /proc, stops nobody. Thread-safe. */
#ifndef POOLBENCH_MACHINE_THREADS_H
#define POOLBENCH_MACHINE_THREADS_H
#include "bench/base/sysfile.h"

struct thread_seen {
    pid_t pid, tid;
    struct process_stat stat;
};

/* At most `max` of them, each process's own thread first; those that end meanwhile are left out. How many, or -errno.
 */
int threads_see(pid_t program, struct thread_seen *threads, unsigned max);

#endif
