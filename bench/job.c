/* Writing job files, see job.h. */
#include "bench/job.h"
#include "bench/arrivals.h"
#include "bench/histogram.h"
#include "pools/clock.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CALIBRATION_POINT_NS 20000000ull /* 20 ms a point */

/* Sizes of the parts, which lie one after another, each aligned for its type. */
struct layout {
    size_t main_mask, masks, costs, due, texts, histograms, report, samples, probe, bytes;
};

/* How much of what there will be. */
struct extent {
    unsigned workers, words;
    uint32_t costs;
    uint64_t due, samples;
    size_t text_bytes;
};

static size_t place_part(size_t *end, size_t bytes)
{
    size_t start = (*end + 63) / 64 * 64;
    *end = start + bytes;
    return start;
}

static struct layout layout_make(const struct extent *extent)
{
    struct layout layout;
    size_t end = sizeof(struct job_file);
    layout.main_mask = place_part(&end, extent->words * sizeof(uint64_t));
    layout.masks = place_part(&end, (size_t)extent->workers * extent->words * sizeof(uint64_t));
    layout.costs = place_part(&end, extent->costs * sizeof(struct cost));
    layout.due = place_part(&end, extent->due * sizeof(uint64_t));
    layout.texts = place_part(&end, extent->text_bytes);
    layout.histograms = place_part(&end, (size_t)PHASES * HISTOGRAM_BUCKETS * sizeof(uint32_t));
    layout.report = place_part(&end, sizeof(struct trial_report));
    layout.samples = place_part(&end, extent->samples * sizeof(struct sample));
    layout.probe = place_part(&end, sizeof(struct probe));
    layout.bytes = end;
    return layout;
}

static struct job_file *job_begin(struct launcher *launcher, const struct layout *layout, struct job_parts *parts,
                                  char *error)
{
    char *map = launcher_job(launcher, layout->bytes, error);
    if (!map)
        return NULL;
    struct job_file *file = (struct job_file *)map;
    *file = (struct job_file){
        .magic = JOB_MAGIC,
        .version = JOB_VERSION,
        .epoch = ++launcher->epoch,
        .bytes = layout->bytes,
        .clock_is_tsc = clock_source.is_tsc,
        .clock_mult = clock_source.mult,
        .main_mask_offset = layout->main_mask,
        .masks_offset = layout->masks,
        .costs_offset = layout->costs,
        .due_offset = layout->due,
        .histograms_offset = layout->histograms,
        .report_offset = layout->report,
        .samples_offset = layout->samples,
        .probe_offset = layout->probe,
    };
    *parts = (struct job_parts){
        .file = file,
        .report = (struct trial_report *)(map + layout->report),
        .samples = (struct sample *)(map + layout->samples),
        .histograms = (uint32_t *)(map + layout->histograms),
        .probe = (struct probe *)(map + layout->probe),
    };
    memset(parts->report, 0, sizeof *parts->report); /* the trial may die before it writes one */
    return file;
}

static size_t texts_bytes(const struct param *params, const int64_t *values)
{
    size_t bytes = 0;
    for (unsigned i = 0; params && params[i].name; i++)
        if (params[i].kind == PARAM_TEXT)
            bytes += strlen(param_text(values[i])) + 1;
    return bytes;
}

/* The values as the job carries them, with their texts from `offset` on. Returns where the next text would stand. */
static size_t values_set(struct job_file *file, size_t offset, const struct param *params, const int64_t *values,
                         int64_t to[PARAM_MAX])
{
    memcpy(to, values, PARAM_MAX * sizeof *to);
    for (unsigned i = 0; params && params[i].name; i++) {
        if (params[i].kind != PARAM_TEXT || !values[i])
            continue;
        size_t bytes = strlen(param_text(values[i])) + 1;
        memcpy((char *)file + offset, param_text(values[i]), bytes);
        to[i] = (int64_t)offset;
        offset += bytes;
    }
    return offset;
}

static void pool_set(struct job_file *file, const struct pool_ops *pool)
{
    snprintf(file->pool, sizeof file->pool, "%s", pool->name);
    snprintf(file->pool_file, sizeof file->pool_file, "%s", pool->file ? pool->file : "");
}

static void workload_set(struct job_file *file, const struct workload_ops *workload)
{
    snprintf(file->workload, sizeof file->workload, "%s", workload->name);
    snprintf(file->workload_file, sizeof file->workload_file, "%s", workload->file ? workload->file : "");
}

static void due_set(uint64_t *due, const struct cell *cell, uint64_t seed)
{
    double gap_ns = 1e9 / cell->arrival_rate, at_ns = 0;
    for (uint32_t i = 0; i < (uint32_t)cell->tasks; i++) {
        at_ns = cell->arrival_poisson ? at_ns + arrivals_gap_ns(seed, i, gap_ns) : i * gap_ns;
        due[i] = (uint64_t)at_ns;
    }
}

int job_write_trial(struct launcher *launcher, const struct cell *cell, const struct job_order *order,
                    struct job_parts *parts, char *error)
{
    const struct placement *placement = &cell->placement;
    uint64_t samples = order->samples == SAMPLES_ALL || order->samples > cell->tasks ? (uint64_t)cell->tasks
                                                                                     : (uint64_t)order->samples;
    const struct param *pool_params = cell->pool->params, *workload_params = cell->workload->params;
    struct extent extent = {
        .workers = cell->shape.workers,
        .words = placement->words,
        .costs = cell->cost_count,
        .due = cell->arrival == ARRIVAL_RATE ? (uint64_t)cell->tasks : 0,
        .samples = samples,
        .text_bytes = texts_bytes(pool_params, cell->pool_params) + texts_bytes(workload_params, cell->workload_params),
    };
    struct layout layout = layout_make(&extent);
    struct job_file *file = job_begin(launcher, &layout, parts, error);
    if (!file)
        return -ENOMEM;
    pool_set(file, cell->pool);
    workload_set(file, cell->workload);
    size_t texts = values_set(file, layout.texts, pool_params, cell->pool_params, file->pool_params);
    values_set(file, texts, workload_params, cell->workload_params, file->workload_params);
    file->kind = JOB_TRIAL;
    file->strict = order->strict;
    file->seed = order->seed;
    file->tasks = (uint32_t)cell->tasks;
    file->workers = cell->workers;
    file->cpus = placement->cpus;
    file->shape = cell->shape;
    file->cpu_words = placement->reason[0] ? 0 : placement->words; /* pinning is forbidden here: do not try */
    file->spare_cpu = placement->spare_cpu;
    file->arrival = cell->arrival;
    file->arrival_k = (uint64_t)cell->arrival_k;
    file->collect = cell->collect;
    file->timed = cell->timed;
    file->in_bytes = (uint64_t)cell->in_bytes;
    file->out_bytes = (uint64_t)cell->out_bytes;
    file->ballast_bytes = (uint64_t)cell->ballast_bytes;
    file->ballast_thp = cell->ballast_thp;
    file->ballast_write_ppm = (uint32_t)cell->ballast_write_ppm;
    file->faults = cell->faults;
    file->task_limit_ns = (uint64_t)cell->task_limit_ns;
    file->cost_count = cell->cost_count;
    file->cost_in_order = cell->cost_in_order;
    file->sample_seed = order->sample_seed;
    file->samples_max = samples;
    size_t row = placement->words * sizeof(uint64_t);
    memcpy((char *)file + layout.main_mask, placement->main_mask, row);
    memcpy((char *)file + layout.masks, placement->masks, row * cell->shape.workers);
    memcpy((char *)file + layout.costs, cell->costs, cell->cost_count * sizeof *cell->costs);
    if (extent.due)
        due_set((uint64_t *)((char *)file + layout.due), cell, order->seed);
    memset(parts->histograms, 0, (size_t)PHASES * HISTOGRAM_BUCKETS * sizeof *parts->histograms);
    return 0;
}

int job_write_calibration(struct launcher *launcher, const struct workload_ops *workload, const int64_t *params,
                          unsigned cpu, struct job_parts *parts, char *error)
{
    unsigned words = cpu / 64 + 1;
    struct cost cost = {0};
    struct extent extent = {
        .workers = 1, .words = words, .costs = 1, .text_bytes = texts_bytes(workload->params, params)};
    struct layout layout = layout_make(&extent);
    struct job_file *file = job_begin(launcher, &layout, parts, error);
    if (!file)
        return -ENOMEM;
    file->kind = JOB_CALIBRATE;
    pool_set(file, pool_table[0]); /* not opened */
    workload_set(file, workload);
    values_set(file, layout.texts, workload->params, params, file->workload_params);
    file->tasks = file->workers = file->cpus = 1;
    file->shape = (struct pool_shape){.workers = 1};
    file->cpu_words = words;
    file->cost_count = 1;
    file->probe_ns = CALIBRATION_POINT_NS;
    uint64_t *mask = (uint64_t *)((char *)file + layout.main_mask);
    memset(mask, 0, words * sizeof *mask);
    mask[cpu / 64] = 1ull << (cpu % 64);
    memcpy((char *)file + layout.masks, mask, words * sizeof *mask);
    memcpy((char *)file + layout.costs, &cost, sizeof cost);
    return 0;
}

int job_write_probe(struct launcher *launcher, const struct probe_order *order, struct job_parts *parts, char *error)
{
    unsigned workers = order->shape_workers ? order->shape_workers : 1;
    struct cost cost = {0};
    struct layout layout = layout_make(&(struct extent){.workers = workers, .costs = 1});
    struct job_file *file = job_begin(launcher, &layout, parts, error);
    if (!file)
        return -ENOMEM;
    memset(parts->probe, 0, sizeof *parts->probe);
    file->kind = JOB_PROBE;
    file->probe_depth = order->depth;
    snprintf(order->is_pool ? file->pool_file : file->workload_file, PLUGIN_PATH_MAX, "%s", order->file);
    if (order->is_pool)
        workload_set(file, workload_table[0]);
    if (order->params)
        memcpy(file->pool_params, order->params, sizeof file->pool_params);
    file->workers = order->workers ? order->workers : 1;
    file->tasks = file->cpus = 1;
    file->shape = (struct pool_shape){.workers = workers};
    file->cost_count = 1; /* cpu_words 0: nothing is pinned */
    memcpy((char *)file + layout.costs, &cost, sizeof cost);
    return 0;
}
