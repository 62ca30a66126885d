/* Is a job file what it says it is? It comes from the harness of the same build, or of one that lays jobs out alike
 * (--trial-program); but a job that was cut short, or made
 * by another build, must end in a line and not in memory that is not ours. Reads the header alone. */
#include "bench/job/histogram.h"
#include "bench/job/job_tables.h"
#include "bench/trial/trial.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define WORKERS_MOST   (1u << 20)
#define CPU_WORDS_MOST (1u << 12)
#define COSTS_MOST     (1u << 24)
#define BYTES_MOST     (1ll << 30) /* of payload and ballast as bench/model/factors.c takes them */
#define BALLAST_MOST   (1ll << 44)

/* `count` things of `size` at `offset` lie behind the header, in the file, and where their type may stand. */
static bool lies_within(const struct job_file *file, uint64_t offset, uint64_t count, uint64_t size)
{
    uint64_t room = offset <= file->at.bytes ? file->at.bytes - offset : 0;
    return offset >= sizeof *file && offset % sizeof(uint64_t) == 0 && offset <= file->at.bytes && count <= room / size;
}

static bool is_name(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

/* A text lies in the file with its end, or there is none. */
static bool is_text(const struct job_file *file, int64_t offset)
{
    uint64_t at = (uint64_t)offset;
    return !at ||
           (at >= sizeof *file && at < file->at.bytes && memchr((const char *)file + at, '\0', file->at.bytes - at));
}

static bool are_in_range(const struct job_file *file, const struct param *params, const int64_t *values)
{
    for (unsigned i = 0; params && params[i].name; i++) {
        if (params[i].kind == PARAM_TEXT) {
            if (!is_text(file, values[i]))
                return false;
            continue;
        }
        int64_t choices = 1;
        for (const char *c = params[i].kind == PARAM_CHOICE ? params[i].choices : ""; *c; c++)
            choices += *c == '|';
        bool is_derived = values[i] == 0 && !params[i].preset[0];
        if (params[i].kind == PARAM_CHOICE ? values[i] < 0 || values[i] >= choices
                                           : (values[i] < params[i].min || values[i] > params[i].max) && !is_derived)
            return false;
    }
    return true;
}

/* The workers that the pool will make are those that have a mask. */
static bool is_shape(const struct job_file *file)
{
    const struct pool_ops *pool = pool_find(file->pool);
    struct pool_shape shape = {0};
    if (file->kind != JOB_TRIAL || file->pool_file[0] || !pool) /* not opened, or a plug-in: said in words later */
        return true;
    return are_in_range(file, pool->params, file->pool_params) &&
           !pool->shape(file->workers, file->pool_params, &shape) && shape.workers == file->shape.workers;
}

static bool is_within(int64_t value, int64_t least, int64_t most)
{
    return value >= least && value <= most;
}

/* What is not looked at here is not read by this program. */
static bool are_factors(const struct factors *f)
{
    return is_within(f->collect, COLLECT_JOINED, COLLECT_ORDERED) && is_within(f->timing, TIMING_TRIAL, TIMING_TASK) &&
           is_within(f->payload.in, 0, BYTES_MOST) && is_within(f->payload.out, 0, BYTES_MOST) &&
           is_within(f->ballast.bytes, 0, BALLAST_MOST) && is_within(f->ballast.thp, 0, 1) &&
           is_within(f->ballast.write_ppm, 0, 1000000);
}

static bool is_arrival(const struct job_file *file)
{
    bool needs_k = file->f.arrival.kind == ARRIVAL_WAVE || file->f.arrival.kind == ARRIVAL_WINDOW;
    uint64_t due = file->f.arrival.kind == ARRIVAL_RATE ? file->tasks : 0;
    return is_within(file->f.arrival.kind, 0, ARRIVAL_RATE) &&
           (!needs_k || is_within(file->f.arrival.k, 1, UINT32_MAX)) &&
           lies_within(file, file->at.due, due, sizeof(uint64_t));
}

int job_check(const struct job_file *file, uint64_t bytes)
{
    uint64_t words = file->cpu_words;
    if (bytes >= offsetof(struct job_file, epoch) && file->magic == JOB_MAGIC && file->version != JOB_VERSION)
        return -EPROTO;
    if (bytes < sizeof *file || file->magic != JOB_MAGIC || file->at.bytes > bytes || file->kind > JOB_PROBE ||
        !is_name(file->pool, sizeof file->pool) || !is_name(file->workload, sizeof file->workload) ||
        !is_name(file->pool_file, sizeof file->pool_file) || !is_name(file->workload_file, sizeof file->workload_file))
        return -EINVAL;
    if (file->tables != job_tables(file))
        return -EPROTO;
    if (!file->workers || file->workers > WORKERS_MOST || !file->shape.workers || file->shape.workers > WORKERS_MOST ||
        words > CPU_WORDS_MOST || !file->cost_count || file->cost_count > COSTS_MOST ||
        file->tasks >= TASK_WARMUP_FIRST || !file->clock_mult || file->numa_kind > NUMA_NODE ||
        file->counters_count > COUNTERS_MOST)
        return -EINVAL;
    if (!lies_within(file, file->at.main_mask, words, sizeof(uint64_t)) ||
        !lies_within(file, file->at.masks, words * file->shape.workers, sizeof(uint64_t)) ||
        !lies_within(file, file->at.nodes, file->shape.workers, sizeof(int32_t)) ||
        !lies_within(file, file->at.kinds, file->kind_cpus, 1) ||
        !lies_within(file, file->at.costs, file->cost_count, sizeof(struct cost)) ||
        !lies_within(file, file->at.histograms, (uint64_t)PHASES * HISTOGRAM_BUCKETS, sizeof(uint32_t)) ||
        !lies_within(file, file->at.reaped, file->tasks / 64 + 1, sizeof(uint64_t)) ||
        !lies_within(file, file->at.report, 1, sizeof(struct trial_report)) ||
        !lies_within(file, file->at.samples, file->samples_max, sizeof(struct sample)) ||
        !lies_within(file, file->at.probe, 1, sizeof(struct probe)))
        return -EINVAL;
    const struct workload_ops *workload = workload_find(file->workload);
    if (workload && !file->workload_file[0] && !are_in_range(file, workload->params, file->workload_params))
        return -EINVAL;
    return is_shape(file) && are_factors(&file->f) && is_arrival(file) ? 0 : -EINVAL;
}
