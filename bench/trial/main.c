/* poolbench-trial: does one job. Started by poolbench with the job file as descriptor JOB_FD; or by people, with a job
 * that was kept (kept.c). See trial.h. */
#include "bench/trial/trial.h"
#include "pools/parts/group.h"
#include "pools/parts/surroundings.h"
#include "pools/plugin/handles.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static int job_run(struct trial *trial)
{
    const struct job_file *file = trial->file;
    clock_init(file->clock_counter, file->clock_mult);
    stops_watch(trial);
    const struct places main_place = {(const uint64_t *)((const char *)file + file->at.main_mask), file->cpu_words,
                                      NULL, NULL, 0};
    int rc = place_apply(&main_place, 0);
    if (rc < 0)
        return trial_fail(trial, rc, "pinning the submitter");
    return file->kind == JOB_CALIBRATE ? calibrate_run(trial)
           : file->kind == JOB_PROBE   ? probe_run(trial)
                                       : trial_run(trial);
}

int main(int argc, char **argv)
{
    struct trial trial = {.job_fd = JOB_FD};
    if (surroundings_reset() < 0)
        return 1;
    const char *where = argc > 1 ? getenv(HANDLES_WHERE) : NULL;
    if (where)
        return attach_run(where, argc, argv);
    const char *kept = argc == 2 ? argv[1] : NULL;
    if (kept && kept_open(kept) < 0)
        return 2;
    prctl(PR_SET_NAME, "pb-trial");
    if (!kept)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    int rc = argc > 2 ? -EINVAL : job_map(&trial, kept ? MAP_PRIVATE : MAP_SHARED);
    if (rc < 0) {
        if (kept)
            kept_refuse(kept, rc);
        else
            fputs(rc == -EPROTO
                      ? "poolbench-trial: poolbench is of another build than this; make or install both together\n"
                      : "poolbench-trial: an internal program of poolbench, started by it; try `poolbench help`\n",
                  stderr);
        return 2;
    }
    rc = job_run(&trial);
    if (kept)
        kept_say(&trial, rc);
    if (rc == -ETIME)
        _exit(1);
    setup_release(&trial);
    return rc < 0;
}
