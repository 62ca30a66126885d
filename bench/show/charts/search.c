/* Points, marks and levels of a search, see search.h. */
#include "bench/show/charts/search.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/show/pool_look.h"
#include "bench/stats/pooled.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LEVEL      0.95
#define SERIES_MAX 64 /* as many pools have a key, scripts/style.gp */
#define JOINED_MIN 3  /* points of a line */
#define CURVE      60 /* points of a line of theory */

struct point {
    double x, y;
    struct interval ends;
};

struct found {
    struct search_mark mark;
    size_t panel, pool;
    bool joined; /* by a line */
    bool upper, lower, theory;
};

struct search {
    const struct search_chart *chart;
    const struct run_data *run;
    struct found series[SERIES_MAX];
    size_t count;
    size_t left_out;
    char panel[SERIES_MAX][SPEC_MAX + 32]; /* titles */
    size_t panels;
    char pool[SERIES_MAX][SPEC_MAX];
    size_t pools;
    double x_least, x_most, y_least, y_most; /* of all points */
    char theory[64];                         /* its name, or why there is none */
};

static int row_take(const void *row, void *arg)
{
    struct search *search = arg;
    if (search->count == SERIES_MAX)
        search->left_out++;
    else
        search->chart->take(row, &search->series[search->count++].mark);
    return 0;
}

/* A search has one value of all that it does not search over, so that a pool tells its cells. */
static bool cell_fits(const struct search_mark *mark, const struct summary_row *cell)
{
    return !strcmp(cell->f.pool, mark->pool);
}

static int point_order(const void *a, const void *b)
{
    const struct point *left = a, *right = b;
    return (left->x > right->x) - (left->x < right->x);
}

/* The median over the trials of a cell; values: room for one number a trial. */
static struct point point_make(const struct search *search, const struct summary_row *cell, double *values)
{
    const struct run_data *run = search->run;
    struct point point = {.x = search->chart->x_scale * search->chart->x(cell)};
    size_t count = 0;
    for (size_t t = run->first[cell - run->rows]; t != RUN_NOTHING; t = run->next[t])
        if (trial_has_time(&run->trials[t]))
            values[count++] = search->chart->y_scale * search->chart->y(run, t);
    count = stats_sort(values, count);
    point.y = stats_median(values, count);
    if (stats_median_interval(values, count, LEVEL, &point.ends))
        point.ends = (struct interval){point.y, point.y};
    return point;
}

/* A percentile of all trials of a cell together. */
static struct point point_pooled(const struct search *search, const struct summary_row *cell, double p)
{
    const struct search_chart *chart = search->chart;
    struct point point = {.x = chart->x_scale * chart->x(cell), .y = NAN};
    struct pooled pooled;
    int rc = run_pooled(search->run, (size_t)(cell - search->run->rows), p, &pooled);
    if (rc == 0 || rc == -EDOM)
        point.y = chart->y_scale * pooled.value;
    point.ends = rc ? (struct interval){point.y, point.y}
                    : (struct interval){chart->y_scale * pooled.lo, chart->y_scale * pooled.hi};
    return point;
}

static void reach_note(struct search *search, const struct point *point)
{
    search->x_least = fmin(search->x_least, point->x); /* ignores that it was NAN */
    search->x_most = fmax(search->x_most, point->x);
    search->y_least = fmin(search->y_least, point->ends.lo);
    search->y_most = fmax(search->y_most, point->ends.hi);
}

/* The points of a pool, of medians (p 0) or of that percentile, by x. Returns how many. */
static size_t points_print(struct search *search, const struct search_mark *mark, double p, struct point *points,
                           double *values, FILE *data)
{
    size_t count = 0;
    for (size_t c = 0; c < search->run->count; c++) {
        const struct summary_row *cell = &search->run->rows[c];
        if (!cell_fits(mark, cell))
            continue;
        points[count] = p > 0 ? point_pooled(search, cell, p) : point_make(search, cell, values);
        count += !isnan(points[count].x) && !isnan(points[count].y);
    }
    qsort(points, count, sizeof *points, point_order);
    for (size_t i = 0; i < count; i++) {
        reach_note(search, &points[i]);
        fprintf(data, "%.9g %.9g %.9g %.9g\n", points[i].x, points[i].y, points[i].ends.lo, points[i].ends.hi);
    }
    if (!count)
        fputs("NaN NaN NaN NaN\n", data);
    fputs("\n\n", data);
    return count;
}

/* A line over the rates that were measured. Whether there is one. */
static bool theory_print(struct search *search, const struct search_mark *mark, FILE *data)
{
    const struct search_chart *chart = search->chart;
    const struct summary_row *cell = NULL;
    const double from = search->x_least, to = search->x_most;
    size_t count = 0;
    for (size_t c = 0; c < search->run->count && !cell; c++)
        if (cell_fits(mark, &search->run->rows[c]) && !isnan(chart->x(&search->run->rows[c])))
            cell = &search->run->rows[c];
    chart_comment(data, "predicted by theory for %s: x, y", mark->pool);
    for (size_t i = 0; i <= CURVE && cell && chart->theory && from < to; i++) {
        double x = from * pow(to / from, (double)i / CURVE);
        double y = chart->y_scale * chart->theory(search->run, cell, x / chart->x_scale, chart->upper, search->theory);
        if (!isnan(y))
            fprintf(data, "%.9g %.9g\n", x, y);
        count += !isnan(y);
    }
    fputs(count ? "\n\n" : "NaN NaN\n\n\n", data);
    return count > 1;
}

static void series_data(struct search *search, struct found *series, struct point *points, double *values, FILE *data)
{
    const struct search_chart *chart = search->chart;
    const struct search_mark *mark = &series->mark;
    chart_comment(data, "%s: x, %s, its 95 %% interval", mark->pool,
                  chart->upper > 0 ? "of all trials together" : "median over blocks");
    size_t count = points_print(search, mark, chart->upper, points, values, data), lower = 0;
    double x = chart->x_scale * mark->x, lo = chart->x_scale * mark->lo, hi = chart->x_scale * mark->hi;
    fprintf(data, "# what was sought: x, level, the interval of x\n%.9g %.9g %.9g %.9g\n\n\n", x,
            chart->y_scale * mark->level, isnan(lo) ? x : lo, isnan(hi) ? x : hi);
    if (chart->upper > 0) {
        lower = points_print(search, mark, chart->lower, points, values, data);
        series->theory = theory_print(search, mark, data);
    }
    series->upper = count > 0;
    series->joined = count >= JOINED_MIN;
    series->lower = lower > 0;
}

/* Whether there is anything to be drawn of it. */
static bool is_drawn(const struct search *search, const struct search_mark *mark)
{
    const struct run_data *run = search->run;
    bool any = !isnan(mark->x);
    for (size_t c = 0; c < run->count && !any; c++) {
        if (!cell_fits(mark, &run->rows[c]) || isnan(search->chart->x(&run->rows[c])))
            continue;
        if (search->chart->upper > 0)
            any = !isnan(point_pooled(search, &run->rows[c], search->chart->lower).y);
        for (size_t t = run->first[c]; !(search->chart->upper > 0) && t != RUN_NOTHING && !any; t = run->next[t])
            any = trial_has_time(&run->trials[t]) && !isnan(search->chart->y(run, t));
    }
    return any;
}

/* Its place among `count` texts of that size, where it is put if it is new; there is room for one a series. */
static size_t text_place(const char *text, char *texts, size_t size, size_t *count)
{
    size_t i = 0;
    while (i < *count && strcmp(texts + i * size, text) != 0)
        i++;
    if (i == *count)
        snprintf(texts + size * (*count)++, size, "%s", text);
    return i;
}

static void places_find(struct search *search, struct found *series)
{
    const struct search_mark *mark = &series->mark;
    char title[sizeof search->panel[0]];
    int length = snprintf(title, sizeof title, "%s", mark->workload);
    if (mark->workers > 0)
        snprintf(title + length, sizeof title - (size_t)length, ", %lld worker%s", (long long)mark->workers,
                 mark->workers == 1 ? "" : "s");
    series->panel = text_place(title, *search->panel, sizeof search->panel[0], &search->panels);
    series->pool = text_place(mark->pool, *search->pool, sizeof search->pool[0], &search->pools);
}

static void script_print(const struct search *search, FILE *script)
{
    const struct search_chart *chart = search->chart;
    double level = chart->y_scale * search->series[0].mark.level;
    chart_text(script, "x_text", 0, chart->x_label);
    chart_text(script, "y_text", 0, chart->y_label);
    chart_text(script, "level_text", 0, chart->level_label);
    chart_text(script, "theory_text", 0, search->theory);
    fprintf(script, "level = %.9g\npage_panels = %d; panels = %zu; pools = %zu; series = %zu\n", level,
            CHART_PANELS_MAX, search->panels, search->pools, search->count);
    /* a single point has a range, too */
    fprintf(script, "x_least = %.9g; x_most = %.9g\n", isnan(search->x_least) ? 1 : search->x_least / 1.1,
            isnan(search->x_most) ? 1 : search->x_most * 1.1);
    fprintf(script, "y_least = %.9g; y_most = %.9g\n", fmin(search->y_least, level) / 1.5,
            fmax(search->y_most, level) * 1.5);
    fputs("array panel_title[panels]; array pool_name[pools]\n", script);
    for (size_t p = 0; p < search->panels; p++)
        chart_text(script, "panel_title", p + 1, search->panel[p]);
    fputs("array pool_look[pools + 1]\n", script);
    for (size_t p = 0; p < search->pools; p++) {
        fprintf(script, "pool_look[%zu] = %u\n", p + 1, pool_look(search->run, search->pool[p]));
        chart_text(script, "pool_name", p + 1, search->pool[p]);
    }
    fputs(
        "array series_panel[series]; array series_pool[series]; array series_found[series]; array "
        "series_joined[series]; array series_upper[series]; array series_lower[series]; array series_theory[series]\n",
        script);
    for (size_t i = 0; i < search->count; i++) {
        const struct found *s = &search->series[i];
        fprintf(script,
                "series_panel[%zu] = %zu; series_pool[%zu] = %zu; series_found[%zu] = %d; series_joined[%zu] = %d; "
                "series_upper[%zu] = %d; series_lower[%zu] = %d; series_theory[%zu] = %d\n",
                i + 1, s->panel + 1, i + 1, s->pool + 1, i + 1, !isnan(s->mark.x), i + 1, s->joined, i + 1, s->upper,
                i + 1, s->lower, i + 1, s->theory);
    }
}

static int search_draw(struct search *search, struct point *points, double *values, const struct chart_work *work)
{
    const struct search_chart *chart = search->chart;
    char left_out[64], note[CHART_NOTE_MAX];
    size_t kept = 0;
    int result = csv_read(work->run->directory, chart->format, -1, row_take, search, work->why);
    if (!result && !search->count)
        return refuse_as(-EBADMSG, work->why, "%.300s/%s: has no row", work->run->directory, chart->format->file);
    if (result == -ENOENT)
        return refuse(work->why, "the run looked for no such thing: it has no %s", chart->format->file), 0;
    for (size_t i = 0; i < search->count && !result; i++) {
        struct found series = search->series[i];
        if (!is_drawn(search, &series.mark))
            continue;
        series_data(search, &series, points, values, work->data);
        places_find(search, &series);
        search->series[kept++] = series;
    }
    search->count = kept;
    if (result)
        return result;
    if (!kept)
        return refuse(work->why, "no trial that ended well has what was sought, with a partner in its block"), 0;
    script_print(search, work->script);
    snprintf(left_out, sizeof left_out, "; %zu pools more are not drawn", search->left_out);
    snprintf(note, sizeof note, "%s%s%s%s", chart->note, search->theory[0] ? "; " : "", search->theory,
             search->left_out ? left_out : "");
    chart_notes(work, note);
    return 1;
}

int search_make(const struct chart_work *work)
{
    struct search *search = calloc(1, sizeof *search);
    struct point *points = calloc(work->run->count + 1, sizeof *points);
    double *values = calloc(work->run->trial_count + 1, sizeof *values);
    int result = -ENOMEM;
    if (search && points && values) {
        *search = (struct search){
            .chart = work->chart->of, .run = work->run, .x_least = NAN, .x_most = NAN, .y_least = NAN, .y_most = NAN};
        result = search_draw(search, points, values, work);
    }
    free(search);
    free(points);
    free(values);
    return result;
}
