/* A pool of your own for poolbench: who does the work. C11 and C++17. See plugin.h for building one, and
 * docs/ADDING-A-POOL.md for a walk through.
 *
 * Most libraries of threads have add(function, argument). A pool for one is three functions:
 *
 *     #include <poolbench/pool.h>
 *
 *     static int mine_open(const struct poolbench_host *host, const struct poolbench_config *config, void **pool)
 *     {
 *         *pool = lib_create(config->workers);
 *         return *pool ? 0 : host->refuse(host, "lib_create failed");
 *     }
 *     static int mine_submit(void *pool, struct poolbench_task *const *tasks, unsigned n)
 *     {
 *         unsigned taken = 0;
 *         while (taken < n && lib_add(pool, poolbench_task_run, tasks[taken]) == 0)
 *             taken++;
 *         return (int)taken;
 *     }
 *     static int mine_close(void *pool)
 *     {
 *         lib_destroy(pool);
 *         return 0;
 *     }
 *     const struct poolbench_pool poolbench_pool_plugin = {
 *         .abi = POOLBENCH_ABI, .size = sizeof(struct poolbench_pool), .name = "mine", .summary = "threads of lib",
 *         .open = mine_open, .submit = mine_submit, .close = mine_close,
 *     };
 *
 * Running a task times it, stores its result and puts it on the list of finished tasks, from which poolbench takes it:
 * there is nothing to wait for, and nothing to collect. Threads are numbered, named and pinned when they run their
 * first task.
 *
 * Order of calls, all from one thread, the submitter:
 *
 *     shape*  ->  open  ->  enter( ( submit | help | reap )* )  ->  close
 *
 * Functions return 0 or more, or -errno (host->refuse gives words to it): then only close follows. */
#ifndef POOLBENCH_API_POOL_H
#define POOLBENCH_API_POOL_H
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A task that is handed in. The memory is poolbench's: it is the pool's from submit until the task is finished, and not
 * to be looked at any more afterwards. It is shared with processes that are forked after open, at the same address. */
struct poolbench_task {
    /* Runs it and reports it as finished: work and finish together. What poolbench_task_run() does. */
    void (*run)(struct poolbench_task *task);
    /* Runs it alone, exactly once, in any thread, or in any process forked after open or executed (attach). in, out:
     * where its payload is; task->in and task->out, unless the pool has moved it. */
    void (*work)(struct poolbench_task *task, const void *in, void *out);
    /* Reports a task that was run; not in a pool that has a `reap` of its own. */
    void (*finish)(struct poolbench_task *task);
    const void *in;  /* --payload: config->in_bytes to read, NULL without; private memory of the submitter */
    void *out;       /* --payload: config->out_bytes to write, NULL without; shared */
    uint32_t number; /* in the sequence of tasks */
    uint32_t slot;   /* of this piece of memory, below config->depth */
    uint32_t sleeps; /* 1: it will mostly sleep, 0: it will mostly compute */
    uint32_t spare;
};

/* The function to add; the argument is the task. */
static inline void poolbench_task_run(void *task)
{
    struct poolbench_task *it = (struct poolbench_task *)task;
    it->run(it);
}

/* What poolbench does for a pool. Give it back as the first argument. Valid from open to close. refuse is for the
 * submitter's thread (and for attach), the others are for any thread, and for processes forked after open. */
struct poolbench_host {
    uint32_t abi, size;
    /* Why something does not work, in one line for people. Returns -EINVAL, so that open can end with it. */
    int (*refuse)(const struct poolbench_host *host, const char *format, ...) POOLBENCH_PRINTF(2, 3);
    /* A line to stderr, of up to 511 bytes, behind the pool's name. */
    void (*log)(const struct poolbench_host *host, const char *format, ...) POOLBENCH_PRINTF(2, 3);
    /* The calling thread or process is worker `number`, below shape.workers, from now on: it is named and pinned. To be
     * called when a worker starts, where the library lets you; else done with its first task, in order of arrival.
     * 0 or -errno. */
    int (*worker)(const struct poolbench_host *host, unsigned number);
    /* A process died with this task; wait_status: as waitpid(2) tells. Reports it as finished, whichever way the pool
     * reports others: failed, or with its result where it had been run by then. Once a task, after waitpid. */
    void (*died)(const struct poolbench_host *host, struct poolbench_task *task, int wait_status);
    /* The task in that slot, for those who send numbers to their workers. */
    struct poolbench_task *(*task)(const struct poolbench_host *host, uint32_t slot);
    /* CLOCK_MONOTONIC in ns. */
    uint64_t (*now_ns)(void);
    /* For pools that have `attach`: the program that becomes a process with the tasks, executed with an argument or
     * more. NULL elsewhere. */
    const char *program;
};

struct poolbench_config {
    uint32_t size;
    uint32_t workers;             /* --workers, 1 or more */
    const int64_t *params;        /* one value per row of the params table, in range */
    uint32_t depth;               /* most tasks handed in and not finished */
    uint32_t spare_cpu;           /* 1: no worker needs the submitter's CPU, so that it may spin */
    uint64_t in_bytes, out_bytes; /* --payload: what comes with a task and goes with its result */
};

/* What --workers and the params come to. Comes filled in for `workers` threads. */
struct poolbench_shape {
    uint32_t workers;                    /* that run tasks, in all */
    uint32_t processes;                  /* worker processes, beside the submitter's */
    uint32_t threads;                    /* worker threads, over all processes; 0: each process is one worker */
    uint32_t cpu_workers, sleep_workers; /* that run tasks of one kind only; 0: all run them */
};

enum {
    POOLBENCH_IGNORES_WORKERS = 1, /* --workers makes no difference */
    POOLBENCH_TASK_IS_PROCESS = 2, /* a process is made for every task */
    POOLBENCH_SUBMITTER_WORKS = 4  /* the submitter is worker 0: it runs tasks in submit, help or reap */
};

struct poolbench_pool {
    uint32_t abi, size;
    const char *name;                     /* how the pool calls itself: lower-case letters, digits and - */
    const char *summary;                  /* one line for `poolbench list pools`, no full stop */
    const struct poolbench_param *params; /* NULL: none */
    uint32_t traits;                      /* POOLBENCH_IGNORES_WORKERS | ... */
    uint32_t handover_ns;                 /* roughly what handing over a task costs, sizes --tasks auto; 0: not known */

    /* Optional: how many workers of what kind. NULL, or why workers and params do not go together (a constant). Pure:
     * also called in processes that never open the pool. */
    const char *(*shape)(unsigned workers, const int64_t *params, struct poolbench_shape *shape);
    /* Makes the workers, ready for tasks. On failure nothing is left. host and config stay valid until close. */
    int (*open)(const struct poolbench_host *host, const struct poolbench_config *config, void **pool);
    /* Hands in up to n tasks, in order; returns how many it took, 0 when there is no room. Never waits for room. */
    int (*submit)(void *pool, struct poolbench_task *const *tasks, unsigned n);
    /* After close no thread, process or file descriptor of the pool is left. All tasks have been run, or something
     * went wrong before. */
    int (*close)(void *pool);

    /* Optional: for libraries where all happens inside something (a parallel region, an arena): calls body(arg) in
     * there, once, in the calling thread. submit, help and reap are called by body. */
    int (*enter)(void *pool, void (*body)(void *arg), void *arg);
    /* Optional: the submitter has nothing to hand in and would sleep until `min` more tasks are finished, or
     * CLOCK_MONOTONIC reaches until_ns. It may run tasks here, or wait in the library's own way. Returns more than 0
     * when it did something, 0 to let it sleep. */
    int (*help)(void *pool, unsigned min, uint64_t until_ns);
    /* Optional: the pool has completions of its own, runs tasks with task->work, and gives those that are finished back
     * here instead of task->finish. Up to max; waits until min are there, or CLOCK_MONOTONIC reaches until_ns (0: looks
     * only, UINT64_MAX: no limit), or none is in flight. Returns how many. */
    int (*reap)(void *pool, struct poolbench_task **tasks, unsigned min, unsigned max, uint64_t until_ns);
    /* Optional, for pools with `reap` whose processes are executed and not forked. host->program, executed by this
     * process or a descendant in an environment that goes back to this one's, with arguments of the pool, one at least,
     * prepares the workload once more, maps the tasks, and calls attach, in which open was never called. There and in
     * processes that it forks, host->worker and host->task do what they do everywhere, task->work is all that a task
     * has, and task->in is its input made once more. What it returns is the exit code. */
    int (*attach)(const struct poolbench_host *host, const struct poolbench_config *config, int argc, char **argv);
};

/* The plug-in defines it. */
extern POOLBENCH_EXPORT const struct poolbench_pool poolbench_pool_plugin;

#ifdef __cplusplus
}
#endif
#endif
