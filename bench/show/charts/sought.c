/* Points, marks and levels of a search, see sought.h. */
#include "bench/show/charts/sought.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/groups.h"
#include "bench/stats/stats.h"
#include <math.h>
#include <stdlib.h>

#define LEVEL       0.95
#define SERIES_MAX  64
#define PANELS      12 /* of one picture */
#define POOLS_SHOWN 40
#define JOINED_MIN  3 /* points of a line */

struct point {
    double x, y;
    struct interval ends;
};

struct work {
    const struct sought_chart *sought;
    const struct run_data *run;
    struct sought_mark rows[SERIES_MAX];
    size_t count;
    char panel[SERIES_MAX][160]; /* titles */
    size_t panels;
    char pool[POOLS_SHOWN][128];
    size_t pools;
    FILE *data, *script;
    double x_least, x_most, y_least, y_most; /* of all points */
};

static int row_take(const void *row, void *arg)
{
    struct work *work = arg;

    if (work->count < SERIES_MAX)
        work->sought->take(row, &work->rows[work->count++]);
    return 0;
}

static bool cell_fits(const struct work *work, const struct sought_mark *row, const struct summary_row *cell)
{
    unsigned factors = work->sought->factors;

    return !strcmp(cell->f.pool, row->pool) &&
           (!(factors & FACTOR_WORKLOAD) || !strcmp(cell->f.workload, row->workload)) &&
           (!(factors & FACTOR_WORKERS) || cell->f.workers == row->workers) &&
           (!(factors & FACTOR_SIZE) || cell->f.size_ns == row->size_ns);
}

static int point_order(const void *a, const void *b)
{
    const struct point *left = a, *right = b;

    return (left->x > right->x) - (left->x < right->x);
}

/* The median over the trials of a cell. */
static int point_make(const struct work *work, const struct summary_row *cell, struct point *point)
{
    const struct run_data *run = work->run;
    double *values = calloc(run->trial_count + 1, sizeof *values);
    size_t count = 0;

    if (!values)
        return -ENOMEM;
    for (size_t t = run->first[cell - run->rows]; t != RUN_NOTHING; t = run->next[t])
        if (trial_has_time(&run->trials[t]))
            values[count++] = work->sought->y_scale * work->sought->y(run, t);
    count = stats_sort(values, count);
    point->x = work->sought->x_scale * work->sought->x(cell);
    point->y = stats_median(values, count);
    stats_median_interval(values, count, LEVEL, &point->ends);
    free(values);
    return 0;
}

/* Returns how many points it has, or -ENOMEM. One that has none and was not found is not written. */
static int series_data(struct work *work, const struct sought_mark *row)
{
    const struct sought_chart *sought = work->sought;
    struct point *points = calloc(work->run->count + 1, sizeof *points);
    size_t count = 0;
    int result = points ? 0 : -ENOMEM;

    for (size_t c = 0; c < work->run->count && !result; c++)
        if (cell_fits(work, row, &work->run->rows[c])) {
            result = point_make(work, &work->run->rows[c], &points[count]);
            count += !isnan(points[count].x) && !isnan(points[count].y);
        }
    if (!result)
        qsort(points, count, sizeof *points, point_order);
    if (result || (!count && isnan(row->x))) { /* nothing to draw */
        free(points);
        return result;
    }
    fprintf(work->data, "# %s: x, median over blocks, its 95 %% interval\n", row->pool);
    for (size_t i = 0; i < count; i++) {
        work->x_least = fmin(work->x_least, points[i].x); /* ignores that it was NAN */
        work->x_most = fmax(work->x_most, points[i].x);
        work->y_least = fmin(work->y_least, fmin(points[i].y, points[i].ends.lo));
        work->y_most = fmax(work->y_most, fmax(points[i].y, points[i].ends.hi));
    }
    for (size_t i = 0; i < count; i++)
        fprintf(work->data, "%.9g %.9g %.9g %.9g\n", points[i].x, points[i].y,
                isnan(points[i].ends.lo) ? points[i].y : points[i].ends.lo,
                isnan(points[i].ends.hi) ? points[i].y : points[i].ends.hi);
    if (!count)
        fputs("NaN NaN NaN NaN\n", work->data);
    double x = sought->x_scale * row->x, lo = sought->x_scale * row->lo, hi = sought->x_scale * row->hi;
    fprintf(work->data, "\n\n# what was sought: x, level, the interval of x\n%.9g %.9g %.9g %.9g\n\n\n", x,
            sought->y_scale * row->level, isnan(lo) ? x : lo, isnan(hi) ? x : hi);
    free(points);
    return result ? result : (int)count;
}

static size_t panel_of(struct work *work, const struct sought_mark *row)
{
    char title[160];
    size_t p = 0;

    snprintf(title, sizeof title, "%.100s, %lld worker%s", row->workload, (long long)row->workers,
             row->workers == 1 ? "" : "s");
    while (p < work->panels && strcmp(work->panel[p], title) != 0)
        p++;
    if (p == work->panels)
        snprintf(work->panel[work->panels++], sizeof work->panel[0], "%s", title);
    return p;
}

static size_t pool_of(struct work *work, const char *pool)
{
    size_t p = 0;

    while (p < work->pools && strcmp(work->pool[p], pool) != 0)
        p++;
    if (p == work->pools && p < POOLS_SHOWN - 1)
        snprintf(work->pool[work->pools++], sizeof work->pool[0], "%.*s", (int)sizeof work->pool[0] - 1, pool);
    return p;
}

static void words_print(const struct work *work)
{
    const struct sought_chart *sought = work->sought;
    FILE *script = work->script;

    fputs("x_text = ", script);
    chart_quoted(script, sought->x_label);
    fputs("\ny_text = ", script);
    chart_quoted(script, sought->y_label);
    fputs("\nlevel_text = ", script);
    chart_quoted(script, sought->level_label);
    fprintf(script, "\nlevel = %.9g\npage_panels = %d; panels = %zu; pools = %zu; series = %zu\n",
            sought->y_scale * work->rows[0].level, PANELS, work->panels, work->pools, work->count);
    /* a single point has a range, too */
    fprintf(script, "x_least = %.9g; x_most = %.9g\n", isnan(work->x_least) ? 1 : work->x_least / 1.1,
            isnan(work->x_most) ? 1 : work->x_most * 1.1);
    double level = sought->y_scale * work->rows[0].level;
    fprintf(script, "y_least = %.9g; y_most = %.9g\n", fmin(work->y_least, level) / 1.5,
            fmax(work->y_most, level) * 1.5);
    fputs("array panel_title[panels]; array pool_name[pools]\n", script);
    for (size_t p = 0; p < work->panels; p++) {
        fprintf(script, "panel_title[%zu] = ", p + 1);
        chart_quoted(script, work->panel[p]);
        fputc('\n', script);
    }
    for (size_t p = 0; p < work->pools; p++) {
        fprintf(script, "pool_name[%zu] = ", p + 1);
        chart_quoted(script, work->pool[p]);
        fputc('\n', script);
    }
}

int sought_make(const struct sought_chart *sought, const struct chart_source *source, FILE *data, FILE *script,
                char *why)
{
    struct work *work = calloc(1, sizeof *work);
    size_t panel[SERIES_MAX], pool[SERIES_MAX];
    bool joined[SERIES_MAX];

    if (!work)
        return refuse(why, "out of memory"), -ENOMEM;
    *work = (struct work){.sought = sought,
                          .run = source->run,
                          .data = data,
                          .script = script,
                          .x_least = NAN,
                          .x_most = NAN,
                          .y_least = NAN,
                          .y_most = NAN};
    int result = csv_read(source->run->directory, sought->format, -1, row_take, work, why);
    if (result == -ENOENT || (!result && !work->count)) {
        refuse(why, "the run looked for no such thing: it has no %s", sought->format->file);
        free(work);
        return 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < work->count && !result; i++) {
        const struct sought_mark row = work->rows[i];
        int points = series_data(work, &row);
        result = points < 0 ? points : 0;
        if (!points && isnan(row.x))
            continue;
        work->rows[kept] = row;
        panel[kept] = panel_of(work, &row);
        pool[kept] = pool_of(work, row.pool);
        joined[kept++] = points >= JOINED_MIN;
    }
    work->count = kept;
    if (!result && !kept)
        refuse(why, "no trial that ended well has what was sought, with a partner in its block");
    size_t pictures = (work->panels + PANELS - 1) / PANELS;
    if (!result && kept) {
        words_print(work);
        fprintf(script, "array series_panel[series]; array series_pool[series]; array series_found[series]; array "
                        "series_joined[series]\n");
        for (size_t i = 0; i < work->count; i++)
            fprintf(
                script,
                "series_panel[%zu] = %zu; series_pool[%zu] = %zu; series_found[%zu] = %d; series_joined[%zu] = %d\n",
                i + 1, panel[i] + 1, i + 1, pool[i] + 1, i + 1, !isnan(work->rows[i].x), i + 1, joined[i]);
        chart_notes(script, source, sought->note);
    }
    free(work);
    return result ? result : (int)pictures;
}
