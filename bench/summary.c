/* From trials.csv and latency.csv to one row a cell. Trials are held in memory, latency.csv is streamed: of it only the
 * histograms of one trial are kept at a time. Everything comes from the files, so a copy of a run sums up the same. */
#include "bench/summary.h"
#include "bench/csv.h"
#include "bench/histogram.h"
#include "bench/host.h"
#include "bench/refuse.h"
#include "bench/summary_factors.h"
#include "bench/summary_work.h"
#include "bench/summary_workers.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const phase_names[PHASE_COUNT] = {"queue", "service", "return", "latency", "late"};

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
        summary->latency_p99_ns[i] = work.details[i].percentile[LATENCY_P99];
    unsigned factors = factors_of(summary->rows, summary->count);
    for (size_t cell = 0; cell < summary->count && !result; cell++)
        result = cell_sum_up(&work, cell, factors);
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
