/* What failures on purpose cost: detection, replacement, tasks that went down with others or were lost, and the time
 * per good task. A panel each, a line for every pool and failure. */
#include "bench/analyse/fault_costs.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include <math.h>

enum quantity { NOTICED, REPLACED, TAKEN_DOWN, DIP, QUANTITIES };
static const char *const titles[QUANTITIES] = {"until the failure was noticed", "until the worker was replaced",
                                               "tasks lost or taken down by others",
                                               "time per ok task, over no faults"};
static const char *const units[QUANTITIES] = {"ns", "ns", "share", "ratio"};

/* value NAN: not known */
static struct amount amount_of(const struct fault_cost *fault_cost, const struct run_data *run, enum quantity quantity)
{
    const struct summary_row *row = &run->rows[fault_cost->cell];
    if (quantity == DIP)
        return (struct amount){fault_cost->ended ? NAN : fault_cost->dip.ratio, fault_cost->dip.interval,
                               fault_cost->dip.blocks};
    if (quantity == TAKEN_DOWN)
        return (struct amount){
            (fault_cost->collateral + fault_cost->lost) / (double)row->f.tasks, {NAN, NAN}, (size_t)row->trials};
    return quantity == NOTICED ? fault_cost->detect_ns : fault_cost->replace_ns;
}

/* The first line of its pool. */
static size_t first_of(const struct fault_costs *costs, const struct run_data *run, size_t at)
{
    size_t first = 0;
    while (strcmp(run->rows[costs->fault_cost[first].cell].f.pool, run->rows[costs->fault_cost[at].cell].f.pool) != 0)
        first++;
    return first;
}

/* The number, from 1, of the pool among those that fail. */
static size_t pool_number(const struct fault_costs *costs, const struct run_data *run, size_t at)
{
    size_t number = 0;
    for (size_t i = 0; i <= first_of(costs, run, at); i++)
        number += first_of(costs, run, i) == i;
    return number;
}

static bool panel_print(const struct fault_costs *fault_costs, const struct run_data *run, enum quantity quantity,
                        FILE *data, struct chart_counts *counts)
{
    bool any = false;
    for (size_t i = 0; i < fault_costs->count; i++)
        any = any || !isnan(amount_of(&fault_costs->fault_cost[i], run, quantity).value);
    for (size_t i = 0; i < fault_costs->count && any; i++) {
        const struct fault_cost *fault_cost = &fault_costs->fault_cost[i];
        struct amount amount = amount_of(fault_cost, run, quantity);
        const char *instead = fault_cost->ended && quantity == DIP ? fault_cost->status : "";
        chart_amount(data, i + 1, pool_number(fault_costs, run, i), &amount, instead, counts);
    }
    if (any)
        fputs("\n\n", data);
    return any;
}

static int faults_make(const struct chart_work *work)
{
    const struct fault_costs *fault_costs = &work->analysis->fault_costs;
    const struct run_data *run = work->run;
    struct chart_counts counts = {0};
    int panels = 0;
    if (!fault_costs->count)
        return refuse(work->why, "no cell has faults"), 0;
    fprintf(work->script,
            "array panel_title[%d]; array panel_unit[%d]\nfault_lines = %zu; array line_name[fault_lines]\n",
            QUANTITIES, QUANTITIES, fault_costs->count);
    fputs("# line, value (median over trials), its 95 % interval, trials, pool, what stands instead\n", work->data);
    for (int quantity = 0; quantity < QUANTITIES; quantity++)
        if (panel_print(fault_costs, run, (enum quantity)quantity, work->data, &counts)) {
            panels++;
            fprintf(work->script, "panel_title[%d] = '%s'; panel_unit[%d] = '%s'\n", panels, titles[quantity], panels,
                    units[quantity]);
        }
    if (!panels)
        return refuse(work->why, "no trial with faults came to run a task"), 0;
    for (size_t i = 0; i < fault_costs->count; i++) {
        char label[160];
        chart_text(work->script, "line_name", i + 1,
                   fault_cost_label(&fault_costs->fault_cost[i], run, label, sizeof label));
    }
    fprintf(work->script, "panels = %d\n", panels);
    chart_notes_medians(work, &counts, "");
    return 1;
}

const struct chart chart_faults = {
    .name = "faults",
    .title = "What failures cost",
    .caption = "Of each pool and failure: how long until the submitter had the failed task back (of a task that hangs, "
               "from its start, so --task-limit is in it), until a new worker stood in the place of one that died, the "
               "share of a trial's tasks that others took down with them, and the time per good task over that of the "
               "same tasks without faults. Where a worker is a thread of the submitter, what ends a process ends the "
               "trial. The intervals of those ratios hold together at 95 %.",
    .make = faults_make,
};
