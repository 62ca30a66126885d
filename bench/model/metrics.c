/* The table of metrics, see metrics.h: what each reads off a trial, and the series that come of it. */
#include "bench/model/metrics.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double wall_of(const struct run_data *run, size_t trial)
{
    const struct trial_row *t = &run->trials[trial];
    return t->wall_ns > 0 ? trial_per_task(t, (double)t->wall_ns) : NAN;
}

static double latency_p99_of(const struct run_data *run, size_t trial)
{
    return run->times ? run->times[trial].percentile[LATENCY_P99] : NAN;
}

static double cpu_of(const struct run_data *run, size_t trial)
{
    const struct trial_row *t = &run->trials[trial];
    return trial_per_task(t, number_real(t->user_ns) + number_real(t->sys_ns));
}

static double pss_of(const struct run_data *run, size_t trial)
{
    return number_real(run->trials[trial].pss_bytes);
}

static double open_of(const struct run_data *run, size_t trial)
{
    return number_real(run->trials[trial].open_ns);
}

/* A worker's share of the memory that nobody shares, the submitter's own included. */
static double private_of(const struct run_data *run, size_t trial)
{
    const struct trial_row *t = &run->trials[trial];
    return t->f.workers > 0 ? number_real(t->private_bytes) / (double)t->f.workers : NAN;
}

static double trial_of(const struct run_data *run, size_t trial)
{
    return number_real(run->trials[trial].trial_ns);
}

static double page_faults_of(const struct run_data *run, size_t trial)
{
    const struct trial_row *t = &run->trials[trial];
    return trial_per_task(t, number_real(t->minflt) + (t->majflt == MISSING ? 0 : number_real(t->majflt)));
}

const struct metric metrics[] = {
    {"wall", "time per task", "takes 9 % more time per task", .value = wall_of, .by_base = true},
    {"latency_p99", "99th percentile of latency", "has a 9 % higher 99th percentile of latency",
     .value = latency_p99_of, .lacks = "it takes 1,000 timed tasks in a trial"},
    {"cpu", "CPU time per task", "takes 9 % more CPU time per task", .value = cpu_of, .by_base = true, .of_cpu = true},
    {"pss", "memory (proportional set size)", "takes 9 % more memory", UNIT_BYTES, .value = pss_of},
    {"open", "time to open the pool", "takes 9 % more time to open the pool", .value = open_of},
    {"private", "private memory a worker", "takes 9 % more private memory a worker", UNIT_BYTES, .value = private_of},
    {"trial", "time of a whole trial", "takes 9 % more time for a whole trial", .value = trial_of},
    {"page_faults", "page faults per task", "has 9 % more page faults per task", UNIT_COUNT, .value = page_faults_of},
    {.name = NULL},
};

_Static_assert(sizeof metrics / sizeof *metrics <= METRICS_MAX, "who keeps something of each has room for so many");

const struct metric *metric_find(const char *name, char *error)
{
    struct nearest nearest;
    char hint[320];
    nearest_init(&nearest, name);
    for (const struct metric *metric = metrics; metric->name; metric++) {
        if (!strcmp(metric->name, name))
            return metric;
        nearest_offer(&nearest, metric->name);
    }
    refuse(error, "there is no metric '%.64s'%s", name, nearest_advice(&nearest, hint, sizeof hint));
    return NULL;
}

const struct metric *metric_named(const char *name)
{
    char ignored[ERROR_MAX];
    return metric_find(name, ignored);
}

char *metric_text(const struct metric *metric, double value, char *text, size_t size)
{
    if (isnan(value))
        snprintf(text, size, "-");
    else if (metric->unit == UNIT_BYTES)
        format_bytes(text, size, value);
    else if (metric->unit == UNIT_NS)
        format_duration(text, size, value);
    else
        snprintf(text, size, "%.3g", value);
    return text;
}

int series_make(const struct run_data *run, const struct metric *metric, struct series *series)
{
    size_t size = run->count * run->blocks;
    *series = (struct series){run->count, run->blocks, calloc(size + 1, sizeof *series->value)};
    if (!series->value)
        return -ENOMEM;
    for (size_t i = 0; i < size; i++)
        series->value[i] = run->at[i] == RUN_NOTHING ? NAN : metric->value(run, run->at[i]);
    return 0;
}

void series_release(struct series *series)
{
    free(series->value);
    *series = (struct series){0};
}

double *series_of(const struct series *series, size_t cell)
{
    return series->value + cell * series->blocks;
}
