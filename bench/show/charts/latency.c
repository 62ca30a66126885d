/* The spectrum of a task's latency: every percentile that the number of tasks bears, of each trial, then the median
 * over trials. Where tasks come all at once, latency says little (see time.c), and the spectrum is that of service. */
#include "bench/base/refuse.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/groups.h"
#include <math.h>

#define TASKS_MIN (10 * TAIL_SLOWER) /* a line that ends before p90 tells nothing */

static bool is_drawn(const void *arg, size_t trial)
{
    const struct run_data *run = arg;
    return trial_has_time(&run->trials[trial]) && run->times[trial].tasks >= TASKS_MIN;
}

/* What the first `trials` of groups->trial have at a point; beyond the last, late_p99_ns. */
static struct amount amount_at(const struct groups *groups, size_t trials, unsigned point)
{
    for (size_t i = 0; i < trials; i++) {
        const struct trial_times *times = &groups->run->times[groups->trial[i]];
        groups->values[i] = point < TAIL_POINTS ? times->tail[point] : times->percentile[LATE_P99];
    }
    return chart_median(groups->run, groups->values, trials);
}

/* Of a panel's medians, and of the trials of a line over all panels. */
struct reach {
    double least, most, late_p99;
    unsigned last; /* point */
    struct chart_counts trials;
};

/* A block of lines: 1 / (1 - p), median, interval, 1 where a mark is to stand. Returns whether it has a band. */
static bool line_print(const struct groups *groups, size_t trials, FILE *data, struct reach *reach)
{
    struct amount first = amount_at(groups, trials, 0), amount = first;
    unsigned points = 0;
    bool band = false;
    /* with fewer trials than at first, only those with more tasks would go on */
    for (; points < TAIL_POINTS && amount.trials == first.trials; amount = amount_at(groups, trials, ++points)) {
        band |= !isnan(amount.interval.lo);
        fprintf(data, "%.9g %.9g", tail_x(points), amount.value);
        chart_interval(data, &amount.interval);
        fprintf(data, " %d\n", points % TAIL_DECADE == 0);
        reach->least = fmin(reach->least, amount.value);
        reach->most = fmax(reach->most, fmax(amount.value, amount.interval.hi)); /* which may be NAN */
    }
    reach->last = points - 1 > reach->last ? points - 1 : reach->last;
    chart_count(&reach->trials, first.trials, band);
    reach->late_p99 = fmax(reach->late_p99, amount_at(groups, trials, TAIL_POINTS).value);
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
            chart_comment(data, "%s of %s: %s: 1 / (1 - p), ns (median over trials), its 95 %% interval, marked",
                          latency ? "latency" : "service", groups_title(title, sizeof title, groups, p),
                          groups_pool(groups, k));
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

static void notes_print(const struct chart_work *work, const struct chart_counts *counts)
{
    char text[CHART_NOTE_MAX], trials[64];
    snprintf(text, sizeof text, "Medians over %s trial%s a line; %s", chart_counts_text(trials, sizeof trials, counts),
             counts->most == 1 ? "" : "s",
             counts->bars ? "bands: 95 % order-statistic interval of this run, where there are at least 6"
                          : "no bands: an interval needs at least 6");
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
        refuse(work->why, "no trial that ended well has times of %d tasks", TASKS_MIN);
    } else if (!result) {
        groups_print(work->script, &groups);
        panels_print(&groups, work->data, work->script, &all);
        notes_print(work, &all.trials);
        result = chart_pictures(groups.panels);
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
        "of a trial are slower. Latency, from when a task was due or handed in until its result was there, "
        "under arrival window and rate. Elsewhere it is mostly the queue that the trial itself has made, and "
        "the time drawn is service, from the start to the end of a task in its worker. A dashed line is how late "
        "the submitter itself was (p99, the latest of the pools): latency below it says little.",
    .make = latency_make,
};
