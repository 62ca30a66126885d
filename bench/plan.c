/* The plan: every cell of a request gets its workers, CPUs, number of tasks and costs, or the plan is refused: what
 * cannot work is found here, before anything runs or is written. */
#include "bench/plan.h"
#include "bench/columns.h"
#include "bench/dist.h"
#include "bench/earlier.h"
#include "bench/faults.h"
#include "bench/job_file.h"
#include "bench/judge/looks.h"
#include "bench/judge/verdict.h"
#include "bench/place.h"
#include "bench/plugin.h"
#include "bench/refuse.h"
#include "bench/units.h"
#include <math.h>
#include <stdlib.h>

#define TRIAL_LEAST_NS 50e6 /* --tasks auto */
#define TASKS_AUTO_MAX 2500000
#define TRIAL_EXEC_NS  6e6   /* starting the trial program and reading its report */
#define WORKER_OPEN_NS 100e3 /* making and ending a worker */
#define SETTLE_NS      2e6
#define WARMUP_LEAST   64
#define WARMUP_TASK_NS 100e3 /* a longer one is cut */
/* Rough costs of moving memory: they size trials and the estimate, and claim nothing. */
#define COPY_NS_PER_BYTE  0.1
#define DIRTY_NS_PER_BYTE 0.3
#define PAGE_FORK_NS      60 /* of copying a page's entry in fork and dropping it at exit */
#define PAGE_BYTES        4096
#define HUGE_PAGE_BYTES   (2 << 20)
#define TIMING_NS         15  /* of stamping start and end of a task */
#define TASK_BYTES        9.0 /* what the driver keeps of every task: a time and some bits */

/* What completing a cell draws on. */
struct planner {
    const struct machine *machine;
    struct calibrations *calibrations;
    struct earlier earlier; /* --like */
    int64_t samples, trial_limit_ns;
    char unpinnable[128]; /* why pinning is forbidden, "" when it is not */
    char *error;
};

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

/* ---- workers, CPUs, limits ---- */

static int cell_shape(struct cell *cell, struct planner *planner)
{
    char misfit[MISFIT_MAX];
    if (pool_shape_of(cell->pool, cell->workers, cell->pool_params, &cell->shape, misfit, planner->error))
        return refuse_at(planner->error, "--pool");
    if (misfit[0])
        return refuse(planner->error, "--pool: %s with --workers %u: %s", cell->pool_spec, cell->workers, misfit);
    return 0;
}

static int cell_place(struct cell *cell, struct planner *planner)
{
    bool pinned = strcmp(cell->place, "none") != 0;
    if (pinned && planner->unpinnable[0] && cell->place_explicit)
        return refuse(planner->error, "--place: %s: %s, expected none", cell->place, planner->unpinnable);
    if (pinned && planner->unpinnable[0]) {
        snprintf(cell->place, sizeof cell->place, "none");
        snprintf(cell->place_main, sizeof cell->place_main, "none");
    }
    int rc = place_plan(planner->machine, cell->place, cell->place_main, cell->shape.workers, &cell->placement,
                        planner->error);
    if (!rc && pinned && planner->unpinnable[0])
        memcpy(cell->placement.reason, planner->unpinnable, sizeof planner->unpinnable);
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
                  "--workers: %u workers of %s are up to %lld processes and threads, only %lld more are allowed here "
                  "(pids.max, ulimit -u, kernel.pid_max)",
                  cell->workers, cell->pool_spec, (long long)tasks, (long long)machine->tasks_limit);
}

/* What its pool cannot do with it. */
static int cell_suits(const struct cell *cell, struct planner *planner)
{
    if (cell->pool->early && cell->ballast_write_ppm)
        return refuse(planner->error,
                      "--ballast: tasks of %s inherit no ballast and cannot write to it, expected --ballast without "
                      "write",
                      cell->pool->name);
    if (cell->pool->traits & POOL_FLOOR && cell->in_bytes + cell->out_bytes)
        return refuse(planner->error, "--payload: floors as %s move none, expected 0:0", cell->pool->name);
    return 0;
}

/* What a trial needs, option by option; the largest is named when it does not fit. */
static int cell_memory(const struct cell *cell, struct planner *planner)
{
    const struct machine *machine = planner->machine;
    double tasks = most(0, (double)cell->tasks), workload = 0; /* 0: auto, not chosen yet */
    double samples = planner->samples == SAMPLES_ALL ? tasks : least(tasks, (double)planner->samples);
    for (unsigned i = 0; cell->workload->params && cell->workload->params[i].name; i++)
        if (cell->workload->params[i].kind == PARAM_BYTES)
            workload += (double)cell->workload_params[i];
    const struct {
        const char *option;
        double bytes;
    } needs[] = {
        /* pages that tasks write exist once more in every process */
        {"ballast",
         (double)cell->ballast_bytes * (1 + (double)cell->ballast_write_ppm / 1e6 * most(1, cell->shape.processes))},
        {"payload", (double)(cell->in_bytes + cell->out_bytes) * (cell->shape.workers + WARMUP_LEAST)},
        {"workload", workload},
        {"tasks", tasks * (TASK_BYTES + (cell->arrival == ARRIVAL_RATE ? sizeof(uint64_t) : 0))},
        {"collect", cell->collect == COLLECT_ORDERED ? tasks * sizeof(struct done) : 0},
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
                  needs[largest].option, cell->workload_spec, cell->pool_spec,
                  format_bytes(needed, sizeof needed, total), format_bytes(available, sizeof available, (double)there));
}

/* ---- tasks ---- */

static int cell_costs(struct cell *cell, struct planner *planner)
{
    struct calibration calibration = {0};
    int rc = planner->calibrations ? calibration_get(planner->calibrations, cell->workload, cell->workload_params,
                                                     &calibration, planner->error)
                                   : -ENODATA;
    if (rc && rc != -ENODATA && rc != -ENOTSUP)
        return rc;
    rc = dist_costs(cell, rc ? NULL : &calibration, planner->error);
    return rc ? refuse_at(planner->error, "--size-dist") : 0;
}

/* How long a task takes, as far as that is known before. */
static double task_label_ns_of(const struct cell *cell)
{
    if (cell->size_ns)
        return (double)cell->size_ns;
    return cell->cost_count && cell->costs[0].size_ns ? (double)cell->costs[0].size_ns
                                                      : (double)cell->workload->about_ns;
}

/* About how long a trial takes for each of its tasks. */
static double task_wall_ns(const struct cell *cell)
{
    const struct pool_shape *shape = &cell->shape;
    double cpus = most(1, cell->placement.cpus);
    /* Where a pool has workers of two kinds, tasks of one class may go to one kind alone. */
    double workers = least(shape->workers, most(cell->workers, most(shape->processes, shape->threads)));
    double parallel = least(workers, cpus);
    if (cell->workload->classify)
        parallel = least(shape->workers, 2 * cpus); /* as if half of the tasks slept */
    else if (cell->workload->class == TASK_SLEEP)
        parallel = workers;
    if (cell->arrival == ARRIVAL_WAVE || cell->arrival == ARRIVAL_WINDOW)
        parallel = least(parallel, (double)cell->arrival_k);
    double handover = (double)pool_chosen(cell->pool, cell->pool_params)->handover_ns + (cell->timed ? TIMING_NS : 0);
    handover += COPY_NS_PER_BYTE * (double)(cell->in_bytes + cell->out_bytes);
    if (cell->pool->traits & POOL_TASK_IS_PROCESS && !cell->pool->early) /* else forked by one that has no ballast */
        handover += PAGE_FORK_NS * (double)cell->ballast_bytes / (cell->ballast_thp ? HUGE_PAGE_BYTES : PAGE_BYTES);
    double ns = most(task_label_ns_of(cell) / parallel, handover);
    return cell->arrival == ARRIVAL_RATE ? most(ns, 1e9 / cell->arrival_rate) : ns;
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
        return refuse(planner->error, "--pool: %s with --workload %s: %s", pool, cell->workload_spec, why);
    if (cell->in_bytes || cell->out_bytes || cell->ballast_write_ppm)
        return refuse(planner->error, "--pool: %s runs programs, which are handed no --payload and no --ballast", pool);
    if (cell->faults_spec[0])
        return refuse(planner->error, "--pool: %s runs programs, which do not fail on purpose (--faults)", pool);
    return 0;
}

static int cell_check(const struct cell *cell, uint32_t *tasks, struct planner *planner)
{
    char error[WORKLOAD_ERROR_MAX];
    *tasks = 0;
    if (!cell->workload->check || !cell->workload->check(cell->workload_params, tasks, error))
        return 0;
    return refuse(planner->error, "--workload: %s: %s", cell->workload->name, error);
}

/* given: how many the workload's parameters come to, 0 where they say nothing of it. */
static void cell_tasks(struct cell *cell, uint32_t given, const struct planner *planner)
{
    if (cell->tasks >= 0)
        return;
    cell->tasks = earlier_tasks(&planner->earlier, cell);
    if (cell->tasks != MISSING)
        return;
    if (given) {
        cell->tasks = given;
        return;
    }
    double fewest = most(4.0 * cell->workers, 16);
    double tasks = most(fewest, least(ceil(TRIAL_LEAST_NS / task_wall_ns(cell)), TASKS_AUTO_MAX));
    /* Whole rounds: the last ones of a trial should not leave workers idle. */
    double round = cell->arrival == ARRIVAL_WAVE ? least((double)cell->arrival_k, TASKS_AUTO_MAX) : cell->workers;
    cell->tasks = (int64_t)(ceil(tasks / round) * round);
}

static double trial_estimate_ns(const struct cell *cell)
{
    double warmup = 4.0 * cell->shape.workers;
    if (!(cell->pool->traits & POOL_TASK_IS_PROCESS))
        warmup = most(warmup, WARMUP_LEAST);
    double task_ns = task_wall_ns(cell);
    return (double)cell->tasks * task_ns + faults_wait_ns(cell) + warmup * least(task_ns, WARMUP_TASK_NS) +
           TRIAL_EXEC_NS + WORKER_OPEN_NS * cell->shape.workers + DIRTY_NS_PER_BYTE * (double)cell->ballast_bytes +
           SETTLE_NS;
}

static int cell_complete(struct cell *cell, struct planner *planner)
{
    uint32_t tasks;
    int rc = cell_shape(cell, planner);
    if (!rc)
        rc = cell_check(cell, &tasks, planner);
    if (!rc)
        rc = cell_lists(cell, planner);
    if (!rc)
        rc = cell_place(cell, planner);
    if (!rc)
        rc = cell_workers(cell, planner);
    if (!rc)
        rc = cell_suits(cell, planner);
    if (!rc)
        rc = cell_memory(cell, planner); /* before anything is measured, for all but --tasks auto */
    if (!rc)
        rc = cell_costs(cell, planner);
    if (!rc && planner->calibrations && calibrations_may_measure(planner->calibrations) &&
        pool_rehearse(cell->pool, cell->workers, cell->pool_params, planner->error))
        rc = refuse_at(planner->error, "--pool");
    if (rc)
        return rc;
    cell_tasks(cell, tasks, planner);
    if (faults_check(cell, planner->trial_limit_ns, planner->error))
        return -EINVAL;
    return cell_memory(cell, planner);
}

/* ---- the whole ---- */

/* What a cell is compared with: cells that differ in the pool alone, by a hash of everything else as it was asked for,
 * since `--tasks auto` gives each its own number. What ignores --workers belongs to the groups of all numbers of
 * workers.
 */
struct group {
    uint64_t key, key_without_workers;
    bool anywhere;
};

static struct group *groups_new(const struct cells *cells)
{
    const unsigned pool = option_bit("pool"), workers = option_bit("workers");
    struct group *groups = calloc(cells->count + 1, sizeof *groups);
    for (size_t i = 0; groups && i < cells->count; i++) {
        const struct cell *cell = &cells->cell[i];
        groups[i] = (struct group){cell_hash(cell, pool), cell_hash(cell, pool | workers),
                                   cell->pool->traits & POOL_IGNORES_WORKERS};
    }
    return groups;
}

/* Which pool is the best of a group is seen afterwards, so every pair of its pools counts. What others are measured by
 * is in every group it fits, and compared where there is just one other. */
static unsigned comparisons_count(const struct group *groups, size_t count)
{
    unsigned comparisons = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned others = 0, others_before = 0;
        bool based = false;
        for (size_t j = 0; j < count && !groups[i].anywhere; j++) {
            bool same = !groups[j].anywhere && groups[j].key == groups[i].key;
            based = based || (groups[j].anywhere && groups[j].key_without_workers == groups[i].key_without_workers);
            others += same && j != i;
            others_before += same && j < i;
        }
        comparisons += others ? others_before : based;
    }
    return comparisons;
}

/* As many as asked for; else as many as needed, or as the budget has time for, at the looks of docs/METHOD.md. */
static unsigned blocks_choose(const struct settings *settings, unsigned needed, double block_ns)
{
    unsigned blocks = needed;
    if (settings->blocks)
        return (unsigned)settings->blocks;
    if (settings->more[0]) /* 0: above all looks, another as many as there are */
        return look_after(settings->blocks_before) ? look_after(settings->blocks_before) - settings->blocks_before
                                                   : settings->blocks_before;
    if (settings->precision_ppm)
        return needed > LOOK_MAX ? needed : LOOK_MAX;
    for (unsigned look = look_next(blocks); look; look = look_next(look))
        if (look * block_ns <= (double)settings->budget_ns)
            blocks = look;
    return blocks;
}

static double block_estimate(const struct cells *cells)
{
    double block_ns = 0;
    for (size_t i = 0; i < cells->count; i++)
        block_ns += trial_estimate_ns(&cells->cell[i]);
    return block_ns;
}

static void cell_release(struct cell *cell)
{
    placement_release(&cell->placement);
    free(cell->costs);
}

/* How many cells are left without the last group, and without what would be there only to measure that one by. */
static size_t groups_before(const struct group *groups, size_t count)
{
    size_t kept = count - 1;
    while (kept && groups[kept - 1].key == groups[kept].key)
        kept--;
    while (kept && groups[kept - 1].anywhere) {
        bool needed = false;
        for (size_t i = 0; i + 1 < kept && !needed; i++)
            needed = groups[i].key_without_workers == groups[kept - 1].key_without_workers;
        if (needed)
            break;
        kept--;
    }
    return kept;
}

/* Fewer blocks than comparisons need would answer nothing, so what does not fit the budget is left out from the end:
 * the pools of one comparison at a time, and never the first. 0 or -ENOMEM. */
static int budget_keep(const struct settings *settings, const struct earlier *earlier, const struct group *groups,
                       struct plan *plan)
{
    struct cells *cells = &plan->cells;
    size_t kept = cells->count;
    int rc = 0;
    plan->comparisons = comparisons_count(groups, kept);
    while (!rc && settings->budget_ns && !settings->blocks &&
           (earlier->count ? earlier_left_out(earlier, cells)
                           : blocks_needed(plan->comparisons) * block_estimate(cells) > (double)settings->budget_ns)) {
        kept = groups_before(groups, kept);
        if (!kept)
            break;
        for (size_t i = kept; i < cells->count; i++) {
            char label[SPEC_MAX * 4];
            int length = cell_label(&cells->cell[i], label, sizeof label);
            if (words_add(&plan->left_out, label, (size_t)length))
                rc = -ENOMEM;
            cell_release(&cells->cell[i]);
        }
        cells->count = kept;
        plan->comparisons = comparisons_count(groups, kept);
    }
    return rc;
}

static void planner_init(struct planner *planner, const struct settings *settings, const struct machine *machine,
                         struct calibrations *calibrations, char *error)
{
    *planner = (struct planner){.machine = machine,
                                .calibrations = calibrations,
                                .samples = settings->samples,
                                .trial_limit_ns = settings->trial_limit_ns,
                                .error = error};
    if (!machine->described && place_probe(planner->unpinnable, sizeof planner->unpinnable) == 0)
        planner->unpinnable[0] = '\0';
}

void cell_forget(struct cell *cell)
{
    cell->tasks = -1;
    cell->placement = (struct placement){0};
    cell->costs = NULL;
    cell->cost_count = 0;
}

int plan_add(struct plan *plan, const struct cell *cell, const struct settings *settings, const struct machine *machine,
             struct calibrations *calibrations, char *error)
{
    struct planner planner;
    struct cell *grown = realloc(plan->cells.cell, (plan->cells.count + 1) * sizeof *grown);
    if (!grown)
        return refuse(error, "out of memory");
    plan->cells.cell = grown;
    struct cell *added = &grown[plan->cells.count];
    *added = *cell;
    added->number = (unsigned)plan->cells.count;
    snprintf(added->id, sizeof added->id, "c%03u", added->number + 1);
    planner_init(&planner, settings, machine, calibrations, error);
    int rc = cell_complete(added, &planner);
    if (rc)
        cell_release(added);
    else
        plan->cells.count++;
    return rc;
}

int plan_make(struct request *request, const struct machine *machine, struct calibrations *calibrations,
              struct plan *plan, char *error)
{
    struct planner planner;
    *plan = (struct plan){.cells = request->cells};
    request->cells = (struct cells){0};

    planner_init(&planner, &request->settings, machine, calibrations, error);
    struct group *groups = groups_new(&plan->cells);
    int rc = earlier_read(request->settings.like, &planner.earlier, error);
    if (!rc && !groups)
        rc = refuse(error, "out of memory");
    for (size_t i = 0; i < plan->cells.count && !rc; i++)
        rc = cell_complete(&plan->cells.cell[i], &planner);
    if (!rc && budget_keep(&request->settings, &planner.earlier, groups, plan))
        rc = refuse(error, "out of memory");
    if (!rc && request->settings.more[0] && !earlier_same(&planner.earlier, &plan->cells))
        rc = refuse(error, "--more: this machine or this program makes other cells of that run's suite than were run; "
                           "--like makes a run of its own");
    if (!rc) {
        plan->blocks_before = request->settings.blocks_before;
        double block_ns = block_estimate(&plan->cells);
        plan->looks = request->settings.precision_ppm ? looks_planned(plan->comparisons) : 0;
        plan->blocks_needed = blocks_needed(plan->comparisons);
        if (plan->looks && plan->blocks_needed < claim_make(plan->comparisons, plan->looks, CLAIM_MARGIN).blocks)
            plan->blocks_needed = (unsigned)claim_make(plan->comparisons, plan->looks, CLAIM_MARGIN).blocks;
        plan->blocks = blocks_choose(&request->settings, plan->blocks_needed, block_ns);
        plan->estimate_ns = (int64_t)least(block_ns * plan->blocks, 9e18);
        plan->order = calloc((size_t)plan->blocks * plan->cells.count + 1, sizeof *plan->order);
        if (!plan->order)
            rc = refuse(error, "--blocks: no memory for %u blocks of %zu cells", plan->blocks, plan->cells.count);
        else
            order_draw(plan->blocks_before ? mix64(request->settings.seed, plan->blocks_before)
                                           : request->settings.seed,
                       plan->blocks, (unsigned)plan->cells.count, plan->order);
    }
    free(groups);
    earlier_release(&planner.earlier);
    if (rc)
        plan_release(plan);
    return rc;
}

void plan_release(struct plan *plan)
{
    for (size_t i = 0; i < plan->cells.count; i++)
        cell_release(&plan->cells.cell[i]);
    free(plan->cells.cell);
    free(plan->order);
    words_release(&plan->left_out);
    *plan = (struct plan){0};
}
