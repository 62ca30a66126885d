/* The cost of timing, see timing.h. */
#include "bench/analyse/timing.h"
#include "bench/base/units.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/looks.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define TASKS_LEAST 5000 /* of a trial: of fewer, what reading the usage takes is no longer small beside it */

double timing_readings_ns(const struct run_data *run)
{
    const json_t *ns = json_object_get(host_fact(run->host, "clock"), "two_readings_ns");
    return json_is_number(ns) ? json_number_value(ns) : NAN;
}

/* Differences of a pair by block, sorted; how many there are. */
static size_t differences(const struct series *cpu, size_t timed, size_t untimed, double *values)
{
    for (size_t b = 0; b < cpu->blocks; b++)
        values[b] = series_of(cpu, timed)[b] - series_of(cpu, untimed)[b];
    return stats_sort(values, cpu->blocks);
}

/* The pair whose untimed tasks take the least CPU time; false: there is none. */
static bool pair_find(const struct table *t, const struct series *cpu, double *values, size_t *timed, size_t *untimed)
{
    const struct summary_row *rows = t->run->rows;
    double least = INFINITY;
    for (size_t a = 0; a < t->run->count; a++)
        for (size_t b = 0; b < t->run->count; b++) {
            if (rows[a].f.timing != TIMING_TASK || rows[b].f.timing != TIMING_TRIAL || rows[a].f.tasks < TASKS_LEAST ||
                rows[b].f.tasks < TASKS_LEAST || !factors_equal(&rows[a], &rows[b], t->factors & ~FACTOR_TIMING) ||
                !differences(cpu, a, b, values))
                continue;
            memcpy(values, series_of(cpu, b), cpu->blocks * sizeof *values);
            const double ns = stats_median(values, stats_sort(values, cpu->blocks));
            if (ns < least) {
                least = ns;
                *timed = a;
                *untimed = b;
            }
        }
    return least < INFINITY;
}

static void sentence(FILE *out, const struct table *t, size_t timed, const double *values, size_t count)
{
    const double readings_ns = timing_readings_ns(t->run);
    const factor_set shown = (t->shown & ~FACTOR_TIMING) | FACTOR_POOL | FACTOR_SIZE;
    char label[160], ns[32], readings[96] = "", lo[32], hi[32], interval[80] = "";
    struct interval ends;
    if (!stats_median_interval(values, count, looks_level_alone(t->run->looks), &ends))
        snprintf(interval, sizeof interval, " [%s .. %s]", format_duration(lo, sizeof lo, fmax(ends.lo, 0)),
                 format_duration(hi, sizeof hi, fmax(ends.hi, 0)));
    if (!isnan(readings_ns))
        snprintf(readings, sizeof readings, "; two readings of its clock take %s",
                 format_duration(lo, sizeof lo, readings_ns));
    fprintf(out, "Timing each task costs %s%s of CPU time a task here (%s)%s.\n",
            format_duration(ns, sizeof ns, fmax(stats_median(values, count), 0)), interval,
            factors_label(label, sizeof label, &t->run->rows[timed], shown), readings);
}

int timing_print(FILE *out, const struct table *t)
{
    struct series cpu;
    size_t timed = 0, untimed = 0;
    int rc = series_make(t->run, metric_named("cpu"), &cpu);
    double *values = calloc(cpu.blocks + 1, sizeof *values);
    if (!rc && !values)
        rc = -ENOMEM;
    if (!rc && pair_find(t, &cpu, values, &timed, &untimed))
        sentence(out, t, timed, values, differences(&cpu, timed, untimed, values));
    free(values);
    series_release(&cpu);
    return rc;
}
