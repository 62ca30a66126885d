/* A workload whose tasks end their process, hang or stop, and the pools that survive it. One pool at a time; what
 * fails, fails the test. */
#ifndef POOLBENCH_TESTS_DEADLY_H
#define POOLBENCH_TESTS_DEADLY_H
#include "tests/pool_bench.h"
#include <stdatomic.h>

enum { TASKS = 300, WORKERS = 4, VARIANTS = 6, NESTED = 3 };
enum deed { NOTHING, KILL, ABORT, SEGV, EXIT, HANG, STOP };

extern enum deed deeds[TASKS];   /* what each task does */
extern _Atomic uint32_t *starts; /* shared: how often each was started */
extern const struct workload_ops deadly;

struct variant {
    const char *pool;
    int64_t
        params[PARAM_MAX]; /* hybrid: route, processes, threads, wait, max_tasks; prefork: wait, max_tasks, transport */
    unsigned threads;      /* beside each other in a process */
};
extern const struct variant variants[VARIANTS];

int deadly_run(void *state, const struct task *task, uint64_t *result);
void deeds_clear(void);
/* Makes ready for bench_open(). */
void open_variant(struct bench *bench, const struct variant *variant);
/* Runs all tasks, a window of them at a time, each reported once and started at most once; what came of each goes to
 * `all`. */
void run_all(struct bench *bench, struct done *all);
void kill_all_workers(void);

#endif
