/* Rows, columns, and what stands where they cross. */
#include "bench/analyse/table.h"
#include "bench/analyse/layout.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/design.h"
#include "bench/stats/drop.h"
#include "bench/stats/looks.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN (NO_CELL - 1)

static bool is_base(const struct summary_row *cell)
{
    return row_has_pool(cell, BASE_POOL);
}

size_t table_base(const struct table *t, size_t cell)
{
    const struct summary_row *rows = t->run->rows;
    factor_set same = t->factors & ~(FACTOR_POOL | FACTOR_WORKERS | FACTOR_PLACE);
    for (size_t i = 0; i < t->run->count; i++)
        if (is_base(&rows[i]) && factors_equal(&rows[i], &rows[cell], same))
            return i;
    return NO_CELL;
}

/* The base cell of the row that `first` stands for, looked for once. */
static size_t base_of(const struct table *t, size_t first)
{
    if (t->base_of[first] == UNKNOWN)
        t->base_of[first] = is_base(&t->run->rows[first]) ? first : table_base(t, first);
    return t->base_of[first];
}

/* Is the cell in the row that `first` stands for? The base is in every row it fits, whatever its workers and place. */
static bool in_row(const void *arg, size_t first, size_t cell)
{
    const struct table *t = arg;
    const struct summary_row *rows = t->run->rows;
    if (is_base(&rows[cell]))
        return cell == base_of(t, first);
    return !is_base(&rows[first]) && factors_equal(&rows[first], &rows[cell], t->factors & ~FACTOR_POOL);
}

static size_t cell_at(const struct table *t, size_t row, size_t column)
{
    for (size_t i = 0; i < t->run->count; i++)
        if (!strcmp(t->run->rows[i].f.pool, t->run->rows[t->pool[column]].f.pool) && in_row(t, t->row[row], i))
            return i;
    return NO_CELL;
}

static void layout(struct table *t)
{
    const struct run_data *run = t->run;
    t->pools = layout_pools(run, run->plan, run->count, true, t->pool);
    t->rows = layout_groups(run, run->plan, run->count, in_row, t, true, t->row);
    for (size_t r = 0; r < t->rows; r++)
        t->base[r] = base_of(t, t->row[r]);
}

static struct entry *entry_at(const struct table *t, size_t row, size_t column)
{
    return &t->entries[row * t->pools + column];
}

const struct entry *table_entry(const struct table *t, size_t row, size_t column)
{
    return entry_at(t, row, column);
}

bool table_marked(const struct table *t)
{
    return t->family.comparisons && t->series.blocks >= t->blocks_needed;
}

bool table_precise(const struct table *t, size_t row, double precision)
{
    bool precise = true, compared = false;
    for (size_t c = 0; c < t->pools; c++) {
        const struct entry *e = table_entry(t, row, c);
        if (!e->contends || c == t->best[row])
            continue;
        compared = true;
        precise = precise && precision_reached(&e->to_best.interval, precision);
    }
    if (!compared && t->best[row] != NO_CELL)
        precise = precision_reached(&table_entry(t, row, t->best[row])->interval, precision);
    return precise;
}

bool table_compares(const struct table *t, size_t row)
{
    for (size_t c = 0; c < t->pools; c++)
        if (table_entry(t, row, c)->contends && c != t->best[row])
            return true;
    return false;
}

bool table_told(const struct table *t, size_t row)
{
    bool told = table_marked(t) && table_compares(t, row);
    for (size_t c = 0; c < t->pools; c++)
        told = told && table_entry(t, row, c)->mark != MARK_UNRESOLVED;
    return told;
}

bool table_clear(const struct table *t, size_t row)
{
    bool clear = table_compares(t, row);
    for (size_t c = 0; c < t->pools; c++) {
        const struct entry *e = table_entry(t, row, c);
        clear = clear && (!e->contends || c == t->best[row] || e->to_best.is_clear);
    }
    return clear;
}

bool table_dropped(const struct table *t, size_t row, size_t column)
{
    const struct entry *e = table_entry(t, row, column);
    return e->contends && column != t->best[row] && e->to_best.is_far;
}

int64_t table_left(const struct table *t, size_t row, size_t column)
{
    const struct summary_row *rows = t->run->rows;
    if (!table_dropped(t, row, column))
        return 0;
    const int64_t trials = rows[table_entry(t, row, column)->cell].trials;
    return trials < rows[table_entry(t, row, t->best[row])->cell].trials ? trials : 0;
}

static int against_base(struct table *t, size_t row, struct entry *e)
{
    const struct family alone = family_make(1, t->run->looks, FAMILY_MARGIN);
    const struct summary_row *cell = &t->run->rows[e->cell];
    struct comparison comparison;
    size_t base = t->base[row];
    if (base == NO_CELL || base == e->cell || !(t->run->rows[base].ns_per_task > 0)) {
        if (cell->wall_lo_ns != MISSING && cell->f.tasks > 0)
            e->interval = (struct interval){(double)cell->wall_lo_ns / (double)cell->f.tasks,
                                            (double)cell->wall_hi_ns / (double)cell->f.tasks};
        return 0;
    }
    int result = comparison_make(series_of(&t->series, base), series_of(&t->series, e->cell), t->series.blocks, &alone,
                                 &comparison);
    e->speedup = comparison.ratio;
    e->interval = comparison.interval;
    return result;
}

static bool is_better(const struct entry *a, const struct entry *b)
{
    /* By what the row says: speed-ups, which do not suffer from blocks that were slow for all. */
    return isnan(a->speedup) || isnan(b->speedup) ? a->ns < b->ns : a->speedup > b->speedup;
}

/* Arrivals set the pace, not the pool: its time per task is no result. */
static bool is_paced(const struct table *t, size_t cell)
{
    return t->run->rows[cell].f.arrival.kind == ARRIVAL_RATE;
}

/* Who contends in a row, who is the best of them, and how many pairs that makes. */
static int row_prepare(struct table *t, size_t row, unsigned *comparisons)
{
    unsigned contenders = 0, others = 0;
    int result = 0;
    for (size_t c = 0; c < t->pools && !result; c++) {
        struct entry *e = entry_at(t, row, c);
        *e = (struct entry){.cell = cell_at(t, row, c), .ns = NAN, .speedup = NAN, .interval = {NAN, NAN}};
        if (e->cell == NO_CELL || !(t->run->rows[e->cell].ns_per_task > 0))
            continue;
        e->ns = t->run->rows[e->cell].ns_per_task;
        others += e->cell != t->base[row];
        result = against_base(t, row, e);
    }
    t->best[row] = NO_CELL;
    for (size_t c = 0; c < t->pools; c++) {
        struct entry *e = entry_at(t, row, c);
        e->contends = !isnan(e->ns) && (e->cell != t->base[row] || others < 2) && !is_paced(t, e->cell) &&
                      !row_is_floor(&t->run->rows[e->cell]);
        contenders += e->contends;
        if (e->contends && (t->best[row] == NO_CELL || is_better(e, entry_at(t, row, t->best[row]))))
            t->best[row] = c;
    }
    *comparisons += contenders * (contenders - (contenders > 0)) / 2;
    return result;
}

static enum mark mark_of(const struct comparison *to_best)
{
    /* Faster than the best is possible: the best has the smaller median, not the smaller ratio in every block. */
    if (to_best->verdict == VERDICT_EQUAL || to_best->verdict == VERDICT_FASTER)
        return MARK_BEST;
    return to_best->verdict == VERDICT_SLOWER ? MARK_NONE : MARK_UNRESOLVED;
}

/* The last whole block of the cell; cells that are run less often than their rows were dropped. */
static size_t last_block(const struct table *t, size_t cell)
{
    size_t last = t->run->looks.end < t->series.blocks ? t->run->looks.end : t->series.blocks;
    while (last && isnan(series_of(&t->series, cell)[last - 1]))
        last--;
    return last;
}

/* The costs of all pairs of contenders of the row, from pairs[count] on; returns how many there are then. Where rows
 * leave, two that were dropped are no pair: nothing is claimed of them. */
static size_t pairs_list(const struct table *t, size_t row, struct cost_pair *pairs, size_t count)
{
    size_t best = t->best[row] == NO_CELL ? 0 : last_block(t, table_entry(t, row, t->best[row])->cell);
    for (size_t a = 0; a < t->pools; a++)
        for (size_t b = 0; b < a; b++) {
            const struct entry *x = table_entry(t, row, a), *y = table_entry(t, row, b);
            bool dropped = x->contends && y->contends && t->run->looks.leave_from && last_block(t, x->cell) < best &&
                           last_block(t, y->cell) < best;
            if (x->contends && y->contends && !dropped)
                pairs[count++] = (struct cost_pair){series_of(&t->series, x->cell), series_of(&t->series, y->cell)};
        }
    return count;
}

/* The level at which marks are read: of the last step of all pairs of the table. */
static int step_make(const struct table *t, unsigned comparisons, struct family *last)
{
    struct cost_pair *pairs = calloc(comparisons + 1, sizeof *pairs);
    size_t count = 0;
    if (!pairs)
        return -ENOMEM;
    for (size_t r = 0; r < t->rows; r++)
        count = pairs_list(t, r, pairs, count);
    const struct family all =
        count < comparisons ? family_make((unsigned)count, t->run->looks, FAMILY_MARGIN) : t->family;
    int result = family_step_down(&all, pairs, table_marked(t) ? count : 0, t->series.blocks, last);
    free(pairs);
    return result;
}

static int row_judge(struct table *t, size_t row, const struct family *last)
{
    int result = 0;
    for (size_t c = 0; c < t->pools && !result; c++) {
        struct entry *e = entry_at(t, row, c);
        if (!e->contends)
            continue;
        size_t best = entry_at(t, row, t->best[row])->cell;
        const double *x = series_of(&t->series, e->cell), *y = series_of(&t->series, best);
        struct comparison stepped;
        result = comparison_make(x, y, t->series.blocks, last, &stepped);
        if (!result)
            result = comparison_make(x, y, t->series.blocks, &t->family, &e->to_best);
        if (result)
            break;
        e->to_best.verdict = stepped.verdict;
        if (table_marked(t))
            e->mark = c == t->best[row] ? MARK_BEST : mark_of(&e->to_best);
    }
    return result;
}

/* Over all comparisons of a contender with the best of the row, but for those that are far behind. */
static int visible_make(const struct table *t, size_t row, double *visible)
{
    size_t count = 0, room = t->pools + 1;
    struct comparison *all = calloc(room, sizeof *all);
    double *numbers = calloc(2 * room, sizeof *numbers);
    *visible = NAN;
    if (all && numbers) {
        for (size_t c = 0; c < t->pools; c++)
            if (entry_at(t, row, c)->contends && c != t->best[row] && !comparison_far(&entry_at(t, row, c)->to_best))
                all[count++] = entry_at(t, row, c)->to_best;
        *visible = difference_visible(all, count, false, numbers);
    }
    int result = all && numbers ? 0 : -ENOMEM;
    free(all);
    free(numbers);
    return result;
}

int table_sight(const struct table *t, size_t row, struct sight *sight)
{
    *sight = (struct sight){.visible = NAN};
    for (size_t c = 0; c < t->pools; c++) {
        const struct entry *e = table_entry(t, row, c);
        if (e->contends && c != t->best[row] && e->to_best.blocks > sight->blocks)
            sight->blocks = e->to_best.blocks;
        if (e->contends && e->mark == MARK_UNRESOLVED && e->to_best.blocks_to_resolve > sight->to_resolve)
            sight->to_resolve = e->to_best.blocks_to_resolve;
    }
    return visible_make(t, row, &sight->visible);
}

int table_sights(const struct table *t, struct sights *sights)
{
    double *all = calloc(t->rows + 1, sizeof *all);
    int result = all ? 0 : -ENOMEM;
    *sights = (struct sights){.visible = NAN};
    for (size_t r = 0; r < t->rows && !result; r++) {
        struct sight sight;
        if (!table_compares(t, r) || table_told(t, r))
            continue;
        result = table_sight(t, r, &sight);
        if (result || isnan(sight.visible))
            continue;
        all[sights->rows++] = sight.visible;
        if (!(sights->visible >= sight.visible)) {
            sights->visible = sight.visible;
            sights->widest = r;
        }
    }
    if (!result && stats_sort(all, sights->rows)) {
        sights->near = (3 * sights->rows + 3) / 4;
        sights->least = all[0];
        sights->most = all[sights->near - 1];
    }
    free(all);
    return result;
}

int table_init(struct table *t, const struct run_data *run)
{
    size_t count = run->count + 1;
    unsigned comparisons = 0;
    struct family last;
    int result;
    *t = (struct table){.run = run};
    t->row = calloc(count, sizeof *t->row);
    t->base = calloc(count, sizeof *t->base);
    t->base_of = calloc(count, sizeof *t->base_of);
    t->best = calloc(count, sizeof *t->best);
    t->pool = calloc(count, sizeof *t->pool);
    result =
        t->row && t->base && t->base_of && t->best && t->pool ? series_make(run, METRIC_WALL, &t->series) : -ENOMEM;
    if (!result) {
        t->factors = factors_of(run->rows, run->count);
        /* The workload and the workers are what people look for first: they are said even where there is one. */
        t->shown = factors_varying(run->rows, run->count, t->factors) | FACTOR_WORKLOAD | FACTOR_WORKERS;
        t->shown &= ~FACTOR_POOL;
        for (size_t i = 0; i < run->count; i++)
            t->base_of[i] = UNKNOWN;
        layout(t);
        t->entries = calloc(t->rows * t->pools + 1, sizeof *t->entries);
        result = t->entries ? 0 : -ENOMEM;
    }
    for (size_t r = 0; r < t->rows && !result; r++)
        result = row_prepare(t, r, &comparisons);
    t->family = family_make(comparisons, run->looks, FAMILY_MARGIN);
    t->blocks_needed = blocks_needed(comparisons);
    if (t->blocks_needed < t->family.blocks)
        t->blocks_needed = t->family.blocks;
    if (!result)
        result = step_make(t, comparisons, &last);
    for (size_t r = 0; r < t->rows && !result; r++)
        result = row_judge(t, r, &last);
    if (result)
        table_release(t);
    return result;
}

void table_release(struct table *t)
{
    series_release(&t->series);
    free(t->row);
    free(t->base);
    free(t->base_of);
    free(t->best);
    free(t->pool);
    free(t->entries);
    *t = (struct table){0};
}
