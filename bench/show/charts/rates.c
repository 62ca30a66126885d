/* Latency against the offered rate: a panel for every group of cells that differ in pool and rate alone, for each pool
 * a line of p99 and one of p50, of all trials of a cell together. */
#include "bench/analyse/layout.h"
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/theory.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CURVE 40 /* points of a line of theory */

struct rates {
    const struct run_data *run;
    factor_set factors;    /* what tells panels apart */
    size_t *cell, count;   /* that have latencies under rate; */
    size_t unsteady;       /* behind them, those that are not drawn */
    size_t *panel, panels; /* a cell of each */
    size_t *pool, pools;   /* likewise */
    size_t *line;          /* room for the cells of a line */
    struct chart_counts tasks;
    double x_least, x_most, y_least, y_most;
};

/* Rates of one kind of arrivals are one axis. */
static bool is_same_arrival(const struct factors *a, const struct factors *b)
{
    struct factors one = *a, other = *b;
    char left[SPEC_MAX], right[SPEC_MAX];
    one.arrival.rate = other.arrival.rate = 1;
    factor_text(&options[OPTION_ARRIVAL], &one, left);
    factor_text(&options[OPTION_ARRIVAL], &other, right);
    return !strcmp(left, right);
}

static bool in_panel(const void *arg, size_t first, size_t cell)
{
    const struct rates *rates = arg;
    const struct summary_row *rows = rates->run->rows;
    factor_set same = rates->factors;
    if (row_has_pool(&rows[cell], BASE_POOL))
        same &= ~(FACTOR_PLACE | FACTOR_WORKERS);
    return factors_equal(&rows[first], &rows[cell], same) && is_same_arrival(&rows[first].f, &rows[cell].f);
}

static int rate_compare(const void *a, const void *b, void *arg)
{
    const struct rates *rates = arg;
    const double x = rates->run->rows[*(const size_t *)a].f.arrival.rate;
    const double y = rates->run->rows[*(const size_t *)b].f.arrival.rate;
    return (x > y) - (x < y);
}

static bool is_drawn(const struct summary_row *row)
{
    return !row_is_untold(row) && !row_is_saturated(row); /* else latency tells of the trial's length */
}

/* Into rates->line, by rate: cells of a panel and a pool, or of any pool (SIZE_MAX), those not drawn among them. */
static size_t line_select(const struct rates *rates, size_t panel, size_t pool)
{
    const struct summary_row *rows = rates->run->rows;
    size_t count = 0;
    for (size_t i = 0; i < rates->count + rates->unsteady; i++)
        if (in_panel(rates, rates->panel[panel], rates->cell[i]) &&
            (pool == SIZE_MAX || !strcmp(rows[rates->cell[i]].f.pool, rows[rates->pool[pool]].f.pool)))
            rates->line[count++] = rates->cell[i];
    qsort_r(rates->line, count, sizeof *rates->line, rate_compare, (void *)rates);
    return count;
}

/* Of the cells in rates->line: how many are drawn, and their first and last rate. */
static size_t line_reach(const struct rates *rates, size_t count, double *from, double *to)
{
    size_t drawn = 0;
    *from = *to = NAN;
    for (size_t i = 0; i < count; i++) {
        const struct summary_row *row = &rates->run->rows[rates->line[i]];
        if (!is_drawn(row))
            continue;
        *from = drawn++ ? *from : row->f.arrival.rate;
        *to = row->f.arrival.rate;
    }
    return drawn;
}

static bool has_rates(const struct summary_row *row)
{
    return row->f.arrival.kind == ARRIVAL_RATE && row->pooled_p50_ns != MISSING;
}

static int rates_init(struct rates *rates, const struct run_data *run)
{
    const size_t room = run->count + 1;
    *rates = (struct rates){.run = run, .x_least = INFINITY, .y_least = INFINITY};
    rates->factors = factors_of(run->rows, run->count) & ~(FACTOR_POOL | FACTOR_ARRIVAL);
    rates->cell = calloc(room, sizeof *rates->cell);
    rates->panel = calloc(room, sizeof *rates->panel);
    rates->pool = calloc(room, sizeof *rates->pool);
    rates->line = calloc(room, sizeof *rates->line);
    if (!rates->cell || !rates->panel || !rates->pool || !rates->line)
        return -ENOMEM;
    for (size_t i = 0; i < run->count; i++)
        if (has_rates(&run->rows[run->plan[i]]) && is_drawn(&run->rows[run->plan[i]]))
            rates->cell[rates->count++] = run->plan[i];
    for (size_t i = 0; i < run->count; i++)
        if (has_rates(&run->rows[run->plan[i]]) && !is_drawn(&run->rows[run->plan[i]]))
            rates->cell[rates->count + rates->unsteady++] = run->plan[i];
    const size_t panels = layout_groups(run, rates->cell, rates->count, in_panel, rates, true, rates->panel);
    rates->pools = layout_pools(run, rates->cell, rates->count, false, rates->pool);
    for (size_t p = 0; p < panels; p++) {
        double from, to;
        line_reach(rates, line_select(rates, p, SIZE_MAX), &from, &to);
        if (from < to)
            rates->panel[rates->panels++] = rates->panel[p];
    }
    return 0;
}

static void rates_release(struct rates *rates)
{
    free(rates->cell);
    free(rates->panel);
    free(rates->pool);
    free(rates->line);
}

static void point_print(struct rates *rates, FILE *data, double rate, int64_t ns, int64_t lo_ns, int64_t hi_ns)
{
    const double y = number_real(ns), lo = lo_ns == MISSING ? y : (double)lo_ns,
                 hi = hi_ns == MISSING ? y : (double)hi_ns;
    if (isnan(y)) {
        fprintf(data, "%.9g NaN NaN NaN\n", rate);
        return;
    }
    fprintf(data, "%.9g %.9g %.9g %.9g\n", rate, y, lo, hi);
    rates->x_least = fmin(rates->x_least, rate);
    rates->x_most = fmax(rates->x_most, rate);
    rates->y_least = fmin(rates->y_least, lo);
    rates->y_most = fmax(rates->y_most, hi);
}

/* Two blocks of lines "rate value lo hi": p99, then p50. A rate that is not drawn breaks them. Returns whether there is
 * any p99. */
static bool line_print(struct rates *rates, size_t count, const char *pool, FILE *data)
{
    bool upper = false;
    for (int p99 = 1; p99 >= 0; p99--) {
        chart_comment(data, "%s: rate, p%d (ns, of all trials together), its 95 %% interval", pool, p99 ? 99 : 50);
        for (size_t i = 0; i < count; i++) {
            const struct summary_row *row = &rates->run->rows[rates->line[i]];
            if (!is_drawn(row)) {
                point_print(rates, data, row->f.arrival.rate, MISSING, MISSING, MISSING);
                continue;
            }
            upper = upper || row->pooled_p99_ns != MISSING;
            if (p99)
                point_print(rates, data, row->f.arrival.rate, row->pooled_p99_ns, row->pooled_p99_lo_ns,
                            row->pooled_p99_hi_ns);
            else
                point_print(rates, data, row->f.arrival.rate, row->pooled_p50_ns, row->pooled_p50_lo_ns,
                            row->pooled_p50_hi_ns);
            chart_count(&rates->tasks, (size_t)row->pooled_n, row->pooled_p50_lo_ns != MISSING);
        }
        fputs("\n\n", data);
    }
    return upper;
}

/* Times in workers, over the trials of a line's cells. */
static double service_ns(const struct rates *rates, size_t count)
{
    const struct run_data *run = rates->run;
    double sum = 0;
    size_t trials = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t t = run->first[rates->line[i]]; run->times && t != RUN_NOTHING; t = run->next[t])
            if (!isnan(run->times[t].mean[SPAN_SERVICE])) {
                sum += run->times[t].mean[SPAN_SERVICE];
                trials++;
            }
    return trials ? sum / (double)trials : NAN;
}

/* A block of lines "rate p99", over the rates of the line. Returns whether there are two or more. */
static bool theory_print(struct rates *rates, size_t count, FILE *data)
{
    const struct summary_row *first = &rates->run->rows[rates->line[0]];
    const double service = service_ns(rates, count);
    double from, to;
    char words[THEORY_WORDS] = "no theory: arrivals are not random ones";
    size_t points = 0;
    line_reach(rates, count, &from, &to);
    for (size_t i = 0; i <= CURVE && from < to && first->f.arrival.process == PROCESS_POISSON; i++) {
        const double rate = from * pow(to / from, (double)i / CURVE);
        const double ns = theory_percentile(rates->run, first, service, rate, 0.99, words);
        if (!isnan(ns))
            fprintf(data, "%.9g %.9g\n", rate, ns);
        points += !isnan(ns);
    }
    chart_comment(data, "%s: rate, p99 (ns)", words);
    fputs(points ? "\n\n" : "NaN NaN\n\n\n", data);
    return points > 1;
}

static void panel_print(struct rates *rates, size_t panel, size_t *lines, const struct chart_work *work)
{
    const struct run_data *run = rates->run;
    const factor_set varying = factors_varying(run->rows, run->count, rates->factors);
    char title[256];
    fprintf(work->script, "panel_first[%zu] = %zu\n", panel + 1, *lines + 1);
    factors_label(title, sizeof title, &run->rows[rates->panel[panel]],
                  (varying | FACTOR_WORKLOAD | FACTOR_SIZE | FACTOR_WORKERS) & rates->factors);
    chart_text(work->script, "panel_title", panel + 1, title);
    rates->x_least = rates->y_least = INFINITY;
    rates->x_most = rates->y_most = 0;
    for (size_t k = 0; k < rates->pools; k++) {
        const size_t count = line_select(rates, panel, k);
        double from, to;
        if (!line_reach(rates, count, &from, &to))
            continue;
        const bool upper = line_print(rates, count, run->rows[rates->pool[k]].f.pool, work->data);
        const bool theory = theory_print(rates, count, work->data);
        ++*lines;
        fprintf(work->script, "line_pool[%zu] = %zu; line_theory[%zu] = %d; line_upper[%zu] = %d\n", *lines, k + 1,
                *lines, theory, *lines, upper);
    }
    fprintf(work->script,
            "panel_last[%zu] = %zu; panel_from[%zu] = %.9g; panel_to[%zu] = %.9g; panel_least[%zu] = %.9g; "
            "panel_most[%zu] = %.9g\n",
            panel + 1, *lines, panel + 1, rates->x_least, panel + 1, rates->x_most, panel + 1, rates->y_least,
            panel + 1, rates->y_most);
}

static void notes_print(const struct rates *rates, const struct chart_work *work)
{
    char text[CHART_NOTE_MAX], tasks[64], left_out[96] = "";
    if (rates->unsteady)
        snprintf(left_out, sizeof left_out, "; not drawn, as saturated or too short for a steady queue: %zu",
                 rates->unsteady);
    snprintf(
        text, sizeof text,
        "p99 (large points; from 1,000 tasks on) and p50 (small points) of all trials of a rate, n = %s tasks; %s%s",
        chart_counts_text(tasks, sizeof tasks, &rates->tasks),
        rates->tasks.bars ? "bars: 95 % intervals of this run" : "no bars: an interval needs at least 6 trials",
        left_out);
    chart_notes(work, text);
}

static int rates_make(const struct chart_work *work)
{
    struct rates rates;
    size_t lines = 0;
    int result = rates_init(&rates, work->run);
    if (!result && !rates.panels && rates.unsteady) {
        refuse(work->why, "it takes two rates whose queues were seen in their steady state; others were saturated, or "
                          "trials too short");
    } else if (!result && !rates.panels) {
        refuse(work->why, "it takes latencies at two or more rates of arrival");
    } else if (!result) {
        fprintf(work->script, "page_panels = %d; panels = %zu; pools = %zu; deadline = %.9g\n", CHART_PANELS_MAX,
                rates.panels, rates.pools, isnan(work->run->deadline_ns) ? 0 : work->run->deadline_ns);
        fputs("array panel_title[panels]; array pool_name[pools]; array panel_first[panels]; array panel_last[panels]\n"
              "array panel_from[panels]; array panel_to[panels]; array panel_least[panels]; array panel_most[panels]\n"
              "array line_pool[panels * pools]; array line_theory[panels * pools]; array line_upper[panels * pools]\n",
              work->script);
        chart_pools(work->script, work->run, rates.pool, rates.pools);
        for (size_t p = 0; p < rates.panels; p++)
            panel_print(&rates, p, &lines, work);
        notes_print(&rates, work);
        result = 1;
    }
    rates_release(&rates);
    return result;
}

const struct chart chart_rates = {
    .name = "rates",
    .title = "Latency against the offered rate",
    .caption =
        "The 99th percentile of latency, from when tasks were due, and the median below it, of all trials of a cell "
        "together, against the rate at which they arrived. Where latency bends upwards, the queue begins to fill. A "
        "rate that a pool did not keep up with, or at which trials were too short to see a steady queue, is not drawn, "
        "and breaks the line. The dashed line is --deadline. "
        "Dotted curves are predicted: what theory says of p99 in a queue with as many workers, whose tasks come at "
        "random and take as long as they were seen to (M/D/c, M/M/c); they are drawn where these assumptions hold.",
    .make = rates_make,
};
