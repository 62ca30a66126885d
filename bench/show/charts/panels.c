/* From trials to points. A panel is everything but the pool and the factor along x, so that two workloads are never one
 * line; a series is a pool in a panel. */
#include "bench/show/charts/panels.h"
#include "bench/analyse/layout.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/stats.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TREND_MIN 3  /* points that make a trend, and may be joined */
#define LOG_RATIO 20 /* of the largest y of a panel to the smallest: beyond it, axes of all panels are logarithmic */
#define LOG_X_MAX 16 /* likewise, of workers */
#define Y_RATIO   4  /* of the largest y of all panels to that of another one: beyond it, each has an axis of its own */

struct points {
    const struct panels *chart;
    const struct run_data *run;
    factor_set factors;
    size_t *panel, panels; /* per panel: a cell of it */
    size_t *pool, pools;   /* per pool: a cell of it */
    bool *drawable;        /* per cell: has a point */
    size_t *cells;         /* room for the cells of a series */
    double *values;        /* room for one number a trial */
};

static int64_t x_of(const struct points *data, size_t cell)
{
    const struct summary_row *row = &data->run->rows[cell];
    return data->chart->axis == FACTOR_WORKERS   ? row->f.workers
           : data->chart->axis == FACTOR_BALLAST ? row->f.ballast.bytes
                                                 : row->f.size_ns;
}

/* The value of every good trial of a cell, added to data->values from `count` on. */
static size_t values_add(const struct points *data, size_t cell, double (*value)(const struct trial_row *trial),
                         size_t count)
{
    const struct run_data *s = data->run;
    for (size_t i = s->first[cell]; i != RUN_NOTHING; i = s->next[i])
        if (trial_has_time(&s->trials[i]))
            data->values[count++] = value(&s->trials[i]);
    return count;
}

static bool has_point(const struct points *data, size_t cell)
{
    return x_of(data, cell) >= (data->chart->axis == FACTOR_BALLAST ? 0 : 1) &&
           stats_sort(data->values, values_add(data, cell, data->chart->value, 0)) > 0;
}

/* What is said of ballast beside its bytes: ":thp", ":write=10%", or "". text: SPEC_MAX bytes. */
static const char *ballast_options(const struct summary_row *row, char *text)
{
    factor_text(&options[OPTION_BALLAST], &row->f, text);
    return text + strcspn(text, ":");
}

static bool same_kind_of_ballast(const struct summary_row *a, const struct summary_row *b)
{
    return a->f.ballast.thp == b->f.ballast.thp && a->f.ballast.write_ppm == b->f.ballast.write_ppm;
}

/* The base pool places no workers: it belongs to whatever place the others are in. */
static bool in_panel(const void *arg, size_t first, size_t cell)
{
    const struct points *data = arg;
    const struct summary_row *rows = data->run->rows;
    factor_set same = data->factors & ~(FACTOR_POOL | data->chart->axis);
    if (row_has_pool(&rows[cell], BASE_POOL))
        same &= ~FACTOR_PLACE;
    if (data->chart->axis == FACTOR_BALLAST && x_of(data, cell) > 0 && !same_kind_of_ballast(&rows[cell], &rows[first]))
        return false; /* huge pages are another line; none is where each begins */
    return factors_equal(&rows[first], &rows[cell], same);
}

/* Of one x alone there is nothing to see: that is a row of a table. The base is there to compare with. */
static bool shows_change(const struct points *data, size_t first, const size_t *order, size_t count)
{
    bool varies = false;
    size_t seen = SIZE_MAX;
    for (size_t i = 0; i < count && !varies; i++) {
        if (row_has_pool(&data->run->rows[order[i]], BASE_POOL) || !in_panel(data, first, order[i]))
            continue;
        seen = seen == SIZE_MAX ? order[i] : seen;
        varies = x_of(data, order[i]) != x_of(data, seen);
    }
    return varies;
}

/* A panel that the base has to itself compares nothing. The base has a colour too: a pool has the same in all charts.
 */
static void layout(struct points *data, const size_t *order, size_t count)
{
    size_t panels = layout_groups(data->run, order, count, in_panel, data, false, data->panel);
    data->panels = 0;
    for (size_t p = 0; p < panels; p++)
        if (shows_change(data, data->panel[p], order, count))
            data->panel[data->panels++] = data->panel[p];
    for (size_t i = 0; i < count; i++) {
        data->drawable[order[i]] = false;
        for (size_t p = 0; p < data->panels; p++)
            data->drawable[order[i]] |= in_panel(data, data->panel[p], order[i]);
    }
    data->pools = layout_pools(data->run, order, count, false, data->pool);
}

static int points_init(struct points *data, const struct panels *chart, const struct run_data *run)
{
    size_t room = run->count + 1, count = 0;
    *data = (struct points){.chart = chart, .run = run, .factors = factors_of(run->rows, run->count)};
    data->panel = calloc(room, sizeof *data->panel);
    data->pool = calloc(room, sizeof *data->pool);
    data->drawable = calloc(room, sizeof *data->drawable);
    data->cells = calloc(room, sizeof *data->cells);
    data->values = calloc(run->trial_count + 1, sizeof *data->values);
    if (!data->panel || !data->pool || !data->drawable || !data->cells || !data->values)
        return -ENOMEM;
    for (size_t i = 0; i < run->count; i++)
        if ((data->drawable[run->plan[i]] = has_point(data, run->plan[i])))
            data->cells[count++] = run->plan[i];
    layout(data, data->cells, count);
    return 0;
}

static void points_release(struct points *data)
{
    free(data->panel);
    free(data->pool);
    free(data->drawable);
    free(data->cells);
    free(data->values);
    *data = (struct points){0};
}

static int x_compare(const void *a, const void *b, void *arg)
{
    int64_t x = x_of(arg, *(const size_t *)a), y = x_of(arg, *(const size_t *)b);
    return (x > y) - (x < y);
}

/* Into data->cells, by x: the drawable cells of a panel that belong to a pool; to any pool when it is NULL. */
static size_t cells_select(const struct points *data, size_t panel, const char *pool)
{
    size_t count = 0;
    for (size_t i = 0; i < data->run->count; i++)
        if (data->drawable[i] && in_panel(data, data->panel[panel], i) &&
            (!pool || !strcmp(data->run->rows[i].f.pool, pool)))
            data->cells[count++] = i;
    qsort_r(data->cells, count, sizeof *data->cells, x_compare, (void *)data);
    return count;
}

static char *panel_label(const struct points *data, size_t panel, factor_set said, char *text, size_t size)
{
    const struct summary_row *row = &data->run->rows[data->panel[panel]];
    factors_label(text, size, row, said);
    size_t length = strlen(text);
    char ballast[SPEC_MAX];
    const char *further = ballast_options(row, ballast);
    if (data->chart->axis == FACTOR_BALLAST && *further)
        snprintf(text + length, size - length, ", ballast %s", further + 1);
    return text;
}

struct range {
    double least, most; /* y */
    double lo, hi;      /* with intervals and what it cannot exceed */
};

static void range_widen(struct range *range, double lo, double hi)
{
    range->lo = fmin(range->lo, lo);
    range->hi = fmax(range->hi, hi);
}

/* Of all panels. */
struct axes {
    bool by_factor;
    struct range all;
    double least_hi; /* of a panel */
};

/* The bound at every x, over all pools: it depends on the tasks and the CPUs alone. Returns whether there is one. */
static bool bound_print(FILE *out, const struct points *data, size_t panel, const char *label, struct range *range)
{
    size_t count = data->chart->bound ? cells_select(data, panel, NULL) : 0;
    bool any = false;
    for (size_t i = 0, next; i < count; i = next) {
        size_t n = 0;
        for (next = i; next < count && x_of(data, data->cells[next]) == x_of(data, data->cells[i]); next++)
            n = values_add(data, data->cells[next], data->chart->bound, n);
        n = stats_sort(data->values, n);
        if (n && !any)
            chart_comment(out, "%s: ideal", label);
        if (n) {
            const double y = stats_median(data->values, n);
            fprintf(out, "%lld %.9g NaN NaN %zu\n", (long long)x_of(data, data->cells[i]), y, n);
            range_widen(range, y, y);
        }
        any = any || n;
    }
    if (any)
        fputs("\n\n", out);
    return any;
}

/* The cells selected. */
static struct chart_counts series_print(FILE *out, const struct points *data, size_t count, struct range *range)
{
    struct chart_counts counts = {0};
    for (size_t i = 0; i < count; i++) {
        size_t n = values_add(data, data->cells[i], data->chart->value, 0);
        struct amount y = chart_median(data->run, data->values, n);
        fprintf(out, "%lld %.9g", (long long)x_of(data, data->cells[i]), y.value);
        chart_interval(out, &y.interval);
        fprintf(out, " %zu\n", y.trials);
        range->least = fmin(range->least, y.value);
        range->most = fmax(range->most, y.value);
        range_widen(range, fmin(y.value, y.interval.lo), fmax(y.value, y.interval.hi));
        chart_count(&counts, y.trials, !isnan(y.interval.lo));
    }
    fputs("\n\n", out);
    return counts;
}

/* The smallest x of all points that is above `last`, or INT64_MAX. */
static int64_t x_next(const struct points *data, int64_t last)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < data->run->count; i++)
        if (data->drawable[i] && x_of(data, i) > last && x_of(data, i) < next)
            next = x_of(data, i);
    return next;
}

/* A tic at every x there is: "'10us' at(10000.0), '200us' at(200000.0)"; a script says where that is. */
static void tics_print(FILE *out, const struct points *data)
{
    int64_t first = x_next(data, -1), last = first;
    char text[32], shown[40];
    fputs("x_tics = \"", out);
    for (int64_t x = first; x != INT64_MAX; x = x_next(data, x)) {
        snprintf(text, sizeof text, "%lld", (long long)x);
        if (data->chart->axis == FACTOR_SIZE)
            spell_duration(text, sizeof text, x);
        else if (data->chart->axis == FACTOR_BALLAST)
            spell_bytes(text, sizeof text, x);
        fprintf(out, "%s'%s' at(%lld.0)", x == first ? "" : ", ", micro_shown(shown, sizeof shown, text), (long long)x);
        last = x;
    }
    int64_t above = first > 0 ? first : x_next(data, 0);
    fprintf(out, "\"\nx_min = %lld.0; x_max = %lld.0; x_above_0 = %lld.0\n", (long long)first, (long long)last,
            (long long)(above == INT64_MAX ? 0 : above));
}

/* The cells selected are of enough different x. */
static bool is_trend(const struct points *data, size_t count)
{
    size_t different = count > 0;
    for (size_t i = 1; i < count; i++)
        different += x_of(data, data->cells[i]) != x_of(data, data->cells[i - 1]);
    return different >= TREND_MIN;
}

static void panel_print(const struct chart_work *work, const struct points *data, size_t panel, size_t *series,
                        struct chart_counts *all, struct axes *axes)
{
    const struct summary_row *rows = data->run->rows;
    factor_set untold = FACTOR_POOL | data->chart->axis;
    factor_set said = (factors_varying(rows, data->run->count, data->factors) | FACTOR_WORKLOAD) & ~untold;
    struct range range = {INFINITY, 0, INFINITY, 0};
    size_t number = panel + 1, first;
    char label[256], title[128];
    panel_label(data, panel, data->factors & ~untold, label, sizeof label);
    bool bound = bound_print(work->data, data, panel, label, &range);
    *series += bound;
    fprintf(work->script, "panel_bound[%zu] = %zu\n", number, bound ? *series : 0);
    first = *series + 1;
    for (size_t k = 0; k < data->pools; k++) {
        const char *pool = rows[data->pool[k]].f.pool;
        size_t count = cells_select(data, panel, pool);
        if (!count)
            continue;
        chart_comment(work->data, "%s: %s", label, pool);
        struct chart_counts counts = series_print(work->data, data, count, &range);
        ++*series;
        fprintf(work->script, "series_pool[%zu] = %zu; series_joined[%zu] = %d; series_bars[%zu] = %d\n", *series,
                k + 1, *series, is_trend(data, count), *series, counts.bars);
        chart_count(all, counts.least, counts.bars);
        chart_count(all, counts.most, counts.bars);
    }
    axes->by_factor = axes->by_factor || range.most > LOG_RATIO * range.least;
    range_widen(&axes->all, range.lo, range.hi);
    axes->least_hi = fmin(axes->least_hi, range.hi);
    fprintf(work->script, "panel_first[%zu] = %zu; panel_last[%zu] = %zu\n", number, first, number, *series);
    chart_text(work->script, "panel_title", number, panel_label(data, panel, said, title, sizeof title));
}

/* Whether the pool has a point in any panel: if not, it is no entry of the key. */
static bool is_drawn(const struct points *data, const char *pool)
{
    size_t panel = 0;
    while (panel < data->panels && !cells_select(data, panel, pool))
        panel++;
    return panel < data->panels;
}

/* Panels are compared: their axes are the same, unless most of them would be flat. Returns whether they are. */
static bool axes_print(FILE *script, const struct points *data, const struct axes *axes)
{
    const int64_t first = x_next(data, 0);
    int64_t last = first;
    for (int64_t x = first; x != INT64_MAX; x = x_next(data, x))
        last = x;
    bool by_factor = axes->by_factor || (data->chart->axis == FACTOR_WORKERS && last > LOG_X_MAX * first);
    bool shared = by_factor || data->chart->axis == FACTOR_SIZE /* of all in percent */ ||
                  axes->all.hi <= Y_RATIO * axes->least_hi;
    fprintf(script, "log_scale = %d; y_shared = %d; y_least = %.9g; y_most = %.9g\n", by_factor, shared, axes->all.lo,
            axes->all.hi);
    return shared;
}

static void points_print(const struct chart_work *work, const struct points *data)
{
    struct chart_counts all = {0};
    struct axes axes = {.all = {INFINITY, 0, INFINITY, 0}, .least_hi = INFINITY};
    FILE *script = work->script;
    size_t series = 0;
    fprintf(work->data, "# %s, %s (median), its 95 %% interval, trials\n", data->chart->x_label, data->chart->y_label);
    fprintf(script, "x_text = '%s'\ny_text = '%s'\n", data->chart->x_label, data->chart->y_label);
    tics_print(script, data);
    fprintf(script, "page_panels = %d; panels = %zu; pools = %zu\n", CHART_PANELS_MAX, data->panels, data->pools);
    fputs("array panel_title[panels]; array panel_first[panels]; array panel_last[panels]\n"
          "array panel_bound[panels]; array pool_name[pools]\n"
          "array series_pool[panels * (pools + 1)]; array series_joined[panels * (pools + 1)]\n"
          "array series_bars[panels * (pools + 1)]; array pool_drawn[pools]\n",
          script);
    for (size_t p = 0; p < data->panels; p++)
        panel_print(work, data, p, &series, &all, &axes);
    chart_pools(script, data->run, data->pool, data->pools);
    for (size_t k = 0; k < data->pools; k++)
        fprintf(script, "pool_drawn[%zu] = %d\n", k + 1, is_drawn(data, data->run->rows[data->pool[k]].f.pool));
    bool shared = axes_print(script, data, &axes);
    chart_notes_medians(work, &all, shared ? "" : "; panels have axes of their own");
}

int panels_make(const struct chart_work *work)
{
    const struct panels *panels = work->chart->of;
    struct points points;
    int result = points_init(&points, panels, work->run);
    if (!result && !points.panels) {
        refuse(work->why, "%s", panels->without);
    } else if (!result) {
        points_print(work, &points);
        result = 1;
    }
    points_release(&points);
    return result;
}
