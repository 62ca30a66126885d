/* See repair.h. All rows of a run are held in memory, to be sorted. */
#include "bench/model/repair.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/file_sums.h"
#include "bench/model/invariants.h"
#include "bench/model/recorded.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Rows of one file. */
struct rows {
    const struct file_format *format;
    char *row;
    size_t count, room;
    bool is_there;
};

enum { PLAN, SAMPLES, LATENCY, STATES, TRIALS, FILES }; /* trials.csv last: it is the commit */

struct repairing {
    struct repair *repair;
    struct rows files[FILES];
    struct rows *current; /* that is read */
    char *error;
};

static void *row_at(const struct rows *rows, size_t i)
{
    return rows->row + i * rows->format->row_size;
}

static __attribute__((format(printf, 2, 3))) void drop(struct repairing *r, const char *format, ...)
{
    char text[ERROR_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    r->repair->dropped(text, r->repair->arg);
}

/* ---- reading ---- */

static int row_take(const void *row, void *arg)
{
    struct repairing *r = arg;
    struct rows *rows = r->current;
    if (rows->count == rows->room) {
        size_t room = rows->room * 2 + 256;
        char *grown = reallocarray(rows->row, room, rows->format->row_size);
        if (!grown)
            return refuse_as(-ENOMEM, r->error, "%s: out of memory", rows->format->file);
        rows->row = grown;
        rows->room = room;
    }
    memcpy(row_at(rows, rows->count++), row, rows->format->row_size);
    return 0;
}

static void row_refused(const char *why, void *arg)
{
    struct repairing *r = arg;
    r->repair->rows_dropped++;
    drop(r, "%s", why);
}

static int files_read(struct repairing *r, const char *directory)
{
    int rc = 0;
    for (unsigned i = 0; i < FILES && rc == 0; i++) {
        r->current = &r->files[i];
        r->current->is_there = i == TRIALS || csv_is_there(directory, r->current->format->file);
        if (r->current->is_there)
            rc = csv_salvage(directory, r->current->format, row_take, row_refused, r, r->error);
    }
    return rc;
}

/* ---- what fits together ---- */

static int64_t id_of(const struct rows *rows, size_t i)
{
    const void *row = row_at(rows, i);
    return rows->format == &trial_format    ? ((const struct trial_row *)row)->trial_id
           : rows->format == &sample_format ? ((const struct sample_row *)row)->trial_id
           : rows->format == &state_format  ? ((const struct state_row *)row)->trial_id
                                            : ((const struct latency_row *)row)->trial_id;
}

static int64_t sum_of(const struct rows *rows, size_t i)
{
    const void *row = row_at(rows, i);
    return rows->format == &trial_format    ? ((const struct trial_row *)row)->row_sum
           : rows->format == &sample_format ? ((const struct sample_row *)row)->row_sum
           : rows->format == &state_format  ? ((const struct state_row *)row)->row_sum
                                            : ((const struct latency_row *)row)->row_sum;
}

struct key {
    int64_t id, sum;
    size_t at;
    bool is_again; /* the same row stands before it */
};

static int order(int64_t x, int64_t y)
{
    return (x > y) - (x < y);
}

static int sum_compare(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int by_id = order(x->id, y->id), by_sum = order(x->sum, y->sum);
    return by_id ? by_id : by_sum ? by_sum : order((int64_t)x->at, (int64_t)y->at);
}

static int place_compare(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int by_id = order(x->id, y->id);
    return by_id ? by_id : order((int64_t)x->at, (int64_t)y->at);
}

/* By trial, and then as they stand in the file; of those that are the same the first is the one. */
static void keys_sort(const struct rows *rows, struct key *keys)
{
    for (size_t i = 0; i < rows->count; i++)
        keys[i] = (struct key){.id = id_of(rows, i), .sum = sum_of(rows, i), .at = i};
    qsort(keys, rows->count, sizeof *keys, sum_compare);
    for (size_t i = 1; i < rows->count; i++)
        keys[i].is_again = keys[i].id == keys[i - 1].id && keys[i].sum == keys[i - 1].sum &&
                           !memcmp(row_at(rows, keys[i].at), row_at(rows, keys[i - 1].at), rows->format->row_size);
    qsort(keys, rows->count, sizeof *keys, place_compare);
}

/* In the order of their trials, each once. */
static int rows_sort(struct repairing *r, struct rows *rows)
{
    const size_t size = rows->format->row_size;
    struct key *keys = calloc(rows->count + 1, sizeof *keys);
    char *sorted = calloc(rows->count + 1, size);
    size_t kept = 0;
    if (!keys || !sorted) {
        free(keys);
        free(sorted);
        return refuse_as(-ENOMEM, r->error, "%s: out of memory", rows->format->file);
    }
    keys_sort(rows, keys);
    for (size_t i = 0; i < rows->count; i++) {
        if (keys[i].is_again) {
            r->repair->rows_dropped++;
            drop(r, "%s: a row of trial %lld is there again", rows->format->file, (long long)keys[i].id);
        } else {
            memcpy(sorted + size * kept++, row_at(rows, keys[i].at), size);
        }
    }
    free(keys);
    free(rows->row);
    rows->row = sorted;
    rows->room = rows->count;
    rows->count = kept;
    return 0;
}

/* The rows of trial `id` from row *at on, which moves behind them. */
static struct row_tally tally_of(const struct rows *rows, int64_t id, size_t *at)
{
    struct row_tally tally = {0};
    while (*at < rows->count && id_of(rows, *at) < id)
        ++*at;
    for (; *at < rows->count && id_of(rows, *at) == id; ++*at)
        row_tally_add(&tally, sum_of(rows, *at));
    return tally;
}

/* Whether the trial has all of its rows; else it says so. */
static bool is_whole(struct repairing *r, const struct trial_row *trial, size_t *sample, size_t *bucket)
{
    const struct {
        const struct rows *rows;
        const struct row_tally *was;
        struct row_tally is;
    } files[] = {
        {&r->files[SAMPLES], &trial->samples, tally_of(&r->files[SAMPLES], trial->trial_id, sample)},
        {&r->files[LATENCY], &trial->latency, tally_of(&r->files[LATENCY], trial->trial_id, bucket)},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const struct row_tally *was = files[i].was, *is = &files[i].is;
        if (!files[i].rows->is_there || was->rows == MISSING || (was->rows == is->rows && was->sum == is->sum))
            continue;
        drop(r, "trial %lld: of its %lld rows in %s %lld are whole", (long long)trial->trial_id, (long long)was->rows,
             files[i].rows->format->file, (long long)is->rows);
        return false;
    }
    return true;
}

/* Trials that are whole stay, one of each number. */
static void trials_choose(struct repairing *r)
{
    struct rows *trials = &r->files[TRIALS];
    size_t kept = 0, sample = 0, bucket = 0;
    for (size_t i = 0; i < trials->count; i++) {
        const struct trial_row *trial = row_at(trials, i);
        char why[ERROR_MAX];
        if (trial_consistent(trial, why)) {
            drop(r, "trial %lld: %s", (long long)trial->trial_id, why);
            r->repair->trials_dropped++;
            continue;
        }
        bool is_other = kept && id_of(trials, kept - 1) == trial->trial_id;
        if (is_other)
            drop(r, "%s: another row is of trial %lld, too", trials->format->file, (long long)trial->trial_id);
        if (!is_other && is_whole(r, trial, &sample, &bucket))
            memmove(row_at(trials, kept++), trial, trials->format->row_size);
        else
            r->repair->trials_dropped++;
    }
    trials->count = kept;
}

/* ---- writing ---- */

/* The rows of trial `id` from row *at on, which moves behind them. */
static int rows_put(struct csv_writer *writer, const struct rows *rows, int64_t id, size_t *at)
{
    int rc = 0;
    while (*at < rows->count && id_of(rows, *at) < id)
        ++*at;
    for (; *at < rows->count && id_of(rows, *at) == id && rc == 0; ++*at)
        rc = csv_put(writer, row_at(rows, *at));
    return rc ? rc : csv_flush(writer);
}

static int trials_put(struct repairing *r, struct csv_writer *const *writers)
{
    const struct rows *trials = &r->files[TRIALS];
    size_t at[FILES] = {0};
    int rc = 0;
    for (size_t i = 0; i < trials->count && rc == 0; i++) {
        struct trial_row *trial = row_at(trials, i);
        for (unsigned f = SAMPLES; f <= LATENCY && rc == 0; f++) {
            int64_t *end = f == SAMPLES ? &trial->samples_end : &trial->latency_end;
            struct row_tally *tally = f == SAMPLES ? &trial->samples : &trial->latency;
            if (!writers[f])
                continue;
            rc = rows_put(writers[f], &r->files[f], trial->trial_id, &at[f]);
            *tally = csv_tally_take(writers[f]);
            *end = csv_end(writers[f]);
        }
        if (writers[STATES] && rc == 0)
            rc = rows_put(writers[STATES], &r->files[STATES], trial->trial_id, &at[STATES]);
        rc = rc ? rc : csv_put(writers[TRIALS], trial);
    }
    for (size_t i = 0; i < r->files[PLAN].count && writers[PLAN] && rc == 0; i++)
        rc = csv_put(writers[PLAN], row_at(&r->files[PLAN], i));
    return rc;
}

/* The file as it is stays in REPAIR_KEPT, under a name of its own. */
static int original_keep(const char *directory, const char *file, char *error)
{
    char name[64];
    int run = inside_directory(directory, ""), kept = -1, rc = run < 0 ? run : 0;
    if (rc == 0 && mkdirat(run, REPAIR_KEPT, 0777) < 0 && errno != EEXIST)
        rc = -errno;
    if (rc == 0 && (kept = inside_directory(directory, REPAIR_KEPT)) < 0)
        rc = kept;
    for (unsigned i = 0; rc == 0; i++) {
        snprintf(name, sizeof name, i ? "%.40s.%u" : "%.40s", file, i);
        if (linkat(run, file, kept, name, 0) == 0)
            break;
        rc = errno == EEXIST && i < 1000 ? 0 : -errno;
    }
    rc = rc ? rc : inside_sync_fd(kept);
    rc = rc ? rc : inside_sync_fd(run);
    if (kept >= 0)
        close(kept);
    if (run >= 0)
        close(run);
    return rc ? refuse_as(rc, error, "%.300s/%s: cannot be kept as %s/%s: %s", directory, file, REPAIR_KEPT, file,
                          strerror(-rc))
              : 0;
}

static int files_write(struct repairing *r, const char *directory)
{
    struct replacement replacements[FILES];
    struct csv_writer *writers[FILES] = {0};
    unsigned begun = 0, ended = 0;
    int rc = 0;
    for (unsigned i = 0; i < FILES && rc == 0; i++)
        if (r->files[i].is_there)
            rc = original_keep(directory, r->files[i].format->file, r->error);
    if (rc)
        return rc;
    for (; begun < FILES && rc == 0; begun++)
        if (r->files[begun].is_there &&
            !(rc = replacement_begin(directory, r->files[begun].format, &replacements[begun])))
            writers[begun] = replacements[begun].writer;
    rc = rc ? rc : trials_put(r, writers);
    for (; ended < FILES; ended++) {
        int closed = writers[ended] ? replacement_end(&replacements[ended], rc) : 0;
        rc = rc ? rc : closed;
    }
    return rc ? refuse_as(rc, r->error, "%.300s: cannot be written: %s", directory, strerror(-rc)) : 0;
}

/* Whether the files are as they were written, but for what other programs do to numbers and quotes. */
static bool is_as_written(const char *directory)
{
    struct recorded recorded;
    char ignored[ERROR_MAX];
    return recorded_read(directory, &recorded, ignored) == 0 && recorded_check(directory, &recorded, ignored) == 0;
}

int repair_run(const char *directory, struct repair *repair, int *is_changed, char *error)
{
    struct repairing r = {.repair = repair,
                          .files = {[PLAN].format = &plan_format,
                                    [SAMPLES].format = &sample_format,
                                    [LATENCY].format = &latency_format,
                                    [STATES].format = &state_format,
                                    [TRIALS].format = &trial_format},
                          .error = error};
    int rc = files_read(&r, directory);
    for (unsigned i = SAMPLES; i < FILES && rc == 0; i++)
        rc = rows_sort(&r, &r.files[i]);
    if (rc == 0)
        trials_choose(&r);
    repair->trials = r.files[TRIALS].count;
    *is_changed = repair->rows_dropped || repair->trials_dropped || !is_as_written(directory);
    if (rc == 0 && *is_changed)
        rc = files_write(&r, directory);
    if (rc == 0 && *is_changed && r.files[PLAN].is_there) /* what went of it has been said */
        file_sums_note(directory, plan_format.file, (char[ERROR_MAX]){0});
    for (unsigned i = 0; i < FILES; i++)
        free(r.files[i].row);
    return rc;
}
