/* From trials.csv and latency.csv to one row a cell. Trials are held in memory, latency.csv is streamed: of it only the
 * histograms of one trial are kept at a time. Everything comes from the files, so a copy of a run sums up the same. */
#include "bench/analyse/summary.h"
#include "bench/analyse/summary_work.h"
#include "bench/analyse/summary_workers.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "workloads/text.h"
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_MOST = 1000000 }; /* more would be a broken number, and take the memory of as many */

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

static void row_from_trial(struct summary_row *row, const struct trial_row *trial)
{
    row_clear(&summary_format, row);
    row->schema_version = trial->schema_version;
    memcpy(row->run_id, trial->run_id, sizeof row->run_id);
    memcpy(row->cell_id, trial->cell_id, sizeof row->cell_id);
    memcpy(row->experiment, trial->experiment, sizeof row->experiment);
    row->f = trial->f;
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

static int block_compare(const void *a, const void *b)
{
    const struct trial_row *x = *(const struct trial_row *const *)a, *y = *(const struct trial_row *const *)b;
    int order = strcmp(x->cell_id, y->cell_id);

    return order ? order : (x->block > y->block) - (x->block < y->block);
}

/* In a block a cell has one trial that went well: with more, which of them belongs to the other cells of the block? */
static int blocks_check(const struct summary *summary, char *error)
{
    const struct trial_row **sorted = calloc(summary->trial_count + 1, sizeof(*sorted));
    size_t count = 0;
    int result = 0;

    if (!sorted)
        return refuse(error, "%s: out of memory", trial_format.file), -ENOMEM;
    for (size_t i = 0; i < summary->trial_count; i++)
        if (trial_is_ok(&summary->trials[i]) && summary->trials[i].block > 0)
            sorted[count++] = &summary->trials[i];
    qsort(sorted, count, sizeof(*sorted), block_compare);
    for (size_t i = 0; i < count && !result; i++) {
        const struct trial_row *t = sorted[i];
        if (t->block > BLOCK_MOST)
            result = refuse(error, "%s: trial %lld: expected a block of 1 .. %d, found %lld", trial_format.file,
                            (long long)t->trial_id, BLOCK_MOST, (long long)t->block);
        else if (i && !block_compare(&sorted[i - 1], &sorted[i]))
            result = refuse(error, "%s: trials %lld and %lld are both of cell %.32s in block %lld: is it of two runs?",
                            trial_format.file, (long long)sorted[i - 1]->trial_id, (long long)t->trial_id, t->cell_id,
                            (long long)t->block);
    }
    free(sorted);
    return result ? -EINVAL : 0;
}

/* Histograms become percentiles. */
static void percentiles_note(size_t trial, const struct histogram *histograms, void *arg)
{
    struct work *work = arg;

    for (size_t p = 0; p < PERCENTILE_COUNT; p++) {
        const struct histogram *histogram = &histograms[percentiles[p].phase];
        if (histogram->tasks >= percentiles[p].tasks_min)
            work->details[trial].percentile[p] =
                stats_histogram_quantile(histogram->buckets, histogram->count, percentiles[p].q);
    }
}

static bool is_there(const char *directory, const char *file)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof path, "%s/%s", directory, file) < (int)sizeof path && access(path, F_OK) == 0;
}

/* Does the file end within a line? */
static bool is_torn(const char *directory, const char *file)
{
    char path[PATH_MAX + 32], last = '\n';
    struct stat status;

    snprintf(path, sizeof path, "%s/%s", directory, file);
    int fd = text_file_fd(path);
    if (fd < 0)
        return false;
    if (fstat(fd, &status) < 0 || status.st_size <= 0 || pread(fd, &last, 1, status.st_size - 1) != 1)
        last = '\n';
    close(fd);
    return last != '\n';
}

void summary_gaps(FILE *talk, const char *directory, const struct summary *summary)
{
    if (summary->torn && summary->trial_count) {
        text_show(talk, directory);
        fprintf(talk, "/%s: the last line was cut off; used up to trial %lld, the last one committed\n",
                trial_format.file, (long long)summary->trials[summary->trial_count - 1].trial_id);
    }
    if (summary->hostless) {
        text_show(talk, directory);
        fputs(
            ": there is no host.json that can be read: the machine is not known, and the number of blocks is taken to "
            "have been fixed beforehand\n",
            talk);
    }
}

int summary_make(const char *directory, struct summary *summary, char *error)
{
    struct work work = {.summary = summary, .error = error};
    int result;

    *summary = (struct summary){.looks = host_looks(directory),
                                .torn = is_torn(directory, trial_format.file),
                                .hostless = !host_is_there(directory)};
    result = csv_read(directory, &trial_format, -1, on_trial, &work, error);
    if (!result)
        result = blocks_check(summary, error);
    if (result)
        goto out;
    result = cells_group(&work);
    if (result) {
        refuse(error, "%s: out of memory", directory);
        goto out;
    }
    const struct histogram_reader reader = {
        .trials = summary->trials, .trial_count = summary->trial_count, .on_trial = percentiles_note, .arg = &work};
    result = histograms_read(directory, &reader, error);
    if (result == -ENOENT) /* a copy without it, because it is large: there are no percentiles then */
        result = 0;
    summary->partial = !is_there(directory, latency_format.file);
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
    if (summary->partial && is_there(directory, summary_format.file)) /* it may know more */
        return 0;
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
