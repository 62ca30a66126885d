/* prefork: processes made once, before there is work, draw from one queue in shared memory. Each has its own address
 * space: a task's input is copied to it, and what a task leaves in memory nobody else sees. */
#include "pools/channel.h"

enum { PARAM_WAIT, PARAM_MAX_TASKS };

static const struct param params[] = {WAIT_PARAM, MAX_TASKS_PARAM, {0}};

static const char *prefork_shape(unsigned workers, const int64_t *values, struct pool_shape *shape)
{
    (void)values;
    *shape = (struct pool_shape){.workers = workers, .processes = workers};
    return NULL;
}

static int prefork_open(const struct pool_config *config, const struct job *job, struct pool **pool)
{
    struct channels channels = {
        .wait = (enum wait_mode)config->params[PARAM_WAIT],
        .max_tasks = (uint32_t)config->params[PARAM_MAX_TASKS],
        .count = 1,
        .teams = {{.workers = config->workers, .processes = config->workers, .threads = 1}},
    };
    return channels_open(config, job, &channels, pool);
}

const struct pool_ops pool_prefork = {
    .name = "prefork",
    .summary = "processes made beforehand draw tasks from one queue in shared memory",
    .params = params,
    .handover_ns = 20,
    .shape = prefork_shape,
    .open = prefork_open,
    .submit = channels_submit,
    .reap = channels_reap,
    .usage = channels_usage,
    .peek = channels_peek,
    .close = channels_close,
};
