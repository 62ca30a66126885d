/* How long does an iteration take? Runs single tasks of growing size through the workload alone, no pool, and reports
 * the shortest time of each size: what disturbs can only add. */
#include "bench/trial/trial.h"
#include "pools/clock.h"
#include <errno.h>
#include <stdio.h>

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

static double shortest_ns(const struct job *job, uint64_t iterations, uint64_t budget_ns, int *code)
{
    uint64_t best = UINT64_MAX, until = clock_monotonic_ns() + budget_ns;
    for (uint32_t i = 0; i < REPEATS_LEAST || (i < REPEATS_MOST && clock_monotonic_ns() < until); i++) {
        uint64_t ticks = time_task(job, iterations, i, code);
        if (*code)
            return 0;
        if (ticks < best)
            best = ticks;
    }
    return (double)clock_to_ns(best);
}

int calibrate_run(struct trial *trial)
{
    struct report *report = trial->report;
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
    while (code == 0 && iterations < 1ull << 40 && shortest_ns(job, iterations, 0, &code) < FIRST_NS)
        iterations *= 2;
    for (unsigned point = 0; point < CALIBRATION_POINTS && code == 0; point++) {
        report->calibrate_iterations[point] = (double)iterations;
        report->calibrate_ns[point] = shortest_ns(job, iterations, trial->file->probe_ns, &code);
        /* a unit that is long in itself (touching megabytes) is not multiplied beyond patience */
        double growth = report->calibrate_ns[point] > (double)trial->file->probe_ns / 4 ? 2 : GROWTH;
        iterations = (uint64_t)((double)iterations * growth);
    }
    if (code) {
        snprintf(report->reason, sizeof report->reason, "calibrating: a task returned %d", code);
        report->error = EIO;
        return -EIO;
    }
    report->stage = STAGE_DONE;
    return 0;
}
