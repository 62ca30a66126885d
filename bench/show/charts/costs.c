/* What a pool costs beside the work: starting a worker, its memory, handing over a task. A panel each. */
#include "bench/analyse/price.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include <math.h>
#include <stdlib.h>

enum { COSTS = 3 };
static const char *const cost_titles[COSTS] = {"starting a worker", "memory of a worker", "handing over a task"};

static bool is_base(const struct table *t, size_t column)
{
    return row_has_pool(&t->run->rows[t->pool[column]], BASE_POOL);
}

static const struct amount *amount_of(const struct price *price, int cost)
{
    return cost == 0 ? &price->start_ns : cost == 1 ? &price->bytes : &price->handover_ns;
}

/* A panel: a line for every pool but the base, so that a pool stands at the same height in all of them. Returns whether
 * any is known; else nothing is written. */
static bool panel_print(FILE *data, const struct analysis *analysis, int cost, struct chart_counts *counts)
{
    const struct table *t = &analysis->table;
    bool known = false;
    size_t line = 0;
    for (size_t c = 0; c < t->pools; c++)
        known |= !is_base(t, c) && !isnan(amount_of(&analysis->prices[c], cost)->value);
    for (size_t c = 0; c < t->pools && known; c++)
        if (!is_base(t, c))
            chart_amount(data, ++line, c + 1, amount_of(&analysis->prices[c], cost),
                         cost == 0 && analysis->prices[c].per_task ? "per task" : "not known", counts);
    fputs(known ? "\n\n" : "", data);
    return known;
}

static int costs_make(const struct chart_work *work)
{
    const struct table *t = &work->analysis->table;
    struct chart_counts counts = {0};
    size_t lines = 0;
    int panels = 0;
    if (!work->run->count)
        return refuse(work->why, "no trial was recorded"), 0;
    fprintf(work->script,
            "array panel_title[%d]; array panel_bytes[%d]\npools = %zu; array pool_name[pools]; "
            "array line_pool[pools]\n",
            COSTS, COSTS, t->pools);
    fputs("# line, cost (median over trials), its 95 % interval, trials, pool, what stands instead\n", work->data);
    for (int cost = 0; cost < COSTS; cost++) {
        if (!panel_print(work->data, work->analysis, cost, &counts))
            continue;
        panels++;
        fprintf(work->script, "panel_title[%d] = '%s'; panel_bytes[%d] = %d\n", panels, cost_titles[cost], panels,
                cost == 1);
    }
    if (!panels)
        return refuse(work->why, "no pool but %s ended a trial without payload and ballast well", BASE_POOL), 0;
    for (size_t c = 0; c < t->pools; c++) {
        if (!is_base(t, c))
            fprintf(work->script, "line_pool[%zu] = %zu\n", ++lines, c + 1);
    }
    chart_pools(work->script, t->run, t->pool, t->pools);
    fprintf(work->script, "panels = %d; cost_lines = %zu\n", panels, lines);
    chart_notes_medians(work, &counts, "");
    return 1;
}

const struct chart chart_costs = {
    .name = "costs",
    .title = "What a pool costs beside the work",
    .caption = "Opening the pool by the workers that makes, the proportional set size of a worker beyond that of the "
               "same tasks without a pool, and the time per empty task, of each pool. A pool that makes a "
               "worker for every task pays for it there: its start is in the handing over.",
    .make = costs_make,
};
