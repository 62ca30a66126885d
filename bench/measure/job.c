/* Writing job files, see job.h. */
#include "bench/measure/job.h"
#include "bench/base/refuse.h"
#include "bench/base/text_file.h"
#include "bench/job/histogram.h"
#include "bench/launch/program.h"
#include "bench/model/arrivals.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define CALIBRATION_POINT_NS 20000000ull /* 20 ms a size */
#define CALIBRATION_CHECK_NS 3000000ull

static struct job_counts trial_counts(const struct cell *cell, int64_t samples)
{
    return (struct job_counts){
        .workers = cell->shape.workers,
        .words = cell->placement.words,
        .kind_cpus = cell->placement.kinds ? cell->placement.words * 64 : 0,
        .costs = cell->cost_count,
        .tasks = (uint64_t)cell->f.tasks,
        .due = cell->f.arrival.kind == ARRIVAL_RATE ? (uint64_t)cell->f.tasks : 0,
        .samples = samples == SAMPLES_ALL || samples > cell->f.tasks ? (uint64_t)cell->f.tasks : (uint64_t)samples,
        .text_bytes = job_texts_bytes(cell->pool->params, cell->pool_params) +
                      job_texts_bytes(cell->workload->params, cell->workload_params),
    };
}

int job_trial_check(const struct cell *cell, int64_t samples, char *error)
{
    const struct job_counts counts = trial_counts(cell, samples);
    const uint64_t bytes = job_layout(&counts).bytes;
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur)
        return 0;
    return refuse(error, "a trial takes %llu bytes of shared memory, files may have %llu (ulimit -f); raise it",
                  (unsigned long long)bytes, (unsigned long long)limit.rlim_cur);
}

static void arrivals_set(const struct cell *cell, const struct job_order *order, const struct trace *trace,
                         uint64_t *due_ns)
{
    const enum draw_kind draw = (enum draw_kind)cell->draw;
    arrivals_draw(&cell->f.arrival, trace, draw, arrivals_seed(order->seed, draw, order->block),
                  (uint32_t)cell->f.tasks, due_ns);
}

int job_write_trial(struct launcher *launcher, const struct cell *cell, const struct job_order *order,
                    struct job_parts *parts, char *error)
{
    const struct placement *placement = &cell->placement;
    const struct param *pool_params = cell->pool->params, *workload_params = cell->workload->params;
    struct job_counts counts = trial_counts(cell, order->samples);
    const struct trace *trace = NULL;
    if (cell->f.arrival.process == PROCESS_TRACE && trace_of(&cell->f.arrival, &trace, error))
        return refuse_at(error, "--arrival");
    struct job_file *file = job_begin(launcher, &counts, parts, error);
    if (!file)
        return -ENOMEM;
    job_pool_set(file, cell->pool);
    job_workload_set(file, cell->workload);
    size_t texts = job_values_set(file, file->at.texts, pool_params, cell->pool_params, file->pool_params);
    job_values_set(file, texts, workload_params, cell->workload_params, file->workload_params);
    launcher->other = cell->program ? cell->program->file : NULL;
    file->kind = JOB_TRIAL;
    file->conformance = order->conformance;
    file->seed = order->seed;
    file->f = cell->f;
    file->tasks = (uint32_t)cell->f.tasks;
    file->workers = (uint32_t)cell->f.workers;
    file->cpus = placement->cpus;
    file->speed = cell->speed;
    file->shape = cell->shape;
    file->cpu_words = placement->reason[0] ? 0 : placement->words; /* pinning is forbidden here: do not try */
    file->spare_cpu = placement->spare_cpu;
    file->faults = cell->faults;
    file->task_limit_ns = (uint64_t)cell->task_limit_ns;
    file->cost_in_order = cell->cost_in_order;
    file->sample_seed = order->sample_seed;
    size_t row = placement->words * sizeof(uint64_t);
    memcpy((char *)file + file->at.main_mask, placement->main_mask, row);
    memcpy((char *)file + file->at.masks, placement->masks, row * cell->shape.workers);
    memcpy((char *)file + file->at.nodes, placement->nodes, cell->shape.workers * sizeof *placement->nodes);
    if (counts.kind_cpus)
        memcpy((char *)file + file->at.kinds, placement->kinds, counts.kind_cpus);
    file->numa_kind = cell->unspread ? NUMA_AS_MADE : (uint32_t)cell->f.numa.kind;
    file->nodes = cell->nodes;
    memcpy((char *)file + file->at.costs, cell->costs, cell->cost_count * sizeof *cell->costs);
    if (counts.due)
        arrivals_set(cell, order, trace, (uint64_t *)((char *)file + file->at.due));
    memset(parts->histograms, 0, (size_t)PHASES * HISTOGRAM_BUCKETS * sizeof *parts->histograms);
    memset(parts->reaped, 0, (file->tasks / 64 + 1) * sizeof *parts->reaped);
    return 0;
}

int job_program_check(struct launcher *launcher, const struct cell *cell, char *error)
{
    const struct job_order order = {.samples = 0};
    struct cell asked = *cell; /* of one task: its room may not be known yet */
    struct job_parts parts;
    struct outcome outcome;
    asked.f.tasks = 1;
    int rc = job_write_trial(launcher, &asked, &order, &parts, error);
    if (rc < 0)
        return rc;
    parts.file->kind = JOB_PROBE; /* read, and nothing is run */
    rc = launcher_run(launcher, PROGRAM_ASK_NS, &outcome);
    if (rc < 0)
        return refuse_as(rc, error, "starting %.300s: %s", cell->program->file, strerror(-rc));
    return trial_program_took(cell->program, &parts, &outcome, error);
}

int job_keep(const struct job_parts *parts, const char *name, char *error)
{
    const char *directory = getenv("POOLBENCH_KEEP_JOBS");
    char path[PATH_MAX];
    if (!directory || !*directory)
        return 0;
    if (snprintf(path, sizeof path, "%s/%s.job", directory, name) >= (int)sizeof path)
        return refuse(error, "POOLBENCH_KEEP_JOBS: %s", strerror(ENAMETOOLONG));
    int rc = text_file_write(path, parts->file, parts->file->at.bytes);
    return rc ? refuse_as(rc, error, "POOLBENCH_KEEP_JOBS: %.400s cannot be written: %s", path, strerror(-rc)) : 0;
}

int job_write_calibration(struct launcher *launcher, const struct workload_ops *workload, const int64_t *params,
                          unsigned cpu, uint64_t iterations, struct job_parts *parts, char *error)
{
    unsigned words = cpu / 64 + 1;
    char forbidden[128];
    struct cost cost = {0};
    struct job_counts counts = {
        .workers = 1, .words = words, .costs = 1, .text_bytes = job_texts_bytes(workload->params, params)};
    struct job_file *file = job_begin(launcher, &counts, parts, error);
    if (!file)
        return -ENOMEM;
    file->kind = JOB_CALIBRATE;
    job_pool_set(file, pool_table[0]); /* not opened */
    job_workload_set(file, workload);
    job_values_set(file, file->at.texts, workload->params, params, file->workload_params);
    file->tasks = file->workers = file->cpus = 1;
    file->shape = (struct pool_shape){.workers = 1};
    file->cpu_words = place_probe(forbidden, sizeof forbidden) ? 0 : words;
    file->probe_ns = iterations ? CALIBRATION_CHECK_NS : CALIBRATION_POINT_NS;
    file->probe_iterations = iterations;
    uint64_t *mask = (uint64_t *)((char *)file + file->at.main_mask);
    memset(mask, 0, words * sizeof *mask);
    mask[cpu / 64] = 1ull << (cpu % 64);
    memcpy((char *)file + file->at.masks, mask, words * sizeof *mask);
    memcpy((char *)file + file->at.costs, &cost, sizeof cost);
    return 0;
}
