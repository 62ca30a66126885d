/* prefork: processes made once, before there is work, draw from one queue in shared memory. Each has its own address
 * space: a task's input is copied to it, and what a task leaves in memory nobody else sees. */
#include "pools/transport/transport.h"

enum { PARAM_WAIT, PARAM_MAX_TASKS, PARAM_TRANSPORT };

static const struct param params[] = {WAIT_PARAM, MAX_TASKS_PARAM, TRANSPORT_PARAM, {0}};

static const char *prefork_shape(unsigned workers, const int64_t *values, struct pool_shape *shape)
{
    *shape = (struct pool_shape){.workers = workers, .processes = workers};
    return transport_misfit((enum transport_kind)values[PARAM_TRANSPORT], (enum wait_mode)values[PARAM_WAIT], true,
                            workers);
}

static int prefork_open(const struct pool_config *config, const struct job *job, struct pool **pool)
{
    struct channels channels = {
        .wait = (enum wait_mode)config->params[PARAM_WAIT],
        .max_tasks = (uint32_t)config->params[PARAM_MAX_TASKS],
        .count = 1,
        .teams = {{.workers = config->workers, .processes = config->workers, .threads = 1}},
    };
    return transport_open(config, job, (enum transport_kind)config->params[PARAM_TRANSPORT], &channels, pool);
}

static const struct pool_ops *prefork_choose(const int64_t *values);

#define PREFORK                                                                                                        \
    .name = "prefork", .summary = "processes made beforehand draw tasks from one queue in shared memory",              \
    .params = params, .shape = prefork_shape, .choose = prefork_choose, .open = prefork_open

const struct pool_ops pool_prefork = {PREFORK, CHANNELS_OPS};
static const struct pool_ops pool_prefork_transport = {PREFORK, TRANSPORT_OPS};

static const struct pool_ops *prefork_choose(const int64_t *values)
{
    return values[PARAM_TRANSPORT] == TRANSPORT_RING ? &pool_prefork : &pool_prefork_transport;
}
