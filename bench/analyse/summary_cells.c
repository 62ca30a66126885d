/* The numbers of a cell, from what is known of its trials. Those that are not ok enter none. */
#include "bench/analyse/summary_work.h"
#include "bench/model/arrivals.h"
#include "bench/model/csv.h"
#include "bench/model/rare.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/looks.h"
#include "bench/stats/series.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define AT(column) offsetof(struct summary_row, column)
#define ALONE(column)                                                                                                  \
    {                                                                                                                  \
        AT(column##_ns), 0, 0                                                                                          \
    }
#define BETWEEN(column)                                                                                                \
    {                                                                                                                  \
        AT(column##_ns), AT(column##_lo_ns), AT(column##_hi_ns)                                                        \
    }

/* Where percentiles go. */
static const struct {
    size_t median, lo, hi; /* in struct summary_row; lo, hi: its interval, 0: nowhere */
} percentiles[RUN_PERCENTILES] = {
    [QUEUE_P50] = ALONE(queue_p50),         [SERVICE_P50] = ALONE(service_p50),   [RETURN_P50] = ALONE(return_p50),
    [LATENCY_P50] = BETWEEN(latency_p50),   [LATENCY_P90] = BETWEEN(latency_p90), [LATENCY_P99] = BETWEEN(latency_p99),
    [LATENCY_P999] = BETWEEN(latency_p999), [LATE_P99] = ALONE(late_p99),
};

/* Where percentiles of all trials together go. */
#define POOLED(column) AT(pooled_##column##_ns), AT(pooled_##column##_lo_ns), AT(pooled_##column##_hi_ns)
static const struct {
    double p;
    size_t value, lo, hi;
} pooled_percentiles[] = {{0.5, POOLED(p50)}, {0.9, POOLED(p90)}, {0.99, POOLED(p99)}, {0.999, POOLED(p999)}};

/* Columns whose median is taken as they are. */
static const struct {
    size_t to, from; /* in struct summary_row, in struct trial_row */
} medians[] = {
    {offsetof(struct summary_row, open_ns), offsetof(struct trial_row, open_ns)},
    {offsetof(struct summary_row, close_ns), offsetof(struct trial_row, close_ns)},
    {offsetof(struct summary_row, pss_bytes), offsetof(struct trial_row, pss_bytes)},
    {offsetof(struct summary_row, private_bytes), offsetof(struct trial_row, private_bytes)},
};
#define MEDIAN_COUNT (sizeof medians / sizeof medians[0])

/* The median over the ok trials of a cell of whatever `value` says of a trial. */
static double cell_median(const struct work *work, size_t cell,
                          double (*value)(const struct work *work, size_t trial, size_t argument), size_t argument,
                          struct interval *interval)
{
    size_t count = 0;
    for (size_t i = work->run->first[cell]; i != RUN_NOTHING; i = work->run->next[i])
        if (trial_is_ok(&work->run->trials[i]))
            work->values[count++] = value(work, i, argument);
    count = stats_sort(work->values, count);
    if (interval)
        stats_median_interval(work->values, count, looks_level_alone(work->run->looks), interval);
    return stats_median(work->values, count);
}

static double column_value(const struct work *work, size_t trial, size_t offset)
{
    return trial_number(&work->run->trials[trial], offset);
}

static double real_value(const struct work *work, size_t trial, size_t offset)
{
    double value;
    memcpy(&value, (const char *)&work->run->trials[trial] + offset, sizeof value);
    return value;
}

static double percentile_value(const struct work *work, size_t trial, size_t which)
{
    return work->run->times ? work->run->times[trial].percentile[which] : NAN;
}

/* Columns that are the median of something else than a column. */
enum { EFFICIENCY, OVERHEAD, SUBMITTER, ACHIEVED, IMBALANCE, DRAWN, HANDED, SERVED, UTILISATION, NUMA, DERIVED };

static const size_t derived[DERIVED] = {
    [EFFICIENCY] = AT(efficiency),   [OVERHEAD] = AT(overhead_ns),       [SUBMITTER] = AT(submitter_share),
    [ACHIEVED] = AT(achieved_share), [IMBALANCE] = AT(worker_imbalance), [DRAWN] = AT(drawn_per_s),
    [HANDED] = AT(handed_per_s),     [SERVED] = AT(served_per_s),        [UTILISATION] = AT(utilisation),
    [NUMA] = AT(numa_share),
};

/* How much of the time until the last result had arrivals: those that were drawn, and the last task holds its worker
 * for its size, whoever serves it. Of files that do not say when that was, arrivals are drawn again. NAN: no rate. */
static double achieved_share(const struct trial_row *trial)
{
    const struct arrival *arrival = &trial->f.arrival;
    if (arrival->kind != ARRIVAL_RATE || trial->wall_ns == MISSING || trial->f.tasks < 1)
        return NAN;
    const double size_ns = trial->f.size_ns == MISSING ? 0 : (double)trial->f.size_ns;
    const bool is_told = trial->drawn_ns != MISSING && trial->drawn_ns > 0;
    const double drawn_ns =
        is_told ? (double)trial->drawn_ns : arrivals_plain_last_ns(arrival, trial->seed, (uint32_t)trial->f.tasks);
    const double served_ns =
        is_told && trial->served_ns != MISSING ? (double)trial->served_ns : (double)trial->wall_ns - size_ns;
    return drawn_ns / fmax(drawn_ns, served_ns);
}

/* Tasks a second, from the first to the last one. */
static double rate_over(int64_t tasks, int64_t span_ns)
{
    return span_ns > 0 && tasks > 1 ? (double)(tasks - 1) * 1e9 / (double)span_ns : NAN;
}

static double per_task(const struct work *work, size_t trial)
{
    const struct trial_row *t = &work->run->trials[trial];
    return trial_per_task(t, number_real(t->wall_ns));
}

static double per_task_value(const struct work *work, size_t trial, size_t none)
{
    (void)none;
    return per_task(work, trial);
}

static double derived_value(const struct work *work, size_t trial, size_t which)
{
    const struct trial_row *t = &work->run->trials[trial];
    const double wall_ns = number_real(t->wall_ns), ideal_ns = number_real(t->ideal_ns);
    const double all[DERIVED] = {
        [EFFICIENCY] = wall_ns > 0 ? ideal_ns / wall_ns : NAN,
        [OVERHEAD] = trial_per_task(t, wall_ns - ideal_ns),
        [SUBMITTER] = number_real(t->submitter_ns) / wall_ns,
        [ACHIEVED] = which == ACHIEVED ? achieved_share(t) : NAN,
        [IMBALANCE] = work->imbalance[trial],
        [DRAWN] = rate_over(t->f.tasks, t->drawn_ns),
        [HANDED] = rate_over(trial_tasks(t), t->handed_ns),
        [SERVED] = rate_over(trial_tasks(t), t->served_ns),
        [UTILISATION] = trial_per_task(t, number_real(t->busy_ns)) * rate_over(t->f.tasks, t->drawn_ns) / 1e9 /
                        number_real(t->f.workers),
        [NUMA] = number_real(t->numa_meant) / number_real(t->numa_pages),
    };
    return all[which];
}

/* What a trial's programs used, per task; `parts` says which. */
enum { PROGRAM_USER = 1, PROGRAM_SYS = 2 };
static double program_value(const struct work *work, size_t trial, size_t parts)
{
    const struct trial_row *t = &work->run->trials[trial];
    return trial_per_task(t, (parts & PROGRAM_USER ? number_real(t->program_user_ns) : 0) +
                                 (parts & PROGRAM_SYS ? number_real(t->program_sys_ns) : 0));
}

static void cell_programs(const struct work *work, size_t cell)
{
    struct summary_row *row = &work->run->rows[cell];
    struct interval interval;
    row->command_user_ns = number_whole(cell_median(work, cell, program_value, PROGRAM_USER, NULL));
    row->command_sys_ns = number_whole(cell_median(work, cell, program_value, PROGRAM_SYS, NULL));
    row->command_cpu_ns = number_whole(cell_median(work, cell, program_value, PROGRAM_USER | PROGRAM_SYS, &interval));
    row->command_cpu_lo_ns = number_whole(interval.lo);
    row->command_cpu_hi_ns = number_whole(interval.hi);
    row->command_maxrss_bytes =
        number_whole(cell_median(work, cell, column_value, offsetof(struct trial_row, program_maxrss_bytes), NULL));
    if (row->command_cpu_ns != MISSING)
        rare_note(OPTION_WORKLOAD);
}

/* Against the trial of the ideal cell in the same block. */
static double ideal_ratio_value(const struct work *work, size_t trial, size_t ideal_cell)
{
    double mine = per_task(work, trial);
    int64_t block = work->run->trials[trial].block;
    size_t ideal = block > 0 ? run_data_at(work->run, ideal_cell, (size_t)block) : RUN_NOTHING;
    return ideal != RUN_NOTHING && mine > 0 ? per_task(work, ideal) / mine : NAN;
}

/* The cell of the ideal pool that differs in nothing else: in the same place, or where there is none, in any. */
static size_t ideal_find(const struct run_data *run, size_t cell, factor_set factors)
{
    size_t elsewhere = RUN_NOTHING;
    for (size_t i = 0; i < run->count; i++) {
        if (!row_has_pool(&run->rows[i], IDEAL_POOL) ||
            !factors_equal(&run->rows[i], &run->rows[cell], factors & ~(FACTOR_POOL | FACTOR_PLACE)))
            continue;
        if (factors_equal(&run->rows[i], &run->rows[cell], FACTOR_PLACE))
            return i;
        if (elsewhere == RUN_NOTHING)
            elsewhere = i;
    }
    return elsewhere;
}

/* What the median hides. Trials that are not ok stay as gaps. */
static int cell_diagnostic(const struct work *work, size_t cell)
{
    struct summary_row *row = &work->run->rows[cell];
    struct drift drift;
    struct bimodality bimodality;
    size_t count = 0;
    for (size_t i = work->run->first[cell]; i != RUN_NOTHING; i = work->run->next[i])
        work->values[count++] = trial_is_ok(&work->run->trials[i]) ? per_task(work, i) : NAN;
    if (drift_find(work->values, count, &drift) || bimodality_find(work->values, count, &bimodality))
        return -ENOMEM;
    row->drift = drift.change;
    row->drift_said = isnan(drift.change) ? MISSING : drift.said;
    if (bimodality.two) {
        row->group_ratio = bimodality.hi / bimodality.lo;
        row->group_share = (double)bimodality.hi_count / (double)(bimodality.lo_count + bimodality.hi_count);
    }
    return 0;
}

/* Whether a cell is in the row of another: it differs in the pool alone. What is measured by serial alone is in one
 * with that, wherever it runs. */
static bool in_row(const struct run_data *run, size_t cell, size_t other, factor_set factors, bool with_base)
{
    const struct summary_row *a = &run->rows[cell], *b = &run->rows[other];
    factor_set same = factors & ~(with_base ? FACTOR_POOL | FACTOR_WORKERS | FACTOR_PLACE : FACTOR_POOL);
    return cell != other && with_base == row_has_pool(b, BASE_POOL) && factors_equal(a, b, same);
}

/* A cell that failed in some blocks would cost the others of its row theirs. */
static bool has_blocks(const struct run_data *run, size_t cell)
{
    size_t there = 0;
    for (size_t b = 0; b < run->blocks; b++)
        there += run_data_at(run, cell, b + 1) != RUN_NOTHING;
    return there > 0 && there * 4 >= run->blocks * 3;
}

/* Of every block that has all of its row the log of the cell's time per task over their mean: what verdicts rest on.
 * False: it is in no row. */
static bool ratios_take(const struct work *work, size_t cell, factor_set factors, double *ratios)
{
    const struct run_data *run = work->run;
    size_t others = 0;
    for (int with_base = 0; with_base < 2 && !others; with_base++) {
        for (size_t b = 0; b < run->blocks; b++)
            ratios[b] = 0;
        for (size_t i = 0; i < run->count; i++) {
            if (!in_row(run, cell, i, factors, with_base) || !has_blocks(run, i))
                continue;
            others++;
            for (size_t b = 0; b < run->blocks; b++) {
                size_t own = run_data_at(run, cell, b + 1), trial = run_data_at(run, i, b + 1);
                ratios[b] +=
                    own == RUN_NOTHING || trial == RUN_NOTHING ? NAN : log(per_task(work, own) / per_task(work, trial));
            }
        }
    }
    return others > 0;
}

/* Whether its blocks depend on each other, where pools are compared by time at all. */
static int cell_lag(const struct work *work, size_t cell, factor_set factors)
{
    struct summary_row *row = &work->run->rows[cell];
    struct lag lag = {.correlation = NAN};
    double *ratios = calloc(work->run->blocks + 1, sizeof *ratios);
    int rc = ratios ? 0 : -ENOMEM;
    if (!rc && !row_has_pool(row, BASE_POOL) && row->f.arrival.kind != ARRIVAL_RATE &&
        ratios_take(work, cell, factors, ratios))
        rc = lag_find(ratios, work->run->blocks, &lag);
    free(ratios);
    row->lag_correlation = lag.correlation;
    row->lag_said = isnan(lag.correlation) ? MISSING : lag.said;
    return rc;
}

static void put_whole(struct summary_row *row, size_t offset, double value)
{
    *(int64_t *)((char *)row + offset) = number_whole(value);
}

/* Of some of the tasks, likewise. */
static const struct {
    enum latency_of of;
    unsigned rare;
    size_t at; /* of a struct latency_apart in struct summary_row */
} latencies_apart[] = {
    {LATENCY_FIRST, RARE_FIRST, AT(first)},
    {LATENCY_CPU, RARE_CLASSES, AT(class_cpu)},
    {LATENCY_SLEEP, RARE_CLASSES, AT(class_sleep)},
};

static int cell_apart(const struct run_data *run, size_t cell)
{
    static const double p[APART_PERCENTILES] = {0.5, 0.9, 0.99};
    for (size_t i = 0; i < sizeof latencies_apart / sizeof *latencies_apart; i++) {
        struct latency_apart *apart = (struct latency_apart *)((char *)&run->rows[cell] + latencies_apart[i].at);
        struct pooled pooled = {0};
        for (size_t k = 0; k < APART_PERCENTILES; k++) {
            if (run_pooled_of(run, cell, latencies_apart[i].of, p[k], &pooled) == -ENOMEM)
                return -ENOMEM;
            apart->ns[k][0] = number_whole(pooled.value);
            apart->ns[k][1] = number_whole(pooled.lo);
            apart->ns[k][2] = number_whole(pooled.hi);
        }
        if (!pooled.n)
            continue;
        apart->n = pooled.n;
        rare_note(latencies_apart[i].rare);
    }
    return 0;
}

/* Of all trials together: what is not there for too few stays empty. 0 or -ENOMEM. */
static int cell_pool(const struct run_data *run, size_t cell)
{
    struct summary_row *row = &run->rows[cell];
    struct pooled pooled = {0};
    for (size_t i = 0; i < sizeof pooled_percentiles / sizeof *pooled_percentiles; i++) {
        if (run_pooled(run, cell, pooled_percentiles[i].p, &pooled) == -ENOMEM)
            return -ENOMEM;
        put_whole(row, pooled_percentiles[i].value, pooled.value);
        put_whole(row, pooled_percentiles[i].lo, pooled.lo);
        put_whole(row, pooled_percentiles[i].hi, pooled.hi);
    }
    if (!pooled.n)
        return 0;
    row->pooled_n = pooled.n;
    if (isnan(run->deadline_ns))
        return 0;
    int rc = run_misses(run, cell, run->deadline_ns, &pooled);
    row->deadline_ns = number_whole(run->deadline_ns);
    row->misses = pooled.value;
    row->misses_lo = pooled.lo;
    row->misses_hi = pooled.hi;
    return rc == -ENOMEM ? rc : 0;
}

void cell_time(const struct work *work, size_t cell)
{
    struct summary_row *row = &work->run->rows[cell];
    struct interval interval;
    row->wall_ns = number_whole(cell_median(work, cell, column_value, offsetof(struct trial_row, wall_ns), &interval));
    row->wall_lo_ns = number_whole(interval.lo);
    row->wall_hi_ns = number_whole(interval.hi);
    row->ns_per_task = cell_median(work, cell, per_task_value, 0, NULL);
}

int cell_sum_up(const struct work *work, size_t cell, factor_set factors)
{
    struct summary_row *row = &work->run->rows[cell];
    size_t ideal = ideal_find(work->run, cell, factors);
    struct interval interval;
    for (size_t i = 0; i < MEDIAN_COUNT; i++)
        *(int64_t *)((char *)row + medians[i].to) =
            number_whole(cell_median(work, cell, column_value, medians[i].from, NULL));
    for (size_t i = 0; i < RUN_PERCENTILES; i++) {
        *(int64_t *)((char *)row + percentiles[i].median) =
            number_whole(cell_median(work, cell, percentile_value, i, &interval));
        if (percentiles[i].lo) {
            *(int64_t *)((char *)row + percentiles[i].lo) = number_whole(interval.lo);
            *(int64_t *)((char *)row + percentiles[i].hi) = number_whole(interval.hi);
        }
    }
    cell_time(work, cell);
    for (size_t i = 0; i < DERIVED; i++) {
        double median = cell_median(work, cell, derived_value, i, NULL);
        memcpy((char *)row + derived[i], &median, sizeof median);
    }
    cell_rates(work, cell, cell_median(work, cell, real_value, offsetof(struct trial_row, service_cv), NULL));
    cell_programs(work, cell);
    row->blocks = row->trials - row->failed;
    row->tasks_per_s = row->ns_per_task > 0 ? 1e9 / row->ns_per_task : NAN;
    if (ideal != RUN_NOTHING)
        row->efficiency_vs_static = cell_median(work, cell, ideal_ratio_value, ideal, NULL);
    int rc = cell_pool(work->run, cell);
    if (!rc)
        rc = cell_apart(work->run, cell);
    if (!rc)
        rc = cell_diagnostic(work, cell);
    return rc ? rc : cell_lag(work, cell, factors);
}
