/* The spectrum of a task's latency: every percentile that the number of tasks bears, of each trial, then the median
 * over trials. Where tasks come all at once, latency says little (see time.c), and the spectrum is that of service. */
#include "bench/base/refuse.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/groups.h"
#include "bench/stats/looks.h"
#include "bench/stats/stats.h"
#include <math.h>
#include <stdlib.h>

#define TASKS_MIN (10 * TAIL_SLOWER) /* a line that ends before p90 tells nothing */

struct spectra {
    const struct run_data *run;
    struct groups groups;
    const bool *drawn;    /* one a trial */
    double *values;       /* room for one number a trial */
    size_t *line, trials; /* the trials of the line that is looked at; room for all */
};

/* Takes the trials of a pool in a panel for those looked at. Returns how many. */
static size_t line_choose(struct spectra *spectra, size_t panel, size_t pool)
{
    spectra->trials = 0;
    for (size_t i = 0; i < spectra->run->trial_count; i++)
        if (spectra->drawn[i] && groups_hold(&spectra->groups, panel, pool, i))
            spectra->line[spectra->trials++] = i;
    return spectra->trials;
}

/* Into spectra->values, sorted: what its trials have at a point; beyond the last, late_p99_ns. Returns how many have.
 */
static size_t values_of(const struct spectra *spectra, unsigned point)
{
    for (size_t i = 0; i < spectra->trials; i++) {
        const struct trial_times *times = &spectra->run->times[spectra->line[i]];
        spectra->values[i] = point < TAIL_POINTS ? times->tail[point] : times->percentile[LATE_P99];
    }
    return stats_sort(spectra->values, spectra->trials);
}

/* Of a panel's medians, and of the trials of a line over all panels. */
struct reach {
    double least, most, late_p99;
    unsigned last; /* point */
    struct chart_counts trials;
};

/* A block of lines: 1 / (1 - p), median, interval, 1 where a mark is to stand. Returns whether it has a band. */
static bool line_print(const struct spectra *spectra, FILE *data, struct reach *reach)
{
    size_t first = values_of(spectra, 0);
    unsigned points = 0;
    bool band = false;

    for (; points < TAIL_POINTS; points++) {
        size_t n = values_of(spectra, points);
        struct interval interval;
        double median = stats_median(spectra->values, n);
        if (n < first) /* from here on, only trials with more tasks would go on */
            break;
        stats_median_interval(spectra->values, n, looks_level_alone(spectra->run->looks), &interval);
        band |= !isnan(interval.lo);
        fprintf(data, "%.9g %.9g", tail_x(points), median);
        fprintf(data, isnan(interval.lo) ? " NaN NaN" : " %.9g %.9g", interval.lo, interval.hi);
        fprintf(data, " %d\n", points % TAIL_DECADE == 0);
        reach->least = fmin(reach->least, median);
        reach->most = fmax(reach->most, isnan(interval.hi) ? median : interval.hi);
    }
    reach->last = points - 1 > reach->last ? points - 1 : reach->last;
    chart_count(&reach->trials, first, band);
    size_t n = values_of(spectra, TAIL_POINTS);
    if (n)
        reach->late_p99 = fmax(reach->late_p99, stats_median(spectra->values, n));
    fputs("\n\n", data);
    return band;
}

static void panels_print(struct spectra *spectra, FILE *data, FILE *script, struct reach *all)
{
    const struct groups *groups = &spectra->groups;
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
            if (!line_choose(spectra, p, k))
                continue;
            fprintf(data, "# %s of %s: %s: 1 / (1 - p), ns (median over trials), its 95 %% interval, marked\n",
                    latency ? "latency" : "service", groups_title(title, sizeof title, groups, p),
                    groups_pool(groups, k));
            bool band = line_print(spectra, data, all);
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
             counts->bars ? "bands: 95 % order-statistic interval, where there are at least 6"
                          : "no bands: an interval needs at least 6");
    chart_notes(work, text);
}

static int latency_make(const struct chart_work *work)
{
    const struct run_data *s = work->run;
    struct spectra spectra = {.run = s,
                              .values = calloc(s->trial_count + 1, sizeof(double)),
                              .line = calloc(s->trial_count + 1, sizeof(size_t))};
    bool *drawn = calloc(s->trial_count + 1, sizeof *drawn);
    struct reach all = {0};
    int result = -ENOMEM;

    if (!spectra.values || !spectra.line || !drawn)
        goto done;
    spectra.drawn = drawn;
    if (s->partial) { /* left out of a copy: nothing failed */
        refuse(work->why, "there is no latency.csv");
        result = 0;
        goto done;
    }
    for (size_t i = 0; i < s->trial_count; i++)
        drawn[i] = trial_has_time(&s->trials[i]) && s->times[i].tasks >= TASKS_MIN;
    result = groups_init(&spectra.groups, s, drawn);
    if (result)
        goto done;
    if (!spectra.groups.panels) {
        refuse(work->why, "no trial that ended well has times of %d tasks", TASKS_MIN);
        goto done;
    }
    groups_print(work->script, &spectra.groups);
    panels_print(&spectra, work->data, work->script, &all);
    notes_print(work, &all.trials);
    result = chart_pictures(spectra.groups.panels);
done:
    groups_release(&spectra.groups);
    free(spectra.values);
    free(spectra.line);
    free(drawn);
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
