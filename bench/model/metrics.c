/* The table of metrics, see metrics.h: what each reads off a trial, and the series that come of it. */
#include "bench/model/metrics.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/machine/counters.h"
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

static double close_of(const struct run_data *run, size_t trial)
{
    return number_real(run->trials[trial].close_ns);
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

static double command_cpu_of(const struct run_data *run, size_t trial)
{
    const struct trial_row *t = &run->trials[trial];
    return trial_per_task(t, number_real(t->program_user_ns) + number_real(t->program_sys_ns));
}

static double command_memory_of(const struct run_data *run, size_t trial)
{
    return number_real(run->trials[trial].program_maxrss_bytes);
}

/* ---- of all trials of a cell together ---- */

static int p50_of(const struct run_data *run, size_t cell, double level, struct pooled *result)
{
    return run_pooled_at(run, cell, 0.5, level, result);
}

static int p90_of(const struct run_data *run, size_t cell, double level, struct pooled *result)
{
    return run_pooled_at(run, cell, 0.9, level, result);
}

static int p99_of(const struct run_data *run, size_t cell, double level, struct pooled *result)
{
    return run_pooled_at(run, cell, 0.99, level, result);
}

static int p999_of(const struct run_data *run, size_t cell, double level, struct pooled *result)
{
    return run_pooled_at(run, cell, 0.999, level, result);
}

static int misses_of(const struct run_data *run, size_t cell, double level, struct pooled *result)
{
    *result = (struct pooled){.value = NAN, .lo = NAN, .hi = NAN};
    return isnan(run->deadline_ns) ? -EDOM : run_misses_at(run, cell, run->deadline_ns, level, result);
}

const struct metric metrics[] = {
    {"wall", "time per task", "takes 9 % more time per task", .value = wall_of, .by_base = true},
    {"latency_p99", "99th percentile of latency", "has a 9 % higher 99th percentile of latency",
     .value = latency_p99_of, .lacks = "it takes 1,000 timed tasks in a trial"},
    {"cpu", "CPU time per task", "takes 9 % more CPU time per task", .value = cpu_of, .by_base = true, .of_cpu = true},
    {"pss", "memory (PSS)", "takes 9 % more memory", UNIT_BYTES, .value = pss_of},
    {"open", "time to open the pool", "takes 9 % more time to open the pool", .value = open_of},
    {"close", "time to close the pool", "takes 9 % more time to close the pool", .value = close_of},
    {"private", "private memory a worker", "takes 9 % more private memory a worker", UNIT_BYTES, .value = private_of},
    {"trial", "time of a whole trial", "takes 9 % more time for a whole trial", .value = trial_of},
    {"page_faults", "page faults per task", "has 9 % more page faults per task", UNIT_COUNT, .value = page_faults_of},
    {"command_cpu", "CPU time of a command", "takes 9 % more CPU time a command", .value = command_cpu_of,
     .lacks = "it takes tasks that are programs, in a pool that tells what they used"},
    {"command_memory", "largest memory of a command", "has commands with 9 % more memory", UNIT_BYTES,
     .value = command_memory_of, .lacks = "it takes tasks that are programs, larger than what started them"},
    {"p50", "median latency of all trials together", "has a 9 % higher median latency", .pooled = p50_of,
     .lacks = "it takes arrival rate or window, and timed tasks"},
    {"p90", "90th percentile of latency of all trials together", "has a 9 % higher 90th percentile of latency",
     .pooled = p90_of, .lacks = "it takes arrival rate or window, and 100 timed tasks in all trials of a cell"},
    {"p99", "99th percentile of latency of all trials together", "has a 9 % higher 99th percentile of latency",
     .pooled = p99_of, .lacks = "it takes arrival rate or window, and 1,000 timed tasks in all trials of a cell"},
    {"p999", "99.9th percentile of latency of all trials together", "has a 9 % higher 99.9th percentile of latency",
     .pooled = p999_of, .lacks = "it takes arrival rate or window, and 10,000 timed tasks in all trials of a cell"},
    {"misses", "share of tasks beyond --deadline", "misses the deadline with 9 % more of the tasks", UNIT_SHARE,
     .pooled = misses_of, .lacks = "it takes --deadline, and arrival rate or window with timed tasks"},
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
    if (counter_is_known(name)) {
        refuse(error,
               "%.64s is counted in profiled siblings (run --profile counters), not in the trials that are compared: "
               "'poolbench explain' has it",
               name);
        return NULL;
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
    else if (metric->unit == UNIT_SHARE)
        format_percent(text, size, value);
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
    for (size_t cell = 0; cell < run->count; cell++) {
        struct pooled pooled;
        if (metric->pooled && metric->pooled(run, cell, looks_level_alone(run->looks), &pooled) == -ENOMEM) {
            series_release(series);
            return -ENOMEM;
        }
        for (size_t i = cell * run->blocks; i < (cell + 1) * run->blocks; i++)
            series->value[i] = run->at[i] == RUN_NOTHING ? NAN
                               : metric->pooled          ? pooled.value
                                                         : metric->value(run, run->at[i]);
    }
    return 0;
}

/* Half a task more, so that none is not 0: what it is relative to would be nothing. */
static void share_lift(const struct metric *metric, struct pooled *pooled)
{
    double n = (double)pooled->n;
    if (metric->unit == UNIT_SHARE)
        pooled->value = fmin((pooled->value * n + 0.5) / (n + 1), pooled->hi);
}

/* The interval narrows with the root of the blocks: how many make it as narrow as the margin. */
static size_t blocks_for(const struct interval *ratio, double margin, size_t blocks)
{
    double wide = log(ratio->hi / ratio->lo) / (2 * log1p(margin)), most = RESOLVE_MAX + 1;
    double needed = (double)blocks * wide * wide;
    return isfinite(needed) && needed < most ? (size_t)needed + 1 : (size_t)most;
}

int comparison_of_pooled(const struct metric *metric, const struct metric_pair *pair, const struct family *family,
                         struct comparison *comparison)
{
    struct pooled cell, base, ratio;
    if (!metric->pooled || !comparison->blocks)
        return 0;
    if (metric->pooled(pair->run, pair->cell, comparison->level, &cell) == -ENOMEM ||
        metric->pooled(pair->base_run, pair->base, comparison->level, &base) == -ENOMEM)
        return -ENOMEM;
    share_lift(metric, &cell);
    share_lift(metric, &base);
    pooled_ratio(&cell, &base, &ratio);
    comparison->ratio = ratio.value;
    comparison->interval = (struct interval){ratio.lo, ratio.hi};
    comparison->blocks_needed = STATS_INTERVAL_MIN;
    comparison->verdict = verdict_read(&comparison->interval, family->margin);
    comparison->is_far = comparison->is_clear = false;
    comparison->blocks_to_resolve = comparison->verdict == VERDICT_UNRESOLVED
                                        ? blocks_for(&comparison->interval, family->margin, comparison->blocks)
                                        : 0;
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
