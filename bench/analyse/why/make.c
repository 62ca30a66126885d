/* From the files of a run to the states of its trials, see states.h. */
#include "bench/analyse/why/gaps.h"
#include "bench/analyse/why/states.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "pools/pool.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What serial has not: workers to count and to place; and it has other numbers of tasks where those were chosen. */
#define NOT_SERIAL (FACTOR_POOL | FACTOR_WORKERS | FACTOR_PLACE | FACTOR_TASKS)

size_t states_serial(const struct run_data *run, size_t cell)
{
    const factor_set same = factors_all() & ~NOT_SERIAL;
    for (size_t i = 0; i < run->count; i++)
        if (row_has_pool(&run->rows[i], BASE_POOL) && factors_equal(&run->rows[i], &run->rows[cell], same))
            return i;
    return RUN_NOTHING;
}

/* rusage of a thread that runs is as of the last tick or switch; the submitter reads its own clock, too, which is
 * exact. Only where tasks are programs it is not all. */
#define TICKS_NS 20e6
static double serial_cpu_of(const struct trial_row *t)
{
    const double all = number_real(t->user_ns) + number_real(t->sys_ns), own = number_real(t->submitter_ns);
    return fabs(all - own) <= TICKS_NS ? own : all;
}

static double cpu_of(const struct trial_row *t)
{
    return number_real(t->user_ns) + number_real(t->sys_ns);
}

/* Serial's trial of the same block; where it has none there, nothing is known of it. */
static void serial_put(const struct run_data *run, size_t trial, size_t serial, struct taken_apart *t)
{
    t->serial_cpu_ns = t->serial_service_ns = t->serial_p50_ns = t->serial_waiting_ns = NAN;
    if (serial == RUN_NOTHING || run->trials[trial].block < 1)
        return;
    const size_t at = run_data_at(run, serial, (size_t)run->trials[trial].block);
    if (at == RUN_NOTHING)
        return;
    const struct trial_row *row = &run->trials[at];
    t->serial_cpu_ns = trial_per_task(row, serial_cpu_of(row));
    t->serial_waiting_ns = trial_per_task(row, number_real(row->runqueue_ns));
    if (run->times && !isnan(run->times[at].mean[SPAN_SERVICE])) {
        t->serial_service_ns = run->times[at].mean[SPAN_SERVICE];
        t->serial_p50_ns = run->times[at].percentile[SERVICE_P50];
    }
}

/* Others are counted from before the trial begins until after it ends. */
static double meanwhile(const struct trial_row *row, int64_t ns)
{
    return row->trial_ns > row->wall_ns ? number_real(ns) * (double)row->wall_ns / (double)row->trial_ns
                                        : number_real(ns);
}

void states_facts(const struct trial_row *row, struct states *s)
{
    const int64_t counts[FACTS] = {
        [FACT_SUBMITTER] = row->submitter_ns, [FACT_WAITS] = row->submitter_wait_ns, [FACT_KERNEL] = row->sys_ns,
        [FACT_SWITCHES] = row->nvcsw,         [FACT_PREEMPTIONS] = row->nivcsw,      [FACT_FAULTS] = row->minflt,
        [FACT_MIGRATIONS] = row->migrations};
    for (int i = 0; i < FACTS; i++)
        s->fact[i] = trial_per_task(row, i == FACT_CPU ? cpu_of(row) : number_real(counts[i]));
}

/* Of the workers, where the submitter's is known. */
static double waiting_of(const struct trial_row *row, bool is_serial)
{
    const double all = number_real(row->runqueue_ns), own = number_real(row->submitter_wait_ns);
    return is_serial || isnan(all) || isnan(own) ? all : fmax(0, all - own);
}

static void trial_make(const struct run_data *run, size_t trial, size_t serial, int64_t cpus, double end_ns,
                       struct states *s)
{
    const struct trial_row *row = &run->trials[trial];
    const struct summary_row *cell = &run->rows[run->cell[trial]];
    const bool is_serial = row_has_pool(cell, BASE_POOL);
    const struct pool_ops *pool = row_pool(cell);
    struct taken_apart t = {.workers = is_serial ? 1 : (double)row->f.workers,
                            .wall_ns = (double)row->wall_ns,
                            .tasks = (double)row->f.tasks,
                            .submitter_ns = is_serial ? 0 : number_real(row->submitter_ns),
                            .waiting_ns = waiting_of(row, is_serial),
                            .submitter_wait_ns = is_serial ? 0 : number_real(row->submitter_wait_ns),
                            .throttled_ns = meanwhile(row, row->throttled_ns),
                            .others_ns = meanwhile(row, row->others_ns),
                            .steal_ns = meanwhile(row, row->steal_ns),
                            .service_ns = run->times ? run->times[trial].mean[SPAN_SERVICE] : NAN,
                            .service_p50_ns = run->times ? run->times[trial].percentile[SERVICE_P50] : NAN,
                            .end_ns = end_ns,
                            .shares_cpu = row->shared_cpu == 1,
                            .more_workers = cpus > 0 && row->f.workers > cpus,
                            .makes_processes = pool && pool->traits & POOL_TASK_IS_PROCESS,
                            .is_fixed = !strcmp(row->f.size_dist, "fixed")};
    s->whole_ns = NAN;
    t.workers_cpu_ns = is_serial ? serial_cpu_of(row) : cpu_of(row) - t.submitter_ns;
    if (!trial_has_time(row) || !(t.workers > 0) || isnan(t.workers_cpu_ns))
        return;
    serial_put(run, trial, serial, &t);
    states_take_apart(&t, s);
    states_facts(row, s);
}

int states_make(const struct run_data *run, int64_t cpus, struct states **states, char *error)
{
    double *end_ns = calloc(run->trial_count + 1, sizeof *end_ns);
    size_t *serial = calloc(run->count + 1, sizeof *serial); /* of a cell */
    int rc = 0;
    *states = calloc(run->trial_count + 1, sizeof **states);
    if (!end_ns || !serial || !*states)
        rc = refuse_as(-ENOMEM, error, "out of memory");
    if (!rc)
        rc = gaps_read(run, end_ns, error);
    for (size_t i = 0; i < run->count && !rc; i++)
        serial[i] = states_serial(run, i);
    for (size_t i = 0; i < run->trial_count && !rc; i++)
        trial_make(run, i, serial[run->cell[i]], cpus, end_ns[i], &(*states)[i]);
    free(end_ns);
    free(serial);
    if (rc) {
        free(*states);
        *states = NULL;
    }
    return rc;
}
