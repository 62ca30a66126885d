/* A trial again, by hand: poolbench-trial FILE runs a job that was kept (POOLBENCH_KEEP_JOBS, bench/measure/job.h),
 * under a debugger for one. What the trial writes in its job stays in its memory, so that the file can be run as often
 * as one likes. */
#include "bench/trial/trial.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(const char *path, const char *why)
{
    fprintf(stderr, "poolbench-trial: %s: %s\n", path, why);
    return -EINVAL;
}

int kept_open(const char *path)
{
    struct stat stat;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;
    if (file < 0 || fstat(file, &stat) < 0)
        rc = -errno;
    else if (!S_ISREG(stat.st_mode))
        rc = S_ISDIR(stat.st_mode) ? -EISDIR : -ENODEV;
    else if (file != JOB_FD && dup2(file, JOB_FD) < 0)
        rc = -errno;
    if (file >= 0 && file != JOB_FD)
        close(file);
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
    printf("cpu     %" PRId64 " ns, %" PRId64 " of it the submitter's\n", report->usage.user_ns + report->usage.sys_ns,
           report->submitter_ns);
    printf("tasks   %" PRId64 " ok, %" PRId64 " failed\n", report->tasks_ok, report->tasks_failed);
    if (report->tasks_by[TASK_DROPPED])
        printf("        %" PRId64 " dropped\n", report->tasks_by[TASK_DROPPED]);
    printf("reason  %s\n", report->reason);
    fflush(stdout); /* where a worker cannot be stopped, exit is not for us */
}
