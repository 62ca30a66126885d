/* Plug-in workloads, see adapter.h. Tasks are handed through as they are: both sides' structures are the same. */
#include "workloads/adapter.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct poolbench_workload plugin;
static struct workload_ops ops;
static char reason[160];

const char *adapter_workload_reason(void)
{
    return reason;
}

#define SAME(ours, theirs)                                                                                             \
    _Static_assert(offsetof(struct task, ours) == offsetof(struct poolbench_work, theirs), "the same task")
SAME(index, index);
SAME(class, sleeps);
SAME(size_ns, size_ns);
SAME(iterations, iterations);
SAME(in, in);
SAME(out_bytes, out_bytes);
_Static_assert(TASK_SLEEP == 1 && sizeof(enum task_class) == sizeof(uint32_t), "the same classes");

static const struct poolbench_work *work_of(const struct task *task)
{
    return (const struct poolbench_work *)task;
}

static int refuse_plainly(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static int adapter_prepare(const struct workload_config *config, void **state)
{
    const struct poolbench_workload_config theirs = {
        .size = sizeof theirs,
        .tasks = config->tasks,
        .params = config->params,
        .seed = config->seed,
        .refuse = refuse_plainly,
    };
    return plugin.prepare ? plugin.prepare(&theirs, state) : 0;
}

static enum task_class adapter_classify(const void *state, uint32_t index)
{
    return plugin.classify(state, index) ? TASK_SLEEP : TASK_CPU;
}

static int adapter_run(void *state, const struct task *task, uint64_t *result)
{
    return plugin.run(state, work_of(task), result);
}

static bool adapter_expect(const void *state, const struct task *task, uint64_t *result)
{
    return plugin.expect(state, work_of(task), result) != 0;
}

static void adapter_release(void *state)
{
    if (plugin.release)
        plugin.release(state);
}

const struct workload_ops *adapter_workload(const struct poolbench_workload *given)
{
    _Static_assert((int)POOLBENCH_SIZED == (int)WORKLOAD_SIZED, "the same traits");
    memcpy(&plugin, given, given->size < sizeof plugin ? given->size : sizeof plugin);
    ops = (struct workload_ops){
        .name = plugin.name,
        .summary = plugin.summary,
        .params = (const struct param *)plugin.params,
        .traits = plugin.traits & WORKLOAD_SIZED,
        .unit = plugin.unit,
        .calibrate_as = plugin.calibrate_as,
        .class = plugin.sleeps ? TASK_SLEEP : TASK_CPU,
        .prepare = adapter_prepare,
        .classify = plugin.classify ? adapter_classify : NULL,
        .run = adapter_run,
        .expect = plugin.expect ? adapter_expect : NULL,
        .release = adapter_release,
    };
    return &ops;
}
