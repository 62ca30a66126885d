/* Short bursts: as many tasks in flight as there are workers, so that a latency has no queue but the hand-over. */
#include "bench/base/refuse.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/verbs/advise/service.h"
#include "pools/parts/clock.h"
#include <math.h>
#include <stdlib.h>

#define BURST_SHARE  0.2 /* of the budget */
#define BURST_BLOCKS 3   /* at least, for a doubt */
#define BURST_TASKS  1000
#define DOUBT_LEAST  0.02 /* that a calibration has */
#define DOUBT_MOST   0.9
#define WIDE_TASKS   4

static bool is_base(const struct cell *cell)
{
    return cell->pool->traits & POOL_IGNORES_WORKERS;
}

/* One burst a pool and place: with a worker a CPU, or as near to that as was asked for. */
static bool is_nearer(const struct cell *cell, const struct cell *other, unsigned cpus)
{
    bool fits = cell->f.workers <= cpus, other_fits = other->f.workers <= cpus;
    if (fits != other_fits)
        return fits;
    return fits ? cell->f.workers > other->f.workers : cell->f.workers < other->f.workers;
}

static int bursts_choose(struct service *service, char *error)
{
    const struct plan *plan = &service->session.plan;
    service->burst = calloc(service->candidates + 1, sizeof *service->burst);
    if (!service->burst)
        return refuse(error, "out of memory");
    for (uint32_t i = 0; i < service->candidates; i++) {
        const struct cell *cell = &plan->cells.cell[i];
        size_t at = 0;
        for (; at < service->bursts; at++) {
            const struct cell *other = &plan->cells.cell[service->burst[at].like];
            if (!strcmp(cell->f.pool, other->f.pool) && !strcmp(cell->f.place, other->f.place))
                break;
        }
        if (at == service->bursts)
            service->burst[service->bursts++] = (struct burst){.like = i};
        else if (is_nearer(cell, &plan->cells.cell[service->burst[at].like], service->session.machine.effective_cpus))
            service->burst[at].like = i;
    }
    return 0;
}

/* A candidate with a worker's task in flight for each worker; tasks 0: as many as make a short trial. */
static int copy_add(struct service *service, uint32_t like, int64_t tasks, uint32_t *cell, char *error)
{
    struct cell copy = service->session.plan.cells.cell[like];
    cell_forget(&copy);
    copy.f.arrival = (struct arrival){.kind = ARRIVAL_WINDOW, .k = is_base(&copy) ? 1 : copy.f.workers};
    copy.f.collect = COLLECT_COMPLETED;
    if (tasks)
        copy.f.tasks = tasks;
    *cell = (uint32_t)service->session.plan.cells.count;
    return session_add(&service->session, &copy, error);
}

/* What a worker costs shows where there are many, however few tasks they do. */
static int burst_add(struct service *service, struct burst *burst, char *error)
{
    const struct cell *cells = service->session.plan.cells.cell, *like = &cells[burst->like];
    uint32_t wide = burst->like;
    for (uint32_t i = 0; i < service->candidates; i++)
        if (!strcmp(cells[i].f.pool, like->f.pool) && !strcmp(cells[i].f.place, like->f.place) &&
            cells[i].f.workers > cells[wide].f.workers)
            wide = i;
    bool is_wide = wide != burst->like;
    int rc = copy_add(service, burst->like, 0, &burst->cell, error);
    burst->wide = burst->cell;
    if (rc == 0 && is_wide)
        rc = copy_add(service, wide, WIDE_TASKS, &burst->wide, error);
    return rc;
}

static int burst_block(struct service *service, bool is_wide, char *error)
{
    size_t n = 0;
    uint32_t *cells = calloc(service->bursts, sizeof *cells);
    struct trial_row *rows = realloc(service->rows, (service->row_count + service->bursts) * sizeof *rows);
    size_t done = 0;
    if (rows)
        service->rows = rows;
    int rc = cells && rows ? 0 : refuse(error, "out of memory");
    for (size_t i = 0; i < service->bursts && rc == 0; i++)
        if (!is_wide || service->burst[i].wide != service->burst[i].cell)
            cells[n++] = is_wide ? service->burst[i].wide : service->burst[i].cell;
    if (rc == 0 && n)
        rc = service_block(service, "bursts", cells, n, rows + service->row_count, &done, error);
    service->row_count += done;
    free(cells);
    return rc;
}

/* ---- what they show ---- */

static struct burst *burst_of(struct service *service, const struct trial_row *row)
{
    for (size_t i = 0; i < service->bursts; i++)
        if (!strcmp(service->session.plan.cells.cell[service->burst[i].cell].id, row->cell_id))
            return &service->burst[i];
    return NULL;
}

static int by_edge(const void *a, const void *b)
{
    const struct bucket *x = a, *y = b;
    return (x->lo_ns > y->lo_ns) - (x->lo_ns < y->lo_ns);
}

/* Sums of a burst's trials become its means behind the last of them. */
struct burst_sums {
    double service_ns, beside_ns, cpu_ns, submitter_ns, tasks;
    double mean_lo, mean_hi;         /* of trials */
    double pss_bytes, private_bytes; /* of the last trial */
    double command_bytes;            /* of the largest */
};

struct gathering {
    struct service *service;
    struct burst_sums *sums;
    bool is_short; /* of memory */
};

static void on_trial(size_t trial, const struct histogram *histograms, void *arg)
{
    struct gathering *gathering = arg;
    const struct trial_row *row = &gathering->service->rows[trial];
    const struct histogram *times = &histograms[SPAN_SERVICE];
    struct burst *burst = burst_of(gathering->service, row);
    if (!burst || !trial_has_time(row) || !times->tasks)
        return;
    struct burst_sums *sums = &gathering->sums[burst - gathering->service->burst];
    struct bucket *grown = realloc(burst->service, (burst->buckets + times->count) * sizeof *grown);
    if (!grown) {
        gathering->is_short = true;
        return;
    }
    burst->service = grown;
    memcpy(grown + burst->buckets, times->buckets, times->count * sizeof *grown);
    burst->buckets += times->count;
    const double mean = histogram_mean(times), tasks = (double)times->tasks;
    sums->mean_lo = burst->trials ? fmin(sums->mean_lo, mean) : mean;
    sums->mean_hi = burst->trials ? fmax(sums->mean_hi, mean) : mean;
    sums->service_ns += mean * tasks;
    sums->beside_ns += (histogram_mean(&histograms[SPAN_QUEUE]) + histogram_mean(&histograms[SPAN_RETURN])) * tasks;
    sums->cpu_ns += (number_real(row->user_ns) + number_real(row->sys_ns)) * tasks / (double)row->f.tasks;
    sums->submitter_ns += number_real(row->submitter_ns) * tasks / (double)row->f.tasks;
    sums->tasks += tasks;
    sums->pss_bytes = number_real(row->pss_bytes);
    sums->private_bytes = number_real(row->private_bytes);
    sums->command_bytes = fmax(sums->command_bytes, number_real(row->program_maxrss_bytes)); /* which may be NAN */
    burst->trials++;
}

/* How far the mean of service may lie from what so few tasks show: two standard errors; or, where trials differ by more
 * than their tasks do, half of how far they do. */
static double doubt_of(struct burst *burst, const struct burst_sums *sums)
{
    double square = 0;
    for (size_t i = 0; i < burst->buckets; i++) {
        double off = (double)(burst->service[i].lo_ns + burst->service[i].hi_ns - 1) / 2 / burst->mean_ns - 1;
        square += (double)burst->service[i].count * off * off;
    }
    burst->scv = square / sums->tasks;
    double trials = (sums->mean_hi - sums->mean_lo) / 2 / burst->mean_ns;
    return fmin(fmax(DOUBT_LEAST, fmax(trials, 2 * sqrt(square) / sums->tasks)), DOUBT_MOST);
}

static void burst_conclude(struct burst *burst, const struct burst_sums *sums, const struct cell *cell)
{
    burst->tasks = (size_t)sums->tasks;
    burst->mean_ns = sums->service_ns / sums->tasks;
    burst->doubt = doubt_of(burst, sums);
    burst->handover_ns = is_base(cell) ? 0 : sums->submitter_ns / sums->tasks;
    burst->beside_ns = fmax(0, sums->beside_ns / sums->tasks - burst->handover_ns);
    double cpu_ns = (sums->cpu_ns - (is_base(cell) ? 0 : sums->submitter_ns)) / sums->tasks;
    burst->cpu_share = fmin(fmax(cpu_ns / burst->mean_ns, 0), 1);
    if (isnan(burst->cpu_share))
        burst->cpu_share = 1; /* nobody can tell: the cautious answer */
    qsort(burst->service, burst->buckets, sizeof *burst->service, by_edge);
}

/* What a worker adds: what more of them had more, or, where tasks take memory, what each had by itself. */
static void burst_memory(const struct service *service, struct burst *burst, const struct burst_sums *sums)
{
    const struct cell *cells = service->session.plan.cells.cell, *cell = &cells[burst->cell];
    if (cell->f.processes > 0)
        burst->each_bytes = sums->private_bytes / (double)(cell->f.processes + 1);
    for (size_t i = 0; i < service->row_count; i++)
        if (burst->wide != burst->cell && !strcmp(service->rows[i].cell_id, cells[burst->wide].id) &&
            trial_is_ok(&service->rows[i]))
            burst->each_bytes = fmax(burst->each_bytes, (number_real(service->rows[i].pss_bytes) - sums->pss_bytes) /
                                                            (double)(cells[burst->wide].f.workers - cell->f.workers));
    burst->all_bytes = fmax(0, sums->pss_bytes - burst->each_bytes * (double)cell->f.workers);
}

/* The commands are the same under all pools, but not every pool can tell. */
static void command_memory(struct service *service, const struct burst_sums *sums)
{
    double most = 0;
    for (size_t i = 0; i < service->bursts; i++)
        most = fmax(most, sums[i].command_bytes);
    for (size_t i = 0; i < service->bursts; i++)
        service->burst[i].command_bytes = most;
}

static int bursts_read(struct service *service, char *error)
{
    struct gathering gathering = {service, calloc(service->bursts, sizeof *gathering.sums), false};
    const struct histogram_reader reader = {service->rows, service->row_count, on_trial, &gathering};
    int rc =
        gathering.sums ? histograms_read(service->session.directory, &reader, error) : refuse(error, "out of memory");
    for (size_t i = 0; i < service->bursts && rc == 0; i++)
        if (service->burst[i].trials) {
            burst_conclude(&service->burst[i], &gathering.sums[i],
                           &service->session.plan.cells.cell[service->burst[i].cell]);
            burst_memory(service, &service->burst[i], &gathering.sums[i]);
        }
    if (rc == 0)
        command_memory(service, gathering.sums);
    free(gathering.sums);
    return rc == 0 && gathering.is_short ? refuse(error, "out of memory") : rc;
}

static double fewest_tasks(const struct service *service)
{
    double least = INFINITY;
    for (size_t i = 0; i < service->bursts; i++)
        least = fmin(least, service->block * (double)service->session.plan.cells.cell[service->burst[i].cell].f.tasks);
    return least;
}

static bool any_well(const struct service *service)
{
    for (size_t i = 0; i < service->row_count; i++)
        if (trial_is_ok(&service->rows[i]))
            return true;
    return false;
}

int bursts_run(struct service *service, char *error)
{
    struct session *session = &service->session;
    const double budget_ns = (double)service->wish->budget_ns;
    const uint64_t since_ns = clock_monotonic_ns();
    int rc = bursts_choose(service, error);
    for (size_t i = 0; i < service->bursts && rc == 0; i++)
        rc = burst_add(service, &service->burst[i], error);
    while (rc == 0 && !session->interrupted && !session->over_budget) {
        const double took_ns = (double)(clock_monotonic_ns() - since_ns);
        const double block_ns = service->block ? took_ns / service->block : 0;
        if (service->block && (took_ns + block_ns > budget_ns / 2 || fewest_tasks(service) >= BURST_TASKS))
            break;
        if (service->block >= BURST_BLOCKS && took_ns + block_ns > BURST_SHARE * budget_ns)
            break;
        rc = burst_block(service, false, error);
        if (rc == 0 && !any_well(service))
            break; /* nor will the next ones */
    }
    if (rc == 0 && !session->interrupted && !session->over_budget && any_well(service))
        rc = burst_block(service, true, error);
    return rc ? rc : bursts_read(service, error);
}

void bursts_release(struct service *service)
{
    for (size_t i = 0; i < service->bursts; i++) {
        free(service->burst[i].service);
        queue_sample_release(&service->burst[i].sample);
    }
    free(service->burst);
    free(service->rows);
}
