/* What a pool costs beside the work: starting a worker, its memory, handing over a task. A panel each. */
#include "bench/analyse/price.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include <math.h>
#include <stdlib.h>

enum { COSTS = 3 };
static const char *const cost_titles[COSTS] = {"starting a worker", "memory of a worker", "handing over a task"};

struct extent {
    size_t n_min, n_max;
    bool bars;
};

/* A line "line value lo hi n pool", or where the value is not known, with the words that stand in its place. */
static void amount_print(FILE *data, size_t line, size_t pool, const struct amount *amount, const char *instead,
                         struct extent *extent)
{
    if (isnan(amount->value)) {
        fprintf(data, "%zu NaN NaN NaN 0 %zu \"%s\"\n", line, pool + 1, instead);
        return;
    }
    bool bars = !isnan(amount->interval.lo);
    fprintf(data, "%zu %.9g %.9g %.9g %zu %zu \"\"\n", line, amount->value, bars ? amount->interval.lo : amount->value,
            bars ? amount->interval.hi : amount->value, amount->trials, pool + 1);
    extent->bars = extent->bars || bars;
    extent->n_min = amount->trials < extent->n_min ? amount->trials : extent->n_min;
    extent->n_max = amount->trials > extent->n_max ? amount->trials : extent->n_max;
}

static const struct amount *amount_of(const struct price *price, int cost)
{
    return cost == 0 ? &price->start_ns : cost == 1 ? &price->bytes : &price->handover_ns;
}

/* A panel: a line for every pool but the base, so that a pool stands at the same height in all of them. */
static void panel_print(FILE *data, const struct table *t, const struct price *prices, int cost, struct extent *extent)
{
    size_t line = 0;

    for (size_t c = 0; c < t->pools; c++)
        if (!row_has_pool(&t->run->rows[t->pool[c]], BASE_POOL))
            amount_print(data, ++line, c, amount_of(&prices[c], cost),
                         cost == 0 && prices[c].per_task ? "per task" : "not known", extent);
    fputs("\n\n", data);
}

static bool cost_known(const struct table *t, const struct price *prices, int cost)
{
    bool known = false;

    for (size_t c = 0; c < t->pools; c++)
        known |= !row_has_pool(&t->run->rows[t->pool[c]], BASE_POOL) && !isnan(amount_of(&prices[c], cost)->value);
    return known;
}

static int prices_print(const struct table *t, const struct price *prices, const struct chart_source *source,
                        FILE *data, FILE *script, char *why)
{
    struct extent extent = {.n_min = SIZE_MAX};
    size_t lines = 0;
    int panels = 0;

    fprintf(script,
            "array panel_title[%d]; array panel_bytes[%d]\npools = %zu; array pool_name[pools]; "
            "array line_pool[pools]\n",
            COSTS, COSTS, t->pools);
    fputs("# line, cost (median over trials), its 95 % interval, trials, pool, what stands instead\n", data);
    for (int cost = 0; cost < COSTS; cost++) {
        if (!cost_known(t, prices, cost))
            continue;
        panel_print(data, t, prices, cost, &extent);
        panels++;
        fprintf(script, "panel_title[%d] = '%s'; panel_bytes[%d] = %d\n", panels, cost_titles[cost], panels, cost == 1);
    }
    if (!panels)
        return refuse(why, "no pool but %s ended a trial without payload and ballast well", BASE_POOL), 0;
    for (size_t c = 0; c < t->pools; c++) {
        const struct summary_row *row = &t->run->rows[t->pool[c]];
        fprintf(script, "pool_name[%zu] = ", c + 1);
        chart_quoted(script, POOL_SHOWN(row->f.pool));
        if (!row_has_pool(row, BASE_POOL))
            fprintf(script, "; line_pool[%zu] = %zu", ++lines, c + 1);
        fputc('\n', script);
    }
    fprintf(script, "panels = %d; cost_lines = %zu\n", panels, lines);
    chart_notes_medians(script, source, extent.n_min, extent.n_max, extent.bars);
    return 1;
}

static int costs_make_chart(const struct chart *chart, const struct chart_source *source, FILE *data, FILE *script,
                            char *why)
{
    (void)chart;
    if (!source->run->count)
        return refuse(why, "no trial was recorded"), 0;
    return prices_print(&source->analysis->table, source->analysis->prices, source, data, script, why);
}

const struct chart chart_costs = {
    .name = "costs",
    .title = "What a pool costs beside the work",
    .caption = "Opening the pool by the workers that makes, the proportional set size of a worker beyond that of the "
               "same tasks without a pool, and the time per empty task, of each pool. A pool that makes a "
               "worker for every task pays for it there: its start is in the handing over.",
    .make = costs_make_chart,
};
