/* Forest plot: the cost of every pool over that of one baseline, block by block, a panel for every row of the table. */
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include <math.h>

/* How well a pool serves as what others are divided by; 0: not at all. prefork is what a process per task is usually
 * weighed against; static has no queue, and is hardly what anybody would change from. */
static unsigned baseline_rank(const struct summary_row *row)
{
    return row_has_pool(row, BASE_POOL) ? 0 : row_has_pool(row, "static") ? 1 : row_has_pool(row, "prefork") ? 3 : 2;
}

/* The column others are divided by: the first of the highest rank; NO_CELL when there are not two that have one. */
static size_t baseline_find(const struct table *t)
{
    size_t found = NO_CELL, contenders = 0;
    unsigned highest = 0;
    for (size_t c = 0; c < t->pools; c++) {
        unsigned rank = baseline_rank(&t->run->rows[t->pool[c]]);
        contenders += rank > 0;
        if (rank > highest) {
            highest = rank;
            found = c;
        }
    }
    return contenders > 1 ? found : NO_CELL;
}

static bool is_compared(const struct table *t, size_t row, size_t column, size_t baseline)
{
    const struct entry *entry = table_entry(t, row, column), *base = table_entry(t, row, baseline);
    return column != baseline && entry->cell != NO_CELL && base->cell != NO_CELL && !isnan(entry->ns) &&
           !isnan(base->ns) && !row_has_pool(&t->run->rows[entry->cell], BASE_POOL);
}

struct shares {
    struct family family;
    unsigned rows;              /* with a comparison */
    struct chart_counts counts; /* blocks of a ratio */
    size_t blocks_needed;       /* for an interval */
};

/* A block of lines "row ratio lo hi blocks pool" for a row of the table. */
static int row_print(FILE *data, const struct table *t, size_t row, size_t baseline, struct shares *shares)
{
    unsigned line = 0;
    for (size_t c = 0; c < t->pools; c++) {
        struct comparison point;
        if (!is_compared(t, row, c, baseline))
            continue;
        int result = comparison_make(series_of(&t->series, table_entry(t, row, c)->cell),
                                     series_of(&t->series, table_entry(t, row, baseline)->cell), t->series.blocks,
                                     &shares->family, &point);
        if (result)
            return result;
        if (isnan(point.ratio) || point.ratio <= 0 || isinf(point.ratio))
            continue;
        chart_count(&shares->counts, point.blocks, !isnan(point.interval.lo));
        shares->blocks_needed = point.blocks_needed;
        fprintf(data, "%u %.9g %.9g %.9g %zu %zu %s\n", ++line, point.ratio,
                isnan(point.interval.lo) ? point.ratio : point.interval.lo,
                isnan(point.interval.hi) ? point.ratio : point.interval.hi, point.blocks, c + 1,
                verdict_name(point.verdict));
    }
    return (int)line;
}

static void notes_print(const struct chart_work *work, const struct table *t, size_t baseline,
                        const struct shares *shares)
{
    char n[64], bars[192], text[CHART_NOTE_MAX];
    if (shares->counts.bars)
        snprintf(bars, sizeof bars, "bars: intervals that hold together at 95 %% (%u comparisons)",
                 shares->family.comparisons);
    else
        snprintf(bars, sizeof bars, "no bars: intervals of %u comparisons need at least %zu blocks",
                 shares->family.comparisons, shares->blocks_needed);
    snprintf(text, sizeof text,
             "Middle ratio over n = %s block%s to %.100s in the same block; %s; grey band: within 2 %%",
             chart_counts_text(n, sizeof n, &shares->counts), shares->counts.most == 1 ? "" : "s",
             POOL_SHOWN(t->run->rows[t->pool[baseline]].f.pool), bars);
    chart_notes(work, text);
}

static int table_draw(const struct table *t, size_t baseline, const struct chart_work *work)
{
    struct shares shares = {0};
    unsigned comparisons = 0;
    char label[256];
    for (size_t r = 0; r < t->rows; r++)
        for (size_t c = 0; c < t->pools; c++)
            comparisons += is_compared(t, r, c, baseline);
    if (!comparisons)
        return refuse(work->why, "nothing that %s ran well was run well by another pool",
                      POOL_SHOWN(t->run->rows[t->pool[baseline]].f.pool)),
               0;
    shares.family = family_make(comparisons, t->run->looks, FAMILY_MARGIN);
    fprintf(work->script, "array panel_title[%zu]; array panel_lines[%zu]\npools = %zu; array pool_name[pools]\n",
            t->rows, t->rows, t->pools);
    fputs("# line, cost over the baseline's (middle over blocks), its interval, blocks, pool, verdict\n", work->data);
    for (size_t r = 0; r < t->rows; r++) {
        int lines = row_print(work->data, t, r, baseline, &shares);
        if (lines < 0)
            return lines;
        if (!lines)
            continue;
        fputs("\n\n", work->data);
        shares.rows++;
        fprintf(work->script, "panel_lines[%u] = %d; ", shares.rows, lines);
        chart_text(work->script, "panel_title", shares.rows,
                   factors_label(label, sizeof label, &t->run->rows[t->row[r]], t->shown));
    }
    if (!shares.rows)
        return refuse(work->why, "no block holds both pools of a comparison"), 0;
    chart_pools(work->script, t->run, t->pool, t->pools);
    fprintf(work->script, "panels = %u; page_panels = %d; margin = %.9g; ", shares.rows, CHART_PANELS_MAX,
            FAMILY_MARGIN);
    chart_text(work->script, "baseline", 0, POOL_SHOWN(t->run->rows[t->pool[baseline]].f.pool));
    notes_print(work, t, baseline, &shares);
    return 1;
}

static int forest_make(const struct chart_work *work)
{
    const struct table *table = &work->analysis->table;
    if (!work->run->count)
        return refuse(work->why, "no trial was recorded"), 0;
    size_t baseline = baseline_find(table);
    if (baseline == NO_CELL)
        return refuse(work->why, "a ratio needs two pools beside %s", BASE_POOL), 0;
    return table_draw(table, baseline, work);
}

const struct chart chart_forest = {
    .name = "forest",
    .title = "Cost of a task over that of a baseline pool",
    .caption =
        "Ratios of the time per task to the baseline's in the same block, on a logarithmic axis: left of 1 is "
        "faster. An interval within the band is equal, one that lies wholly on one side of 1 differs, any other "
        "is unresolved. An arrow points to what lies beyond twice or half the cost, with the ratio and its interval "
        "in numbers.",
    .make = forest_make,
};
