/* sleep: waits for the length of the task without using a CPU, as a task that waits for a disk or a peer does. */
#include "workloads/work.h"

enum { SLEEP_SLACK };
static const struct param sleep_params[] = {
    [SLEEP_SLACK] = {"slack", PARAM_DURATION, "1ns", 1, 50000, NULL,
                     "timer slack: how late the kernel may wake a sleeper to save wake-ups"},
    {.name = NULL},
};

static int sleep_run(void *state, const struct task *task, uint64_t *result)
{
    const struct work *sleep = state;
    *result = sleep_result(sleep->seed, task->index, task->size_ns);
    return sleep_for(task->size_ns, (uint64_t)sleep->params[SLEEP_SLACK]);
}

static bool sleep_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct work *sleep = state;
    *result = sleep_result(sleep->seed, task->index, task->size_ns);
    return true;
}

const struct workload_ops workload_sleep = {
    .name = "sleep",
    .summary = "sleep-bound: waits without using a CPU",
    .params = sleep_params,
    .traits = WORKLOAD_SIZED,
    .class = TASK_SLEEP,
    .prepare = work_prepare,
    .run = sleep_run,
    .expect = sleep_expect,
    .release = free,
};
