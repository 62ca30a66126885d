/* The parts of job files, see job_begin.h. */
#include "bench/launch/job_begin.h"
#include "bench/job/histogram.h"
#include "bench/job/job_tables.h"
#include "pools/parts/clock.h"
#include <stdio.h>
#include <string.h>

static size_t place_part(size_t *end, size_t bytes)
{
    size_t start = (*end + 63) / 64 * 64;
    *end = start + bytes;
    return start;
}

struct job_layout job_layout(const struct job_counts *counts)
{
    struct job_layout at;
    size_t end = sizeof(struct job_file);
    at.main_mask = place_part(&end, counts->words * sizeof(uint64_t));
    at.masks = place_part(&end, (size_t)counts->workers * counts->words * sizeof(uint64_t));
    at.nodes = place_part(&end, counts->workers * sizeof(int32_t));
    at.kinds = place_part(&end, counts->kind_cpus);
    at.costs = place_part(&end, counts->costs * sizeof(struct cost));
    at.due = place_part(&end, counts->due * sizeof(uint64_t));
    at.texts = place_part(&end, counts->text_bytes);
    at.histograms = place_part(&end, (size_t)PHASES * HISTOGRAM_BUCKETS * sizeof(uint32_t));
    at.reaped = place_part(&end, (counts->tasks / 64 + 1) * sizeof(uint64_t));
    at.report = place_part(&end, sizeof(struct trial_report));
    at.samples = place_part(&end, counts->samples * sizeof(struct sample));
    at.probe = place_part(&end, sizeof(struct probe));
    at.bytes = end;
    return at;
}

struct job_file *job_begin(struct launcher *launcher, const struct job_counts *counts, struct job_parts *parts,
                           char *error)
{
    const struct job_layout at = job_layout(counts);
    char *map = launcher_job(launcher, at.bytes, error);
    if (!map)
        return NULL;
    struct job_file *file = (struct job_file *)map;
    *file = (struct job_file){
        .magic = JOB_MAGIC,
        .version = JOB_VERSION,
        .epoch = ++launcher->epoch,
        .at = at,
        .clock_counter = clock_source.is_tsc ? CLOCK_COUNTER : CLOCK_NO_COUNTER,
        .clock_mult = clock_source.mult,
        .cost_count = counts->costs,
        .kind_cpus = counts->kind_cpus,
        .samples_max = counts->samples,
    };
    file->tables = job_tables(file);
    launcher->other = NULL;
    *parts = (struct job_parts){
        .file = file,
        .report = (struct trial_report *)(map + at.report),
        .samples = (struct sample *)(map + at.samples),
        .histograms = (uint32_t *)(map + at.histograms),
        .reaped = (uint64_t *)(map + at.reaped),
        .probe = (struct probe *)(map + at.probe),
    };
    memset(parts->report, 0, sizeof *parts->report); /* the trial may die before it writes one */
    return file;
}

size_t job_texts_bytes(const struct param *params, const int64_t *values)
{
    size_t bytes = 0;
    for (unsigned i = 0; params && params[i].name; i++)
        if (params[i].kind == PARAM_TEXT)
            bytes += strlen(param_text(values[i])) + 1;
    return bytes;
}

size_t job_values_set(struct job_file *file, size_t offset, const struct param *params, const int64_t *values,
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

void job_pool_set(struct job_file *file, const struct pool_ops *pool)
{
    snprintf(file->pool, sizeof file->pool, "%s", pool->name);
    snprintf(file->pool_file, sizeof file->pool_file, "%s", pool->file ? pool->file : "");
    file->tables = job_tables(file);
}

void job_workload_set(struct job_file *file, const struct workload_ops *workload)
{
    snprintf(file->workload, sizeof file->workload, "%s", workload->name);
    snprintf(file->workload_file, sizeof file->workload_file, "%s", workload->file ? workload->file : "");
    file->tables = job_tables(file);
}
