/* Latency over time within a trial: a panel for every cell, of its trial with the median latency, a dot for every task,
 * from samples.csv. What stalls, and what was cut as the queue still filled, is seen here and in no percentile. */
#include "bench/base/refuse.h"
#include "bench/model/by_trial.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/pool_look.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DOTS_LEAST 50   /* of a trial: fewer show no course */
#define DOTS_MOST  2000 /* of a picture: about 400 KB of SVG */

struct dot {
    int64_t due_ns, latency_ns, task;
};

struct course {
    struct dot *dots;
    size_t count, room;
};

struct courses {
    const struct run_data *run;
    bool *chosen;          /* per trial */
    struct course *of;     /* per trial, most without dots */
    size_t *trial, panels; /* per panel, in the order of the plan */
    factor_set label;
};

static void on_begin(size_t trial, void *arg)
{
    const struct courses *courses = arg;
    courses->of[trial].count = 0;
}

static int on_sample(size_t trial, const void *row, void *arg)
{
    const struct sample_row *sample = row;
    const struct courses *courses = arg;
    struct course *course = &courses->of[trial];
    const int64_t due_ns = sample->due_ns != MISSING ? sample->due_ns : sample->submit_ns;
    if (!courses->chosen[trial] || due_ns == MISSING || sample->reap_ns == MISSING || strcmp(sample->status, "ok") != 0)
        return 0;
    if (course->count == course->room) {
        const size_t room = course->room ? 2 * course->room : 256;
        struct dot *dots = realloc(course->dots, room * sizeof *dots);
        if (!dots)
            return -ENOMEM;
        course->dots = dots;
        course->room = room;
    }
    course->dots[course->count++] = (struct dot){due_ns, sample->reap_ns - due_ns, sample->task};
    return 0;
}

static double latency_of(const struct run_data *run, size_t trial)
{
    return trial_has_time(&run->trials[trial]) ? run->times[trial].mean[SPAN_LATENCY] : NAN;
}

/* The trial of the cell with the median of mean latencies, the faster one of two; RUN_NOTHING. values: one a trial. */
static size_t trial_choose(const struct run_data *run, size_t cell, double *values)
{
    size_t count = 0;
    for (size_t i = run->first[cell]; i != RUN_NOTHING; i = run->next[i])
        values[count++] = latency_of(run, i);
    count = stats_sort(values, count);
    for (size_t i = run->first[cell]; i != RUN_NOTHING && count; i = run->next[i])
        if (latency_of(run, i) == values[(count - 1) / 2])
            return i;
    return RUN_NOTHING;
}

static int dot_compare(const void *a, const void *b)
{
    const struct dot *x = a, *y = b;
    int by_due = (x->due_ns > y->due_ns) - (x->due_ns < y->due_ns);
    return by_due ? by_due : (x->task > y->task) - (x->task < y->task);
}

/* Of more than `most`: of each so many neighbours in time the first and the slowest. */
static void course_thin(struct course *course, size_t most)
{
    const size_t bins = most / 2, count = course->count;
    size_t kept = 0;
    if (count <= most)
        return;
    for (size_t b = 0; b < bins; b++) {
        const size_t from = b * count / bins, to = (b + 1) * count / bins;
        struct dot first = course->dots[from], slowest = first;
        for (size_t i = from; i < to; i++)
            if (course->dots[i].latency_ns > slowest.latency_ns)
                slowest = course->dots[i];
        course->dots[kept++] = first; /* kept <= from: a bin has two or more */
        if (slowest.task != first.task)
            course->dots[kept++] = slowest;
    }
    course->count = kept;
}

static int courses_read(struct courses *courses, char *why)
{
    const struct run_data *run = courses->run;
    double *values = calloc(run->trial_count + 1, sizeof *values);
    courses->chosen = calloc(run->trial_count + 1, sizeof *courses->chosen);
    courses->of = calloc(run->trial_count + 1, sizeof *courses->of);
    courses->trial = calloc(run->count + 1, sizeof *courses->trial);
    int result = values && courses->chosen && courses->of && courses->trial ? 0 : -ENOMEM;
    for (size_t i = 0; !result && run->times && i < run->count; i++) {
        const size_t cell = run->plan[i];
        const size_t trial = factors_have_latency(&run->rows[cell].f) ? trial_choose(run, cell, values) : RUN_NOTHING;
        if (trial == RUN_NOTHING)
            continue;
        courses->chosen[trial] = true;
        courses->trial[courses->panels++] = trial;
    }
    free(values);
    const struct by_trial rows = {.format = &sample_format,
                                  .trials = run->trials,
                                  .count = run->trial_count,
                                  .end = -1,
                                  .on_begin = on_begin,
                                  .on_row = on_sample,
                                  .arg = courses};
    return result || !courses->panels ? result : by_trial_read(run->directory, &rows, why);
}

static void courses_release(struct courses *courses)
{
    for (size_t i = 0; courses->of && i < courses->run->trial_count; i++)
        free(courses->of[i].dots);
    free(courses->of);
    free(courses->chosen);
    free(courses->trial);
}

/* When what is cut ends: as the first task that is not cut was due. The trial's end if all is; 0 if nothing. */
static int64_t cut_ns(const struct trial_row *trial, const struct course *course)
{
    if (trial->cut_tasks == MISSING || trial->cut_tasks <= 0)
        return 0;
    for (size_t i = 0; i < course->count; i++)
        if (course->dots[i].task >= trial->cut_tasks)
            return course->dots[i].due_ns;
    return trial->wall_ns;
}

/* Block and variables of the panel of that number. */
static void panel_print(const struct courses *courses, size_t trial, size_t panel, size_t most,
                        const struct chart_work *work)
{
    const struct trial_row *row = &courses->run->trials[trial];
    struct course *course = &courses->of[trial];
    const size_t sampled = course->count;
    double least_ns = INFINITY, most_ns = 0;
    char title[256], cell[160];
    qsort(course->dots, course->count, sizeof *course->dots, dot_compare);
    const int64_t cut = cut_ns(row, course);
    const int64_t end = course->dots[course->count - 1].due_ns;
    course_thin(course, most);
    factors_label(cell, sizeof cell, &courses->run->rows[courses->run->cell[trial]], courses->label);
    snprintf(title, sizeof title, "%s, trial %lld, %zu of %lld tasks%s", cell, (long long)row->trial_id, course->count,
             (long long)row->f.tasks,
             row->cut_tasks != MISSING && row->cut_tasks >= row->f.tasks ? ": not steady" : "");
    chart_text(work->script, "panel_title", panel, title);
    chart_comment(work->data, "%s; of %zu sampled: due (ns from the gate), latency (ns), task", title, sampled);
    for (size_t i = 0; i < course->count; i++) {
        const struct dot *dot = &course->dots[i];
        least_ns = fmin(least_ns, (double)dot->latency_ns);
        most_ns = fmax(most_ns, (double)dot->latency_ns);
        fprintf(work->data, "%lld %lld %lld\n", (long long)dot->due_ns, (long long)dot->latency_ns,
                (long long)dot->task);
    }
    fputs("\n\n", work->data);
    fprintf(work->script, "panel_look[%zu] = %u\n", panel,
            pool_look(courses->run, courses->run->rows[courses->run->cell[trial]].f.pool));
    fprintf(work->script,
            "panel_cut[%zu] = %lld.0; panel_until[%zu] = %lld.0; panel_least[%zu] = %.9g; panel_most[%zu] = %.9g\n",
            panel, (long long)cut, panel, (long long)(end > 0 ? end : 1), panel, fmax(least_ns, 1), panel,
            fmax(most_ns, 1));
}

static void courses_print(struct courses *courses, const struct chart_work *work)
{
    const struct run_data *run = courses->run;
    const size_t shown = courses->panels < CHART_PANELS_MAX ? courses->panels : CHART_PANELS_MAX;
    courses->label = factors_varying(run->rows, run->count, factors_of(run->rows, run->count)) | FACTOR_POOL;
    fprintf(work->script, "page_panels = %d; panels = %zu; deadline = %.9g\n", CHART_PANELS_MAX, courses->panels,
            isnan(run->deadline_ns) ? 0 : run->deadline_ns);
    fputs("array panel_title[panels]; array panel_cut[panels]; array panel_until[panels]\n"
          "array panel_least[panels]; array panel_most[panels]; array panel_look[panels]\n",
          work->script);
    for (size_t p = 0; p < courses->panels; p++)
        panel_print(courses, courses->trial[p], p + 1, DOTS_MOST / shown, work);
    chart_notes(work,
                "Of each cell the trial with the median of mean latencies, a dot a task; where a trial has too many, "
                "of neighbours the first and the slowest");
}

static int course_make(const struct chart_work *work)
{
    struct courses courses = {.run = work->run};
    int result = work->run->partial ? -ENOENT : courses_read(&courses, work->why);
    size_t kept = 0, timed = courses.panels;
    for (size_t p = 0; !result && p < courses.panels; p++)
        if (courses.of[courses.trial[p]].count >= DOTS_LEAST)
            courses.trial[kept++] = courses.trial[p];
    courses.panels = kept;
    if (result == -ENOENT) { /* left out of a copy: nothing failed */
        result = 0;
        if (work->run->partial)
            refuse(work->why, "there is no latency.csv");
    } else if (!result && !timed) {
        refuse(work->why, "no trial that ended well has latencies: arrival window, rate or trace");
    } else if (!result && !kept) {
        refuse(work->why, "no trial has %d tasks, timed, in samples.csv: run with --samples all", DOTS_LEAST);
    } else if (!result) {
        courses_print(&courses, work);
        result = 1;
    }
    courses_release(&courses);
    return result;
}

const struct chart chart_course = {
    .name = "course",
    .title = "Latency over a trial",
    .caption =
        "Each dot is a task: how long it took, from when it was due or handed in until its result was there, against "
        "when that was, counted from the gate. Shown is one trial of each cell, the one with the median of mean "
        "latencies. The grey part is cut as the queue was not yet in its steady state: percentiles are of the others; "
        "all is grey where a steady state was not reached. A slope of dots down to the right is a stall, and those who "
        "waited for it. Where a trial has more tasks than can be told apart, of neighbours the first and the slowest "
        "are shown; the default of --samples is 200 tasks of a trial, drawn by the seed.",
    .make = course_make,
};
