/* The pool contract: who does the work. A pool is one file with one `const struct pool_ops`, listed in pools/table.c.
 * It knows no CSV, no statistics and no command line; the driver (bench/trial/driver.c) is its only caller, from one
 * thread, in this order:
 *
 *   shape*  ->  early?  ->  open  ->  ( submit | reap | usage )*  ->  close
 *
 * Errors are 0 or -errno. Workers run tasks with task_run() (pools/parts/task_run.h) and nothing else. */
#ifndef POOLBENCH_POOL_H
#define POOLBENCH_POOL_H
#include "pools/parts/faults.h"
#include "pools/parts/peek.h"
#include "workloads/sequence.h"
#include "workloads/workload.h"
#include <sys/types.h>

/* What became of a task. The words stand in samples.csv. */
enum task_status {
    TASK_OK,
    TASK_ERROR,      /* run() returned a code */
    TASK_EXITED,     /* its process exited; code: the exit status */
    TASK_SIGNALLED,  /* its process was killed; code: the signal */
    TASK_TIMEOUT,    /* ended for running longer than the task limit */
    TASK_WRONG,      /* its result or output is not what it must be */
    TASK_COLLATERAL, /* ran in a process that another task took down */
    TASK_LOST,       /* never reported, because the trial ended before */
    TASK_DROPPED,    /* never handed in: it came due while as many were in flight as may be (--queue-limit) */
    TASK_STATUSES
};

/* What there is to run. Made by the driver before open, read-only from then on, alive until after close. */
struct job {
    const struct workload_ops *workload;
    void *state;                    /* the workload's */
    const int64_t *workload_params; /* what it was made from, with sequence.seed and tasks: to make it elsewhere */
    struct sequence sequence;
    uint32_t tasks;             /* of the trial, warm-up not counted */
    bool timed;                 /* --timing task: stamp start and end of every task */
    bool fenced;                /* a task starts when what was before it has executed: it is timed, or has a size */
    struct faults faults;       /* --faults */
    size_t in_bytes, out_bytes; /* --payload */
    /* Inputs live in the submitter's private memory: in_count buffers, task i uses number i % in_count. */
    const unsigned char *inputs;
    uint32_t in_count;
    /* --ballast: private memory of the submitter; a task writes `ballast_write_ppm` of its pages. */
    unsigned char *ballast;
    size_t ballast_bytes;
    uint32_t ballast_write_ppm;
};

static inline const void *job_input(const struct job *job, uint32_t task)
{
    return job->in_bytes ? job->inputs + (size_t)(task % job->in_count) * job->in_bytes : NULL;
}

static inline enum task_class job_class(const struct job *job, uint32_t task)
{
    const struct workload_ops *w = job->workload;
    return w->classify ? w->classify(job->state, task) : w->class;
}

/* Where workers may run: a row of `words` 64-bit words per worker, bit c = CPU c. The harness plans, the pool obeys:
 * every worker applies its own row (a forked child would otherwise keep the submitter's). */
struct places {
    const uint64_t *masks; /* workers rows */
    uint32_t words;
    const int32_t *nodes; /* per worker, where what it makes is to be (numa_near); NULL: nothing is said */
    const uint8_t *kinds; /* per CPU: its kind of core */
    uint32_t kind_cpus;   /* how many; 0: all cores are of one kind */
};

struct pool_config {
    unsigned workers;       /* --workers, >= 1 */
    const int64_t *params;  /* one value per row of the params table */
    struct places places;   /* shape.workers rows */
    bool spare_cpu;         /* the submitter has a CPU that no worker needs: waiting may spin (docs/METHOD.md) */
    unsigned cpus;          /* that the workers can use at once; 0: not known */
    uint64_t task_limit_ns; /* --task-limit: a task that runs for longer is ended by the pool; 0: none */
};

/* What `workers` and the params come to. Worker numbers run from 0 to workers - 1. */
struct pool_shape {
    unsigned workers;   /* executing contexts in all */
    unsigned processes; /* worker processes beside the submitter */
    unsigned forkers;   /* processes that only make those */
    unsigned threads;   /* worker threads, over all processes; 0 where a worker is a process of one thread */
    unsigned for_class[TASK_CLASSES]; /* workers that run tasks of a class; 0: all of them do */
};

static inline unsigned shape_for_class(const struct pool_shape *shape, enum task_class class)
{
    return shape->for_class[class] ? shape->for_class[class] : shape->workers;
}

/* One finished task, by value. `out` points at its output and is valid until the next call into the pool.
 *
 * A task that its process did not survive has status and code of how that ended, and no result. Its start and end are
 * 0, unless it left last words: what makes a task die on purpose (pools/parts/faults.c) fills task, start and end of
 * the record it is given and sets its status to TASK_LOST right before, so that it can be told how long that took to be
 * noticed. */
struct done {
    uint32_t task;
    uint32_t slot; /* the pool's own */
    uint16_t worker;
    uint16_t cpu; /* where it ended */
    uint16_t status;
    uint16_t retries;    /* how often its program was started again */
    int32_t code;        /* also of one that is ok: the exit status it was accepted with */
    int32_t pid;         /* of the process that ran it */
    uint64_t start, end; /* clock_ticks() (pools/parts/clock.h); 0 when not timed */
    uint64_t result;
    const void *out;
};

/* Sums since the pool opened over its workers, the submitter's own thread included; `pss_bytes` and `private_bytes` are
 * levels, over all processes of the pool with the submitter's, and only filled when asked for (else -1). */
struct usage {
    int64_t user_ns, sys_ns, nvcsw, nivcsw, minflt, majflt;
    int64_t runqueue_ns;     /* waited for a CPU while runnable (schedstat); -1 where the kernel does not tell */
    int64_t migrations;      /* changes of CPU from one task to the next, as seen by the workers (moves.h) */
    int64_t kind_migrations; /* of those, to a CPU of another kind */
    int64_t pss_bytes, private_bytes, maxrss_bytes;
    int64_t program_user_ns,
        program_sys_ns;              /* of those, by programs that tasks were (children.h, or they became them) */
    int64_t program_maxrss_bytes;    /* of the largest; 0: none is known to be larger than who started it */
    int64_t programs;                /* how many; 0: none, or nobody tells them apart */
    int64_t workers_lost;            /* worker processes that ended without being told to */
    int64_t replace_ns;              /* from noticing that to the new worker being ready, over all that were replaced */
    int64_t pages_seen, pages_meant; /* as numa_look() adds; with memory alone, else 0 */
};

enum {
    POOL_IGNORES_WORKERS = 1, /* one cell whatever --workers says (serial) */
    POOL_TASK_IS_PROCESS = 2, /* a process is made for every task */
    POOL_FLOOR = 8,           /* the bare cost of something (pools/floors/floor.h): shown beside pools, never chosen */
    POOL_SUBMITTER_WORKS = 4, /* the submitter runs tasks itself, so that reap may return late */
    POOL_RUNS_PROGRAMS = 16,  /* only workloads that can be listed (workload.h, list), nothing in and out */
};

struct pool;

/* A process that was executed for a worker: descriptor of the memory that tasks are in, and its arguments. */
struct attached {
    int fd, argc;
    char **argv;
};

/* Callers take pool_chosen() of what they found, once, so that no call has to ask which implementation it is for. */
struct pool_ops {
    const char *name;
    const char *file;           /* the plug-in it comes from, an absolute path; NULL: it is built in */
    const char *summary;        /* one line for `list` */
    const struct param *params; /* NULL: none */
    unsigned traits;            /* POOL_* */
    uint64_t handover_ns;       /* roughly what handing over one task costs; sizes --tasks auto, claims nothing */

    /* What `workers` and params come to; NULL, or why they do not go together (a constant string). Pure. */
    const char *(*shape)(unsigned workers, const int64_t *params, struct pool_shape *shape);
    /* Optional, before shape: how many workers there are where --workers asks for `workers`: those, the number that
     * params fix, or 0 where they are too few for such tasks, and the cell is left out. Completes params that were left
     * open (0). cpu_held: the share of the time that tasks hold a worker which is that of CPU-bound ones. Pure. */
    unsigned (*staff)(unsigned workers, double cpu_held, int64_t *params);
    /* Optional, where a name stands for several implementations: the table that has what these params choose, from
     * `handover_ns` and `early` on. Pure. */
    const struct pool_ops *(*choose)(const int64_t *params);
    /* Optional: makes what must be small, before prepare and ballast. */
    int (*early)(const struct pool_config *config);
    /* Workers made, pinned, named, ready for tasks. On failure nothing is left and *pool is untouched. config and job
     * stay valid until close. */
    int (*open)(const struct pool_config *config, const struct job *job, struct pool **pool);
    /* Hands in up to n tasks, in order, each once in a pool's life; returns how many it took, 0 when full. Never
     * blocks; a task it took is reaped exactly once. */
    int (*submit)(struct pool *pool, const uint32_t *tasks, unsigned n);
    /* Up to max finished tasks, in completion order as far as the submitter can tell. Waits until `min` are there, or
     * CLOCK_MONOTONIC reaches until_ns (0 polls, UINT64_MAX never ends), or nothing is in flight. A pool that works in
     * the submitter works here. Returns how many, or -errno: the pool is broken and only close may follow
     * (-EOWNERDEAD: workers die faster than they can be replaced; -ETIME: a task ran past the limit and this pool
     * cannot end one task, so that not even close may follow, only the end of the process). A
     * submitter that sleeps is woken once, by the last of `min`, but where the operating system wakes it for each
     * (pipes, SIGCHLD); it may then return with fewer. */
    int (*reap)(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns);
    /* Only while nothing is in flight. */
    int (*usage)(struct pool *pool, bool with_memory, struct usage *usage);
    /* Optional: submit, reap and usage are called from inside body, which this calls once, in the same thread. */
    int (*enter)(struct pool *pool, void (*body)(void *arg), void *arg);
    /* Optional: where it stands what the workers are on, for one who looks from outside; up to PEEKS_MAX rows (they
     * come zeroed), valid from open to close. Costs nothing while tasks run, or is left out. */
    void (*peek)(const struct pool *pool, struct peek *peeks);
    /* Optional: this process was executed by one of the pool's (handles.h), with these arguments; where: as it was
     * told. The exit code. */
    int (*attach)(const struct pool_config *config, const struct job *job, struct attached where);
    /* Also after a failure and with tasks in flight: afterwards no child, zombie, thread, fd or mapping is left. */
    int (*close)(struct pool *pool);
};

static inline const struct pool_ops *pool_chosen(const struct pool_ops *ops, const int64_t *params)
{
    return ops->choose ? ops->choose(params) : ops;
}

/* The lists of what exists, NULL-terminated (pools/table.c, pools/floors/table.c): ours, programs of others that run
 * programs, and floors. Names are unique over all of them. */
extern const struct pool_ops *const pool_table[], *const pool_peers[], *const floor_table[];
const struct pool_ops *pool_find(const char *name); /* NULL when there is none of that name */

#endif
