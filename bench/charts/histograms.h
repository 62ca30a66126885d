/* The histograms of a run, trial by trial, in one pass over latency.csv: no more than those of one trial are held at a
 * time. One thread. */
#ifndef POOLBENCH_CHARTS_HISTOGRAMS_H
#define POOLBENCH_CHARTS_HISTOGRAMS_H
#include "bench/stats.h"
#include "bench/summary.h"

/* In the order of a task's life; latency is the sum of queue, service and return, late a part of queue. */
enum histogram_phase { SPAN_LATE, SPAN_QUEUE, SPAN_SERVICE, SPAN_RETURN, SPAN_LATENCY, SPANS };

struct histogram {
    struct bucket *buckets; /* ascending */
    size_t count;
    int64_t tasks; /* in all of them; 0: there is none */
};

/* Calls `trial` with the index of each trial that has any, and its SPANS histograms; they are gone afterwards. 0 or
 * -errno with a line in error (ERROR_MAX bytes). A run without latencies has no trial to call. */
int histograms_read(const char *directory, const struct summary *summary,
                    void (*trial)(size_t trial, const struct histogram *histograms, void *arg), void *arg, char *error);

double histogram_mean(const struct histogram *histogram); /* by the middles of the buckets; NAN for none */

#endif
