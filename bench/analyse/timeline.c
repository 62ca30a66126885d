/* See timeline.h. */
#include "bench/analyse/timeline.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/by_trial.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/metrics.h"
#include "bench/stats/stats.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDED_NS 1000 /* from one clock to the other */

struct reading {
    const struct run_data *run;
    struct timeline *timeline;
    const char *cell_id;
    bool *has;         /* of cells */
    int64_t *trial_id; /* siblings of the cell that have spans */
    size_t trials, task_room, span_room;
};

bool profile_is_there(const struct run_data *run, char directory[PATH_MAX])
{
    struct stat status;
    return !inside_stat(run->directory, "profile", &status) && S_ISDIR(status.st_mode) &&
           snprintf(directory, PATH_MAX, "%s/profile", run->directory) < PATH_MAX &&
           csv_is_there(directory, trial_format.file);
}

/* Room for one more; NULL: no memory. */
static void *grown(void *rows, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return rows;
    const size_t more = *room ? 2 * *room : 256;
    void *moved = reallocarray(rows, more, size);
    if (moved)
        *room = more;
    return moved;
}

/* ---- tasks ---- */

static int on_sample(size_t trial, const void *row, void *arg)
{
    struct reading *r = arg;
    struct timeline *t = r->timeline;
    (void)trial;
    struct sample_row *more = grown(t->task, t->tasks, &r->task_room, sizeof *more);
    if (!more)
        return -ENOMEM;
    t->task = more;
    t->task[t->tasks++] = *(const struct sample_row *)row;
    return 0;
}

static void on_begin(size_t trial, void *arg)
{
    (void)trial;
    ((struct reading *)arg)->timeline->tasks = 0;
}

static int by_task(const void *a, const void *b)
{
    const int64_t x = ((const struct sample_row *)a)->task, y = ((const struct sample_row *)b)->task;
    return (x > y) - (x < y);
}

static int tasks_read(struct reading *r, const char *directory, char *error)
{
    struct timeline *t = r->timeline;
    const struct by_trial rows = {.format = &sample_format,
                                  .trials = &t->trial,
                                  .count = 1,
                                  .end = -1,
                                  .on_begin = on_begin,
                                  .on_row = on_sample,
                                  .arg = r};
    int rc = by_trial_read(directory, &rows, error);
    if (rc == -ENOENT) /* it was left out of a copy */
        rc = 0;
    if (rc == -ENOMEM)
        refuse(error, "out of memory");
    if (!rc && t->tasks)
        qsort(t->task, t->tasks, sizeof *t->task, by_task);
    return rc;
}

/* ---- siblings ---- */

static bool has_spans(const struct reading *r, const struct trial_row *trial)
{
    size_t i = 0;
    while (i < r->trials && r->trial_id[i] != trial->trial_id)
        i++;
    return i < r->trials && trial_has_time(trial);
}

static int on_sibling(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct reading *r = arg;
    struct timeline *t = r->timeline;
    if (!strcmp(trial->cell_id, r->cell_id) && has_spans(r, trial)) {
        t->trial = *trial;
        t->is_sibling = true;
    }
    return 0;
}

static int on_cell(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct reading *r = arg;
    for (size_t i = 0; i < r->run->count && has_spans(r, trial); i++)
        r->has[i] = r->has[i] || !strcmp(r->run->rows[i].cell_id, trial->cell_id);
    return 0;
}

/* Trials that have spans stand in the file one after the other. */
static int on_number(const void *row, void *arg)
{
    const struct span_row *span = row;
    struct reading *r = arg;
    if (r->trials && r->trial_id[r->trials - 1] == span->trial_id)
        return 0;
    int64_t *more = reallocarray(r->trial_id, r->trials + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    r->trial_id = more;
    r->trial_id[r->trials++] = span->trial_id;
    return 0;
}

static int on_span(const void *row, void *arg)
{
    const struct span_row *span = row;
    struct reading *r = arg;
    struct timeline *t = r->timeline;
    if (span->trial_id != t->trial.trial_id || span->from_ns < 0 || span->to_ns <= span->from_ns)
        return 0;
    struct span_row *more = grown(t->span, t->spans, &r->span_room, sizeof *more);
    if (!more)
        return -ENOMEM;
    t->span = more;
    t->span[t->spans++] = *span;
    if (span->to_ns > t->spans_end_ns)
        t->spans_end_ns = span->to_ns;
    return 0;
}

static int by_begin(const void *a, const void *b)
{
    const struct span_row *x = a, *y = b;
    if (x->from_ns != y->from_ns)
        return x->from_ns < y->from_ns ? -1 : 1;
    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    return (x->worker > y->worker) - (x->worker < y->worker);
}

/* Where there is none, timeline->is_sibling stays false. */
static int sibling_read(const struct run_data *run, struct reading *r, char *error)
{
    struct timeline *t = r->timeline;
    char directory[PATH_MAX];
    if (!profile_is_there(run, directory) || !csv_is_there(directory, span_format.file))
        return 0;
    *error = '\0';
    int rc = csv_read(directory, &span_format, -1, on_number, r, error);
    rc = rc ? rc : csv_read(directory, &trial_format, -1, on_sibling, r, error);
    if (!rc && t->is_sibling)
        rc = csv_read(directory, &span_format, -1, on_span, r, error);
    if (!rc && t->is_sibling)
        rc = tasks_read(r, directory, error);
    if (rc == -ENOMEM && !*error)
        refuse(error, "out of memory");
    if (t->trial.wall_ns - t->spans_end_ns < ROUNDED_NS)
        t->spans_end_ns = t->trial.wall_ns;
    if (!rc && t->spans)
        qsort(t->span, t->spans, sizeof *t->span, by_begin);
    return rc;
}

int timeline_cells(const struct run_data *run, bool *has, char *error)
{
    struct reading r = {.run = run, .has = has};
    char directory[PATH_MAX];
    if (!profile_is_there(run, directory) || !csv_is_there(directory, span_format.file))
        return 0;
    int rc = csv_read(directory, &span_format, -1, on_number, &r, error);
    rc = rc ? rc : csv_read(directory, &trial_format, -1, on_cell, &r, error);
    free(r.trial_id);
    return rc;
}

/* ---- published ones ---- */

static size_t median_of(const struct run_data *run, size_t cell, double *values)
{
    size_t count = 0, chosen = run->first[cell];
    for (size_t i = run->first[cell]; i != RUN_NOTHING; i = run->next[i]) {
        if (trial_has_time(&run->trials[i]))
            values[count++] = METRIC_WALL->value(run, i);
        else if (!count)
            chosen = i;
    }
    count = stats_sort(values, count);
    for (size_t i = run->first[cell]; i != RUN_NOTHING && count; i = run->next[i])
        if (trial_has_time(&run->trials[i]) && METRIC_WALL->value(run, i) == values[(count - 1) / 2])
            chosen = i;
    return chosen;
}

static int published_read(const struct run_data *run, size_t trial, struct reading *r, char *error)
{
    r->timeline->trial = run->trials[trial];
    return tasks_read(r, run->directory, error);
}

int timeline_open(const struct run_data *run, size_t cell, struct timeline *timeline, char *error)
{
    struct reading r = {.run = run, .timeline = timeline, .cell_id = run->rows[cell].cell_id};
    double *values = calloc(run->trial_count + 1, sizeof *values);
    *timeline = (struct timeline){0};
    int rc = values ? sibling_read(run, &r, error) : refuse_as(-ENOMEM, error, "out of memory");
    if (!rc && !timeline->is_sibling)
        rc = published_read(run, median_of(run, cell, values), &r, error);
    free(values);
    free(r.trial_id);
    return rc;
}

int timeline_of_trial(const struct run_data *run, int64_t trial_id, struct timeline *timeline, char *error)
{
    struct reading r = {.timeline = timeline};
    *timeline = (struct timeline){0};
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].trial_id == trial_id)
            return published_read(run, i, &r, error);
    return refuse_as(-ENODATA, error, "%.300s/%s: expected a trial that counts, found no trial_id %lld", run->directory,
                     trial_format.file, (long long)trial_id);
}

void timeline_close(struct timeline *timeline)
{
    free(timeline->task);
    free(timeline->span);
    *timeline = (struct timeline){0};
}
