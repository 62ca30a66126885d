/* The histograms of a run, trial by trial, in one pass over latency.csv: no more than those of one trial are held at a
 * time. One thread. */
#ifndef POOLBENCH_MODEL_HISTOGRAMS_H
#define POOLBENCH_MODEL_HISTOGRAMS_H
#include "bench/model/columns.h"
#include "bench/stats/stats.h"

/* In the order of a task's life; latency is the sum of queue, service and return, late a part of queue, and steady the
 * latency of those tasks alone that came when the queue was in its steady state. The last ones are that, or else
 * latency, of some tasks: the first after idleness, those that compute, those that sleep. */
enum span {
    SPAN_LATE,
    SPAN_QUEUE,
    SPAN_SERVICE,
    SPAN_RETURN,
    SPAN_LATENCY,
    SPAN_STEADY,
    SPAN_FIRST,
    SPAN_CPU,
    SPAN_SLEEP,
    SPANS
};

struct histogram {
    struct bucket *buckets; /* ascending */
    size_t count;
    int64_t tasks; /* in all of them; 0: there is none */
};

/* Whose histograms are read, and who is told of them. */
struct histogram_reader {
    const struct trial_row *trials; /* of the run in `directory`, as committed */
    size_t trial_count;
    /* Called with the index of each trial that has any, and its SPANS histograms; they are gone afterwards. */
    void (*on_trial)(size_t trial, const struct histogram *histograms, void *arg);
    void *arg;
};

/* 0 or -errno with a line in error (ERROR_MAX bytes). A run without latencies has no trial to call; a copy that left
 * out latency.csv because it is large gives -ENOENT. */
int histograms_read(const char *directory, const struct histogram_reader *reader, char *error);

double histogram_mean(const struct histogram *histogram); /* by the middles of the buckets; NAN for none */

#endif
