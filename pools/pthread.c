/* pthread: threads of the submitter draw from one queue. One address space: a task's input is read where it lies, what
 * a task leaves in memory everybody sees, and a task that crashes takes everything down. */
#include "pools/channel.h"

static const struct param params[] = {WAIT_PARAM, {0}};

static const char *pthread_shape(unsigned workers, const int64_t *values, struct pool_shape *shape)
{
    (void)values;
    *shape = (struct pool_shape){.workers = workers, .threads = workers};
    return NULL;
}

static int pthread_open(const struct pool_config *config, const struct job *job, struct pool **pool)
{
    struct channels channels = {
        .wait = (enum wait_mode)config->params[0],
        .count = 1,
        .teams = {{.workers = config->workers}},
    };
    return channels_open(config, job, &channels, pool);
}

const struct pool_ops pool_pthread = {
    .name = "pthread",
    .summary = "threads of the submitter draw tasks from one queue",
    .params = params,
    .handover_ns = 20,
    .shape = pthread_shape,
    .open = pthread_open,
    .submit = channels_submit,
    .reap = channels_reap,
    .usage = channels_usage,
    .peek = channels_peek,
    .close = channels_close,
};
