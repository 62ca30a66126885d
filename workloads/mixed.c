/* mixed: CPU-bound and sleep-bound work in one stream. Either a seeded share of the tasks spins and the others sleep
 * (some requests compute, some wait), or every task spins for that share of its size and then sleeps (each request
 * computes, then waits). The work is that of spin and of sleep, and so is its calibration. */
#include "workloads/work.h"

enum { MIXED_CPU_SHARE, MIXED_CPU_THEN_SLEEP };
static const struct param mixed_params[] = {
    [MIXED_CPU_SHARE] = {"cpu_share", PARAM_SHARE, "50%", 0, WORK_PPM, NULL,
                         "share of the tasks that is CPU-bound; with cpu_then_sleep, of every task's size"},
    [MIXED_CPU_THEN_SLEEP] = {"cpu_then_sleep", PARAM_CHOICE, "no", 0, 0, "no|yes",
                              "every task spins for cpu_share of its size, then sleeps for the rest"},
    {.name = NULL},
};

/* A task that does both counts as what it does for at least half of its time. */
static enum task_class mixed_class_of(const int64_t *params, uint64_t seed, uint32_t index)
{
    uint64_t draw = mix_below(mix64(seed ^ 0x6d69786564, index), WORK_PPM);
    if (params[MIXED_CPU_THEN_SLEEP])
        draw = WORK_PPM / 2 - 1;
    return draw < (uint64_t)params[MIXED_CPU_SHARE] ? TASK_CPU : TASK_SLEEP;
}

static enum task_class mixed_classify(const void *state, uint32_t index)
{
    const struct work *mixed = state;
    return mixed_class_of(mixed->params, mixed->seed, index);
}

static double mixed_cpu_held(const int64_t *params)
{
    double share = (double)params[MIXED_CPU_SHARE] / WORK_PPM;
    return params[MIXED_CPU_THEN_SLEEP] ? share >= 0.5 : share;
}

/* What a task spins and sleeps: one of the two is 0 unless it does both. */
struct parts {
    uint64_t iterations, sleep_ns;
};

static struct parts mixed_parts(const struct work *mixed, const struct task *task)
{
    uint64_t share_ppm = (uint64_t)mixed->params[MIXED_CPU_SHARE];
    if (mixed->params[MIXED_CPU_THEN_SLEEP])
        return (struct parts){work_share(task->iterations, share_ppm),
                              task->size_ns - work_share(task->size_ns, share_ppm)};
    if (task->class == TASK_CPU)
        return (struct parts){.iterations = task->iterations};
    return (struct parts){.sleep_ns = task->size_ns};
}

static uint64_t mixed_cpu_ns(const void *state, const struct task *task)
{
    return task->size_ns - mixed_parts(state, task).sleep_ns;
}

static int mixed_run(void *state, const struct task *task, uint64_t *result)
{
    const struct work *mixed = state;
    struct parts parts = mixed_parts(mixed, task);
    *result = mix64(spin_chain(work_start(mixed->seed, task->index), parts.iterations), parts.sleep_ns);
    return sleep_for(parts.sleep_ns, SLEEP_SLACK_NS);
}

static bool mixed_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct work *mixed = state;
    struct parts parts = mixed_parts(mixed, task);
    *result = mix64(lcg_skip(work_start(mixed->seed, task->index), parts.iterations), parts.sleep_ns);
    return true;
}

const struct workload_ops workload_mixed = {
    .name = "mixed",
    .summary = "CPU-bound and sleep-bound tasks in one stream, or both in every task",
    .params = mixed_params,
    .traits = WORKLOAD_SIZED,
    .unit = "multiply-add",
    .calibrate_as = "spin",
    .prepare = work_prepare,
    .classify = mixed_classify,
    .class_of = mixed_class_of,
    .cpu_held = mixed_cpu_held,
    .cpu_ns = mixed_cpu_ns,
    .run = mixed_run,
    .expect = mixed_expect,
    .release = free,
};
