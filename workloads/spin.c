/* spin: a chain of dependent integer multiply-adds. Touches no memory, so that it shares nothing with its neighbours
 * but the core; the reference for scaling. */
#include "workloads/work.h"

static int spin_run(void *state, const struct task *task, uint64_t *result)
{
    const struct work *spin = state;
    *result = spin_chain(work_start(spin->seed, task->index), task->iterations);
    return 0;
}

const struct workload_ops workload_spin = {
    .name = "spin",
    .summary = "CPU-bound: a chain of dependent integer multiply-adds, no memory",
    .traits = WORKLOAD_SIZED,
    .unit = "multiply-add",
    .prepare = work_prepare,
    .run = spin_run,
    .expect = work_expect_chain,
    .release = free,
};
