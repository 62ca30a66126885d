/* Efficiency against task size, as the search for METG went through it. */
#include "bench/model/metrics.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/search.h"
#include <math.h>
#include <string.h>

static double number(int64_t value)
{
    return value == MISSING ? NAN : (double)value;
}

static void take(const void *from, struct search_mark *mark)
{
    const struct metg_row *row = from;
    snprintf(mark->pool, sizeof mark->pool, "%s", row->pool);
    snprintf(mark->workload, sizeof mark->workload, "%s", row->workload);
    mark->workers = row->workers;
    mark->level = row->efficiency;
    mark->x = number(row->metg_ns);
    mark->lo = number(row->lo_ns);
    mark->hi = number(row->hi_ns);
}

static double size(const struct summary_row *row)
{
    return (double)row->f.size_ns;
}

/* Against the trial of `static` with the same tasks in the same block. Its workers may be another number: a pool that
 * was asked for as many may have had more (hybrid, in schema 1). */
static double efficiency(const struct run_data *run, size_t trial)
{
    const struct trial_row *mine = &run->trials[trial];
    for (size_t t = 0; t < run->trial_count; t++) {
        const struct trial_row *other = &run->trials[t];
        if (other->block == mine->block && !strcmp(other->f.pool, IDEAL_POOL) && trial_has_time(other) &&
            other->f.size_ns == mine->f.size_ns)
            return METRIC_WALL->value(run, t) / METRIC_WALL->value(run, trial);
    }
    return NAN;
}

static const struct search_chart search = {
    .format = &metg_format,
    .take = take,
    .x_label = "task size",
    .y_label = "efficiency: static / own time, %",
    .level_label = "efficiency sought",
    .x_scale = 1e-9,
    .y_scale = 100,
    .x = size,
    .y = efficiency,
    .note = "Medians over blocks; bars: 95 % order-statistic interval; large marks: METG with its interval"};

const struct chart chart_metg = {
    .name = "metg",
    .title = "Minimum effective task granularity",
    .caption = "Efficiency against task size, measured by the pool static in the same block. The large marks are the "
               "sizes at which a pool has the efficiency of the dashed line; smaller tasks are mostly overhead.",
    .make = search_make,
    .of = &search,
};
