/* Where a task's time goes: a bar a pool, of parts that add up. Where tasks come one by one, the parts are those of a
 * task's latency. Where they come all at once, most of the latency is the queue that the trial itself has made; the
 * parts are then those of the time that workers give to a task. */
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/groups.h"
#include <math.h>
#include <stdlib.h>

enum { PARTS = 4 }; /* of both kinds of bars */

/* Of one trial, in ns a task. */
struct parts {
    double part[PARTS]; /* NAN: not known, or there is no such part */
    double whole;       /* NAN: there is no bar */
};

/* The middle trial of a pool in a panel stands for all: its parts add up, and one disturbed trial does not show in it
 * as it would in a mean over trials. */
struct bar {
    const struct parts *middle;
    struct interval whole; /* of the median over trials, NAN where there are too few */
    size_t trials;
};

struct times {
    struct groups groups;
    struct parts *parts;        /* one a trial */
    struct chart_counts trials; /* of a bar */
};

static struct parts latency_parts(const struct trial_times *times)
{
    struct parts parts = {{NAN, NAN, NAN, NAN}, NAN};
    const double *mean = times->mean;
    if (isnan(mean[SPAN_SERVICE]))
        return parts;
    parts.part[0] = mean[SPAN_LATE];
    parts.part[1] = fmax(0, mean[SPAN_QUEUE] - (isnan(mean[SPAN_LATE]) ? 0 : mean[SPAN_LATE]));
    parts.part[2] = mean[SPAN_SERVICE];
    parts.part[3] = mean[SPAN_RETURN];
    parts.whole = 0;
    for (unsigned i = 0; i < PARTS; i++)
        parts.whole += isnan(parts.part[i]) ? 0 : parts.part[i];
    return parts;
}

static struct parts worker_parts(const struct trial_row *trial)
{
    const int64_t used[] = {trial->user_ns, trial->sys_ns, trial->runqueue_ns};
    struct parts parts = {{NAN, NAN, NAN, NAN}, NAN};
    double sum = 0;
    if (!trial_has_time(trial) || trial->user_ns == MISSING || trial->sys_ns == MISSING || trial->f.workers <= 0)
        return parts;
    for (unsigned i = 0; i < PARTS - 1; i++)
        if (used[i] != MISSING) {
            parts.part[i] = (double)used[i] / (double)trial->f.tasks;
            sum += parts.part[i];
        }
    parts.whole = fmax((double)trial->wall_ns * (double)trial->f.workers / (double)trial->f.tasks, sum);
    parts.part[PARTS - 1] = parts.whole - sum;
    return parts;
}

static struct bar bar_of(struct times *times, size_t panel, size_t pool)
{
    struct groups *groups = &times->groups;
    struct bar bar = {.trials = groups_trials(groups, panel, pool)};
    for (size_t i = 0; i < bar.trials; i++)
        groups->values[i] = times->parts[groups->trial[i]].whole;
    bar.whole = chart_median(groups->run, groups->values, bar.trials).interval;
    for (size_t i = 0; i < bar.trials && !bar.middle; i++)
        if (times->parts[groups->trial[i]].whole == groups->values[(bar.trials - 1) / 2])
            bar.middle = &times->parts[groups->trial[i]];
    return bar;
}

static void number_print(FILE *out, double value)
{
    fprintf(out, isnan(value) ? " NaN" : " %.9g", value);
}

/* One block of lines a panel, and the panel's variables. */
static void panel_print(struct times *times, size_t panel, FILE *data, FILE *script)
{
    const struct groups *groups = &times->groups;
    bool latency = factors_have_latency(&groups_panel(groups, panel)->f);
    unsigned known = 0;
    size_t bars = 0;
    char title[256];
    chart_comment(data, "%s, ns a task: number, %s, all, its 95 %% interval, trials, pool",
                  groups_title(title, sizeof title, groups, panel),
                  latency ? "late, queue, service, return" : "user, system, waited for a CPU, rest");
    for (size_t pool = 0; pool < groups->pools; pool++) {
        struct bar bar = bar_of(times, panel, pool);
        if (!bar.trials)
            continue;
        chart_count(&times->trials, bar.trials, !isnan(bar.whole.hi));
        fprintf(data, "%zu", ++bars);
        for (unsigned k = 0; k < PARTS; k++) {
            number_print(data, bar.middle->part[k]);
            known |= (unsigned)!isnan(bar.middle->part[k]) << k;
        }
        number_print(data, bar.middle->whole);
        chart_interval(data, &bar.whole);
        fprintf(data, " %zu", bar.trials);
        chart_datum(data, POOL_SHOWN(groups_pool(groups, pool)));
    }
    fputs("\n\n", data);
    fprintf(script, "panel_latency[%zu] = %d; panel_bars[%zu] = %zu; panel_known[%zu] = %u\n", panel + 1, latency,
            panel + 1, bars, panel + 1, known);
}

static void notes_print(const struct chart_work *work, const struct chart_counts *counts)
{
    char text[CHART_NOTE_MAX], trials[64];
    snprintf(text, sizeof text,
             "Shares of the middle one of %s trial%s, means over its tasks; beside a bar its length, and %s",
             chart_counts_text(trials, sizeof trials, counts), counts->most == 1 ? "" : "s",
             counts->bars ? "the 95 % order-statistic interval of this run's median, where there are at least 6 trials"
                          : "no interval, which needs at least 6");
    chart_notes(work, text);
}

static bool is_drawn(const void *arg, size_t trial)
{
    const struct parts *parts = arg;
    return !isnan(parts[trial].whole);
}

static struct parts *parts_make(const struct run_data *run)
{
    struct parts *parts = calloc(run->trial_count + 1, sizeof *parts);
    for (size_t i = 0; i < run->trial_count && parts; i++) {
        parts[i] = (struct parts){{NAN, NAN, NAN, NAN}, NAN};
        if (!factors_have_latency(&run->rows[run->cell[i]].f))
            parts[i] = worker_parts(&run->trials[i]);
        else if (trial_has_time(&run->trials[i]))
            parts[i] = latency_parts(&run->times[i]);
    }
    return parts;
}

static int time_make(const struct chart_work *work)
{
    struct times times = {.parts = parts_make(work->run)};
    int result = times.parts ? groups_init(&times.groups, work->run, is_drawn, times.parts) : -ENOMEM;
    if (!result && !times.groups.panels) {
        refuse(work->why, "no trial that ended well says where its time went: latency.csv, or user_ns and sys_ns");
    } else if (!result) {
        groups_print(work->script, &times.groups);
        fputs("array panel_latency[panels]; array panel_bars[panels]; array panel_known[panels]\n", work->script);
        for (size_t panel = 0; panel < times.groups.panels; panel++)
            panel_print(&times, panel, work->data, work->script);
        notes_print(work, &times.trials);
        result = 1;
    }
    groups_release(&times.groups);
    free(times.parts);
    return result;
}

const struct chart chart_time = {
    .name = "time",
    .title = "Where the time of a task goes",
    .caption =
        "Under arrival window and rate, a task's latency in parts: late is from when it was due until it was handed in "
        "(the submitter's own delay, rate only), queue from then until a worker started it, service until it ended, "
        "return until the submitter had its result. Elsewhere latency is the queue that the trial itself has made, and "
        "the bar is the time that workers give to a task, workers x wall / tasks: user and system are CPU time, of the "
        "submitter too; waiting is for a CPU while runnable (not known for processes that live for one task, where it "
        "is in the rest); the rest is asleep or idle. Workers are counted as asked for. A bar is one "
        "trial, the one with the median length, and its parts are means over its tasks, because parts have to add up; "
        "a "
        "few slow tasks weigh in them. All bars are equally long and show shares; how long each is, the number beside "
        "it says, with the interval of the median over trials.",
    .make = time_make,
};
