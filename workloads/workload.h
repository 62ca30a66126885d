/* The workload contract: what a task does. A workload is one file with one `const struct workload_ops`, listed in
 * workloads/table.c. It knows no pool: the same run() is called by threads, by forked children and by the submitter.
 *
 * Order of calls, all in the trial's process unless said otherwise:
 *   prepare   once, before ballast and before the pool opens; repeatable: the same config gives the same state
 *   run       any number of times, by any number of workers at once, in threads or in forked children of this process
 *   observe   once, after the last reap, in the submitter
 *   expect    after the pool has closed, in the submitter
 *   release   once, last
 * Errors are 0 or -errno. Only `run` must be thread-safe and fork-safe; it must not take a lock across fork, print, or
 * keep memory that `release` cannot find. */
#ifndef POOLBENCH_WORKLOAD_H
#define POOLBENCH_WORKLOAD_H
#include "workloads/mix.h"
#include "workloads/param.h"
#include "workloads/sequence.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum task_class { TASK_CPU, TASK_SLEEP, TASK_CLASSES };

/* One task as a workload sees it. Pointers are valid for the call. */
struct task {
    uint32_t index; /* its place in the seeded sequence */
    enum task_class class;
    uint64_t size_ns;    /* its label: how long it should take; 0 while calibrating */
    uint64_t iterations; /* the same size in the workload's own unit of work; 0 for sleep-bound tasks */
    const void *in;      /* --payload: in_bytes handed to it, NULL when 0 */
    void *out;           /* --payload: out_bytes it returns, NULL when 0 */
    size_t in_bytes, out_bytes;
};

enum { VIEW_ITEMS = 8, VIEWS_MAX = 9 };

/* What a process sees in memory of what tasks have left there. */
struct view {
    int32_t pid;
    uint32_t count;   /* of what is there; only the first VIEW_ITEMS in items */
    uint64_t address; /* where it is, in that process */
    uint64_t items[VIEW_ITEMS];
};

struct workload_config {
    const int64_t *params; /* PARAM_MAX of them, one per row of the params table, already in range; then 0 */
    uint64_t seed;         /* the run's seed */
    uint32_t tasks;        /* how many will be run, warm-up not counted: to size what `append` keeps */
    char *error;           /* where prepare may leave a line on why it failed: WORKLOAD_ERROR_MAX bytes, or NULL */
};

#define WORKLOAD_ERROR_MAX 192

enum {
    WORKLOAD_SIZED = 1,    /* --size means something; without it every size is the same cell */
    WORKLOAD_OBSERVED = 2, /* observe() returns something worth a column (parent_sees) */
    WORKLOAD_REDONE = 4,   /* expect() does the work again: asked for a seeded 1 % only */
};

/* What run() returns of a task that was a program and ended in another way than with 0, beside its exit status or
 * signal, and how often it was started again before. */
enum {
    RUN_EXITED = 1 << 16,
    RUN_SIGNALLED = 2 << 16,
    RUN_TIMEOUT = 4 << 16,  /* it was killed for taking longer than its workload lets it */
    RUN_ACCEPTED = 8 << 16, /* it ended well, with that exit status */
    RUN_RETRY = 1 << 20,    /* times their number */
    RUN_RETRIES_MAX = 100,
    RUN_CODE = RUN_EXITED - 1
};

/* A program for a list of items, as others run it (xargs, parallel): its words, in which `mark` stands for the item. */
struct listing {
    char *const *words;
    unsigned count;
    const char *mark;
    int null; /* descriptor for stdout and stderr; -1: they are shown */
};

/* How many tasks the parameters come to. Zeroed: as many as anybody asks for. */
struct supply {
    uint32_t tasks; /* for --tasks auto; 0: they say nothing of it */
    const char
        *once; /* no more than those can be run, and what to write for more; NULL: they are run again and again */
};

struct workload_ops {
    const char *name;
    const char *file;           /* the plug-in it comes from, an absolute path; NULL: it is built in */
    const char *summary;        /* one line for `list` */
    const struct param *params; /* NULL: none */
    unsigned traits;            /* WORKLOAD_* */
    const char *unit;           /* what one iteration is: "multiply-add", "load"; NULL: nothing to calibrate */
    const char *calibrate_as;   /* name of the workload whose calibration is used instead of its own, or NULL */
    enum task_class class;      /* where classify is NULL; TASK_CPU unless said */
    uint64_t about_ns;          /* without unit: roughly what a task takes, for decisions on waking; claims nothing */

    /* Optional, in the harness before anything runs and in the trial before prepare: are the parameters of use here?
     * 0, or -EINVAL and a line that names the parameter. *supply is zeroed before, and left so where they say nothing
     * of a number of tasks. */
    int (*check)(const int64_t *params, struct supply *supply, char *error);
    /* Optional: tasks with these parameters may not be repeatable, and how long they take is not known before. They are
     * run by the trials that were asked for alone, never to find something out beforehand. Pure. */
    bool (*once)(const int64_t *params);
    /* Makes the state from config; *state may stay NULL. 0 or -errno (-ENOMEM ...), nothing kept on failure. */
    int (*prepare)(const struct workload_config *config, void **state);
    /* The class of a task, a pure function of state and index; NULL: always .class. */
    enum task_class (*classify)(const void *state, uint32_t index);
    /* The same for who has no state, as a reader of an old run: by parameters and seed. Pure; NULL: nobody else knows.
     */
    enum task_class (*class_of)(const int64_t *params, uint64_t seed, uint32_t index);
    /* Beside classify: the share of the time that tasks hold a worker which is that of class cpu, by parameters. Pure.
     */
    double (*cpu_held)(const int64_t *params);
    /* How much of the task's size_ns is work for a CPU, where it is neither all (TASK_CPU) nor nothing; NULL: it is. */
    uint64_t (*cpu_ns)(const void *state, const struct task *task);
    /* Does the work and stores a result that depends on all of it. 0, or a positive code: the task failed with it. */
    int (*run)(void *state, const struct task *task, uint64_t *result);
    /* Optional, for tasks that are programs, where the worker is a process of one task: becomes the program. Returns
     * only when it cannot, with a positive code, or with 0 where the task is to be run. Asked only where expect tells
     * the task's result. */
    int (*become)(void *state, const struct task *task);
    /* Optional: an exit status other than 0 with which the program of a task has ended well. */
    bool (*accepts)(const void *state, int exit_status);
    /* True and the result run() must have given, where that can be known at a small part of the cost; false where it
     * cannot for this task. NULL: a seeded 1 % of the tasks is run again in the submitter and compared, unless
     * WORKLOAD_OBSERVED says that a task leaves something behind. */
    bool (*expect)(const void *state, const struct task *task, uint64_t *result);
    /* Optional, for pools that hand lists of tasks to another program: NULL, or why these parameters are none for them;
     * what to run, and the item of a task (malloc; NULL: no memory). Both need expect. */
    const char *(*unlistable)(const int64_t *params);
    void (*list)(const void *state, struct listing *listing);
    char *(*item)(const void *state, uint32_t index);
    /* Optional: tasks that fail are part of the experiment, whoever they are. */
    bool (*may_fail)(const void *state);
    /* Optional, after the pool has closed: what task left behind outside of memory, such as a file, as a number that
     * goes into result_sum. 1; 0: nothing; or -errno and a line in error (WORKLOAD_ERROR_MAX bytes). */
    int (*left)(const void *state, const struct task *task, uint64_t *what, char *error);
    /* What the submitter sees afterwards of what the tasks did in memory; only with WORKLOAD_OBSERVED. */
    int64_t (*observe)(void *state);
    /* Optional, after observe: the submitter's view, then those of the processes that ran tasks, each when its last
     * task ended; up to VIEWS_MAX. How many. */
    unsigned (*views)(const void *state, struct view *views);
    /* Optional: frees the state. */
    void (*release)(void *state);
};

/* The list of what exists, NULL-terminated (workloads/table.c). */
extern const struct workload_ops *const workload_table[];
const struct workload_ops *workload_find(const char *name); /* NULL when there is none of that name */

#endif
