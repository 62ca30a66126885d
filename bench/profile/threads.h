/* From records of switches to what each thread of a trial did: on a CPU, waiting for one, or off by itself, without a
 * gap from its birth to its end. Pure.
 *
 * A thread that leaves its CPU by itself is off until it is on one again: when it was woken, unprivileged records do
 * not tell. One that was made waits from then on. */
#ifndef POOLBENCH_PROFILE_THREADS_H
#define POOLBENCH_PROFILE_THREADS_H
#include "bench/machine/switches.h"
#include "pools/pool.h"

enum thread_role {
    ROLE_SUBMITTER,
    ROLE_WORKER,
    ROLE_FORKER,  /* makes processes of tasks */
    ROLE_CHILD,   /* a process of one task */
    ROLE_PROGRAM, /* that a task executed */
    ROLE_HELPER,  /* any other */
    ROLES
};
extern const char *const thread_role_names[ROLES];

enum thread_does { THREAD_ON, THREAD_WAITS, THREAD_OFF, THREAD_DOES };
extern const char *const thread_does_names[THREAD_DOES];

#define CPU_UNKNOWN UINT32_MAX

struct thread {
    uint32_t tid;
    enum thread_role role;
    int slot; /* the worker number that it runs for; -1: none */
};

struct stretch {
    size_t thread;
    enum thread_does does;
    uint32_t cpu; /* that it is on, or waits for */
    uint64_t from_ns, to_ns;
    bool is_last; /* the thread ends with it */
};

struct threads {
    struct thread *thread;
    size_t count;
    struct stretch *stretch; /* by when they end */
    size_t stretches;
};

/* Records in order of time, of the trial program with this pid, whose pool has these traits and shape. 0 or -ENOMEM. */
int threads_make(const struct switch_record *records, size_t count, pid_t trial, unsigned traits,
                 const struct pool_shape *shape, struct threads *threads);
void threads_release(struct threads *threads);

#endif
