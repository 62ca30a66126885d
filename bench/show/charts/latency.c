/* The spectrum of a task's time: every percentile that the number of tasks bears. Latency is that of all trials of a
 * cell together, as everywhere (bench/stats/pooled.h). Where tasks come all at once, latency says little (see time.c):
 * the spectrum is that of service, of each trial, then the median over trials. */
#include "bench/base/refuse.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/groups.h"
#include <math.h>

#define TASKS_MIN (10 * TAIL_SLOWER) /* a line that ends before p90 tells nothing */

/* Tasks that the percentiles of a cell are of are enough: of all trials together, or of this one. */
static bool is_drawn(const void *arg, size_t trial)
{
    const struct run_data *run = arg;
    const struct summary_row *row = &run->rows[run->cell[trial]];
    if (!trial_has_time(&run->trials[trial]))
        return false;
    return factors_have_latency(&row->f) ? row->pooled_n >= TASKS_MIN && !row_is_untold(row)
                                         : run->times[trial].tasks >= TASKS_MIN;
}

/* The median over the first `trials` of groups->trial of a point of service; beyond the last, of late_p99_ns. */
static struct amount median_at(const struct groups *groups, size_t trials, unsigned point)
{
    for (size_t i = 0; i < trials; i++) {
        const struct trial_times *times = &groups->run->times[groups->trial[i]];
        groups->values[i] = point < TAIL_POINTS ? times->tail[point] : times->percentile[LATE_P99];
    }
    return chart_median(groups->run, groups->values, trials);
}

/* Likewise, of latency: of all trials of the cell together. */
static struct amount pooled_at(const struct groups *groups, unsigned point)
{
    struct pooled pooled;
    run_pooled(groups->run, groups->run->cell[groups->trial[0]], tail_p(point), &pooled);
    return (struct amount){pooled.value, {pooled.lo, pooled.hi}, pooled.trials};
}

/* Of a panel's values, and of all lines. */
struct reach {
    double least, most, late_p99;
    unsigned last; /* point */
    struct chart_counts trials, tasks;
};

/* A block of lines: 1 / (1 - p), value, interval, 1 where a mark is to stand. Returns whether it has a band. */
static bool line_print(const struct groups *groups, size_t trials, FILE *data, struct reach *reach)
{
    const struct summary_row *row = &groups->run->rows[groups->run->cell[groups->trial[0]]];
    const bool latency = factors_have_latency(&row->f);
    size_t first = 0;
    unsigned points = 0;
    bool band = false;
    for (; points < TAIL_POINTS; points++) {
        struct amount amount = latency ? pooled_at(groups, points) : median_at(groups, trials, points);
        first = points ? first : amount.trials;
        /* with fewer trials than at first, only those with more tasks would go on */
        if (isnan(amount.value) || amount.trials < first)
            break;
        band |= !isnan(amount.interval.lo);
        fprintf(data, "%.9g %.9g", tail_x(points), amount.value);
        chart_interval(data, &amount.interval);
        fprintf(data, " %d\n", points % TAIL_DECADE == 0);
        reach->least = fmin(reach->least, amount.value);
        reach->most = fmax(reach->most, fmax(amount.value, amount.interval.hi)); /* which may be NAN */
    }
    reach->last = points - 1 > reach->last ? points - 1 : reach->last;
    chart_count(&reach->trials, first, band);
    if (latency)
        chart_count(&reach->tasks, (size_t)row->pooled_n, band);
    reach->late_p99 = fmax(reach->late_p99, median_at(groups, trials, TAIL_POINTS).value);
    fputs("\n\n", data);
    return band;
}

static void panels_print(struct groups *groups, FILE *data, FILE *script, struct reach *all)
{
    size_t lines = 0;
    char title[256];
    fputs("array panel_first[panels]; array panel_last[panels]; array panel_late[panels]; array panel_reach[panels]\n"
          "array panel_least[panels]; array panel_most[panels]; array line_pool[panels * pools]; array "
          "line_band[panels * pools]\n",
          script);
    for (size_t p = 0; p < groups->panels; p++) {
        size_t first = lines;
        bool latency = factors_have_latency(&groups_panel(groups, p)->f);
        all->least = INFINITY;
        all->most = all->late_p99 = 0;
        all->last = 0;
        for (size_t k = 0; k < groups->pools; k++) {
            size_t trials = groups_trials(groups, p, k);
            if (!trials)
                continue;
            chart_comment(data, "%s of %s: %s: 1 / (1 - p), ns (%s), its 95 %% interval, marked",
                          latency ? "latency" : "service", groups_title(title, sizeof title, groups, p),
                          groups_pool(groups, k), latency ? "of all trials together" : "median over trials");
            bool band = line_print(groups, trials, data, all);
            lines++;
            fprintf(script, "line_pool[%zu] = %zu; line_band[%zu] = %d\n", lines, k + 1, lines, band);
        }
        fprintf(script,
                "panel_first[%zu] = %zu; panel_last[%zu] = %zu; panel_late[%zu] = %.9g; panel_reach[%zu] = %.9g\n"
                "panel_least[%zu] = %.9g; panel_most[%zu] = %.9g\n",
                p + 1, first + 1, p + 1, lines, p + 1, all->late_p99, p + 1, tail_x(all->last), p + 1, all->least,
                p + 1, all->most);
        fprintf(script, "panel_title[%zu] = '%s: ' . panel_title[%zu]\n", p + 1, latency ? "latency" : "service",
                p + 1);
    }
}

/* Cells with latencies that are not drawn as their queues were not steady. */
static size_t untold(const struct run_data *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += row_is_untold(&run->rows[i]);
    return count;
}

static void notes_print(const struct chart_work *work, const struct reach *all)
{
    char text[CHART_NOTE_MAX], trials[64], tasks[64] = "", left_out[64] = "";
    if (all->tasks.most)
        snprintf(left_out, sizeof left_out, "%s tasks in ", chart_counts_text(tasks, sizeof tasks, &all->tasks));
    snprintf(tasks, sizeof tasks, "%s", left_out);
    *left_out = '\0';
    if (untold(work->run))
        snprintf(left_out, sizeof left_out, "; %zu not drawn, their trials too short for a steady queue",
                 untold(work->run));
    snprintf(text, sizeof text, "n of a line: %s%s trial%s; %s%s", tasks,
             chart_counts_text(trials, sizeof trials, &all->trials), all->trials.most == 1 ? "" : "s",
             all->trials.bars ? "bands: 95 % intervals of this run, as far as trials bear one"
                              : "no bands: an interval needs at least 6",
             left_out);
    chart_notes(work, text);
}

static int latency_make(const struct chart_work *work)
{
    struct groups groups;
    struct reach all = {0};
    if (work->run->partial) /* left out of a copy: nothing failed */
        return refuse(work->why, "there is no latency.csv"), 0;
    int result = groups_init(&groups, work->run, is_drawn, work->run);
    if (!result && !groups.panels) {
        if (untold(work->run))
            refuse(work->why, "trials were too short to tell: no queue was seen in its steady state");
        else
            refuse(work->why, "no trial that ended well has times of %d tasks", TASKS_MIN);
    } else if (!result) {
        groups_print(work->script, &groups);
        panels_print(&groups, work->data, work->script, &all);
        notes_print(work, &all);
        result = 1;
    }
    groups_release(&groups);
    return result;
}

const struct chart chart_latency = {
    .name = "latency",
    .title = "Percentiles of task times",
    .caption =
        "Each line is all percentiles of a pool, the rare slow tasks drawn wide: 1 / (1 - p) on a logarithmic "
        "axis, so that 99 % is as far from 90 % as 99.9 % is from 99 %. A line ends where fewer than ten tasks "
        "are slower. Latency, from when a task was due or handed in until its result was there, of all trials of a "
        "cell together, under arrival window and rate; what has trials too short for a steady queue is not drawn. "
        "Elsewhere it is mostly the queue that the trial itself has made, and "
        "the time drawn is service, from the start to the end of a task in its worker. A dashed line is how late "
        "the submitter itself was (p99, the latest of the pools): latency below it says little.",
    .make = latency_make,
};
