/* Latency against the rate of arrivals, as the search for the capacity went through it. */
#include "bench/model/metrics.h"
#include "bench/show/charts/search.h"
#include <math.h>

static void take(const void *from, struct search_mark *mark)
{
    const struct capacity_row *row = from;
    snprintf(mark->pool, sizeof mark->pool, "%s", row->pool);
    snprintf(mark->workload, sizeof mark->workload, "%s", row->workload);
    mark->workers = row->workers;
    mark->level = (double)row->p99_limit_ns;
    mark->x = row->rate_per_s;
    mark->lo = row->lo_per_s;
    mark->hi = row->hi_per_s;
}

static double rate(const struct summary_row *row)
{
    return row->f.arrival.kind == ARRIVAL_RATE ? row->f.arrival.rate : NAN;
}

static double p99(const struct run_data *run, size_t trial)
{
    return metric_named("latency_p99")->value(run, trial);
}

static const struct search_chart search = {.format = &capacity_format,
                                           .take = take,
                                           .x_label = "rate of arrivals",
                                           .y_label = "99th percentile of latency",
                                           .level_label = "latency to keep",
                                           .x_scale = 1,
                                           .y_scale = 1e-9,
                                           .x = rate,
                                           .y = p99,
                                           .note = "Medians over blocks; bars: 95 % order-statistic interval of this "
                                                   "run; large marks: capacity with its interval"};

const struct chart chart_capacity = {
    .name = "capacity",
    .title = "Latency against the rate of arrivals",
    .caption = "The 99th percentile of latency, from when tasks were due, against the rate at which they arrive at "
               "random times. The large marks are the highest rates at which a pool keeps to the dashed line.",
    .make = search_make,
    .of = &search,
};
