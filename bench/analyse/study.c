/* From the table of a run to points, and to fits. */
#include "bench/analyse/study.h"
#include "bench/analyse/sweep.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/looks.h"
#include <math.h>
#include <stdlib.h>

#define BOOTSTRAP_SEED 1 /* the same files give the same numbers */

const struct summary_row *study_row(const struct studies *studies, const struct study *study, size_t point)
{
    return &studies->table.run->rows[study->cell[point]];
}

double study_per_s(const struct studies *studies, const struct study *study, size_t point, struct interval *interval)
{
    const struct series *costs = &studies->table.series;
    double *room = calloc(costs->blocks + 1, sizeof *room), per_s = NAN;
    *interval = (struct interval){NAN, NAN};
    if (!room)
        return NAN;
    for (size_t b = 0; b < costs->blocks; b++)
        room[b] = series_of(costs, study->cell[point])[b];
    size_t count = stats_sort(room, costs->blocks);
    struct interval ns;
    per_s = 1e9 / stats_median(room, count);
    if (!stats_median_interval(room, count, looks_level_alone(studies->table.run->looks), &ns))
        *interval = (struct interval){1e9 / ns.hi, 1e9 / ns.lo};
    free(room);
    return per_s;
}

char *study_label(const struct studies *studies, const struct study *study, char *text, size_t size)
{
    const struct table *t = &studies->table;
    factor_set shown = (t->shown | FACTOR_SIZE) & ~(FACTOR_POOL | FACTOR_WORKERS | FACTOR_TASKS);
    return factors_label(text, size, study_row(studies, study, 0), shown);
}

static void point_insert(const struct table *t, struct study *study, size_t cell)
{
    const struct summary_row *rows = t->run->rows;
    size_t at = study->count;
    while (at && rows[study->cell[at - 1]].f.workers > rows[cell].f.workers)
        at--;
    if (study->count == STUDY_POINTS_MAX || (at && rows[study->cell[at - 1]].f.workers == rows[cell].f.workers))
        return;
    memmove(&study->cell[at + 1], &study->cell[at], (study->count - at) * sizeof study->cell[0]);
    study->cell[at] = cell;
    study->count++;
}

/* Numbers of workers with too few trials for a median with an interval would cost the others their blocks. */
static bool has_blocks(const struct table *t, size_t cell)
{
    size_t there = 0;
    for (size_t b = 0; b < t->series.blocks; b++)
        there += !isnan(series_of(&t->series, cell)[b]);
    return there > 0 && there * 2 >= t->series.blocks;
}

static bool block_whole(const struct table *t, const struct study *study, size_t block)
{
    for (size_t i = 0; i < study->used; i++)
        if (isnan(series_of(&t->series, study->cell[i])[block]))
            return false;
    return true;
}

/* The points as fits take them: `used` rows of the blocks that have all. */
static int points_make(const struct table *t, struct study *study, struct fit_points *points)
{
    double *workers = calloc(study->used + 1, sizeof *workers);
    double *ns = calloc(study->used * t->series.blocks + 1, sizeof *ns);
    *points = (struct fit_points){.count = study->used, .workers = workers, .ns = ns};
    if (!workers || !ns)
        return -ENOMEM;
    for (size_t b = 0; b < t->series.blocks; b++)
        points->blocks += block_whole(t, study, b);
    for (size_t i = 0; i < study->used; i++) {
        size_t next = i * points->blocks;
        workers[i] = (double)t->run->rows[study->cell[i]].f.workers;
        for (size_t b = 0; b < t->series.blocks; b++)
            if (block_whole(t, study, b))
                ns[next++] = series_of(&t->series, study->cell[i])[b];
    }
    points->size_ns = (double)t->run->rows[study->cell[0]].f.size_ns;
    study->blocks = points->blocks;
    return 0;
}

static int study_fit(const struct table *t, struct study *study)
{
    static const struct fit_bootstrap bootstrap = {FIT_RESAMPLES, BOOTSTRAP_SEED};
    struct fit_points points;
    int result = points_make(t, study, &points);
    for (size_t i = 0; i < study->fits && !result; i++) {
        struct study_fit *f = &study->fit[i];
        result = fit_make(f->law, &points, &bootstrap, &f->fit, f->why);
        f->made = !result;
        result = result == -EDOM ? 0 : result;
    }
    free((double *)points.workers);
    free((double *)points.ns);
    return result;
}

/* Which laws there are for tasks of that kind, handed in like that. */
static void laws_choose(const struct table *t, struct study *study, enum kind kind)
{
    const struct summary_row *row = &t->run->rows[study->cell[0]];
    study->used = study->count;
    study->needs_cpus = kind == KIND_CPU || kind == KIND_UNSIZED;
    if (row->f.arrival.kind == ARRIVAL_RATE) {
        refuse(study->why, "tasks arrive at a fixed rate, so throughput says nothing of the workers");
    } else if (kind == KIND_MIXED) {
        refuse(study->why, "tasks of two kinds: neither CPUs nor sleep bound them alone, and no law here knows both");
    } else if (kind == KIND_SLEEP) {
        study->fit[study->fits++].law = FIT_SLEEP;
    } else {
        study->fit[study->fits++].law = FIT_AMDAHL;
        study->fit[study->fits++].law = FIT_USL;
    }
    if (study->needs_cpus && study->cpus > 0)
        while (study->used && t->run->rows[study->cell[study->used - 1]].f.workers > study->cpus)
            study->used--;
}

/* All rows that belong to that one, in the same column. */
static void study_collect(const struct table *t, size_t first, size_t column, bool *done, struct study *study)
{
    factor_set same = t->factors & ~(FACTOR_WORKERS | FACTOR_TASKS);
    const struct summary_row *rows = t->run->rows;
    for (size_t r = first; r < t->rows; r++) {
        size_t cell = table_entry(t, r, column)->cell;
        if (cell == NO_CELL || done[r] || !factors_equal(&rows[table_entry(t, first, column)->cell], &rows[cell], same))
            continue;
        done[r] = true;
        if (has_blocks(t, cell))
            point_insert(t, study, cell);
    }
}

static bool is_wanted(const struct summary_row *row, const char *pool)
{
    return !row_has_pool(row, BASE_POOL) &&
           (!*pool || !strcmp(row->f.pool, pool) || row_has_label(row, pool) || row_has_pool(row, pool));
}

static int column_study(struct studies *studies, size_t column, int64_t cpus, bool *done)
{
    const struct table *t = &studies->table;
    int result = 0;
    memset(done, 0, t->rows * sizeof *done);
    for (size_t r = 0; r < t->rows && !result; r++) {
        struct study *study = &studies->study[studies->count];
        if (done[r] || table_entry(t, r, column)->cell == NO_CELL)
            continue;
        *study = (struct study){.cpus = cpus};
        study_collect(t, r, column, done, study);
        if (study->count < 2)
            continue;
        laws_choose(t, study, row_kind(t, r));
        studies->count++;
        result = study_fit(t, study);
    }
    return result;
}

int studies_make(const struct run_data *run, const char *pool, struct studies *studies)
{
    int result = table_init(&studies->table, run);
    const struct table *t = &studies->table;
    bool *done, known = false;
    studies->study = NULL;
    studies->count = 0;
    if (result)
        return result;
    done = calloc(t->rows + 1, sizeof *done);
    studies->study = calloc(run->count + 1, sizeof *studies->study);
    result = done && studies->study ? 0 : -ENOMEM;
    for (size_t c = 0; c < t->pools && !result; c++) {
        if (!is_wanted(&run->rows[t->pool[c]], pool))
            continue;
        known = true;
        result = column_study(studies, c, host_cpus(run->host), done);
    }
    free(done);
    if (!result && !known && *pool)
        result = -ENOENT;
    if (result)
        studies_release(studies);
    return result;
}

void studies_release(struct studies *studies)
{
    free(studies->study);
    table_release(&studies->table);
    *studies = (struct studies){0};
}
