/* See by_trial.h. */
#include "bench/model/by_trial.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define NOBODY    SIZE_MAX
#define SCATTERED 1 /* the rows of a trial do not stand together */

/* A row that is held, with its trial in front. */
struct held {
    size_t trial;
    _Alignas(max_align_t) char row[];
};

struct reading {
    const struct by_trial *reader;
    char *error;
    size_t *by_id; /* trials, by their ids */
    struct row_tally *seen;
    size_t current; /* the trial being read */
    int64_t end;    /* of what is read */
    bool holds;
    char *held; /* struct held, of the same size each */
    size_t held_count, held_room;
};

static size_t held_size(const struct reading *r)
{
    const size_t size = sizeof(struct held) + r->reader->format->row_size, step = _Alignof(struct held);
    return (size + step - 1) / step * step;
}

static int64_t id_of(const struct reading *r, const void *row)
{
    return r->reader->format == &sample_format ? ((const struct sample_row *)row)->trial_id
                                               : ((const struct latency_row *)row)->trial_id;
}

static int64_t sum_of(const struct reading *r, const void *row)
{
    return r->reader->format == &sample_format ? ((const struct sample_row *)row)->row_sum
                                               : ((const struct latency_row *)row)->row_sum;
}

static const struct row_tally *written(const struct reading *r, size_t trial)
{
    const struct trial_row *row = &r->reader->trials[trial];
    return r->reader->format == &sample_format ? &row->samples : &row->latency;
}

static int id_compare(const void *a, const void *b, void *arg)
{
    const struct trial_row *trials = arg;
    const int64_t x = trials[*(const size_t *)a].trial_id, y = trials[*(const size_t *)b].trial_id;
    return (x > y) - (x < y);
}

static size_t trial_find(const struct reading *r, int64_t id)
{
    const struct trial_row *trials = r->reader->trials;
    size_t lo = 0, hi = r->reader->count;
    if (r->current != NOBODY && trials[r->current].trial_id == id)
        return r->current;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (trials[r->by_id[middle]].trial_id < id)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo < r->reader->count && trials[r->by_id[lo]].trial_id == id ? r->by_id[lo] : NOBODY;
}

static void end_tell(struct reading *r)
{
    if (r->current != NOBODY && r->reader->on_end)
        r->reader->on_end(r->current, r->reader->arg);
    r->current = NOBODY;
}

static int row_tell(struct reading *r, size_t trial, const void *row)
{
    if (trial != r->current) {
        end_tell(r);
        if (r->seen[trial].rows)
            return SCATTERED;
        if (r->reader->on_begin)
            r->reader->on_begin(trial, r->reader->arg);
    }
    r->current = trial;
    row_tally_add(&r->seen[trial], sum_of(r, row));
    return r->reader->on_row(trial, row, r->reader->arg);
}

static int row_hold(struct reading *r, size_t trial, const void *row)
{
    const size_t size = held_size(r);
    if (r->held_count == r->held_room) {
        size_t room = r->held_room * 2 + 1024;
        char *grown = reallocarray(r->held, room, size);
        if (!grown)
            return refuse_as(-ENOMEM, r->error, "%s: out of memory", r->reader->format->file);
        r->held = grown;
        r->held_room = room;
    }
    struct held *held = (struct held *)(void *)(r->held + size * r->held_count++);
    held->trial = trial;
    memcpy(held->row, row, r->reader->format->row_size);
    return 0;
}

static int on_row(const void *row, void *arg)
{
    struct reading *r = arg;
    size_t trial = trial_find(r, id_of(r, row));
    if (trial == NOBODY)
        return 0;
    return r->holds ? row_hold(r, trial, row) : row_tell(r, trial, row);
}

static int held_compare(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    return (x->trial > y->trial) - (x->trial < y->trial);
}

/* All of them, held and sorted. */
static int scattered_read(struct reading *r, const char *directory)
{
    r->holds = true;
    r->current = NOBODY;
    memset(r->seen, 0, r->reader->count * sizeof *r->seen);
    int rc = csv_read(directory, r->reader->format, r->end, on_row, r, r->error);
    if (rc == 0)
        qsort(r->held, r->held_count, held_size(r), held_compare);
    r->current = NOBODY;
    for (size_t i = 0; i < r->held_count && rc == 0; i++) {
        const struct held *held = (const struct held *)(const void *)(r->held + held_size(r) * i);
        rc = row_tell(r, held->trial, held->row);
    }
    return rc;
}

/* How far the file is committed: all that is written with the trials is there. Before there were sums, as many bytes as
 * the trials say. */
static int64_t end_of(const struct by_trial *reader)
{
    int64_t end = MISSING;
    bool has_sums = reader->end >= 0;
    for (size_t i = 0; i < reader->count && !has_sums; i++) {
        const struct trial_row *row = &reader->trials[i];
        const int64_t own = reader->format == &sample_format ? row->samples_end : row->latency_end;
        has_sums = (reader->format == &sample_format ? &row->samples : &row->latency)->rows != MISSING;
        end = own > end ? own : end;
    }
    return has_sums || end == MISSING ? reader->end : end;
}

static int tallies_check(const struct reading *r, const char *directory)
{
    const char *file = r->reader->format->file;
    for (size_t i = 0; i < r->reader->count; i++) {
        const struct row_tally *is = &r->seen[i], *was = written(r, i);
        if (was->rows == MISSING || was->sum == MISSING || (is->rows == was->rows && is->sum == was->sum))
            continue;
        char rows[80] = "other values than were written";
        if (is->rows != was->rows)
            snprintf(rows, sizeof rows, "%lld row%s where %lld were written", (long long)is->rows,
                     is->rows == 1 ? "" : "s", (long long)was->rows);
        return refuse_as(-EBADMSG, r->error,
                         "%.300s/%s: trial %lld has %s; `poolbench repair RUN` keeps those that are whole", directory,
                         file, (long long)r->reader->trials[i].trial_id, rows);
    }
    return 0;
}

int by_trial_read(const char *directory, const struct by_trial *reader, char *error)
{
    struct reading r = {.reader = reader, .error = error, .current = NOBODY, .end = end_of(reader)};
    r.by_id = calloc(reader->count + 1, sizeof *r.by_id);
    r.seen = calloc(reader->count + 1, sizeof *r.seen);
    int rc = r.by_id && r.seen ? 0 : refuse_as(-ENOMEM, error, "%s: out of memory", reader->format->file);
    for (size_t i = 0; i < reader->count && !rc; i++)
        r.by_id[i] = i;
    if (!rc) {
        qsort_r(r.by_id, reader->count, sizeof *r.by_id, id_compare, (void *)(uintptr_t)reader->trials);
        rc = csv_read(directory, reader->format, r.end, on_row, &r, error);
    }
    if (rc == SCATTERED)
        rc = scattered_read(&r, directory);
    if (!rc) {
        end_tell(&r);
        rc = tallies_check(&r, directory);
    }
    free(r.by_id);
    free(r.seen);
    free(r.held);
    return rc;
}
