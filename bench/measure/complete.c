/* Completing cells, see complete.h. */
#include "bench/measure/complete.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/job/job_file.h"
#include "bench/job/warmup.h"
#include "bench/launch/plugin.h"
#include "bench/machine/nodes.h"
#include "bench/machine/place.h"
#include "bench/measure/costs.h"
#include "bench/measure/job.h"
#include "bench/model/faults.h"
#include "bench/model/options.h"
#include "bench/model/rare.h"
#include "bench/model/trace.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define TASK_BYTES      9.0  /* what the driver keeps of every task: a time and some bits; */
#define TASK_BYTES_RATE 32.0 /* under rate when it is due, its latency, and room to look for the steady state */

void planner_init(struct planner *planner, const struct settings *settings, const struct machine *machine,
                  struct calibrations *calibrations, char *error)
{
    *planner = (struct planner){machine, settings, calibrations, .error = error};
    if (calibrations)
        calibrations_machine(calibrations, machine); /* without memory for it: as if cores were of one kind */
    if (!machine->described)
        place_probe(planner->unpinnable, sizeof planner->unpinnable);
}

/* ---- workers, CPUs, limits ---- */

static int cell_shape(struct cell *cell, struct planner *planner)
{
    char misfit[MISFIT_MAX];
    if (pool_shape_of(cell->pool, (unsigned)cell->f.workers, cell->pool_params, &cell->shape, misfit, planner->error))
        return refuse_at(planner->error, "--pool");
    if (misfit[0])
        return refuse(planner->error, "--pool: %s with --workers %lld: %s", cell->f.pool, (long long)cell->f.workers,
                      misfit);
    cell->f.processes = cell->shape.processes;
    cell->f.threads = cell->shape.threads;
    return 0;
}

static int cell_place(struct cell *cell, struct planner *planner)
{
    bool pinned = strcmp(cell->f.place, "none") != 0;
    if (pinned && planner->unpinnable[0] && cell->place_explicit)
        return refuse(planner->error, "--place: %s: %s, expected none", cell->f.place, planner->unpinnable);
    if (pinned && planner->unpinnable[0]) {
        snprintf(cell->f.place, sizeof cell->f.place, "none");
        snprintf(cell->place_main, sizeof cell->place_main, "none");
    }
    int rc = place_plan(planner->machine, cell->f.place, cell->place_main, cell->shape.workers, &cell->placement,
                        planner->error);
    if (!rc && pinned && planner->unpinnable[0])
        memcpy(cell->placement.reason, planner->unpinnable, sizeof planner->unpinnable);
    return rc;
}

static bool may_run_on(const struct placement *placement, unsigned cpu)
{
    for (unsigned w = 0; w < placement->workers; w++)
        if (placement->masks[(size_t)w * placement->words + cpu / 64] >> cpu % 64 & 1)
            return true;
    return false;
}

static int numa_refuse(const struct cell *cell, struct planner *planner, const char *why, const char *what)
{
    char asked[SPEC_MAX];
    return refuse(planner->error, "--numa: %s: %s%s", factor_text(&options[OPTION_NUMA], &cell->f, asked), why, what);
}

/* Policies cannot be set here. */
static int numa_forbidden(struct cell *cell, struct planner *planner, int rc)
{
    const int nodes = hwloc_get_nbobjs_by_type(planner->machine->topology, HWLOC_OBJ_NUMANODE);
    cell->unspread = rc == -ENOSYS && nodes < 2; /* a kernel without nodes, where all is on the one there is */
    if (cell->unspread)
        return 0;
    if (rc == -EPERM)
        return numa_refuse(cell, planner,
                           "set_mempolicy is not permitted here, which in a container takes CAP_SYS_NICE (docker run "
                           "--cap-add SYS_NICE) or a seccomp profile that has it; expected as-made",
                           "");
    return numa_refuse(cell, planner, "expected as-made, as set_mempolicy is refused here: ", strerror(-rc));
}

static void nodes_fill(struct node_set *set, hwloc_const_bitmap_t nodes)
{
    for (int node = hwloc_bitmap_first(nodes); node >= 0 && node < NUMA_NODES_MAX;
         node = hwloc_bitmap_next(nodes, node))
        set->bits[node / 64] |= 1ull << node % 64;
}

/* Those that have the CPUs of workers. 0 or -ENOMEM. */
static int nodes_of_workers(const struct placement *placement, const struct machine *machine, hwloc_bitmap_t nodes)
{
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    int rc = cpus ? 0 : -ENOMEM;
    for (unsigned cpu = 0; cpu < placement->words * 64 && rc == 0; cpu++)
        if (may_run_on(placement, cpu))
            rc = hwloc_bitmap_set(cpus, cpu) != 0 ? -ENOMEM : 0;
    if (rc == 0)
        rc = nodes_of_cpus(machine, cpus, nodes);
    hwloc_bitmap_free(cpus);
    return rc;
}

/* Those nodes of ours that --numa means. 0 or -ENOMEM. */
static int nodes_choose(const struct cell *cell, const struct machine *machine, hwloc_bitmap_t nodes)
{
    int rc = 0;
    if (cell->f.numa.kind == NUMA_LOCAL)
        return nodes_of_workers(&cell->placement, machine, nodes);
    for (hwloc_obj_t node = NULL;
         rc == 0 && (node = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_NUMANODE, node));)
        if (node_is_ours(machine, node) &&
            (cell->f.numa.kind != NUMA_NODE || (int64_t)node->os_index == cell->f.numa.node))
            rc = hwloc_bitmap_set(nodes, node->os_index) != 0 ? -ENOMEM : 0;
    return rc;
}

/* On which nodes its memory is to be. */
static int cell_numa(struct cell *cell, struct planner *planner)
{
    const struct machine *machine = planner->machine;
    char there[256];
    if (cell->f.numa.kind == NUMA_AS_MADE)
        return 0;
    rare_note(OPTION_NUMA);
    hwloc_bitmap_t nodes = hwloc_bitmap_alloc();
    int rc = nodes ? nodes_choose(cell, machine, nodes) : -ENOMEM;
    if (rc < 0)
        rc = refuse(planner->error, "out of memory");
    else if (hwloc_bitmap_iszero(nodes))
        rc = numa_refuse(cell, planner,
                         machine->described ? "that machine has no such node, expected one of "
                                            : "there is no such node that may be used here, expected one of ",
                         nodes_text(machine, there, sizeof there));
    else if (!machine->described && (rc = numa_probe()) < 0)
        rc = numa_forbidden(cell, planner, rc);
    if (rc == 0)
        nodes_fill(&cell->nodes, nodes);
    hwloc_bitmap_free(nodes);
    return rc;
}

static int cell_workers(const struct cell *cell, struct planner *planner)
{
    const struct machine *machine = planner->machine;
    int64_t tasks = (int64_t)cell->shape.processes + cell->shape.forkers + cell->shape.threads +
                    2; /* with the trial and one to spare */
    if (machine->tasks_limit < 0 || tasks <= machine->tasks_limit)
        return 0;
    return refuse(planner->error,
                  "--workers: %lld workers of %s are up to %lld processes and threads, only %lld more are allowed here "
                  "(pids.max, ulimit -u, kernel.pid_max)",
                  (long long)cell->f.workers, cell->f.pool, (long long)tasks, (long long)machine->tasks_limit);
}

/* What its pool cannot do with it. */
static int cell_suits(const struct cell *cell, struct planner *planner)
{
    if (cell->pool->early && cell->f.ballast.write_ppm)
        return refuse(planner->error,
                      "--ballast: tasks of %s inherit no ballast and cannot write to it, expected --ballast without "
                      "write",
                      cell->pool->name);
    if (cell->pool->traits & POOL_FLOOR && cell->f.payload.in + cell->f.payload.out)
        return refuse(planner->error, "--payload: floors as %s move none, expected 0:0", cell->pool->name);
    return 0;
}

/* What a trial needs, option by option; the largest is named when it does not fit. */
static int cell_memory(const struct cell *cell, struct planner *planner)
{
    const struct machine *machine = planner->machine;
    double tasks = fmax(0, (double)cell->f.tasks), workload = 0; /* 0: auto, not chosen yet */
    double samples =
        planner->settings->samples == SAMPLES_ALL ? tasks : fmin(tasks, (double)planner->settings->samples);
    for (unsigned i = 0; cell->workload->params && cell->workload->params[i].name; i++)
        if (cell->workload->params[i].kind == PARAM_BYTES)
            workload += (double)cell->workload_params[i];
    const struct {
        const char *option;
        double bytes;
    } needs[] = {
        /* pages that tasks write exist once more in every process */
        {"ballast", (double)cell->f.ballast.bytes *
                        (1 + (double)cell->f.ballast.write_ppm / 1e6 * fmax(1, cell->shape.processes))},
        {"payload", (double)(cell->f.payload.in + cell->f.payload.out) * (cell->shape.workers + WARMUP_LEAST)},
        {"workload", workload},
        {"tasks", tasks * (TASK_BYTES + (cell->f.arrival.kind == ARRIVAL_RATE ? TASK_BYTES_RATE : 0))},
        {"collect", cell->f.collect == COLLECT_ORDERED ? tasks * sizeof(struct done) : 0},
        {"samples", samples * sizeof(struct sample)},
    };
    double total = 0;
    size_t largest = 0;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        total += needs[i].bytes;
        largest = needs[i].bytes > needs[largest].bytes ? i : largest;
    }
    int64_t there = machine->memory_free_bytes >= 0 ? machine->memory_free_bytes : machine->memory_bytes;
    if (there < 0 || total <= (double)there)
        return 0;
    char needed[32], available[32];
    return refuse(planner->error, "--%s: a trial of %s on %s would need %s of memory, %s are available here",
                  needs[largest].option, cell->f.workload, cell->f.pool, format_bytes(needed, sizeof needed, total),
                  format_bytes(available, sizeof available, (double)there));
}

/* ---- tasks ---- */

static int slower(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return isnan(x) || isnan(y) ? isnan(y) - isnan(x) : (x < y) - (x > y); /* one that is not known makes all so */
}

/* How fast the CPUs of its workers do the work, over the fastest kind of core: the mean of as many of them as the
 * workers can use at once, of the fastest that they may. */
static int cell_speed(struct cell *cell, struct planner *planner)
{
    const struct placement *placement = &cell->placement;
    const unsigned cpus = placement->words * 64;
    unsigned count = 0, used = placement->cpus;
    double sum = 0;
    cell->speed = 1;
    if (!placement->kinds || !planner->calibrations)
        return 0;
    double *speeds = calloc(cpus, sizeof *speeds);
    int rc = speeds ? 0 : refuse(planner->error, "out of memory");
    for (unsigned cpu = 0; cpu < cpus && rc == 0; cpu++)
        if (may_run_on(placement, cpu))
            rc = calibration_speed(planner->calibrations, cell->workload, cell->workload_params, cpu, &speeds[count++],
                                   planner->error);
    if (rc == 0)
        qsort(speeds, count, sizeof *speeds, slower);
    used = used < count ? used : count;
    for (unsigned i = 0; i < used && rc == 0; i++)
        sum += speeds[i];
    cell->speed = used && rc == 0 ? sum / used : 1;
    free(speeds);
    return rc;
}

static int cell_costs(struct cell *cell, struct planner *planner)
{
    struct calibration calibration = {0};
    int rc = planner->calibrations ? calibration_get(planner->calibrations, cell->workload, cell->workload_params,
                                                     &calibration, planner->error)
                                   : -ENODATA;
    const bool known = !rc;
    if (rc && rc != -ENODATA && rc != -ENOTSUP)
        return rc;
    if ((rc = cell_speed(cell, planner)))
        return rc;
    rc = dist_costs(cell, known ? &calibration : NULL, planner->error);
    return rc ? refuse_at(planner->error, "--size-dist") : 0;
}

/* Pools that hand lists of programs on. */
static int cell_lists(const struct cell *cell, struct planner *planner)
{
    const struct workload_ops *workload = cell->workload;
    const char *pool = cell->pool->name;
    if (!(cell->pool->traits & POOL_RUNS_PROGRAMS))
        return 0;
    if (!workload->unlistable)
        return refuse(planner->error, "--pool: %s runs programs, expected --workload cmd, not %s", pool,
                      workload->name);
    const char *why = workload->unlistable(cell->workload_params);
    if (why)
        return refuse(planner->error, "--pool: %s with --workload %s: %s", pool, cell->f.workload, why);
    if (cell->f.payload.in || cell->f.payload.out || cell->f.ballast.write_ppm)
        return refuse(planner->error, "--pool: %s runs programs, which are handed no --payload and no --ballast", pool);
    if (cell->f.faults[0])
        return refuse(planner->error, "--pool: %s runs programs, which do not fail on purpose (--faults)", pool);
    return 0;
}

/* What is to be dropped comes due by itself. */
static int cell_queue(const struct cell *cell, struct planner *planner)
{
    char arrival[SPEC_MAX];
    if (!cell->f.queue_limit || cell->f.arrival.kind == ARRIVAL_RATE)
        return 0;
    return refuse(planner->error,
                  "--queue-limit: %" PRId64 " with --arrival %s, where no task is dropped; expected --arrival rate or "
                  "trace, or --queue-limit none",
                  cell->f.queue_limit, factor_text(&options[OPTION_ARRIVAL], &cell->f, arrival));
}

/* A trace is there, and is what it was. */
static int cell_trace(const struct cell *cell, struct planner *planner)
{
    const struct trace *trace;
    if (cell->f.arrival.process != PROCESS_TRACE || !trace_of(&cell->f.arrival, &trace, planner->error))
        return 0;
    return refuse_at(planner->error, "--arrival");
}

static int cell_check(const struct cell *cell, struct supply *supply, struct planner *planner)
{
    char error[WORKLOAD_ERROR_MAX];
    *supply = (struct supply){0};
    if (cell->workload->check && cell->workload->check(cell->workload_params, supply, error))
        return refuse(planner->error, "--workload: %s: %s", cell->workload->name, error);
    if (!supply->once || cell->f.tasks <= (int64_t)supply->tasks)
        return 0;
    if (cell->tasks_auto)
        return refuse(planner->error,
                      "--workload: %s has %" PRIu32 " tasks; a trial at this rate needs %" PRId64
                      ": expected %s, or --tasks %" PRIu32,
                      cell->f.workload, supply->tasks, cell->f.tasks, supply->once, supply->tasks);
    return refuse(planner->error,
                  "--tasks: %" PRId64 " of --workload %s, which has %" PRIu32 "; expected at most %" PRIu32 ", or %s",
                  cell->f.tasks, cell->f.workload, supply->tasks, supply->tasks, supply->once);
}

/* given: how many the workload's parameters come to, 0 where they say nothing of it. Under rate a trial lasts as long
 * as its queue needs, whatever there is. */
static void cell_tasks(struct cell *cell, uint32_t given, const struct planner *planner)
{
    cell->tasks_auto = false; /* of a copy it may be set */
    if (cell->f.tasks >= 0)
        return;
    cell->f.tasks = earlier_tasks(&planner->earlier, cell);
    if (cell->f.tasks == MISSING && given && cell->f.arrival.kind != ARRIVAL_RATE)
        cell->f.tasks = given;
    cell->tasks_auto = cell->f.tasks == MISSING;
}

int cell_prepare(struct cell *cell, struct planner *planner)
{
    struct supply supply = {0};
    cell->trial_limit_ns = planner->settings->trial_limit_ns;
    if (cell->f.arrival.kind == ARRIVAL_RATE)
        rare_note(OPTION_ARRIVAL);
    if (cell->f.queue_limit)
        rare_note(OPTION_QUEUE_LIMIT);
    int rc = cell_shape(cell, planner);
    if (!rc)
        rc = cell_check(cell, &supply, planner);
    if (!rc)
        rc = cell_lists(cell, planner);
    if (!rc)
        rc = cell_trace(cell, planner);
    if (!rc)
        rc = cell_queue(cell, planner);
    if (!rc)
        rc = cell_place(cell, planner);
    if (!rc && cell->placement.kinds)
        rare_note(RARE_KINDS);
    if (!rc)
        rc = cell_numa(cell, planner);
    if (!rc)
        rc = cell_workers(cell, planner);
    if (!rc)
        rc = cell_suits(cell, planner);
    if (!rc)
        rc = cell_memory(cell, planner); /* before anything is measured, for all but --tasks auto */
    if (!rc)
        rc = cell_costs(cell, planner);
    if (!rc && planner->calibrations && calibrations_may_measure(planner->calibrations) &&
        pool_rehearse(cell->pool, cell->f.workers, cell->pool_params, planner->error))
        rc = refuse_at(planner->error, "--pool");
    if (!rc)
        cell_tasks(cell, supply.tasks, planner);
    return rc;
}

/* Arrivals alone must not take longer than a trial may. */
static int cell_lasts(const struct cell *cell, struct planner *planner)
{
    char lasts[32], limit[32], label[SPEC_MAX];
    const double ns = (double)cell->f.tasks * 1e9 / cell->f.arrival.rate;
    if (cell->f.arrival.kind != ARRIVAL_RATE || !cell->trial_limit_ns || !(ns > (double)cell->trial_limit_ns))
        return 0;
    cell_label(cell, label, sizeof label);
    return refuse(planner->error,
                  "--tasks: %s: %" PRId64 " take %s to come, and --trial-limit is %s; expected at most %.0f, or a "
                  "longer limit",
                  label, cell->f.tasks, format_duration(lasts, sizeof lasts, ns),
                  spell_duration(limit, sizeof limit, cell->trial_limit_ns),
                  floor((double)cell->trial_limit_ns / 1e9 * cell->f.arrival.rate));
}

int cell_check_whole(const struct cell *cell, struct planner *planner)
{
    struct supply supply;
    if (cell_lasts(cell, planner) || faults_check(cell, planner->error) || cell_check(cell, &supply, planner))
        return -EINVAL;
    if (job_trial_check(cell, planner->settings->samples, planner->error))
        return -EINVAL;
    return cell_memory(cell, planner);
}
