/* Workers over time: who ran which task when. One group of cells, for each of its pools one trial, the one with the
 * median time, from the tasks in samples.csv; or, where the run has profiled siblings, what slots did (states.c). */
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/model/by_trial.h"
#include "bench/model/metrics.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/groups.h"
#include "bench/show/charts/states.h"
#include "bench/stats/stats.h"
#include "workloads/workload.h"
#include <math.h>
#include <stdlib.h>

#define SHARE_MIN 0.25 /* of a trial's tasks: with fewer, gaps would look like idle workers */
#define BARS_MAX  1800 /* of the picture: about 200 KB of SVG */
#define BARS_KEPT 400  /* of a trial */
#define ROWS_MAX  64   /* workers of a trial */

struct bar {
    int64_t start_ns, end_ns; /* from the gate */
    int64_t task, worker;
    bool ok;
};

/* What is known of a trial that may be drawn. */
struct timeline {
    struct bar bars[BARS_KEPT]; /* the first, whatever their order in the file */
    size_t count, latest;       /* latest: which of them is the last, where there are BARS_KEPT */
    int64_t sampled, worker_last;
};

struct timelines {
    const struct run_data *run;
    struct groups groups;
    struct timeline **of; /* one a trial, NULL for most */
    size_t *chosen;       /* panels x pools: the trial, or SIZE_MAX */
    size_t panel, pools;  /* the panel that is drawn, and how many of its pools */
};

static void on_begin(size_t trial, void *arg)
{
    const struct timelines *lines = arg;
    struct timeline *line = lines->of[trial];
    if (line)
        line->count = 0, line->sampled = line->worker_last = 0;
}

static int bar_compare(const void *a, const void *b)
{
    const struct bar *x = a, *y = b;
    int by_start = (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
    return by_start ? by_start : (x->task > y->task) - (x->task < y->task);
}

static void bar_keep(struct timeline *line, const struct bar *bar)
{
    if (line->count < BARS_KEPT)
        line->bars[line->count++] = *bar;
    else if (bar_compare(bar, &line->bars[line->latest]) < 0)
        line->bars[line->latest] = *bar;
    else
        return;
    line->latest = 0;
    for (size_t i = 1; i < line->count && line->count == BARS_KEPT; i++)
        if (bar_compare(&line->bars[i], &line->bars[line->latest]) > 0)
            line->latest = i;
}

static int on_sample(size_t trial, const void *row, void *arg)
{
    const struct sample_row *sample = row;
    struct timelines *lines = arg;
    struct timeline *line = lines->of[trial];
    if (!line || sample->start_ns == MISSING || sample->end_ns == MISSING || sample->worker < 0)
        return 0;
    line->sampled++;
    if (sample->worker > line->worker_last)
        line->worker_last = sample->worker;
    const struct bar bar = {sample->start_ns, sample->end_ns, sample->task, sample->worker,
                            !strcmp(sample->status, "ok")};
    if (sample->worker < ROWS_MAX)
        bar_keep(line, &bar);
    return 0;
}

/* The trial of a pool in a panel that has the median time per task, the faster one of two; SIZE_MAX for none. */
static size_t trial_choose(struct groups *groups, size_t panel, size_t pool)
{
    size_t count = groups_trials(groups, panel, pool), chosen = SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        groups->values[i] = METRIC_WALL->value(groups->run, groups->trial[i]);
    stats_sort(groups->values, count);
    for (size_t i = 0; i < count; i++)
        if (METRIC_WALL->value(groups->run, groups->trial[i]) == groups->values[(count - 1) / 2])
            chosen = groups->trial[i];
    return chosen;
}

static const struct timeline *timeline_of(const struct timelines *lines, size_t panel, size_t pool)
{
    size_t trial = lines->chosen[panel * lines->groups.pools + pool];
    const struct timeline *line = trial == SIZE_MAX ? NULL : lines->of[trial];
    if (!line || line->count < 2 || (double)line->sampled < SHARE_MIN * (double)lines->run->trials[trial].f.tasks)
        return NULL;
    return line;
}

static int timelines_read(struct timelines *lines, const char *directory, char *why)
{
    struct groups *groups = &lines->groups;
    const struct run_data *s = lines->run;
    size_t room = groups->panels * groups->pools;
    lines->of = calloc(s->trial_count + 1, sizeof *lines->of);
    lines->chosen = calloc(room + 1, sizeof *lines->chosen);
    if (!lines->of || !lines->chosen)
        return -ENOMEM;
    for (size_t i = 0; i < room; i++) {
        size_t trial = lines->chosen[i] = trial_choose(groups, i / groups->pools, i % groups->pools);
        if (trial == SIZE_MAX || lines->of[trial])
            continue;
        lines->of[trial] = calloc(1, sizeof **lines->of);
        if (!lines->of[trial])
            return -ENOMEM;
    }
    const struct by_trial rows = {.format = &sample_format,
                                  .trials = s->trials,
                                  .count = s->trial_count,
                                  .end = -1,
                                  .on_begin = on_begin,
                                  .on_row = on_sample,
                                  .arg = lines};
    int rc = s->trial_count ? by_trial_read(directory, &rows, why) : 0;
    for (size_t i = 0; i < s->trial_count; i++)
        if (lines->of[i])
            qsort(lines->of[i]->bars, lines->of[i]->count, sizeof *lines->of[i]->bars, bar_compare);
    return rc;
}

static void timelines_release(struct timelines *lines)
{
    for (size_t i = 0; i < lines->run->trial_count && lines->of; i++)
        free(lines->of[i]);
    free(lines->of);
    free(lines->chosen);
    groups_release(&lines->groups);
}

/* The panel with the most pools to compare, of those the one with the most tasks to see, spread over workers. */
static void panel_choose(struct timelines *lines)
{
    size_t most_bars = 0;
    for (size_t p = 0; p < lines->groups.panels; p++) {
        size_t pools = 0, bars = 0;
        bool spread = false;
        for (size_t k = 0; k < lines->groups.pools; k++) {
            const struct timeline *line = timeline_of(lines, p, k);
            pools += line != NULL;
            bars += line ? line->count : 0;
            spread |= line && line->worker_last > 0;
        }
        bars = spread ? bars : 0;
        if (pools > lines->pools || (pools == lines->pools && bars > most_bars)) {
            lines->pools = pools;
            most_bars = bars;
            lines->panel = p;
        }
    }
}

/* What tells which tasks compute and which wait. A run is data: nothing of a workload is called but what is pure. */
struct classes {
    const struct workload_ops *workload; /* NULL: not one of ours */
    struct spec spec;
    uint64_t seed;
};

static void classes_init(struct classes *classes, const struct trial_row *trial)
{
    char name[SPEC_MAX], unused[ERROR_MAX];
    *classes = (struct classes){.seed = trial->seed};
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(trial->f.workload), trial->f.workload);
    const struct workload_ops *workload = workload_find(name);
    if (!workload)
        return;
    classes->spec.name = workload->name;
    classes->spec.params = workload->params;
    if (spec_parse(trial->f.workload, &classes->spec, unused) == 0)
        classes->workload = workload;
}

enum { KIND_CPU = 1, KIND_SLEEP = 3, KIND_FAILED = 5 }; /* the first two in two shades, by turns */

static int kind_of(const struct classes *classes, const struct bar *bar)
{
    enum task_class class = TASK_CPU;
    if (!bar->ok)
        return KIND_FAILED;
    if (classes->workload)
        class = classes->workload->class_of
                    ? classes->workload->class_of(classes->spec.values, classes->seed, (uint32_t)bar->task)
                    : classes->workload->class;
    return class == TASK_SLEEP ? KIND_SLEEP : KIND_CPU;
}

/* A block of lines "from to worker kind task"; returns the kinds as bits. */
static unsigned bars_print(const struct timeline *line, const struct trial_row *trial, size_t count, FILE *data)
{
    const struct bar *bars = line->bars;
    bool turn[ROWS_MAX] = {false};
    struct classes classes;
    unsigned kinds = 0;
    classes_init(&classes, trial);
    for (size_t i = 0; i < count; i++) {
        int kind = kind_of(&classes, &bars[i]);
        if (kind != KIND_FAILED)
            kind += turn[bars[i].worker];
        turn[bars[i].worker] ^= true;
        kinds |= 1u << kind;
        fprintf(data, "%lld %lld %lld %d %lld\n", (long long)bars[i].start_ns, (long long)bars[i].end_ns,
                (long long)bars[i].worker, kind, (long long)bars[i].task);
    }
    fputs("\n\n", data);
    return kinds;
}

static char *pool_title(char *text, size_t size, const struct timeline *line, const struct trial_row *trial,
                        size_t count)
{
    size_t length = (size_t)snprintf(text, size, "%s", POOL_SHOWN(trial->f.pool));
    bool all = line->sampled == trial->f.tasks, cut = count < line->count || line->count == BARS_KEPT;
    if (length < size && line->worker_last >= ROWS_MAX)
        length += (size_t)snprintf(text + length, size - length, ", workers 0 .. %d", ROWS_MAX - 1);
    if (length < size && (!all || count < (size_t)line->sampled))
        snprintf(text + length, size - length, ", %zu of %lld tasks%s", count, (long long)trial->f.tasks,
                 !all  ? ", sampled by seed"
                 : cut ? ", the first"
                       : "");
    return text;
}

static void panel_print(const struct timelines *lines, FILE *data, FILE *script)
{
    size_t panels = 0, most = BARS_MAX / lines->pools;
    unsigned kinds = 0;
    int64_t rows = 1, end = 1;
    char text[256];
    fprintf(script, "panels = %zu; array panel_title[panels]; array panel_kinds[panels]; array panel_rows[panels]\n",
            lines->pools);
    for (size_t k = 0; k < lines->groups.pools; k++) {
        const struct timeline *line = timeline_of(lines, lines->panel, k);
        if (!line)
            continue;
        const struct trial_row *trial = &lines->run->trials[lines->chosen[lines->panel * lines->groups.pools + k]];
        size_t count = line->count < most ? line->count : most;
        int64_t own = line->worker_last < ROWS_MAX ? line->worker_last + 1 : ROWS_MAX;
        for (size_t i = 0; i < count; i++)
            end = line->bars[i].end_ns > end ? line->bars[i].end_ns : end;
        rows = own > rows ? own : rows;
        chart_comment(
            data,
            "%s, trial %lld: start and end (ns from the gate), worker, kind (1, 2: CPU, 3, 4: sleep, 5: not ok), "
            "task",
            trial->f.pool, (long long)trial->trial_id);
        unsigned own_kinds = bars_print(line, trial, count, data);
        panels++;
        fprintf(script, "panel_kinds[%zu] = %u; panel_rows[%zu] = %lld; ", panels, own_kinds, panels, (long long)own);
        chart_text(script, "panel_title", panels, pool_title(text, sizeof text, line, trial, count));
        kinds |= own_kinds;
    }
    fprintf(script, "rows_most = %lld; x_end = %lld; kinds = %u\n", (long long)rows, (long long)end, kinds);
}

static bool is_drawn(const void *arg, size_t trial)
{
    const struct run_data *run = arg;
    return trial_has_time(&run->trials[trial]);
}

static int tasks_draw(const struct chart_work *work, struct timelines *lines)
{
    char title[256], text[CHART_NOTE_MAX];
    int result = lines->groups.panels ? timelines_read(lines, work->run->directory, work->why) : 0;
    if (!result)
        panel_choose(lines);
    if (result == -ENOENT) {
        result = 0; /* samples.csv was left out of a copy: nothing failed */
    } else if (!result && !lines->groups.panels) {
        refuse(work->why, "no trial ended well");
    } else if (!result && !lines->pools) {
        refuse(work->why, "no trial has a quarter of its tasks, timed, in samples.csv: run with --samples all");
    } else if (!result) {
        panel_print(lines, work->data, work->script);
        snprintf(text, sizeof text, "Of each pool the trial of %s with the median time; a row a worker, a bar a task",
                 groups_title(title, sizeof title, &lines->groups, lines->panel));
        chart_notes(work, text);
        result = 1;
    }
    return result;
}

static int workers_make(const struct chart_work *work)
{
    struct timelines lines = {.run = work->run};
    int result = groups_init(&lines.groups, work->run, is_drawn, work->run);
    if (!result && lines.groups.panels)
        result = states_draw(work, &lines.groups);
    if (!result)
        result = tasks_draw(work, &lines);
    timelines_release(&lines);
    return result;
}

const struct chart chart_workers = {
    .name = "workers",
    .title = "Workers over time",
    .caption =
        "Who ran which task when, in one trial of each pool: the one with the median time per task, of the cells "
        "that most pools have in common and most is known of. A row is a worker, a bar a task from its start to "
        "its end, neighbours in two shades; what is white is a worker between two tasks. Time counts from the "
        "gate. Where a panel says so, it shows the first tasks only, or those that were sampled: there, white "
        "may be a task too. Where the run has profiled siblings, a bar is what a worker's slot did: high on a CPU, or "
        "in a "
        "task, half as high while it waits for a CPU, low where no process runs, white while it is idle.",
    .make = workers_make,
};
