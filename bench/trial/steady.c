/* The warm-up of a trial under rate, found afterwards; see steady.h. */
#include "bench/trial/steady.h"
#include "bench/job/histogram.h"
#include "bench/trial/trial.h"
#include <math.h>
#include <stdlib.h>

enum {
    BATCH = 5,
    LEAST = 10 * BATCH,    /* latencies; fewer tell nothing */
    LEFT_LEAST = 5,        /* batches behind a cut: a few alike at the end are no steady state (Hoad et al.) */
    LAGGED_MOST = 1 << 13, /* values that correlations are computed of, or as many means of several */
    WINDOW = 5,            /* lags summed, in correlation times */
};

/* The first batch that is kept, in means[0 .. count); count: there is no steady state. */
static size_t cut_find(const double *means, size_t count)
{
    double sum = 0, squares = 0, best = NAN;
    size_t cut = count;
    const double origin = means[count - 1]; /* sums of squares lose no digits */
    for (size_t at = count; at-- > 0;) {
        const double value = means[at] - origin, left = (double)(count - at);
        sum += value;
        squares += value * value;
        const double error = (squares - sum * sum / left) / (left * left);
        if (count - at < LEFT_LEAST || (!isnan(best) && error > best))
            continue;
        best = error; /* of equal ones the earliest cut */
        cut = at;
    }
    return cut > count / 2 ? count : cut;
}

/* Means of `batch` values, over them. Returns how many. */
static size_t batches_make(double *values, size_t count, size_t batch)
{
    size_t batches = count / batch;
    for (size_t b = 0; b < batches; b++) {
        double sum = 0;
        for (size_t i = 0; i < batch; i++)
            sum += values[b * batch + i];
        values[b] = sum / (double)batch;
    }
    return batches;
}

/* Of deviations from their mean: the sum of products `lag` apart. */
static double products(const double *deviations, size_t count, size_t lag)
{
    double sum = 0;
    for (size_t i = 0; i + lag < count; i++)
        sum += deviations[i] * deviations[i + lag];
    return sum;
}

static double center(double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    for (size_t i = 0; i < count; i++)
        values[i] -= sum / (double)count;
    return products(values, count, 0);
}

/* How many independent values tell as much of the mean: the integrated autocorrelation time, summed over a window that
 * grows until it has five of them (A. Sokal, Monte Carlo methods in statistical mechanics, 1989). Of many values the
 * means of several, whose variance is then set against that of single ones. */
static void correlate(double *values, size_t count, struct steady *steady)
{
    const double single = center(values, count) / (double)count;
    if (!(single > 0))
        return;
    steady->lag1 = products(values, count, 1) / (single * (double)count);
    const size_t batch = (count + LAGGED_MOST - 1) / LAGGED_MOST, batches = batches_make(values, count, batch);
    const double all = center(values, batches);
    double time = 1;
    for (size_t lag = 1; lag < batches / 2 && (double)lag < WINDOW * time; lag++)
        time += 2 * products(values, batches, lag) / all;
    const double variance = time * all / ((double)batches * (double)batches); /* of the mean */
    const double effective = single / variance;
    steady->effective = !(variance > 0) || effective > (double)count ? (double)count : effective < 1 ? 1 : effective;
}

struct steady steady_find(double *values, size_t count)
{
    struct steady steady = {.lag1 = NAN, .effective = NAN};
    double *means = count < LEAST ? NULL : malloc(count / BATCH * BATCH * sizeof *means);
    if (!means)
        return steady;
    for (size_t i = 0; i < count / BATCH * BATCH; i++)
        means[i] = values[i];
    const size_t batches = batches_make(means, count / BATCH * BATCH, BATCH), cut = cut_find(means, batches);
    free(means);
    steady.cut = cut == batches ? count : cut * BATCH;
    if (steady.cut < count)
        correlate(values + steady.cut, count - steady.cut, &steady);
    return steady;
}

/* ---- of a trial ---- */

/* The latencies of tasks that came back from their workers, in order of due. */
static size_t latencies_gather(const struct trial *trial, double *values)
{
    size_t count = 0;
    for (uint32_t task = 0; task < trial->file->tasks; task++)
        if (trial->latencies[task] != NO_LATENCY)
            values[count++] = (double)trial->latencies[task];
    return count;
}

/* How long after the first one the last one was due, or handed in. */
static int64_t between_ns(const uint64_t *ticks, uint32_t tasks)
{
    return ticks[tasks - 1] > ticks[0] ? (int64_t)clock_to_ns(ticks[tasks - 1] - ticks[0]) : 0;
}

void steady_report(struct trial *trial)
{
    struct trial_report *report = trial->report;
    const uint32_t tasks = trial->file->tasks;
    report->cut_tasks = -1;
    report->latency_lag1 = report->effective_tasks = NAN;
    if (!trial->due || !tasks)
        return;
    report->drawn_ns = between_ns(trial->due, tasks);
    report->handed_ns = between_ns(trial->submitted, tasks);
    report->served_ns = report->wall_ns - (int64_t)clock_to_ns(trial->due[0]);
    double *values = malloc(tasks * sizeof *values);
    const size_t count = values ? latencies_gather(trial, values) : 0;
    if (count) {
        const struct steady steady = steady_find(values, count);
        size_t at = 0;
        report->cut_tasks = (int64_t)steady.cut;
        report->latency_lag1 = steady.lag1;
        report->effective_tasks = steady.effective;
        for (uint32_t task = 0; task < tasks; task++)
            if (trial->latencies[task] != NO_LATENCY && at++ >= steady.cut)
                trial
                    ->histograms[(size_t)PHASE_STEADY * HISTOGRAM_BUCKETS + histogram_bucket(trial->latencies[task])]++;
    }
    free(values);
}
