/* Efficiency against task size, as the search for METG went through it. */
#include "bench/analyse/metg.h"
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
    const bool labelled = row->size_ns != MISSING; /* earlier runs had the label alone, under the name of METG */
    mark->x = number(labelled ? row->size_ns : row->metg_ns);
    mark->lo = number(labelled ? row->size_lo_ns : row->lo_ns);
    mark->hi = number(labelled ? row->size_hi_ns : row->hi_ns);
}

static double size(const struct summary_row *row)
{
    return (double)row->f.size_ns;
}

/* Against the highest throughput of the block; in earlier runs, which have none of 1 ms, against the trial of `static`
 * with the same tasks in it,
 * whose workers may be another number: a pool that was asked for as many may have had more (hybrid, in schema 1). */
static double efficiency(const struct run_data *run, size_t trial)
{
    const struct trial_row *mine = &run->trials[trial];
    const double highest = metg_highest(run, run->cell[trial], (size_t)mine->block);
    if (!isnan(highest))
        return metg_throughput(mine) / highest;
    for (size_t t = 0; t < run->trial_count; t++) {
        const struct trial_row *other = &run->trials[t];
        if (other->block == mine->block && !strcmp(other->f.pool, IDEAL_POOL) && trial_has_time(other) &&
            other->f.size_ns == mine->f.size_ns)
            return METRIC_WALL->value(run, t) / METRIC_WALL->value(run, trial);
    }
    return NAN;
}

static const struct search_chart search = {.format = &metg_format,
                                           .take = take,
                                           .x_label = "task size",
                                           .y_label = "efficiency, % of the highest throughput",
                                           .level_label = "efficiency sought",
                                           .x_scale = 1e-9,
                                           .y_scale = 100,
                                           .x = size,
                                           .y = efficiency,
                                           .note = "Medians over blocks; bars: 95 % order-statistic interval of this "
                                                   "run; large marks: the size at METG with its interval"};

const struct chart chart_metg = {
    .name = "metg",
    .title = "Minimum effective task granularity",
    .caption = "Efficiency against task size, measured by the pool static in the same block: by its tasks of 1 ms, in "
               "earlier runs by those of the same size. The large marks are the "
               "sizes at which a pool has the efficiency of the dashed line; smaller tasks are mostly overhead.",
    .make = search_make,
    .of = &search,
};
