/* Latency against the rate of arrivals, as the search for the capacity went through it. */
#include "bench/show/charts/search.h"
#include "bench/show/charts/theory.h"
#include <math.h>
#include <string.h>

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

/* Times in workers, over the trials of the cell's pool. */
static double service_ns(const struct run_data *run, const struct summary_row *row)
{
    double sum = 0;
    size_t count = 0;
    for (size_t t = 0; run->times && t < run->trial_count; t++)
        if (!strcmp(run->trials[t].f.pool, row->f.pool) && !isnan(run->times[t].mean[SPAN_SERVICE])) {
            sum += run->times[t].mean[SPAN_SERVICE];
            count++;
        }
    return count ? sum / (double)count : NAN;
}

static double theory(const struct run_data *run, const struct summary_row *row, double x, double p, char *words)
{
    return theory_percentile(run, row, service_ns(run, row), x, p, words);
}

static const struct search_chart search = {.format = &capacity_format,
                                           .take = take,
                                           .x_label = "rate of arrivals",
                                           .y_label = "latency",
                                           .level_label = "latency to keep",
                                           .x_scale = 1,
                                           .y_scale = 1e-9,
                                           .x = rate,
                                           .upper = 0.99,
                                           .lower = 0.5,
                                           .theory = theory,
                                           .note = "p99 (points with bars; from 1,000 tasks at a rate) and p50 (small "
                                                   "points) of all trials of a rate, which begin with an empty "
                                                   "queue; bars: 95 % intervals; large marks: capacity in the "
                                                   "long run with its interval"};

const struct chart chart_capacity = {
    .name = "capacity",
    .title = "Latency against the rate of arrivals",
    .caption = "The 99th percentile of latency, from when tasks were due, and the median below it, against the rate at "
               "which they arrive at random times. The large marks are the highest rates at which a pool keeps to the "
               "limit in the long run: where trials end before their queue is full, points lie below. Dotted curves "
               "are predicted: what theory says of a queue with as many workers, whose tasks "
               "take as long as they were seen to; they are drawn where its assumptions hold.",
    .make = search_make,
    .of = &search,
};
