/* sleep: waits for the length of the task without using a CPU, as a task that waits for a disk or a peer does. */
#include "workloads/work.h"

struct sleep {
    uint64_t seed, slack_ns;
};

enum { SLEEP_SLACK };
static const struct param sleep_params[] = {
    [SLEEP_SLACK] = {.name = "slack",
                     .kind = PARAM_DURATION,
                     .preset = "1ns", /* SLEEP_SLACK_NS */
                     .min = 1,
                     .max = 50000,
                     .help = "timer slack: how late the kernel may wake a sleeper to save wake-ups"},
    {.name = NULL},
};

static int sleep_prepare(const struct workload_config *config, void **state)
{
    struct sleep sleep = {.seed = config->seed, .slack_ns = (uint64_t)config->params[SLEEP_SLACK]};
    return work_state(&sleep, sizeof sleep, state);
}

static int sleep_run(void *state, const struct task *task, uint64_t *result)
{
    const struct sleep *sleep = state;
    *result = sleep_result(sleep->seed, task->index, task->size_ns);
    return sleep_for(task->size_ns, sleep->slack_ns);
}

static bool sleep_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct sleep *sleep = state;
    *result = sleep_result(sleep->seed, task->index, task->size_ns);
    return true;
}

const struct workload_ops workload_sleep = {
    .name = "sleep",
    .summary = "sleep-bound: waits without using a CPU",
    .params = sleep_params,
    .traits = WORKLOAD_SIZED,
    .class = TASK_SLEEP,
    .prepare = sleep_prepare,
    .run = sleep_run,
    .expect = sleep_expect,
    .release = free,
};
