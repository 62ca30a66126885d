/* pthread: threads of the submitter draw from one queue. One address space: a task's input is read where it lies, what
 * a task leaves in memory everybody sees, and a task that crashes takes everything down. */
#include "pools/transport/transport.h"

enum { PARAM_WAIT, PARAM_TRANSPORT };

static const struct param params[] = {WAIT_PARAM, TRANSPORT_PARAM, {0}};

static const char *pthread_shape(unsigned workers, const int64_t *values, struct pool_shape *shape)
{
    *shape = (struct pool_shape){.workers = workers, .threads = workers};
    return transport_misfit((enum transport_kind)values[PARAM_TRANSPORT], (enum wait_mode)values[PARAM_WAIT], false,
                            workers);
}

static int pthread_open(const struct pool_config *config, const struct job *job, struct pool **pool)
{
    struct channels channels = {
        .wait = (enum wait_mode)config->params[PARAM_WAIT],
        .count = 1,
        .teams = {{.workers = config->workers}},
    };
    return transport_open(config, job, (enum transport_kind)config->params[PARAM_TRANSPORT], &channels, pool);
}

static const struct pool_ops *pthread_choose(const int64_t *values);

#define PTHREAD                                                                                                        \
    .name = "pthread", .summary = "threads of the submitter draw tasks from one queue", .params = params,              \
    .shape = pthread_shape, .choose = pthread_choose, .open = pthread_open

const struct pool_ops pool_pthread = {PTHREAD, CHANNELS_OPS};
static const struct pool_ops pool_pthread_transport = {PTHREAD, TRANSPORT_OPS};

static const struct pool_ops *pthread_choose(const int64_t *values)
{
    return values[PARAM_TRANSPORT] == TRANSPORT_RING ? &pool_pthread : &pool_pthread_transport;
}
