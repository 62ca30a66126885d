/* Forecasts of trials, see forecast.h. */
#include "bench/measure/forecast/forecast.h"
#include "bench/job/warmup.h"
#include "bench/model/arrivals.h"
#include "bench/model/faults.h"
#include <math.h>
#include <string.h>

#define TASKS_AUTO_MAX 1000000 /* of tasks that do nothing: longer trials of these differ as much from one another */
#define PROPORTIONAL   1.5     /* see struct trial_price */
/* Rough prices, for what was not measured yet. */
#define TRIAL_EXEC_NS     8e6   /* starting the trial program, reading its report, recording it */
#define WORKER_OPEN_NS    100e3 /* making and ending a worker */
#define COPY_NS_PER_BYTE  0.1
#define DIRTY_NS_PER_BYTE 0.3
#define PAGE_FORK_NS      60 /* of copying a page's entry in fork and dropping it at exit */
#define PAGE_BYTES        4096
#define HUGE_PAGE_BYTES   (2 << 20)
#define TIMING_NS         15 /* of stamping start and end of a task */

static double label_ns(const struct cell *cell)
{
    if (cell->f.size_ns)
        return (double)cell->f.size_ns;
    return cell->cost_count && cell->costs[0].size_ns ? (double)cell->costs[0].size_ns
                                                      : (double)cell->workload->about_ns;
}

/* How many tasks run at once. */
static double parallel(const struct cell *cell)
{
    const struct pool_shape *shape = &cell->shape;
    double cpus = fmax(1, cell->placement.cpus);
    /* Where a pool has workers of two kinds, tasks of one class may go to one kind alone. */
    double workers = fmin(shape->workers, fmax(cell->f.workers, fmax(shape->processes, shape->threads)));
    double at_once = fmin(workers, cpus);
    if (cell->workload->classify)
        at_once = fmin(shape->workers, 2 * cpus); /* as if half of the tasks slept */
    else if (cell->workload->class == TASK_SLEEP)
        at_once = workers;
    if (cell->f.arrival.kind == ARRIVAL_WAVE || cell->f.arrival.kind == ARRIVAL_WINDOW)
        at_once = fmin(at_once, (double)cell->f.arrival.k);
    return at_once;
}

double forecast_floor_ns(const struct cell *cell)
{
    double ns = label_ns(cell) / parallel(cell);
    return cell->f.arrival.kind == ARRIVAL_RATE ? fmax(ns, 1e9 / cell->f.arrival.rate) : ns;
}

/* Squared, of the sizes; what has none varies as if it were random. */
static double size_scv(const struct cell *cell)
{
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < cell->cost_count; i++) {
        const double ns = (double)cell->costs[i].size_ns;
        sum += ns;
        squares += ns * ns;
    }
    if (!(cell->workload->traits & WORKLOAD_SIZED) || !(sum > 0))
        return 1;
    return fmax(cell->cost_count * squares / (sum * sum) - 1, 0);
}

double forecast_steady_ns(const struct cell *cell, struct steady_queue *queue)
{
    const bool sized = cell->workload->traits & WORKLOAD_SIZED, known = cell->forecast.service_ns > 0;
    if (cell->f.arrival.kind != ARRIVAL_RATE)
        return 0;
    *queue = (struct steady_queue){
        .rate = cell->f.arrival.rate,
        .service_ns = sized || !known ? label_ns(cell) : cell->forecast.service_ns,
        .workers = fmax(parallel(cell), 1),
        .arrivals_scv = arrivals_scv(&cell->f.arrival),
        .period_ns = arrivals_period_ns(&cell->f.arrival),
        .service_scv = size_scv(cell),
        .limit = (double)cell->f.queue_limit,
    };
    if (!known && forecast_unknown(cell))
        queue->service_ns = UNKNOWN_BUSY * queue->workers * 1e9 / queue->rate;
    const double ns = steady_needed_ns(queue);
    return isnan(ns) ? 0 : ns;
}

/* What handing over a task costs, roughly. */
static double handover_ns(const struct cell *cell)
{
    double ns = (double)pool_chosen(cell->pool, cell->pool_params)->handover_ns + (cell->f.timing ? TIMING_NS : 0);
    ns += COPY_NS_PER_BYTE * (double)(cell->f.payload.in + cell->f.payload.out);
    if (cell->pool->traits & POOL_TASK_IS_PROCESS && !cell->pool->early) /* else forked by one that has no ballast */
        ns += PAGE_FORK_NS * (double)cell->f.ballast.bytes / (cell->f.ballast.thp ? HUGE_PAGE_BYTES : PAGE_BYTES);
    return ns;
}

static double beside_guess_ns(const struct cell *cell)
{
    double warmup_ns =
        warmup_count(cell->pool, cell->shape.workers) * fmin(cell->forecast.task_ns, (double)WARMUP_TASK_NS);
    if (!(cell->workload->traits & WORKLOAD_SIZED) && !forecast_unknown(cell)) /* not cut: one a worker, at least */
        warmup_ns = fmax(warmup_ns, cell->shape.workers * cell->forecast.task_ns);
    return warmup_ns + TRIAL_EXEC_NS + WORKER_OPEN_NS * cell->shape.workers +
           DIRTY_NS_PER_BYTE * (double)cell->f.ballast.bytes;
}

/* What a task takes whose size and arrival come to floor_ns. */
static double task_at(const struct trial_price *price, double floor_ns)
{
    if (price->floor_ns > 0 && price->task_ns <= PROPORTIONAL * price->floor_ns)
        return price->task_ns / price->floor_ns * floor_ns;
    return price->task_ns - price->floor_ns + floor_ns;
}

void forecast_make(struct cell *cell, const struct trial_price *price)
{
    double floor_ns = forecast_floor_ns(cell);
    cell->forecast = (struct forecast){.measured = price != NULL};
    if (price && cell->f.arrival.kind == ARRIVAL_RATE && price->service_ns > 0) {
        /* a pilot of few tasks is mostly the last one's time, which comes once in a trial of many */
        cell->forecast.service_ns = price->service_ns;
        cell->forecast.task_ns = fmax(1e9 / cell->f.arrival.rate, price->service_ns / parallel(cell));
        cell->forecast.beside_ns = price->beside_ns + price->service_ns;
    } else if (price) {
        cell->forecast.service_ns = price->service_ns;
        cell->forecast.task_ns = fmax(task_at(price, floor_ns), 1);
        cell->forecast.beside_ns = price->beside_ns;
    } else {
        cell->forecast.task_ns = fmax(fmax(floor_ns, handover_ns(cell)), 1);
        cell->forecast.beside_ns = beside_guess_ns(cell);
    }
}

bool forecast_unknown(const struct cell *cell)
{
    return !cell->forecast.measured && !cell->forecast.seen && cell->workload->once &&
           cell->workload->once(cell->workload_params);
}

int64_t forecast_tasks(const struct cell *cell, double wall_ns)
{
    if (cell->f.arrival.kind == ARRIVAL_RATE)
        return (int64_t)fmin(fmax(ceil(wall_ns / 1e9 * cell->f.arrival.rate), fmax((double)cell->f.workers, 2)),
                             TASKS_AUTO_MAX);
    double task_ns = cell->forecast.task_ns, fewest = fmax(4.0 * cell->f.workers, 16);
    /* Whole rounds: the last ones of a trial should not leave workers idle. */
    double round =
        cell->f.arrival.kind == ARRIVAL_WAVE ? fmin((double)cell->f.arrival.k, TASKS_AUTO_MAX) : cell->f.workers;
    if (forecast_unknown(cell))
        return (int64_t)(ceil(fewest / round) * round);
    if (fewest * task_ns > 2 * wall_ns)
        fewest = fmin(fewest, fmax(floor(2 * wall_ns / task_ns / round), 1) * round);
    double tasks = fmax(fewest, fmin(ceil(wall_ns / task_ns), TASKS_AUTO_MAX));
    return (int64_t)(ceil(tasks / round) * round);
}

double forecast_length_ns(const struct cell *cell, double most_ns)
{
    struct steady_queue queue;
    double ns = cell->forecast.measured ? TRIAL_TO_BESIDE * cell->forecast.beside_ns : 0;
    if (cell->f.arrival.kind == ARRIVAL_RATE)
        ns = fmax(fmax(forecast_steady_ns(cell, &queue),
                       (double)arrivals_tasks_least(&cell->f.arrival) * 1e9 / cell->f.arrival.rate),
                  fmin(RATE_TASKS * 1e9 / cell->f.arrival.rate, RATE_WISH_NS));
    return fmax(TRIAL_LEAST_NS, fmin(ns, most_ns));
}

double forecast_trial_ns(const struct cell *cell)
{
    const struct forecast *forecast = &cell->forecast;
    if (forecast->seen)
        return forecast->seen_ns / forecast->seen;
    double ns = (double)cell->f.tasks * forecast->task_ns + faults_wait_ns(cell) + forecast->beside_ns;
    return cell->trial_limit_ns ? fmin(ns, (double)cell->trial_limit_ns) : ns;
}

double forecast_block_ns(const struct cells *cells, size_t count)
{
    double ns = 0;
    for (size_t i = 0; i < count; i++)
        ns += forecast_trial_ns(&cells->cell[i]);
    return ns;
}

void forecast_note(struct cell *cell, double whole_ns, double wall_ns)
{
    struct forecast *forecast = &cell->forecast;
    forecast->seen++;
    forecast->seen_ns += whole_ns;
    if (isnan(wall_ns))
        return;
    forecast->last[forecast->well % FORECAST_LAST].whole_ns = whole_ns;
    forecast->last[forecast->well % FORECAST_LAST].wall_ns = wall_ns;
    forecast->well++;
}

void forecast_compare(struct cells *cells, const struct cell *seen)
{
    double busy_ns = seen->f.tasks > 0 ? forecast_trial_ns(seen) / (double)seen->f.tasks * parallel(seen) : 0;
    for (size_t i = 0; i < cells->count && seen->workload->once; i++) {
        struct cell *cell = &cells->cell[i];
        if (forecast_unknown(cell) && !strcmp(cell->f.workload, seen->f.workload))
            cell->forecast.task_ns = fmax(cell->forecast.task_ns, busy_ns / parallel(cell));
    }
}
