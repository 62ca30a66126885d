/* Trials without the harness around them: a cell, a job file, the trial program, its report. For tests that want the
 * report itself. One thread. */
#ifndef POOLBENCH_TESTS_TRIALS_H
#define POOLBENCH_TESTS_TRIALS_H
#include "bench/measure/job.h"
#include "bench/model/cell.h"

/* ThreadSanitizer holds signals back until a system call that it knows of, and fork lives by SIGCHLD. */
#if !defined(__has_feature)
#define __has_feature(feature) 0 /* clang's way to tell */
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HAS_SIGNALS 0
#else
#define HAS_SIGNALS 1
#endif

extern struct launcher launcher;

struct ran {
    struct job_parts parts;
    struct outcome outcome;
};

bool can_run(const struct pool_ops *pool);
#define CANNOT_RUN "a pool that forks lives by SIGCHLD, which ThreadSanitizer holds back"
void cell_init(struct cell *cell, const char *pool, const char *workload, unsigned workers, uint32_t tasks);
/* All tasks are in the samples. */
struct ran run(struct cell *cell, const struct cost *costs, uint32_t cost_count);
struct ran run_limited(struct cell *cell, const struct cost *costs, uint32_t cost_count, uint64_t limit_ns);

void assert_ended_well(const struct ran *ran, const struct cell *cell);
/* Each once, ok, monotone, and the sum that the sequence demands. */
void assert_samples(const struct ran *ran, const struct cell *cell);

/* Of a group of tests: opens and closes the launcher; afterwards no child is left. */
int trials_setup(void **state);
int trials_teardown(void **state);

#endif
