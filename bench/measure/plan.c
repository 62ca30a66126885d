/* The plan: every cell of a request completed, how long all of it will take, what a budget leaves out, how many blocks
 * there are and in which order each runs its cells. */
#include "bench/measure/plan.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/machine/place.h"
#include "bench/measure/complete.h"
#include "bench/measure/forecast/pilot.h"
#include "bench/measure/forecast/prices.h"
#include "bench/measure/job.h"
#include "bench/measure/siblings_plan.h"
#include "bench/model/columns.h"
#include "bench/model/host.h"
#include "bench/model/run_data.h"
#include "bench/stats/design.h"
#include "bench/stats/looks.h"
#include "bench/stats/verdict.h"
#include "pools/parts/clock.h"
#include <math.h>
#include <stdlib.h>

#define PILOTS_MOST_NS 3e9 /* without a budget; else PILOTS_SHARE of it */
#define BLOCKS_MAX     10000
#define SHARE_LEAST    1e-4 /* of the longest trials: no shorter ones are tried */
#define BLOCKS_ENOUGH  27   /* more of them tell more than longer trials do */

/* Under rate a trial is as long as its queue needs, as far as the budget has the time. */
static double rate_most_ns(const struct cell *cell, const struct settings *settings)
{
    double ns = settings->budget_ns ? (double)settings->budget_ns : RATE_MOST_NS;
    return cell->trial_limit_ns ? fmin(ns, (double)cell->trial_limit_ns / 2) : ns;
}

/* --tasks auto: trials that are long beside what surrounds them, but no longer than that. share: of the time that they
 * may have at most, and of that under rate. */
static void cells_size(struct plan *plan, const struct settings *settings, double share, double share_of_rate)
{
    struct cells *cells = &plan->cells;
    for (size_t i = 0; i < cells->count; i++) {
        struct cell *cell = &cells->cell[i];
        const bool rate = cell->f.arrival.kind == ARRIVAL_RATE;
        if (cell->tasks_auto)
            cell->f.tasks =
                forecast_tasks(cell, forecast_length_ns(cell, rate ? share_of_rate * rate_most_ns(cell, settings)
                                                                   : share * TRIAL_MOST_NS));
    }
    rows_level_tasks(plan->rows, cells);
}

/* As many as asked for; else as many as needed, or as the budget has time for. */
static unsigned blocks_choose(const struct settings *settings, const struct plan *plan, double time_ns)
{
    if (settings->blocks)
        return (unsigned)settings->blocks;
    if (settings->more[0]) /* 0: above all looks, another as many as there are */
        return look_after(settings->blocks_before) ? look_after(settings->blocks_before) - settings->blocks_before
                                                   : settings->blocks_before;
    if (settings->precision_ppm)
        return plan->blocks_needed > LOOK_MAX ? plan->blocks_needed : LOOK_MAX;
    double blocks = settings->budget_ns ? siblings_fit(settings, time_ns, plan->block_ns) : 0;
    return (unsigned)fmax(plan->blocks_needed, fmin(blocks, BLOCKS_MAX));
}

unsigned plan_blocks_most(const struct plan *plan)
{
    const size_t all = RUN_TRIALS_MOST / plan->cells.count;
    return all > plan->blocks_before ? (unsigned)(all - plan->blocks_before) : 0;
}

static int blocks_limit(struct plan *plan, const struct settings *settings, char *error)
{
    const unsigned most = plan_blocks_most(plan);
    if (plan->blocks <= most)
        return 0;
    if (settings->blocks)
        return refuse(error, "--blocks: %u of %zu trials are more than the %d that a run may have, expected at most %u",
                      plan->blocks, plan->cells.count, RUN_TRIALS_MOST, most);
    plan->blocks = most > 1 ? most : 1;
    return 0;
}

static void cell_release(struct cell *cell)
{
    placement_release(&cell->placement);
    free(cell->costs);
}

/* What is left of the budget for trials. */
static double time_left_ns(const struct settings *settings, const struct plan *plan)
{
    return (double)settings->budget_ns - plan->around_ns;
}

/* The first look at which rows may leave; 0: none does. A run that is gone on with keeps its own. */
static unsigned leave_from(const struct settings *settings, unsigned blocks_needed)
{
    if (!settings->more[0])
        return settings->budget_ns && !settings->blocks && !settings->precision_ppm && !settings->keep_all
                   ? blocks_needed
                   : 0;
    json_t *from = host_fact_of(settings->more, "leave_from");
    unsigned blocks = (unsigned)json_integer_value(from);
    json_decref(from);
    return blocks;
}

/* Where builds are compared, it is each with itself: what is told of pools is nothing told of them. */
static bool has_programs(const struct cells *cells)
{
    for (size_t i = 0; i < cells->count; i++)
        if (cells->cell[i].program)
            return true;
    return false;
}

static void blocks_count(struct plan *plan, const struct settings *settings)
{
    const bool keeps = settings->keep_all || has_programs(&plan->cells);
    plan->comparisons = rows_comparisons(plan->rows, plan->cells.count);
    plan->looks = LOOKS_NONE;
    if (settings->precision_ppm)
        plan->looks.planned = looks_planned(plan->comparisons);
    plan->looks.leave_from = keeps ? 0 : leave_from(settings, 1);
    plan->blocks_needed = blocks_needed(plan->comparisons);
    const struct family family = family_make(plan->comparisons, plan->looks, FAMILY_MARGIN);
    if (plan->blocks_needed < family.blocks)
        plan->blocks_needed = (unsigned)family.blocks;
    plan->looks.leave_from = keeps ? 0 : leave_from(settings, plan->blocks_needed);
    plan->leaves =
        !settings->blocks && !keeps && (plan->looks.leave_from || (settings->more[0] && settings->budget_ns));
    plan->block_ns = forecast_block_ns(&plan->cells, plan->cells.count);
}

double plan_slack(unsigned blocks)
{
    return 1 + 0.5 / (1 + blocks);
}

static bool fits_so_many(const struct settings *settings, const struct plan *plan, unsigned blocks, double slack)
{
    return !settings->budget_ns || blocks * plan->block_ns <= slack * time_left_ns(settings, plan);
}

static bool fits(const struct settings *settings, const struct plan *plan, double slack)
{
    return fits_so_many(settings, plan, plan->blocks_needed, slack);
}

/* Trials as long as they should be if the budget has the time for enough of them, else shorter ones; under rate, where
 * short ones tell nothing of a queue, for as many as comparisons need. */
static void lengths_choose(struct plan *plan, const struct settings *settings)
{
    double share = 1, share_of_rate = 1;
    for (;;) {
        cells_size(plan, settings, share, share_of_rate);
        blocks_count(plan, settings);
        const unsigned enough = plan->blocks_needed > BLOCKS_ENOUGH ? plan->blocks_needed : BLOCKS_ENOUGH;
        if (settings->blocks || fits_so_many(settings, plan, enough, 1))
            return;
        if (share * TRIAL_MOST_NS > TRIAL_LEAST_NS)
            share *= 0.8;
        else if (share_of_rate >= SHARE_LEAST && !fits(settings, plan, 1))
            share_of_rate *= 0.8;
        else
            return;
    }
}

/* "spin 1ms, 4 workers (pthread, prefork)": cells from `first` on that differ in the pool alone, of those that still
 * run (NULL: all); "": none does. Returns the next one. */
static size_t row_name(const struct cells *cells, size_t first, size_t end, const bool *runs, char *text, size_t size)
{
    char label[SPEC_MAX * 4], pools[SPEC_MAX * 4] = "", next[SPEC_MAX * 4];
    size_t at = first, used = 0;
    for (; at < end; at++) {
        cell_label(&cells->cell[at], next, sizeof next);
        char *rest = strchr(next, ' ');
        if (!rest || (at > first && strcmp(rest + 1, label) != 0))
            break;
        *rest = '\0';
        snprintf(label, sizeof label, "%s", rest + 1);
        if (!runs || runs[at])
            used += (size_t)snprintf(pools + used, used < sizeof pools ? sizeof pools - used : 0, "%s%s",
                                     used ? ", " : "", next);
    }
    *text = '\0';
    if (used)
        snprintf(text, size, "%s (%s)", label, pools);
    return at > first ? at : first + 1;
}

int plan_leave_out(struct plan *plan, size_t kept, const bool *runs, const unsigned *blocks)
{
    for (size_t i = kept; i < plan->kept;) {
        char name[SPEC_MAX * 8], text[SPEC_MAX * 8 + 32];
        unsigned ran = 0;
        size_t next = row_name(&plan->cells, i, plan->kept, runs, name, sizeof name);
        for (; i < next; i++)
            ran = blocks && runs[i] && blocks[i] > ran ? blocks[i] : ran;
        int length = ran ? snprintf(text, sizeof text, "%s after %u block%s", name, ran, ran == 1 ? "" : "s")
                         : snprintf(text, sizeof text, "%s", name);
        if (*name && words_add(&plan->left_out, text, (size_t)length))
            return -ENOMEM;
    }
    plan->kept = kept;
    return 0;
}

/* Fewer blocks than comparisons need would answer nothing, so what does not fit the budget is left out from the end:
 * a row at a time, and never the first. 0 or -ENOMEM. */
static int budget_keep(struct plan *plan, const struct settings *settings, const struct earlier *earlier)
{
    struct cells *cells = &plan->cells;
    int rc = 0;
    while (!rc && settings->budget_ns && !settings->blocks &&
           (earlier->count ? earlier_left_out(earlier, cells) : !fits(settings, plan, plan_slack(0)))) {
        size_t kept = rows_before(plan->rows, cells->count);
        if (!kept)
            break;
        rc = plan_leave_out(plan, kept, NULL, NULL);
        plan_drop(plan, kept);
        blocks_count(plan, settings);
    }
    return rc;
}

/* Nothing more can leave: the least that would do is said. */
static int budget_check(const struct plan *plan, const struct settings *settings, char *error)
{
    unsigned blocks = (unsigned)settings->blocks;
    size_t kept = plan->cells.count;
    char budget[32], least[32];
    for (size_t fewer; !settings->blocks && (fewer = rows_before(plan->rows, kept));)
        kept = fewer; /* the first row alone */
    if (!settings->blocks)
        blocks = blocks_needed(rows_comparisons(plan->rows, kept));
    if (settings->more[0] && !settings->blocks) /* some are there */
        blocks = blocks > settings->blocks_before ? blocks - settings->blocks_before : 1;
    double needed_ns = blocks * forecast_block_ns(&plan->cells, kept) + plan->around_ns;
    if (!settings->budget_ns || needed_ns <= BUDGET_SLACK * (double)settings->budget_ns)
        return 0;
    return refuse(
        error,
        "--budget: %s is too short for %u block%s of %zu trial%s and what is around them, expected %s or more, or "
        "fewer %s",
        spell_duration(budget, sizeof budget, settings->budget_ns), blocks, blocks == 1 ? "" : "s", kept,
        kept == 1 ? "" : "s", spell_duration(least, sizeof least, (int64_t)ceil(needed_ns / 1e9) * 1000000000),
        settings->blocks ? "--blocks" : "pools, or --blocks");
}

void plan_drop(struct plan *plan, size_t count)
{
    while (plan->cells.count > count)
        cell_release(&plan->cells.cell[--plan->cells.count]);
}

void cell_forget(struct cell *cell)
{
    cell->f.tasks = -1;
    cell->placement = (struct placement){0};
    cell->costs = NULL;
    cell->cost_count = 0;
    cell->forecast = (struct forecast){0};
}

int plan_add(struct plan *plan, const struct cell *cell, const struct settings *settings, const struct machine *machine,
             struct calibrations *calibrations, char *error)
{
    struct planner planner;
    struct trial_price price;
    struct cell *grown = realloc(plan->cells.cell, (plan->cells.count + 1) * sizeof *grown);
    if (!grown)
        return refuse(error, "out of memory");
    plan->cells.cell = grown;
    struct cell *added = &grown[plan->cells.count];
    *added = *cell;
    added->number = (unsigned)plan->cells.count;
    snprintf(added->id, sizeof added->id, "c%03u", added->number + 1);
    planner_init(&planner, settings, machine, calibrations, error);
    int rc = cell_prepare(added, &planner);
    if (!rc) {
        forecast_make(added, price_recall(calibrations, added, &price) ? &price : NULL);
        if (added->tasks_auto)
            added->f.tasks = forecast_tasks(added, TRIAL_LEAST_NS);
        rc = cell_check_whole(added, &planner);
    }
    if (rc)
        cell_release(added);
    else
        plan->cells.count++;
    return rc;
}

static double pilots_ns(const struct settings *settings)
{
    return settings->budget_ns ? PILOTS_SHARE * (double)settings->budget_ns : PILOTS_MOST_NS;
}

/* What stands around the trials, as far as it is known by now. */
static void around_note(struct plan *plan, const struct settings *settings, const struct planner *planner)
{
    double before_ns = settings->began_ns ? (double)(clock_monotonic_ns() - settings->began_ns) : 0;
    plan->around_ns = before_ns + closing_recall_ns(planner->calibrations, "run", plan->cells.count);
}

/* How long trials take: from the run that this is like; else from what was measured of such cells before, or is now. */
static int forecasts_make(struct plan *plan, const struct settings *settings, struct planner *planner)
{
    bool asked = settings->budget_ns;
    struct trial_price price;
    for (size_t i = 0; i < plan->cells.count; i++)
        asked = asked || plan->cells.cell[i].tasks_auto;
    int rc = pilots_run(planner->calibrations, &plan->cells, settings->seed, asked && !planner->earlier.count,
                        pilots_ns(settings), planner->error);
    for (size_t i = 0; i < plan->cells.count && !rc; i++)
        if (earlier_price(&planner->earlier, &plan->cells.cell[i], &price))
            forecast_make(&plan->cells.cell[i], &price);
    around_note(plan, settings, planner);
    return rc;
}

/* Nothing is left out or refused because of what trials took some other day, if they are faster today. */
static int forecasts_renew(struct plan *plan, const struct settings *settings, struct planner *planner)
{
    double ns = (double)settings->blocks * plan->block_ns + plan->around_ns;
    bool fit =
        settings->blocks ? ns <= BUDGET_SLACK * (double)settings->budget_ns : fits(settings, plan, plan_slack(0));
    if (!settings->budget_ns || fit || planner->earlier.count)
        return 0;
    int rc = pilots_renew(planner->calibrations, &plan->cells, settings->seed, pilots_ns(settings), planner->error);
    around_note(plan, settings, planner);
    lengths_choose(plan, settings);
    return rc;
}

/* Before anything runs: each other trial program takes the jobs of each pool with each workload. */
static int programs_check(const struct cells *cells, struct planner *planner)
{
    int rc = 0;
    for (size_t i = 0; i < cells->count && !rc; i++) {
        const struct cell *cell = &cells->cell[i];
        bool known = !cell->program || planner->machine->described;
        for (size_t j = 0; j < i && !known; j++)
            known = cells->cell[j].program == cell->program && cells->cell[j].pool == cell->pool &&
                    cells->cell[j].workload == cell->workload;
        if (!known)
            rc = job_program_check(calibrations_launcher(planner->calibrations), cell, planner->error);
    }
    if (rc)
        refuse_at(planner->error, "--trial-program");
    return rc;
}

static int cells_complete(struct plan *plan, const struct settings *settings, struct planner *planner)
{
    int rc = 0;
    for (size_t i = 0; i < plan->cells.count && !rc; i++)
        rc = cell_prepare(&plan->cells.cell[i], planner);
    if (!rc)
        rc = programs_check(&plan->cells, planner);
    if (!rc)
        rc = forecasts_make(plan, settings, planner);
    if (rc)
        return rc;
    lengths_choose(plan, settings);
    rc = forecasts_renew(plan, settings, planner);
    if (rc)
        return rc;
    plan->kept = plan->cells.count;
    if (budget_keep(plan, settings, &planner->earlier))
        return refuse(planner->error, "out of memory");
    for (size_t i = 0; i < plan->cells.count && !rc; i++)
        rc = cell_check_whole(&plan->cells.cell[i], planner);
    if (!rc && settings->more[0] && !earlier_same(&planner->earlier, &plan->cells))
        rc = refuse(planner->error,
                    "--more: this machine or this program makes other cells of that run's suite than were "
                    "run; --like makes a run of its own");
    return rc ? rc : budget_check(plan, settings, planner->error);
}

/* Behind `before` blocks, which had another seed than this. */
static int order_make(const struct plan *plan, uint64_t seed, unsigned before, unsigned blocks, uint32_t *order,
                      char *error)
{
    if (!order)
        return refuse(error, "--blocks: no memory for %u blocks of %zu cells", blocks, plan->cells.count);
    order_draw(before ? mix64(seed, before) : seed, blocks, (unsigned)plan->cells.count, order);
    return 0;
}

int plan_extend(struct plan *plan, uint64_t seed, unsigned blocks, char *error)
{
    size_t cells = plan->cells.count;
    uint32_t *order = realloc(plan->order, ((size_t)plan->blocks + blocks) * cells * sizeof *order);
    if (order)
        plan->order = order;
    int rc = order_make(plan, seed, plan->blocks_before + plan->blocks, blocks,
                        order ? order + (size_t)plan->blocks * cells : NULL, error);
    if (!rc)
        plan->blocks += blocks;
    return rc;
}

int plan_make(struct request *request, const struct machine *machine, struct calibrations *calibrations,
              struct plan *plan, char *error)
{
    const struct settings *settings = &request->settings;
    struct planner planner;
    *plan = (struct plan){.cells = request->cells, .blocks_before = settings->blocks_before};
    request->cells = (struct cells){0};
    planner_init(&planner, settings, machine, calibrations, error);
    plan->rows = rows_new(&plan->cells);
    int rc = earlier_read(settings->like, settings->more[0] ? "" : "--like", &planner.earlier, error);
    if (!rc && !plan->rows)
        rc = refuse(error, "out of memory");
    if (!rc)
        rc = cells_complete(plan, settings, &planner);
    if (!rc) {
        plan->blocks = blocks_choose(settings, plan, time_left_ns(settings, plan));
        rc = blocks_limit(plan, settings, error);
    }
    if (!rc) {
        plan->siblings = siblings_plan(settings, plan->blocks_before, plan->blocks, plan->block_ns).blocks;
        plan->estimate_ns = (int64_t)fmin(plan->block_ns * (plan->blocks + plan->siblings) + plan->around_ns, 9e18);
        bool is_cut = plan->estimate_ns > settings->budget_ns,
             is_filled = plan->blocks == BLOCKS_MAX && !settings->blocks;
        if (settings->budget_ns && (is_cut || is_filled))
            plan->estimate_ns = settings->budget_ns; /* rows will leave, or the last block is cut; or more follow */
        plan->order = calloc((size_t)plan->blocks * plan->cells.count + 1, sizeof *plan->order);
        rc = order_make(plan, settings->seed, plan->blocks_before, plan->blocks, plan->order, error);
    }
    earlier_release(&planner.earlier);
    if (rc)
        plan_release(plan);
    return rc;
}

void plan_release(struct plan *plan)
{
    plan_drop(plan, 0);
    free(plan->cells.cell);
    free(plan->rows);
    free(plan->order);
    words_release(&plan->left_out);
    *plan = (struct plan){0};
}
