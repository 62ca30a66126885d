/* Run order: every trial as a point, when it ran and how its time per task compares with its cell's median. What drifts
 * over the run, what stands out, and what failed is seen before any median hides it. */
#include "bench/base/refuse.h"
#include "bench/model/metrics.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/groups.h"
#include "bench/stats/stats.h"
#include <math.h>
#include <stdlib.h>

#define WITHIN     0.95 /* share of the trials that surely stands within the picture */
#define ROOM       1.5  /* times as far from the median as those */
#define CHANGE_MIN 0.02 /* a picture of less than +- 2 % would show differences that are none */

struct points {
    const struct run_data *run;
    double *change; /* per trial: time per task / the median of its cell - 1; NAN: none */
    double *values; /* room for one number a trial */
    double lo, hi;  /* what the picture shows of them */
    size_t beyond;  /* trials outside */
    size_t failed;
    bool several; /* a cell has more than one trial */
};

static void changes_fill(struct points *points)
{
    const struct run_data *s = points->run;
    for (size_t i = 0; i < s->trial_count; i++) {
        points->change[i] = NAN;
        points->failed += !trial_is_ok(&s->trials[i]);
    }
    for (size_t row = 0; row < s->count; row++) {
        size_t count = 0;
        for (size_t i = s->first[row]; i != RUN_NOTHING; i = s->next[i])
            if (trial_has_time(&s->trials[i]))
                points->values[count++] = METRIC_WALL->value(s, i);
        points->several |= count > 1;
        double median = stats_median(points->values, stats_sort(points->values, count));
        for (size_t i = s->first[row]; i != RUN_NOTHING; i = s->next[i])
            if (trial_has_time(&s->trials[i]))
                points->change[i] = METRIC_WALL->value(s, i) / median - 1;
    }
}

/* One trial ten times as slow must not make all others a line. */
static void range_find(struct points *points)
{
    size_t trials = points->run->trial_count;
    memcpy(points->values, points->change, trials * sizeof *points->values);
    size_t count = stats_sort(points->values, trials);
    size_t cut = (size_t)((1 - WITHIN) / 2 * (double)count);
    points->lo = fmax(fmin(ROOM * points->values[cut], -CHANGE_MIN), -1);
    points->hi = fmax(ROOM * points->values[count - 1 - cut], CHANGE_MIN);
    for (size_t i = 0; i < count; i++)
        points->beyond += points->values[i] < points->lo || points->values[i] > points->hi;
}

/* Blocks of lines "seconds, %, 1 or -1 where it is beyond the picture": one a pool. */
static void pools_print(const struct points *points, const struct groups *groups, FILE *data)
{
    const struct run_data *s = points->run;
    for (size_t k = 0; k < groups->pools; k++) {
        chart_comment(data, "%s: s since the start of the run, %% from the median of its cell, beyond, trial",
                      groups_pool(groups, k));
        for (size_t i = 0; i < s->trial_count; i++)
            if (!isnan(points->change[i]) && !strcmp(s->trials[i].f.pool, groups_pool(groups, k)))
                fprintf(data, "%.9g %.9g %d %lld\n", (double)s->trials[i].started_ns * 1e-9, 100 * points->change[i],
                        (points->change[i] > points->hi) - (points->change[i] < points->lo),
                        (long long)s->trials[i].trial_id);
        fputs("\n\n", data);
    }
}

/* A block: where it begins and ends, and the median of its trials. */
static size_t blocks_print(const struct points *points, FILE *data)
{
    const struct run_data *s = points->run;
    size_t blocks = 0;
    fputs("# blocks: s from .. to, % (median)\n", data);
    for (size_t block = 1; block <= s->blocks; block++) {
        int64_t from = INT64_MAX, to = INT64_MIN;
        size_t count = 0;
        for (size_t i = 0; i < s->trial_count; i++) {
            const struct trial_row *trial = &s->trials[i];
            if (trial->block != (int64_t)block)
                continue;
            from = trial->started_ns < from ? trial->started_ns : from;
            to = trial->started_ns > to ? trial->started_ns : to;
            if (!isnan(points->change[i]))
                points->values[count++] = points->change[i];
        }
        if (!count)
            continue;
        fprintf(data, "%.9g %.9g %.9g\n", (double)from * 1e-9, (double)to * 1e-9,
                100 * stats_median(points->values, stats_sort(points->values, count)));
        blocks++;
    }
    fputs("\n\n", data);
    return blocks;
}

static void failed_print(const struct points *points, FILE *data)
{
    const struct run_data *s = points->run;
    fputs("# trials that are not ok: s, trial\n", data);
    for (size_t i = 0; i < s->trial_count; i++)
        if (!trial_is_ok(&s->trials[i]))
            fprintf(data, "%.9g %lld\n", (double)s->trials[i].started_ns * 1e-9, (long long)s->trials[i].trial_id);
}

static void points_print(struct points *points, const struct groups *groups, const struct chart_work *work)
{
    const struct run_data *s = points->run;
    char text[CHART_NOTE_MAX], beyond[80] = "", failed[80] = "";
    double last = 0;
    for (size_t i = 0; i < s->trial_count; i++)
        last = fmax(last, (double)s->trials[i].started_ns * 1e-9);
    fprintf(work->script, "pools = %zu; array pool_name[pools]\n", groups->pools);
    chart_pools(work->script, s, groups->pool, groups->pools);
    pools_print(points, groups, work->data);
    size_t blocks = blocks_print(points, work->data);
    failed_print(points, work->data);
    fprintf(work->script, "y_lo = %.9g; y_hi = %.9g; x_last = %.9g; blocks = %zu; beyond = %zu; failed = %zu\n",
            100 * points->lo, 100 * points->hi, last, blocks, points->beyond, points->failed);
    if (points->beyond)
        snprintf(beyond, sizeof beyond, "; arrows at the edge: %zu trial%s beyond it", points->beyond,
                 points->beyond == 1 ? "" : "s");
    if (points->failed)
        snprintf(failed, sizeof failed, "; crosses: %zu trial%s that failed", points->failed,
                 points->failed == 1 ? "" : "s");
    snprintf(text, sizeof text, "A point a trial; steps: median of each block%s%s", beyond, failed);
    chart_notes(work, text);
}

static bool is_drawn(const void *arg, size_t trial)
{
    const struct points *points = arg;
    return !isnan(points->change[trial]);
}

static int order_make(const struct chart_work *work)
{
    const struct run_data *s = work->run;
    struct points points = {.run = s,
                            .change = calloc(s->trial_count + 1, sizeof(double)),
                            .values = calloc(s->trial_count + 1, sizeof(double))};
    struct groups groups = {0};
    int result = -ENOMEM;
    if (points.change && points.values) {
        changes_fill(&points);
        result = groups_init(&groups, s, is_drawn, &points);
    }
    if (!result && !groups.pools) {
        refuse(work->why, "no trial ended well");
    } else if (!result && !points.several) {
        refuse(work->why, "no cell has two trials to compare: run with --blocks 2 or more");
    } else if (!result) {
        range_find(&points);
        points_print(&points, &groups, work);
        result = 1;
    }
    groups_release(&groups);
    free(points.change);
    free(points.values);
    return result;
}

const struct chart chart_order = {
    .name = "order",
    .title = "Trials in the order they ran",
    .caption =
        "Every trial, when it started and by how much its time per task differs from the median of its cell: what "
        "drifts over the run, and what stands out. All cells together should lie level along 0. A step away from "
        "it in one block is what comparisons within a block are immune to; a slope is drift. The picture shows "
        "one and a half times the range of the middle 95 % of the trials; what lies beyond is an arrow at its "
        "edge, and a trial that failed, which has no time, a cross on the axis.",
    .make = order_make,
};
