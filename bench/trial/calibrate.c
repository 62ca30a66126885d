/* How long does an iteration take? Runs single tasks of growing size through the workload alone, no pool, and reports
 * the median time of each size. Every task has a number of its own: one that was run before might find its data in the
 * cache. */
#include "bench/trial/trial.h"
#include <errno.h>
#include <stdlib.h>

enum { REPEATS_LEAST = 5, REPEATS_MOST = 2000 };
#define FIRST_NS 500.0 /* the smallest size measured takes about that */
#define GROWTH   8.0   /* from size to size */

static uint64_t time_task(const struct job *job, uint64_t iterations, uint32_t index, int *code)
{
    struct task task = {.index = index, .class = TASK_CPU, .iterations = iterations};
    uint64_t result;
    uint32_t cpu;
    clock_fence();
    uint64_t start = clock_ticks();
    *code = job->workload->run(job->state, &task, &result);
    return clock_ticks_after(&cpu) - start;
}

static int compare_ticks(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median_ns(const struct job *job, uint64_t iterations, uint64_t budget_ns, int *code)
{
    static uint64_t ticks[REPEATS_MOST];
    static uint32_t next_task;
    uint64_t until = clock_monotonic_ns() + budget_ns;
    uint32_t count = 0;
    while (count < REPEATS_LEAST || (count < REPEATS_MOST && clock_monotonic_ns() < until)) {
        ticks[count++] = time_task(job, iterations, next_task++, code);
        if (*code)
            return 0;
    }
    qsort(ticks, count, sizeof *ticks, compare_ticks);
    return (double)clock_to_ns(ticks[count / 2]);
}

int calibrate_run(struct trial *trial)
{
    struct trial_report *report = trial->report;
    const struct job *job = &trial->job;
    int code = 0;
    report->stage = STAGE_PREPARE;
    int rc = setup_job(trial);
    if (rc < 0) {
        report->error = -rc;
        return rc;
    }
    report->stage = STAGE_RUN;
    uint64_t iterations = 1;
    while (code == 0 && iterations < 1ull << 40 && median_ns(job, iterations, 0, &code) < FIRST_NS)
        iterations *= 2;
    for (unsigned point = 0; point < CALIBRATION_POINTS && code == 0; point++) {
        report->calibrate_iterations[point] = (double)iterations;
        report->calibrate_ns[point] = median_ns(job, iterations, trial->file->probe_ns, &code);
        /* a unit that is long in itself (touching megabytes) is not multiplied beyond patience */
        double growth = report->calibrate_ns[point] > (double)trial->file->probe_ns / 4 ? 2 : GROWTH;
        iterations = (uint64_t)((double)iterations * growth);
    }
    if (code) {
        report->error = EIO;
        return trial_say(trial, -EIO, "calibrating: a task returned %d", code);
    }
    report->stage = STAGE_DONE;
    return 0;
}
