/* What a pool costs beside the work: starting a worker, its memory, handing over a task. A panel each. */
#include "bench/charts/chart.h"
#include "bench/judge/price.h"
#include "bench/refuse.h"
#include "bench/summary_factors.h"
#include <math.h>
#include <stdlib.h>

enum { COSTS = 3 };
static const char *const cost_titles[COSTS] = {"starting a worker", "memory of a worker", "handing over a task"};

struct extent {
    size_t n_min, n_max;
    bool bars;
};

/* A line "pool value lo hi n", when the value is known. Returns how many lines. */
static int amount_print(FILE *data, size_t pool, const struct amount *amount, struct extent *extent)
{
    if (isnan(amount->value))
        return 0;
    bool bars = !isnan(amount->interval.lo);
    fprintf(data, "%zu %.9g %.9g %.9g %zu\n", pool + 1, amount->value, bars ? amount->interval.lo : amount->value,
            bars ? amount->interval.hi : amount->value, amount->trials);
    extent->bars = extent->bars || bars;
    extent->n_min = amount->trials < extent->n_min ? amount->trials : extent->n_min;
    extent->n_max = amount->trials > extent->n_max ? amount->trials : extent->n_max;
    return 1;
}

static int prices_print(const struct table *t, const struct price *prices, const struct chart_source *source,
                        FILE *data, FILE *script, char *why)
{
    struct extent extent = {.n_min = SIZE_MAX};
    int panels = 0;

    fprintf(script, "array panel_title[%d]; array panel_bytes[%d]; pools = %zu; array pool_name[pools]\n", COSTS, COSTS,
            t->pools);
    fputs("# pool, cost (median over trials), its 95 % interval, trials\n", data);
    for (int cost = 0; cost < COSTS; cost++) {
        int lines = 0;
        for (size_t c = 0; c < t->pools; c++) {
            const struct amount *amounts[COSTS] = {&prices[c].start_ns, &prices[c].bytes, &prices[c].handover_ns};
            if (!row_has_pool(&t->summary->rows[t->pool[c]], BASE_POOL))
                lines += amount_print(data, c, amounts[cost], &extent);
        }
        if (!lines)
            continue;
        panels++;
        fputs("\n\n", data);
        fprintf(script, "panel_title[%d] = '%s'; panel_bytes[%d] = %d\n", panels, cost_titles[cost], panels, cost == 1);
    }
    if (!panels)
        return refuse(why, "no pool but %s ended a trial without payload and ballast well", BASE_POOL), 0;
    for (size_t c = 0; c < t->pools; c++) {
        fprintf(script, "pool_name[%zu] = ", c + 1);
        chart_quoted(script, POOL_SHOWN(t->summary->rows[t->pool[c]].pool));
        fputc('\n', script);
    }
    fprintf(script, "panels = %d\n", panels);
    chart_notes_medians(script, source, extent.n_min, extent.n_max, extent.bars);
    return 1;
}

static int costs_make_chart(const struct chart *chart, const struct chart_source *source, FILE *data, FILE *script,
                            char *why)
{
    struct table table;
    struct price *prices;

    (void)chart;
    if (!source->summary->count)
        return refuse(why, "no trial was recorded"), 0;
    int result = table_init(&table, source->summary);
    if (result)
        return refuse(why, "%s", strerror(-result)), result;
    prices = calloc(table.pools, sizeof *prices);
    result = prices ? 0 : -ENOMEM;
    for (size_t c = 0; c < table.pools && !result; c++)
        result = price_make(&table, c, &prices[c]);
    if (result)
        refuse(why, "%s", strerror(-result));
    else
        result = prices_print(&table, prices, source, data, script, why);
    free(prices);
    table_release(&table);
    return result;
}

const struct chart chart_costs = {
    .name = "costs",
    .title = "What a pool costs beside the work",
    .caption = "Opening the pool by the workers that makes, the proportional set size of a worker beyond that of the "
               "same tasks without a pool, and the time per empty task, of each pool. Pools for which a cost is not "
               "known have no point; a cost that no pool has stands in no panel.",
    .make = costs_make_chart,
};
