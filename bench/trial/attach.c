/* A process that a pool has executed, to run tasks of a trial (include/poolbench/pool.h, attach). It finds the trial's
 * job and its handles as descriptors of the trial, makes everything once more that workers elsewhere inherit, pool and
 * workload, and hands over to the pool. It reports nothing: what goes wrong is a line on stderr, and the pool's loss.
 */
#include "bench/trial/trial.h"
#include "pools/plugin/adapter.h"
#include "pools/plugin/handles.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int fail(const struct trial *trial, int rc, const char *what)
{
    const char *why = adapter_reason()[0] ? adapter_reason() : strerror(-rc);
    if (trial->report && trial->report->reason[0])
        why = trial->report->reason;
    fprintf(stderr, "poolbench-trial: a worker: %s: %s\n", what, why);
    return 1;
}

/* A descriptor of another process as one of ours; -errno. */
static int fd_open(int pid, int fd, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
    int ours = open(path, flags | O_CLOEXEC);
    return ours < 0 ? -errno : ours;
}

/* Like trial_run(), as far as a worker needs it. */
static int worker_run(struct trial *trial, int pid, struct attached *attached, int fd)
{
    int rc;
    clock_init(trial->file->clock_counter, trial->file->clock_mult);
    if ((rc = setup_pool(trial)) < 0)
        return fail(trial, rc, "pool");
    if (trial->file->f.ballast.write_ppm)
        return fail(trial, -ENOTSUP, "--ballast: what is executed has none to write to");
    if (!trial->ops->attach)
        return fail(trial, -ENOTSUP, "pool");
    if ((rc = setup_job(trial)) < 0)
        return fail(trial, rc, "prepare");
    attached->fd = fd_open(pid, fd, O_RDWR);
    rc = attached->fd < 0 ? attached->fd : trial->ops->attach(&trial->config, &trial->job, *attached);
    return rc < 0 ? fail(trial, rc, "attach") : rc;
}

int attach_run(const char *where, int argc, char **argv)
{
    struct trial trial = {0};
    struct attached attached = {.argc = argc, .argv = argv};
    int pid, fd;
    if (sscanf(where, "%d %d", &pid, &fd) != 2)
        return fail(&trial, -EINVAL, HANDLES_WHERE);
    unsetenv(HANDLES_WHERE); /* what tasks execute is no worker */
    trial.job_fd = fd_open(pid, JOB_FD, O_RDONLY);
    int rc = trial.job_fd < 0 ? trial.job_fd : job_map(&trial, MAP_PRIVATE);
    if (rc < 0)
        return fail(&trial, rc, "the trial's job");
    close(trial.job_fd);
    trial.job_fd = -1;
    rc = worker_run(&trial, pid, &attached, fd);
    setup_release(&trial);
    return rc;
}
