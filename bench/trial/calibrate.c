/* How long does an iteration take? Runs single tasks of growing size through the workload alone, no pool, and reports
 * the time of each size; or, of a calibration that is looked at again, of one size. Every task has a number of its own:
 * one that was run before might find its data in the cache. */
#include "bench/trial/trial.h"
#include "pools/parts/usage.h"
#include <errno.h>
#include <stdlib.h>

enum {
    ROUNDS_LEAST = 3,
    ROUNDS_MOST = 15,
    TASKS_MOST = 64, /* of a size, in a round */
    CHECK_LEAST = 5,
    CHECK_MOST = 63,
    TASKS_FEW = 16, /* of so many, the median hides one from which the CPU was taken away */
};
#define FIRST_NS    500.0 /* the smallest size measured takes about that, to twice that */
#define GROWTH      6.5   /* from size to size, so that the largest takes 6 to 12 ms */
#define LONG_GROWTH 1.25  /* where tasks take several ms already */
#define ROUND_NS    400e3 /* about that of a round goes to each size, or one task */

static uint64_t time_task(const struct job *job, uint64_t iterations, int *code)
{
    static uint32_t next_task;
    struct task task = {.index = next_task++, .class = TASK_CPU, .iterations = iterations};
    uint64_t result;
    uint32_t cpu;
    clock_fence();
    uint64_t start = clock_ticks();
    *code = job->workload->run(job->state, &task, &result);
    return clock_ticks_after(&cpu) - start;
}

static int compare_numbers(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof *values, compare_numbers);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* One task of several: what was waited for the CPU, as it was given to other programs, is not the task's. */
static double task_alone_ns(const struct job *job, uint64_t iterations, int *code)
{
    struct usage before, after;
    usage_read_thread(&before);
    double ns = (double)clock_to_ns(time_task(job, iterations, code));
    usage_read_thread(&after);
    double waited_ns = (double)(after.runqueue_ns - before.runqueue_ns); /* 0 where the kernel does not tell */
    return waited_ns < ns ? ns - waited_ns : ns;
}

/* The median of so many tasks. */
static double tasks_ns(const struct job *job, uint64_t iterations, unsigned count, int *code)
{
    double ns[TASKS_MOST] = {0};
    for (unsigned task = 0; task < count && *code == 0; task++)
        ns[task] = count < TASKS_FEW ? task_alone_ns(job, iterations, code)
                                     : (double)clock_to_ns(time_task(job, iterations, code));
    return *code ? 0 : median(ns, count);
}

static void sizes_choose(const struct job *job, double long_ns, double *iterations, unsigned *tasks, int *code)
{
    double now = 1;
    while (*code == 0 && now < 0x1p40 && tasks_ns(job, (uint64_t)now, 3, code) < FIRST_NS)
        now *= 2;
    for (unsigned point = 0; point < CALIBRATION_POINTS && *code == 0; point++) {
        double ns = tasks_ns(job, (uint64_t)now, 1, code), share = ns > 0 ? ROUND_NS / ns : TASKS_MOST;
        iterations[point] = (double)(uint64_t)now;
        tasks[point] = share < 1 ? 1 : share < TASKS_MOST ? (unsigned)share : TASKS_MOST;
        /* a unit that is long in itself (touching megabytes) is not multiplied beyond patience */
        now = ns > long_ns ? iterations[point] * LONG_GROWTH + 1 : iterations[point] * GROWTH;
    }
}

/* Rounds over all sizes, so that a clock that is changed on the way changes all of them: a round is levelled by the
 * middle of what its sizes took over their medians, and of what is left the medians count. The speed is then that of
 * the middle round. */
static void rounds_level(double ns[][CALIBRATION_POINTS], unsigned rounds, double *result)
{
    double values[ROUNDS_MOST] = {0}, middles[CALIBRATION_POINTS];
    for (unsigned point = 0; point < CALIBRATION_POINTS; point++) {
        for (unsigned round = 0; round < rounds; round++)
            values[round] = ns[round][point];
        middles[point] = median(values, rounds);
    }
    for (unsigned round = 0; round < rounds; round++) {
        double ratios[CALIBRATION_POINTS] = {0};
        for (unsigned point = 0; point < CALIBRATION_POINTS; point++)
            ratios[point] = ns[round][point] / middles[point];
        double level = median(ratios, CALIBRATION_POINTS);
        for (unsigned point = 0; point < CALIBRATION_POINTS; point++)
            ns[round][point] /= level;
    }
    for (unsigned point = 0; point < CALIBRATION_POINTS; point++) {
        for (unsigned round = 0; round < rounds; round++)
            values[round] = ns[round][point];
        result[point] = median(values, rounds);
    }
}

static void sizes_measure(const struct job *job, uint64_t point_ns, struct trial_report *report, int *code)
{
    static double ns[ROUNDS_MOST][CALIBRATION_POINTS];
    unsigned tasks[CALIBRATION_POINTS], rounds = 0;
    double *iterations = report->calibrate_iterations;
    sizes_choose(job, (double)point_ns / 4, iterations, tasks, code);
    const uint64_t until = clock_monotonic_ns() + CALIBRATION_POINTS * point_ns;
    while (*code == 0 && rounds < ROUNDS_MOST && (rounds < ROUNDS_LEAST || clock_monotonic_ns() < until)) {
        for (unsigned point = 0; point < CALIBRATION_POINTS; point++)
            ns[rounds][point] = tasks_ns(job, (uint64_t)iterations[point], tasks[point], code);
        rounds++;
    }
    if (*code == 0)
        rounds_level(ns, rounds, report->calibrate_ns);
}

static void size_check(const struct job *job, const struct job_file *file, struct trial_report *report, int *code)
{
    double ns[CHECK_MOST] = {0};
    unsigned count = 0;
    const uint64_t until = clock_monotonic_ns() + file->probe_ns;
    time_task(job, file->probe_iterations, code); /* caches */
    while (*code == 0 && count < CHECK_MOST && (count < CHECK_LEAST || clock_monotonic_ns() < until))
        ns[count++] = tasks_ns(job, file->probe_iterations, 1, code);
    report->calibrate_iterations[0] = (double)file->probe_iterations;
    report->calibrate_ns[0] = *code ? 0 : median(ns, count);
}

int calibrate_run(struct trial *trial)
{
    struct trial_report *report = trial->report;
    int code = 0;
    report->stage = STAGE_PREPARE;
    int rc = setup_job(trial);
    if (rc < 0) {
        report->error = -rc;
        return rc;
    }
    report->stage = STAGE_RUN;
    if (trial->file->probe_iterations)
        size_check(&trial->job, trial->file, report, &code);
    else
        sizes_measure(&trial->job, trial->file->probe_ns, report, &code);
    if (code) {
        report->error = EIO;
        return trial_say(trial, -EIO, "calibrating: a task returned %d", code);
    }
    report->stage = STAGE_DONE;
    return 0;
}
