/* A workload prepared with its parameters, as a test calls it: no pool, no clock. What fails, fails the test. */
#ifndef POOLBENCH_TESTS_PREPARED_H
#define POOLBENCH_TESTS_PREPARED_H
#include "workloads/workload.h"

enum { PREPARED_TASKS = 250, PREPARED_SIZE_NS = 20000 }; /* that it is told of; its labels */

struct prepared {
    const struct workload_ops *ops;
    int64_t params[PARAM_MAX];
    void *state; /* to be released by ops->release */
};

/* All parameters at their defaults, or small where that takes long; not prepared yet. */
struct prepared prepared_of(const struct workload_ops *ops);
int64_t *prepared_param(struct prepared *bench, const char *name);
int prepared_make(struct prepared *bench, uint64_t seed); /* as prepare() says */
/* The three together, seed 7: with one parameter set, or with none (NULL). */
struct prepared prepared_open(const char *name, const char *param, int64_t value);

/* A parameter's default as its value; -1 where it is none of its choices, or no digits and a unit. */
int64_t prepared_preset(const struct param *param);
/* An iteration takes a system call or a long loop, not some nanoseconds. */
bool prepared_is_dear(const struct workload_ops *ops);

struct task prepared_task(const struct prepared *bench, uint32_t index, uint64_t iterations);
/* The result; also in threads and children. */
uint64_t prepared_run(const struct prepared *bench, uint32_t index, uint64_t iterations);
/* expect() and run() say the same of 50 tasks of different length, where expect() says anything. */
void prepared_agrees(const struct prepared *bench);

#endif
