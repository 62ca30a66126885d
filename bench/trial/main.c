/* poolbench-trial: does one job. Started by poolbench with the job file as descriptor JOB_FD; people never type it. See
 * trial.h. */
#include "bench/trial/trial.h"
#include "pools/parts/clock.h"
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

int main(int argc, char **argv)
{
    struct trial trial = {.job_fd = JOB_FD};
    if (surroundings_settle() < 0)
        return 1;
    const char *where = argc > 1 ? getenv(HANDLES_WHERE) : NULL;
    if (where)
        return attach_run(where, argc, argv);
    prctl(PR_SET_NAME, "pb-trial");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int rc = job_map(&trial, MAP_SHARED);
    if (rc < 0) {
        fputs(rc == -EPROTO
                  ? "poolbench-trial: poolbench is of another build than this; make or install both together\n"
                  : "poolbench-trial: an internal program of poolbench, started by it; try `poolbench help`\n",
              stderr);
        return 2;
    }
    const struct job_file *file = trial.file;
    clock_init(file->clock_is_tsc, file->clock_mult);
    const struct places main_place = {(const uint64_t *)((const char *)file + file->main_mask_offset), file->cpu_words};
    rc = place_apply(&main_place, 0);
    if (rc < 0)
        return trial_fail(&trial, rc, "pinning the submitter") < 0;
    rc = file->kind == JOB_CALIBRATE ? calibrate_run(&trial)
         : file->kind == JOB_PROBE   ? probe_run(&trial)
                                     : trial_run(&trial);
    if (rc == -ETIME)
        _exit(1);
    setup_release(&trial);
    return rc < 0;
}
