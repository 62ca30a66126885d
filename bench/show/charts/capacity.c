/* Latency against the rate of arrivals, as the search for the capacity went through it. */
#include "bench/model/host.h"
#include "bench/show/charts/search.h"
#include "bench/stats/queue.h"
#include <math.h>
#include <string.h>

#define UTILISED_MOST 0.96 /* above, the formula takes too long: it goes with the square of what is left idle */

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

/* One queue for workers of which each has a CPU, or needs none, and service times as theory has them. */
static double theory(const struct run_data *run, const struct summary_row *row, double x, double p, char *words)
{
    const bool constant = !strcmp(row->f.size_dist, "fixed"), exponential = !strcmp(row->f.size_dist, "exponential");
    const bool sleeps = !strncmp(row->f.workload, "sleep", 5), spins = !strncmp(row->f.workload, "spin", 4);
    const unsigned workers = (unsigned)row->f.workers;
    const double ns = service_ns(run, row);
    if (!(constant || exponential) || !(sleeps || (spins && row->f.workers <= host_cpus(run->host))) || isnan(ns)) {
        snprintf(words, 64, "no theory: workers share CPUs, or service times are others");
        return NAN;
    }
    snprintf(words, 64, "predicted: theory, M/%c/%u", constant ? 'D' : 'M', workers);
    if (!(x * ns < workers * UTILISED_MOST * 1e9))
        return NAN;
    return constant ? queue_mdc_percentile(workers, x, ns, p) : queue_mmc_percentile(workers, x, ns, p);
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
               "limit in the long run: where trials end before their queue is full, points lie below. Dashed curves "
               "are predicted: what theory says of a queue with as many workers, whose tasks "
               "take as long as they were seen to; they are drawn where its assumptions hold.",
    .make = search_make,
    .of = &search,
};
