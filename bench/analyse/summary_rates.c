/* Under rate: whether trials were long enough for the steady state of their queue, and what became of the rate. */
#include "bench/analyse/summary.h"
#include "bench/analyse/summary_work.h"
#include "bench/model/arrivals.h"
#include "bench/model/csv.h"
#include "bench/stats/steady.h"
#include <math.h>

/* Of trials: where fewer were steady, the queue was not. In many a steady one an excursion near the end of a trial
 * looks like a queue that still fills, in up to half of those with a hundred tasks. */
#define STEADY_SHARE 0.25

/* How long after the first task the last one was due, in a trial. */
static double lasts_ns(const struct summary_row *row)
{
    return ((double)row->f.tasks - 1) * 1e9 / row->drawn_per_s;
}

/* The tasks that came back from their workers, whose latencies trials are cut by. */
static int64_t returned(const struct trial_row *trial)
{
    const int64_t counts[] = {trial->tasks_ok, trial->tasks_error, trial->tasks_wrong};
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        sum += counts[i] == MISSING ? 0 : counts[i];
    return sum;
}

/* Of all tasks of a cell that came due. NAN: it has no limit. */
static double dropped_share(const struct work *work, size_t cell)
{
    double dropped = 0, tasks = 0;
    for (size_t i = work->run->first[cell]; i != RUN_NOTHING; i = work->run->next[i]) {
        const struct trial_row *trial = &work->run->trials[i];
        if (!trial_is_ok(trial) || trial->tasks_dropped == MISSING)
            continue;
        dropped += (double)trial->tasks_dropped;
        tasks += (double)trial->f.tasks;
    }
    return dropped / tasks;
}

void cell_rates(const struct work *work, size_t cell, double service_cv)
{
    struct summary_row *row = &work->run->rows[cell];
    size_t told = 0, steady = 0;
    for (size_t i = work->run->first[cell]; i != RUN_NOTHING; i = work->run->next[i]) {
        const struct trial_row *trial = &work->run->trials[i];
        if (!trial_is_ok(trial) || trial->cut_tasks == MISSING)
            continue;
        told++;
        steady += trial->cut_tasks < returned(trial);
    }
    row->dropped_share = dropped_share(work, cell);
    if (told)
        row->steady_share = (double)steady / (double)told;
    const struct steady_queue queue = {
        .rate = row->drawn_per_s,
        .service_ns = row->utilisation * (double)row->f.workers * 1e9 / row->drawn_per_s,
        .workers = (double)row->f.workers,
        .arrivals_scv = arrivals_scv(&row->f.arrival),
        .period_ns = arrivals_period_ns(&row->f.arrival),
        .service_scv = service_cv * service_cv,
        .limit = row->f.queue_limit == MISSING ? 0 : (double)row->f.queue_limit,
    };
    const double needed_ns = steady_needed_ns(&queue);
    row->steady_needed_ns = number_whole(needed_ns);
}

/* Too short for the queue that was offered to it, however it went. */
static bool is_short(const struct summary_row *row)
{
    return row->steady_needed_ns != MISSING && lasts_ns(row) < STEADY_ENOUGH * (double)row->steady_needed_ns;
}

/* Slower at the end is no sign of a queue that grows where a trial may end in a burst: there latencies grow all along.
 */
static bool ends_in_burst(const struct summary_row *row)
{
    const bool depend = row->f.arrival.process == PROCESS_ON_OFF || row->f.arrival.process == PROCESS_TRACE;
    return depend && row->steady_share >= STEADY_SHARE;
}

bool row_is_saturated(const struct summary_row *row)
{
    if (isnan(row->served_per_s)) /* of an older poolbench */
        return row->achieved_share < ACHIEVED_LEAST;
    return !is_short(row) && !ends_in_burst(row) && row->served_per_s < ACHIEVED_LEAST * row->handed_per_s;
}

bool row_is_untold(const struct summary_row *row)
{
    return is_short(row) || (!row_is_saturated(row) && row->steady_share < STEADY_SHARE);
}
