/* What is that plug-in? Loads it and copies what its table says into the job file; tells what a pool's workers come to;
 * and, where that is asked for, opens the pool, has it run a few tasks and closes it, so that what does not work at all
 * is known before a run begins. Each step is noted before it is taken: a plug-in may crash or hang in any of them. */
#include "bench/trial/trial.h"
#include "pools/plugin/adapter.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COPY(to, from) snprintf(to, sizeof(to), "%s", (from) ? (from) : "")

static struct probe *probe_of(const struct trial *trial)
{
    return (struct probe *)((char *)(uintptr_t)trial->file + trial->file->at.probe);
}

static void step(struct trial *trial, enum probe_step step)
{
    /* atomic: the compiler must not put it off, the next thing may crash */
    __atomic_store_n(&probe_of(trial)->step, step, __ATOMIC_RELEASE);
}

static void params_copy(struct probe *probe, const struct param *param)
{
    for (; param && param->name; param++) {
        struct probe_param *copy = &probe->param[probe->params++];
        COPY(copy->name, param->name);
        COPY(copy->preset, param->preset);
        COPY(copy->choices, param->choices);
        COPY(copy->help, param->help);
        copy->kind = param->kind;
        copy->min = param->min;
        copy->max = param->max;
    }
}

static int describe_workload(struct trial *trial)
{
    struct probe *probe = probe_of(trial);
    struct trial_report *report = trial->report;
    const struct workload_ops *ops =
        plugin_load_workload(trial->file->workload_file, report->reason, sizeof report->reason);
    if (!ops)
        return -EINVAL;
    step(trial, PROBE_DESCRIBE);
    COPY(probe->name, ops->name);
    COPY(probe->summary, ops->summary);
    COPY(probe->unit, ops->unit);
    COPY(probe->calibrate_as, ops->calibrate_as);
    probe->traits = ops->traits;
    probe->is_sleep = ops->class == TASK_SLEEP;
    probe->classifies = ops->classify != NULL;
    params_copy(probe, ops->params);
    return 0;
}

static int describe_pool(struct trial *trial)
{
    struct probe *probe = probe_of(trial);
    int rc = setup_pool(trial);
    if (rc < 0)
        return rc;
    step(trial, PROBE_DESCRIBE);
    COPY(probe->name, trial->ops->name);
    COPY(probe->summary, trial->ops->summary);
    probe->traits = trial->ops->traits;
    probe->handover_ns = trial->ops->handover_ns;
    params_copy(probe, trial->ops->params);
    return 0;
}

static int rehearse(struct trial *trial)
{
    struct trial_report *report = trial->report;
    int rc = setup_job(trial);
    if (rc < 0)
        return rc;
    step(trial, PROBE_OPEN);
    rc = trial->ops->open(&trial->config, &trial->job, &trial->pool);
    if (rc == 0) {
        step(trial, PROBE_WARMUP);
        rc = pool_inside(trial, drive_warmup);
        if (rc == 0)
            step(trial, PROBE_CLOSE);
        int closed = trial->ops->close(trial->pool);
        rc = rc < 0 ? rc : closed;
    }
    if (rc < 0 && !report->reason[0])
        COPY(report->reason, adapter_reason()[0] ? adapter_reason() : strerror(-rc));
    return rc;
}

static int probe_pool(struct trial *trial)
{
    struct probe *probe = probe_of(trial);
    int rc = describe_pool(trial);
    if (rc < 0 || trial->file->probe_depth < PROBE_SHAPE)
        return rc;
    step(trial, PROBE_SHAPE);
    const char *misfit = trial->ops->shape(trial->file->workers, trial->file->pool_params, &probe->shape);
    COPY(probe->misfit, misfit);
    if (misfit || trial->file->probe_depth < PROBE_OPEN)
        return 0;
    return rehearse(trial);
}

int probe_run(struct trial *trial)
{
    step(trial, PROBE_LOAD);
    int rc = trial->file->pool_file[0] ? probe_pool(trial) : describe_workload(trial);
    if (rc < 0)
        trial->report->error = -rc;
    else
        step(trial, PROBE_DONE);
    return rc;
}
