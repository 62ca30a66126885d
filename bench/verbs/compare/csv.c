/* The comparisons as CSV or JSON on standard output: a row each, full digits. */
#include "bench/analyse/compare.h"
#include "bench/model/summary_factors.h"
#include "bench/show/sheet.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct compare_row {
    int64_t schema_version;
    char run_id[40], base_run_id[40], cell_id[16], base_cell_id[16], experiment[64];
    struct factors f;
    char base_pool[SPEC_MAX], baseline[192], metric[16];
    int64_t blocks;
    double ratio, lo, hi;
    char verdict[16];
    double base_cost, cell_cost, base_own_cost, cell_own_cost, margin, level;
    int64_t blocks_to_resolve, runs, base_runs, lag_said;
};

// clang-format off
#define FIELD(kind, name, field) {COLUMN_OF(compare_row, kind, #name, field, "")}
static const struct column columns[] = {
    FIELD(INT, schema_version, schema_version), FIELD(TEXT, run_id, run_id), FIELD(TEXT, base_run_id, base_run_id),
    FIELD(TEXT, cell_id, cell_id), FIELD(TEXT, base_cell_id, base_cell_id), FIELD(TEXT, experiment, experiment),
    FIELD(FACTORS, factors, f), FIELD(TEXT, base_pool, base_pool), FIELD(TEXT, baseline, baseline),
    FIELD(TEXT, metric, metric), FIELD(INT, blocks, blocks), FIELD(REAL, ratio, ratio), FIELD(REAL, lo, lo),
    FIELD(REAL, hi, hi), FIELD(TEXT, verdict, verdict), FIELD(REAL, base, base_cost), FIELD(REAL, cell, cell_cost),
    FIELD(REAL, base_own, base_own_cost), FIELD(REAL, cell_own, cell_own_cost), FIELD(REAL, margin, margin),
    FIELD(REAL, level, level), FIELD(INT, blocks_to_resolve, blocks_to_resolve), FIELD(INT, lag_said, lag_said),
    FIELD(INT, runs, runs), FIELD(INT, base_runs, base_runs),
};
// clang-format on

/* The last two are only filled where there are several runs a side. */
static struct file_format format_of(const struct compare *c)
{
    return (struct file_format){"standard output", "", columns,
                                sizeof columns / sizeof columns[0] - (c->several ? 0 : 2), sizeof(struct compare_row)};
}

static void row_fill(struct compare_row *row, const struct compare *c, const struct pair *p)
{
    const struct summary_row *base = &c->base->run.rows[p->base], *cell = &c->cell->run.rows[p->cell];
    const struct comparison *comparison = &p->comparison;
    *row = (struct compare_row){
        .schema_version = SCHEMA_VERSION,
        .f = cell->f,
        .blocks = (int64_t)comparison->blocks,
        .ratio = comparison->ratio,
        .lo = comparison->interval.lo,
        .hi = comparison->interval.hi,
        .base_cost = p->base_cost,
        .cell_cost = p->cell_cost,
        .base_own_cost = p->base_own_cost,
        .cell_own_cost = p->cell_own_cost,
        .margin = c->question.margin,
        .level = c->family.level,
        .blocks_to_resolve = comparison->blocks_to_resolve && comparison->blocks_to_resolve <= RESOLVE_MAX
                                 ? (int64_t)comparison->blocks_to_resolve
                                 : MISSING,
        .runs = (int64_t)c->cells.count,
        .base_runs = (int64_t)c->bases.count,
        .lag_said = isnan(p->lag.correlation) ? MISSING : p->lag.said,
    };
    snprintf(row->run_id, sizeof row->run_id, "%s", c->cell->id);
    snprintf(row->base_run_id, sizeof row->base_run_id, "%s", c->base->id);
    memcpy(row->cell_id, cell->cell_id, sizeof row->cell_id);
    memcpy(row->experiment, cell->experiment, sizeof row->experiment);
    memcpy(row->base_cell_id, base->cell_id, sizeof row->base_cell_id);
    memcpy(row->base_pool, base->f.pool, sizeof row->base_pool);
    if (!c->two || pair_is_relative(p))
        snprintf(row->baseline, sizeof row->baseline, "%s", c->question.baseline);
    snprintf(row->metric, sizeof row->metric, "%s", c->question.metric->name);
    snprintf(row->verdict, sizeof row->verdict, "%s", verdict_words(c, p));
}

int compare_rows(const struct compare *c, const char *how)
{
    struct compare_row *rows = calloc(c->count + 1, sizeof *rows);
    for (size_t i = 0; i < c->count && rows; i++)
        row_fill(&rows[i], c, &c->pairs[i]);
    const struct file_format format = format_of(c);
    int result = rows ? rows_write(how, "compare", &format, rows, c->count) : -ENOMEM;
    free(rows);
    return result;
}
