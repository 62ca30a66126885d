/* spin: a chain of dependent integer multiply-adds. Touches no memory, so that it shares nothing with its neighbours
 * but the core; the reference for scaling. */
#include "workloads/work.h"

struct spin {
    uint64_t seed;
};

static int spin_prepare(const struct workload_config *config, void **state)
{
    struct spin spin = {.seed = config->seed};
    return work_state(&spin, sizeof spin, state);
}

static int spin_run(void *state, const struct task *task, uint64_t *result)
{
    const struct spin *spin = state;
    *result = spin_chain(work_start(spin->seed, task->index), task->iterations);
    return 0;
}

static bool spin_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct spin *spin = state;
    *result = lcg_skip(work_start(spin->seed, task->index), task->iterations);
    return true;
}

const struct workload_ops workload_spin = {
    .name = "spin",
    .summary = "CPU-bound: a chain of dependent integer multiply-adds, no memory",
    .traits = WORKLOAD_SIZED,
    .unit = "multiply-add",
    .class = TASK_CPU,
    .prepare = spin_prepare,
    .run = spin_run,
    .expect = spin_expect,
    .release = free,
};
