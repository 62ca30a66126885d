/* The numbers of a cell, from what is known of its trials. Those that are not ok enter none. */
#include "bench/analyse/summary_work.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/looks.h"
#include "bench/stats/series.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>

#define P99_MIN  1000 /* tasks of a trial */
#define P999_MIN 10000

#define AT(column)      offsetof(struct summary_row, column)
#define ALONE(column)   AT(column##_ns), 0, 0
#define BETWEEN(column) AT(column##_ns), AT(column##_lo_ns), AT(column##_hi_ns)

const struct percentile percentiles[PERCENTILE_COUNT] = {
    {ALONE(queue_p50), SPAN_QUEUE, 0.5, 1},
    {ALONE(service_p50), SPAN_SERVICE, 0.5, 1},
    {ALONE(return_p50), SPAN_RETURN, 0.5, 1},
    {BETWEEN(latency_p50), SPAN_LATENCY, 0.5, 1},
    {BETWEEN(latency_p90), SPAN_LATENCY, 0.9, 1},
    {BETWEEN(latency_p99), SPAN_LATENCY, 0.99, P99_MIN},
    {BETWEEN(latency_p999), SPAN_LATENCY, 0.999, P999_MIN},
    {ALONE(late_p99), SPAN_LATE, 0.99, P99_MIN},
};

/* Columns whose median is taken as they are. */
static const struct {
    size_t to, from; /* in struct summary_row, in struct trial_row */
} medians[] = {
    {offsetof(struct summary_row, wall_ns), offsetof(struct trial_row, wall_ns)},
    {offsetof(struct summary_row, open_ns), offsetof(struct trial_row, open_ns)},
    {offsetof(struct summary_row, close_ns), offsetof(struct trial_row, close_ns)},
    {offsetof(struct summary_row, pss_bytes), offsetof(struct trial_row, pss_bytes)},
    {offsetof(struct summary_row, private_bytes), offsetof(struct trial_row, private_bytes)},
};
#define MEDIAN_COUNT (sizeof medians / sizeof medians[0])

static double number(int64_t value)
{
    return value == MISSING ? NAN : (double)value;
}

static int64_t whole(double value)
{
    return isnan(value) ? MISSING : llround(value);
}

static double per_task(const struct trial_row *trial, double ns)
{
    return trial->f.tasks > 0 ? ns / (double)trial->f.tasks : NAN;
}

/* The median over the ok trials of a cell of whatever `value` says of a trial. */
static double cell_median(const struct work *work, size_t cell,
                          double (*value)(const struct work *work, size_t trial, size_t argument), size_t argument,
                          struct interval *interval)
{
    size_t count = 0;

    for (size_t i = work->first[cell]; i != NOTHING; i = work->details[i].next)
        if (trial_is_ok(&work->summary->trials[i]))
            work->values[count++] = value(work, i, argument);
    count = stats_sort(work->values, count);
    if (interval)
        stats_median_interval(work->values, count, looks_level_alone(work->summary->looks), interval);
    return stats_median(work->values, count);
}

static double column_value(const struct work *work, size_t trial, size_t offset)
{
    int64_t value;

    memcpy(&value, (const char *)&work->summary->trials[trial] + offset, sizeof value);
    return number(value);
}

static double percentile_value(const struct work *work, size_t trial, size_t which)
{
    return work->details[trial].percentile[which];
}

static double per_task_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return per_task(t, number(t->wall_ns));
}

static double imbalance_value(const struct work *work, size_t trial, size_t unused)
{
    (void)unused;
    return work->imbalance[trial];
}

static double efficiency_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return t->wall_ns > 0 ? number(t->ideal_ns) / (double)t->wall_ns : NAN;
}

static double overhead_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return per_task(t, number(t->wall_ns) - number(t->ideal_ns));
}

static double submitter_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return number(t->submitter_ns) / number(t->wall_ns);
}

static double achieved_value(const struct work *work, size_t trial, size_t unused)
{
    const struct trial_row *t = &work->summary->trials[trial];

    (void)unused;
    return t->f.arrival.kind == ARRIVAL_RATE ? 1e9 * number(t->f.tasks) / number(t->wall_ns) / t->f.arrival.rate : NAN;
}

/* Against the trial of the ideal cell in the same block. */
static double ideal_ratio_value(const struct work *work, size_t trial, size_t ideal_cell)
{
    double mine = per_task_value(work, trial, 0);

    for (size_t i = work->first[ideal_cell]; i != NOTHING; i = work->details[i].next)
        if (work->summary->trials[i].block == work->summary->trials[trial].block &&
            trial_is_ok(&work->summary->trials[i]))
            return mine > 0 ? per_task_value(work, i, 0) / mine : NAN;
    return NAN;
}

/* The cell of the ideal pool that differs in nothing else: in the same place, or where there is none, in any. */
static size_t ideal_find(const struct summary *summary, size_t cell, unsigned factors)
{
    size_t elsewhere = NOTHING;

    for (size_t i = 0; i < summary->count; i++) {
        if (!row_has_pool(&summary->rows[i], IDEAL_POOL) ||
            !factors_equal(&summary->rows[i], &summary->rows[cell], factors & ~(unsigned)(FACTOR_POOL | FACTOR_PLACE)))
            continue;
        if (factors_equal(&summary->rows[i], &summary->rows[cell], FACTOR_PLACE))
            return i;
        if (elsewhere == NOTHING)
            elsewhere = i;
    }
    return elsewhere;
}

/* What the median hides. Trials that are not ok stay as gaps. */
static int cell_diagnostic(const struct work *work, size_t cell)
{
    struct summary_row *row = &work->summary->rows[cell];
    struct drift drift;
    struct bimodality bimodality;
    size_t count = 0;

    for (size_t i = work->first[cell]; i != NOTHING; i = work->details[i].next)
        work->values[count++] = trial_is_ok(&work->summary->trials[i]) ? per_task_value(work, i, 0) : NAN;
    if (drift_find(work->values, count, &drift) || bimodality_find(work->values, count, &bimodality))
        return -ENOMEM;
    row->drift = drift.change;
    row->drift_said = isnan(drift.change) ? MISSING : drift.said;
    if (bimodality.two) {
        row->modes_ratio = bimodality.hi / bimodality.lo;
        row->modes_share = (double)bimodality.hi_count / (double)(bimodality.lo_count + bimodality.hi_count);
    }
    return 0;
}

int cell_sum_up(const struct work *work, size_t cell, unsigned factors)
{
    struct summary_row *row = &work->summary->rows[cell];
    size_t ideal = ideal_find(work->summary, cell, factors);
    struct interval interval;

    for (size_t i = 0; i < MEDIAN_COUNT; i++)
        *(int64_t *)((char *)row + medians[i].to) = whole(cell_median(work, cell, column_value, medians[i].from, NULL));
    for (size_t i = 0; i < PERCENTILE_COUNT; i++) {
        const struct percentile *p = &percentiles[i];
        *(int64_t *)((char *)row + p->offset) = whole(cell_median(work, cell, percentile_value, i, &interval));
        if (p->lo) {
            *(int64_t *)((char *)row + p->lo) = whole(interval.lo);
            *(int64_t *)((char *)row + p->hi) = whole(interval.hi);
        }
    }
    cell_median(work, cell, column_value, offsetof(struct trial_row, wall_ns), &interval);
    row->wall_lo_ns = whole(interval.lo);
    row->wall_hi_ns = whole(interval.hi);
    row->ns_per_task = cell_median(work, cell, per_task_value, 0, NULL);
    row->tasks_per_s = row->ns_per_task > 0 ? 1e9 / row->ns_per_task : NAN;
    row->efficiency = cell_median(work, cell, efficiency_value, 0, NULL);
    row->overhead_ns = cell_median(work, cell, overhead_value, 0, NULL);
    row->submitter_share = cell_median(work, cell, submitter_value, 0, NULL);
    row->achieved_share = cell_median(work, cell, achieved_value, 0, NULL);
    row->worker_imbalance = cell_median(work, cell, imbalance_value, 0, NULL);
    if (ideal != NOTHING)
        row->efficiency_vs_static = cell_median(work, cell, ideal_ratio_value, ideal, NULL);
    return cell_diagnostic(work, cell);
}
