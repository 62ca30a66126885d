/* empty: a task that does nothing. What is left is the cost of handing it over, and of measuring. */
#include "workloads/work.h"

static int empty_prepare(const struct workload_config *config, void **state)
{
    (void)config;
    *state = NULL;
    return 0;
}

static int empty_run(void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    *result = mix64(task->index, 0);
    return 0;
}

static bool empty_expect(const void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    *result = mix64(task->index, 0);
    return true;
}

const struct workload_ops workload_empty = {
    .name = "empty",
    .summary = "nothing: what a hand-over costs",
    .prepare = empty_prepare,
    .run = empty_run,
    .expect = empty_expect,
    .release = free,
};
