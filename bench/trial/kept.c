/* A trial again, by hand: poolbench-trial FILE runs a job that was kept (POOLBENCH_KEEP_JOBS, bench/measure/job.h),
 * under a debugger for one. It is copied to where the trial finds its job, so that the file can be run as often as one
 * likes. */
#include "bench/trial/trial.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(const char *path, const char *why)
{
    fprintf(stderr, "poolbench-trial: %s: %s\n", path, why);
    return -EINVAL;
}

static int copy(int from, int to)
{
    struct stat stat;
    if (fstat(from, &stat) < 0)
        return -errno;
    if (!S_ISREG(stat.st_mode)) /* a device may have no end */
        return S_ISDIR(stat.st_mode) ? -EISDIR : -ENODEV;
    for (off_t at = 0; at < stat.st_size;) {
        ssize_t bytes = sendfile(to, from, &at, (size_t)(stat.st_size - at));
        if (bytes < 0)
            return -errno;
        if (bytes == 0) /* it has become shorter: the job will be found to be */
            break;
    }
    return 0;
}

int kept_open(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return refuse(path, strerror(errno));
    int job = memfd_create("poolbench-job", MFD_CLOEXEC);
    int rc = job < 0 ? -errno : copy(file, job);
    close(file);
    if (rc == 0 && job != JOB_FD && dup2(job, JOB_FD) < 0)
        rc = -errno;
    if (job >= 0 && job != JOB_FD)
        close(job);
    return rc < 0 ? refuse(path, strerror(-rc)) : 0;
}

void kept_refuse(const char *path, int rc)
{
    refuse(path, rc == -EPROTO   ? "kept by another version of poolbench; keep one anew with POOLBENCH_KEEP_JOBS"
                 : rc == -EINVAL ? "not a job file as POOLBENCH_KEEP_JOBS leaves them, or not all of one"
                                 : strerror(-rc));
}

void kept_say(const struct trial *trial, int rc)
{
    static const char *const stages[] = {
        [STAGE_NONE] = "none", [STAGE_PREPARE] = "prepare", [STAGE_EARLY] = "early", [STAGE_BALLAST] = "ballast",
        [STAGE_OPEN] = "open", [STAGE_WARMUP] = "warm-up",  [STAGE_RUN] = "run",     [STAGE_CLOSE] = "close",
        [STAGE_DONE] = "done", [STAGE_VERIFY] = "verify"};
    const struct trial_report *report = trial->report;
    printf("stage   %s\n", stages[report->stage]);
    printf("status  %s\n", rc < 0 ? "failed" : "ok");
    printf("wall    %" PRId64 " ns\n", report->wall_ns);
    printf("tasks   %" PRId64 " ok, %" PRId64 " failed\n", report->tasks_ok, report->tasks_failed);
    printf("reason  %s\n", report->reason);
    fflush(stdout); /* where a worker cannot be stopped, exit is not for us */
}
