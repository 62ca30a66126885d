/* From trials.csv and latency.csv to one row a cell. Trials are held in memory, latency.csv is streamed: of it only the
 * histograms of one trial are kept at a time. Everything comes from the files, so a copy of a run sums up the same. */
#include "bench/summary.h"
#include "bench/csv.h"
#include "bench/histogram.h"
#include "bench/host.h"
#include "bench/judge/series.h"
#include "bench/refuse.h"
#include "bench/stats.h"
#include "bench/summary_factors.h"
#include "bench/summary_workers.h"
#include "bench/units.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEVEL    0.95
#define NOTHING  SIZE_MAX
#define P99_MIN  1000 /* tasks of a trial */
#define P999_MIN 10000

static const char *const phase_names[] = {"queue", "service", "return", "latency", "late"};
#define PHASE_COUNT (sizeof phase_names / sizeof phase_names[0])

/* The percentiles of a summary row. */
static const struct percentile {
    size_t offset; /* in struct summary_row */
    unsigned phase;
    double q;
    int64_t tasks_min;
} percentiles[] = {
    {offsetof(struct summary_row, queue_p50_ns), 0, 0.5, 1},
    {offsetof(struct summary_row, service_p50_ns), 1, 0.5, 1},
    {offsetof(struct summary_row, return_p50_ns), 2, 0.5, 1},
    {offsetof(struct summary_row, latency_p50_ns), 3, 0.5, 1},
    {offsetof(struct summary_row, latency_p90_ns), 3, 0.9, 1},
    {offsetof(struct summary_row, latency_p99_ns), 3, 0.99, P99_MIN},
    {offsetof(struct summary_row, latency_p999_ns), 3, 0.999, P999_MIN},
    {offsetof(struct summary_row, late_p99_ns), 4, 0.99, P99_MIN},
};
#define LATENCY_P99      5 /* the row above that is kept for every trial */
#define PERCENTILE_COUNT (sizeof percentiles / sizeof percentiles[0])

/* Columns whose median is taken as they are. */
static const struct {
    size_t to, from; /* in struct summary_row, in struct trial_row */
} medians[] = {
    {offsetof(struct summary_row, wall_ns), offsetof(struct trial_row, wall_ns)},
    {offsetof(struct summary_row, open_ns), offsetof(struct trial_row, open_ns)},
    {offsetof(struct summary_row, close_ns), offsetof(struct trial_row, close_ns)},
    {offsetof(struct summary_row, pss_bytes), offsetof(struct trial_row, pss_bytes)},
    {offsetof(struct summary_row, private_bytes), offsetof(struct trial_row, private_bytes)},
};
#define MEDIAN_COUNT (sizeof medians / sizeof medians[0])

/* What is known of a trial beside its row. */
struct detail {
    size_t cell, next; /* its summary row; the next trial of that cell or NOTHING */
    double percentile[PERCENTILE_COUNT];
};

struct work {
    struct summary *summary;
    struct detail *details; /* one a trial */
    size_t *first;          /* per cell: its first trial */
    double *values;         /* room for one number a trial */
    double *imbalance;      /* of workers, one a trial */
    size_t trials_size;
    /* of the trial whose part of latency.csv is being read */
    size_t current; /* trial or NOTHING */
    int64_t current_id;
    struct bucket *buckets[PHASE_COUNT]; /* HISTOGRAM_BUCKETS each */
    size_t bucket_count[PHASE_COUNT];
    char *error;
};

static bool trial_is_ok(const struct trial_row *trial)
{
    return !strcmp(trial->status, "ok");
}

static double number(int64_t value)
{
    return value == MISSING ? NAN : (double)value;
}

static int64_t whole(double value)
{
    return isnan(value) ? MISSING : llround(value);
}

static double per_task(const struct trial_row *trial, double ns)
{
    return trial->tasks > 0 ? ns / (double)trial->tasks : NAN;
}

static int on_trial(const void *row, void *arg)
{
    struct work *work = arg;
    struct summary *summary = work->summary;

    if (summary->trial_count == work->trials_size) {
        size_t size = work->trials_size * 2 + 64;
        struct trial_row *trials = reallocarray(summary->trials, size, sizeof *trials);
        if (!trials) {
            refuse(work->error, "%s: out of memory", trial_format.file);
            return -ENOMEM;
        }
        summary->trials = trials;
        work->trials_size = size;
    }
    memcpy(&summary->trials[summary->trial_count++], row, sizeof *summary->trials);
    return 0;
}

/* The factors of a trial are the columns that both files have. */
static void row_from_trial(struct summary_row *row, const struct trial_row *trial)
{
    row_clear(&summary_format, row);
    for (size_t i = 0; i < summary_format.count; i++) {
        const struct column *to = &summary_format.columns[i];
        if (!strcmp(to->name, "trials"))
            break; /* results from here on */
        for (size_t j = 0; j < trial_format.count; j++)
            if (!strcmp(trial_format.columns[j].name, to->name))
                memcpy((char *)row + to->offset, (const char *)trial + trial_format.columns[j].offset, to->size);
    }
    row->trials = 0;
    row->failed = 0;
}

static int cells_group(struct work *work)
{
    struct summary *summary = work->summary;
    size_t count = summary->trial_count + 1; /* malloc(0) may be NULL */
    size_t *last = calloc(count, sizeof *last);

    summary->rows = calloc(count, sizeof *summary->rows);
    work->details = calloc(count, sizeof *work->details);
    work->first = calloc(count, sizeof *work->first);
    work->values = calloc(count, sizeof *work->values);
    work->imbalance = calloc(count, sizeof *work->imbalance);
    if (!last || !summary->rows || !work->details || !work->first || !work->values || !work->imbalance) {
        free(last);
        return -ENOMEM;
    }
    for (size_t i = 0; i < summary->trial_count; i++) {
        const struct trial_row *trial = &summary->trials[i];
        size_t cell = 0;
        while (cell < summary->count && strcmp(summary->rows[cell].cell_id, trial->cell_id))
            cell++;
        if (cell == summary->count) {
            row_from_trial(&summary->rows[summary->count++], trial);
            work->first[cell] = i;
        } else {
            work->details[last[cell]].next = i;
        }
        last[cell] = i;
        work->details[i] = (struct detail){.cell = cell, .next = NOTHING};
        for (size_t p = 0; p < PERCENTILE_COUNT; p++)
            work->details[i].percentile[p] = NAN;
        summary->rows[cell].trials++;
        summary->rows[cell].failed += !trial_is_ok(trial);
    }
    free(last);
    return 0;
}

static int bucket_compare(const void *a, const void *b)
{
    const struct bucket *x = a, *y = b;

    return (x->lo_ns > y->lo_ns) - (x->lo_ns < y->lo_ns);
}

/* The trial is read: its histograms become percentiles. */
static void histograms_finish(struct work *work)
{
    for (unsigned phase = 0; phase < PHASE_COUNT; phase++) {
        struct bucket *buckets = work->buckets[phase];
        size_t count = work->bucket_count[phase];
        int64_t tasks = 0;
        qsort(buckets, count, sizeof *buckets, bucket_compare);
        for (size_t i = 0; i < count; i++)
            tasks += buckets[i].count;
        for (size_t p = 0; p < PERCENTILE_COUNT && work->current != NOTHING; p++)
            if (percentiles[p].phase == phase && tasks >= percentiles[p].tasks_min)
                work->details[work->current].percentile[p] = stats_histogram_quantile(buckets, count, percentiles[p].q);
        work->bucket_count[phase] = 0;
    }
}

static size_t trial_find(const struct work *work, int64_t trial_id)
{
    const struct summary *summary = work->summary;
    size_t start = work->current == NOTHING ? 0 : work->current + 1; /* the files have the same order */

    for (size_t i = 0; i < summary->trial_count; i++) {
        size_t trial = (start + i) % summary->trial_count;
        if (summary->trials[trial].trial_id == trial_id)
            return trial;
    }
    return NOTHING;
}

static int on_bucket(const void *row, void *arg)
{
    const struct latency_row *latency = row;
    struct work *work = arg;
    unsigned phase = 0;

    if (latency->trial_id != work->current_id) {
        histograms_finish(work);
        work->current = trial_find(work, latency->trial_id);
        work->current_id = latency->trial_id;
    }
    while (phase < PHASE_COUNT && strcmp(latency->phase, phase_names[phase]))
        phase++;
    if (phase == PHASE_COUNT)
        return 0; /* of a newer poolbench */
    if (work->bucket_count[phase] == HISTOGRAM_BUCKETS || latency->lo_ns == MISSING ||
        latency->hi_ns <= latency->lo_ns || latency->count < 0) {
        refuse(work->error, "%s: trial %lld, %s: no histogram", latency_format.file, (long long)latency->trial_id,
               latency->phase);
        return -EBADMSG;
    }
    work->buckets[phase][work->bucket_count[phase]++] = (struct bucket){latency->lo_ns, latency->hi_ns, latency->count};
    return 0;
}

static int latency_read(const char *directory, struct work *work)
{
    const struct summary *summary = work->summary;
    int64_t end = MISSING;
    int result;

    for (size_t i = summary->trial_count; i-- > 0 && end == MISSING;)
        end = summary->trials[i].latency_end;
    if (end <= 0) /* MISSING too */
        return 0;
    for (unsigned phase = 0; phase < PHASE_COUNT; phase++) {
        work->buckets[phase] = calloc(HISTOGRAM_BUCKETS, sizeof *work->buckets[phase]);
        if (!work->buckets[phase]) {
            refuse(work->error, "%s: out of memory", latency_format.file);
            return -ENOMEM;
        }
    }
    work->current = NOTHING;
    work->current_id = MISSING;
    result = csv_read(directory, &latency_format, end, on_bucket, work, work->error);
    if (result == -ENOENT) /* left out of a copy, because it is large: there are no percentiles then */
        return 0;
    if (!result)
        histograms_finish(work);
    return result;
}

/* The median over the ok trials of a cell of whatever `value` says of a trial. */
static double cell_median(const struct work *work, size_t cell,
                          double (*value)(const struct work *work, size_t trial, size_t argument), size_t argument,
                          struct interval *interval)
{
    size_t count = 0;

    for (size_t i = work->first[cell]; i != NOTHING; i = work->details[i].next)
        if (trial_is_ok(&work->summary->trials[i]))
            work->values[count++] = value(work, i, argument);
    count = stats_sort(work->values, count);
    if (interval)
        stats_median_interval(work->values, count, LEVEL, interval);
    return stats_median(work->values, count);
}

static double column_value(const struct work *work, size_t trial, size_t offset)
{
    int64_t value;

    memcpy(&value, (const char *)&work->summary->trials[trial] + offset, sizeof value);
    return number(value);
}

static double percentile_value(const struct work *work, size_t trial, size_t which)
{
    return work->details[trial].percentile[which];
}

static double per_task_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return per_task(t, number(t->wall_ns));
}

static double imbalance_value(const struct work *work, size_t trial, size_t unused)
{
    (void)unused;
    return work->imbalance[trial];
}

static double efficiency_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return t->wall_ns > 0 ? number(t->ideal_ns) / (double)t->wall_ns : NAN;
}

static double overhead_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return per_task(t, number(t->wall_ns) - number(t->ideal_ns));
}

static double submitter_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return number(t->submitter_ns) / number(t->wall_ns);
}

/* "rate:2k:poisson" */
static double rate_asked(const char *arrival)
{
    char text[64];
    double rate;

    if (strncmp(arrival, "rate:", 5) != 0)
        return NAN;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(arrival + 5, ":"), arrival + 5);
    return parse_rate(text, &rate) ? NAN : rate;
}

static double achieved_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return 1e9 * number(t->tasks) / number(t->wall_ns) / rate_asked(t->arrival);
}

/* Against the trial of the ideal cell in the same block. */
static double ideal_ratio_value(const struct work *work, size_t trial, size_t ideal_cell)
{
    double mine = per_task_value(work, trial, 0);

    for (size_t i = work->first[ideal_cell]; i != NOTHING; i = work->details[i].next)
        if (work->summary->trials[i].block == work->summary->trials[trial].block &&
            trial_is_ok(&work->summary->trials[i]))
            return mine > 0 ? per_task_value(work, i, 0) / mine : NAN;
    return NAN;
}

/* The cell of the ideal pool that differs in nothing else: in the same place, or where there is none, in any. */
static size_t ideal_find(const struct summary *summary, size_t cell, unsigned factors)
{
    size_t elsewhere = NOTHING;

    for (size_t i = 0; i < summary->count; i++) {
        if (!row_has_pool(&summary->rows[i], IDEAL_POOL) ||
            !factors_equal(&summary->rows[i], &summary->rows[cell], factors & ~(unsigned)(FACTOR_POOL | FACTOR_PLACE)))
            continue;
        if (factors_equal(&summary->rows[i], &summary->rows[cell], FACTOR_PLACE))
            return i;
        if (elsewhere == NOTHING)
            elsewhere = i;
    }
    return elsewhere;
}

/* What the median hides. Trials that are not ok stay as gaps. */
static int cell_remark(const struct work *work, size_t cell)
{
    struct summary_row *row = &work->summary->rows[cell];
    struct drift drift;
    struct modes modes;
    size_t count = 0;

    for (size_t i = work->first[cell]; i != NOTHING; i = work->details[i].next)
        work->values[count++] = trial_is_ok(&work->summary->trials[i]) ? per_task_value(work, i, 0) : NAN;
    if (drift_find(work->values, count, &drift) || modes_find(work->values, count, &modes))
        return -ENOMEM;
    row->drift = drift.change;
    row->drift_said = isnan(drift.change) ? MISSING : drift.said;
    if (modes.two) {
        row->modes_ratio = modes.hi / modes.lo;
        row->modes_share = (double)modes.hi_count / (double)(modes.lo_count + modes.hi_count);
    }
    return 0;
}

static void cell_sum_up(const struct work *work, size_t cell, unsigned factors)
{
    struct summary_row *row = &work->summary->rows[cell];
    size_t ideal = ideal_find(work->summary, cell, factors);
    struct interval wall;

    for (size_t i = 0; i < MEDIAN_COUNT; i++)
        *(int64_t *)((char *)row + medians[i].to) = whole(cell_median(work, cell, column_value, medians[i].from, NULL));
    for (size_t i = 0; i < PERCENTILE_COUNT; i++)
        *(int64_t *)((char *)row + percentiles[i].offset) = whole(cell_median(work, cell, percentile_value, i, NULL));
    cell_median(work, cell, column_value, offsetof(struct trial_row, wall_ns), &wall);
    row->wall_lo_ns = whole(wall.lo);
    row->wall_hi_ns = whole(wall.hi);
    row->ns_per_task = cell_median(work, cell, per_task_value, 0, NULL);
    row->tasks_per_s = row->ns_per_task > 0 ? 1e9 / row->ns_per_task : NAN;
    row->efficiency = cell_median(work, cell, efficiency_value, 0, NULL);
    row->overhead_ns = cell_median(work, cell, overhead_value, 0, NULL);
    row->submitter_share = cell_median(work, cell, submitter_value, 0, NULL);
    row->achieved_share = cell_median(work, cell, achieved_value, 0, NULL);
    row->worker_imbalance = cell_median(work, cell, imbalance_value, 0, NULL);
    if (ideal != NOTHING)
        row->efficiency_vs_static = cell_median(work, cell, ideal_ratio_value, ideal, NULL);
}

int summary_make(const char *directory, struct summary *summary, char *error)
{
    struct work work = {.summary = summary, .error = error};
    int result;

    *summary = (struct summary){.looks = host_looks(directory)};
    result = csv_read(directory, &trial_format, -1, on_trial, &work, error);
    if (result)
        goto out;
    result = cells_group(&work);
    if (result) {
        refuse(error, "%s: out of memory", directory);
        goto out;
    }
    result = latency_read(directory, &work);
    if (!result)
        result = workers_read(directory, summary, work.imbalance, error);
    if (result)
        goto out;
    summary->latency_p99_ns = calloc(summary->trial_count + 1, sizeof *summary->latency_p99_ns);
    if (!summary->latency_p99_ns) {
        refuse(error, "%s: out of memory", directory);
        result = -ENOMEM;
        goto out;
    }
    for (size_t i = 0; i < summary->trial_count; i++)
        summary->latency_p99_ns[i] = percentile_value(&work, i, LATENCY_P99);
    unsigned factors = factors_of(summary->rows, summary->count);
    for (size_t cell = 0; cell < summary->count && !result; cell++) {
        cell_sum_up(&work, cell, factors);
        result = cell_remark(&work, cell);
    }
    if (result)
        refuse(error, "%s: out of memory", directory);
out:
    for (unsigned phase = 0; phase < PHASE_COUNT; phase++)
        free(work.buckets[phase]);
    free(work.details);
    free(work.first);
    free(work.values);
    free(work.imbalance);
    if (result)
        summary_release(summary);
    return result;
}

void summary_release(struct summary *summary)
{
    free(summary->rows);
    free(summary->trials);
    free(summary->latency_p99_ns);
    *summary = (struct summary){0};
}

/* Written beside and renamed, so that there is always a whole summary.csv. */
int summary_write(const char *directory, const struct summary *summary, char *error)
{
    struct file_format beside = summary_format;
    struct csv_writer *writer = NULL;
    char from[PATH_MAX], to[PATH_MAX];
    int result;

    beside.file = ".summary.csv";
    snprintf(to, sizeof to, "%s/%s", directory, summary_format.file);
    if (snprintf(from, sizeof from, "%s/%s", directory, beside.file) >= (int)sizeof from) {
        result = -ENAMETOOLONG;
        goto fail;
    }
    unlink(from); /* of a poolbench that was killed here */
    result = csv_create(directory, &beside, &writer);
    if (result)
        goto fail;
    for (size_t i = 0; i < summary->count && !result; i++)
        result = csv_put(writer, &summary->rows[i]);
    int closed = csv_close(writer);
    if (!result)
        result = closed;
    if (!result && rename(from, to) < 0)
        result = -errno;
    if (!result)
        return 0;
    unlink(from);
fail:
    refuse(error, "%s/%s: cannot be written: %s", directory, summary_format.file, strerror(-result));
    return result;
}
