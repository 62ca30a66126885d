/* latency.csv, trial by trial. */
#include "bench/model/histograms.h"
#include "bench/base/refuse.h"
#include "bench/job/histogram.h"
#include "bench/model/by_trial.h"
#include "bench/model/csv.h"
#include <math.h>
#include <stdlib.h>

static const char *const span_names[SPANS] = {
    [SPAN_LATE] = "late",     [SPAN_QUEUE] = "queue",     [SPAN_SERVICE] = "service",
    [SPAN_RETURN] = "return", [SPAN_LATENCY] = "latency", [SPAN_STEADY] = "steady",
    [SPAN_FIRST] = "first",   [SPAN_CPU] = "class_cpu",   [SPAN_SLEEP] = "class_sleep",
};

struct reading {
    const char *directory;
    const struct histogram_reader *reader;
    char *error;
    struct histogram histograms[SPANS]; /* room for HISTOGRAM_BUCKETS each */
};

static int bucket_compare(const void *a, const void *b)
{
    const struct bucket *x = a, *y = b;
    return (x->lo_ns > y->lo_ns) - (x->lo_ns < y->lo_ns);
}

static void trial_begin(size_t trial, void *arg)
{
    struct reading *reading = arg;
    (void)trial;
    for (unsigned span = 0; span < SPANS; span++)
        reading->histograms[span].count = 0, reading->histograms[span].tasks = 0;
}

static void trial_finish(size_t trial, void *arg)
{
    struct reading *reading = arg;
    for (unsigned span = 0; span < SPANS; span++)
        qsort(reading->histograms[span].buckets, reading->histograms[span].count, sizeof(struct bucket),
              bucket_compare);
    reading->reader->on_trial(trial, reading->histograms, reading->reader->arg);
}

static int on_bucket(size_t trial, const void *row, void *arg)
{
    const struct latency_row *latency = row;
    struct reading *reading = arg;
    unsigned span = 0;
    (void)trial;
    while (span < SPANS && strcmp(latency->phase, span_names[span]) != 0)
        span++;
    if (span == SPANS)
        return 0; /* of a newer poolbench */
    struct histogram *histogram = &reading->histograms[span];
    if (histogram->count == HISTOGRAM_BUCKETS || latency->lo_ns == MISSING || latency->hi_ns <= latency->lo_ns ||
        latency->count < 0 || latency->count > CSV_INTEGER_MOST - histogram->tasks)
        return refuse_as(-EBADMSG, reading->error, "%.300s/%s: trial %lld, %s: no histogram", reading->directory,
                         latency_format.file, (long long)latency->trial_id, latency->phase);
    histogram->buckets[histogram->count++] = (struct bucket){latency->lo_ns, latency->hi_ns, latency->count};
    histogram->tasks += latency->count;
    return 0;
}

int histograms_read(const char *directory, const struct histogram_reader *reader, char *error)
{
    struct reading reading = {.directory = directory, .reader = reader, .error = error};
    const struct by_trial rows = {.format = &latency_format,
                                  .trials = reader->trials,
                                  .count = reader->trial_count,
                                  .end = -1,
                                  .on_begin = trial_begin,
                                  .on_row = on_bucket,
                                  .on_end = trial_finish,
                                  .arg = &reading};
    int result = 0;
    if (!reader->trial_count)
        return 0;
    for (unsigned span = 0; span < SPANS && !result; span++) {
        reading.histograms[span].buckets = calloc(HISTOGRAM_BUCKETS, sizeof(struct bucket));
        if (!reading.histograms[span].buckets)
            result = refuse_as(-ENOMEM, error, "%s: out of memory", latency_format.file);
    }
    if (!result)
        result = by_trial_read(directory, &rows, error);
    for (unsigned span = 0; span < SPANS; span++)
        free(reading.histograms[span].buckets);
    return result;
}

double histogram_mean(const struct histogram *histogram)
{
    double sum = 0;
    for (size_t i = 0; i < histogram->count; i++) { /* whole numbers lo .. hi - 1 */
        const struct bucket *b = &histogram->buckets[i];
        sum += (double)b->count * (double)(b->lo_ns + b->hi_ns - 1) / 2;
    }
    return histogram->tasks ? sum / (double)histogram->tasks : NAN;
}
