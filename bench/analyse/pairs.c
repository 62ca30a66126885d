/* Which cell is compared with which: in one run the cells that differ in one factor alone, with two runs the cells that
 * differ in none. Ratios are taken block by block. */
#include "bench/analyse/compare.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/design.h"
#include <math.h>
#include <stdlib.h>

#define NONE         SIZE_MAX
#define DEFAULT_POOL "prefork"

/* What a base pool has not: workers to count and to place. */
#define FACTORS_OF_WORKERS (FACTOR_WORKERS | FACTOR_PLACE)

static const char *value_of(const struct compare *c, const struct summary_row *row, char *text, size_t size)
{
    return factor_spell(text, size, row, c->question.by);
}

static bool is_baseline(const struct compare *c, const struct summary_row *row)
{
    char text[192];
    return !strcmp(value_of(c, row, text, sizeof text), c->question.baseline);
}

/* The cell of the baseline with equal other factors; NONE. */
static size_t baseline_of(const struct compare *c, const struct run_data *s, size_t cell)
{
    unsigned same = c->factors & ~c->question.by;
    for (size_t i = 0; i < s->count; i++) {
        if (!is_baseline(c, &s->rows[i]))
            continue;
        bool without_workers = c->question.by == FACTOR_POOL && row_has_pool(&s->rows[i], BASE_POOL);
        if (factors_equal(&s->rows[i], &s->rows[cell], without_workers ? same & ~(unsigned)FACTORS_OF_WORKERS : same))
            return i;
    }
    return NONE;
}

static size_t twin_of(const struct compare *c, const struct summary_row *row, const struct run_data *in)
{
    for (size_t i = 0; i < in->count; i++)
        if (factors_equal(&in->rows[i], row, c->factors))
            return i;
    return NONE;
}

/* A bare name of a pool stands for the one variant of it there is. */
static int baseline_check(struct compare *c, const struct run_data *s, const size_t *order)
{
    struct nearest nearest;
    char text[192], hint[320];
    const char *variant = NULL;
    bool several = false;
    nearest_init(&nearest, c->question.baseline);
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_row *row = &s->rows[order[i]];
        nearest_offer(&nearest, value_of(c, row, text, sizeof text));
        if (is_baseline(c, row))
            return 0;
        if (c->question.by == FACTOR_POOL && row_has_label(row, c->question.baseline)) {
            c->question.baseline = row->f.pool;
            return 0;
        }
        if (c->question.by == FACTOR_POOL && row_has_pool(row, c->question.baseline)) {
            several = several || (variant && strcmp(variant, row->f.pool) != 0);
            variant = row->f.pool;
        }
    }
    if (several)
        return complain("compare", "--baseline: '%.64s' could be any of %s", c->question.baseline, nearest.offered),
               -EINVAL;
    if (variant) {
        c->question.baseline = variant;
        return 0;
    }
    complain("compare", "--baseline: no cell has '%.64s'%s", c->question.baseline,
             nearest_advice(&nearest, hint, sizeof hint));
    return -EINVAL;
}

/* What was not asked for: pools by prefork, else by the first in plan order that is not the base pool. */
static int baseline_choose(struct compare *c, const struct run_data *s, const size_t *order, char *room, size_t size)
{
    unsigned varying = factors_varying(s->rows, s->count, factors_all());
    if (!c->question.by)
        c->question.by = FACTOR_POOL;
    if (!(varying & c->question.by)) {
        char value[192], names[256] = "";
        for (unsigned i = 0; factor_name(i); i++)
            if (varying >> i & 1 && 1u << i != FACTOR_TASKS)
                snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? ", " : "",
                         factor_name(i));
        for (unsigned i = 0; factor_name(i); i++)
            if (c->question.by == 1u << i)
                complain("compare", "--by %s: all cells have %s; what differs here is %s", factor_name(i),
                         value_of(c, &s->rows[0], value, sizeof value), *names ? names : "nothing");
        return -EINVAL;
    }
    if (*c->question.baseline)
        return baseline_check(c, s, order);
    size_t chosen = NONE;
    for (size_t i = 0; i < s->count; i++) {
        bool pool = c->question.by == FACTOR_POOL;
        if (pool && !strcmp(s->rows[order[i]].f.pool, DEFAULT_POOL)) {
            chosen = order[i];
            break;
        }
        if (chosen == NONE && !(pool && row_has_pool(&s->rows[order[i]], BASE_POOL)))
            chosen = order[i];
    }
    /* The one pool beside the base pool is measured by it. */
    if (c->question.by == FACTOR_POOL && chosen != NONE) {
        size_t base = NONE;
        bool others = false;
        for (size_t i = 0; i < s->count; i++) {
            if (row_has_pool(&s->rows[order[i]], BASE_POOL))
                base = order[i];
            else
                others = others || strcmp(s->rows[order[i]].f.pool, s->rows[chosen].f.pool) != 0;
        }
        if (base != NONE && !others)
            chosen = base;
    }
    value_of(c, &s->rows[chosen == NONE ? order[0] : chosen], room, size);
    c->question.baseline = room;
    return 0;
}

/* Did both do the same tasks? */
static int tasks_check(const struct side *a, size_t cell_a, const struct side *b, size_t cell_b)
{
    const struct summary_row *x = &a->run.rows[cell_a], *y = &b->run.rows[cell_b];
    char label[160];
    factors_label(label, sizeof label, x, FACTOR_POOL | FACTOR_WORKLOAD | FACTOR_SIZE | FACTOR_WORKERS);
    if (x->f.iterations != y->f.iterations)
        complain("compare",
                 "%s: %lld iterations in %s, %lld in %s: other tasks; repeat a run with 'poolbench run --like RUN'",
                 label, (long long)x->f.iterations, a->id, (long long)y->f.iterations, b->id);
    else if (x->f.tasks != y->f.tasks)
        complain("compare", "%s: %lld tasks in %s, %lld in %s; repeat a run with 'poolbench run --like RUN'", label,
                 (long long)x->f.tasks, a->id, (long long)y->f.tasks, b->id);
    else
        return 0;
    return -EINVAL;
}

static void pairs_find(struct compare *c, const size_t *order)
{
    const struct run_data *s = &c->cell->run;
    for (size_t i = 0; i < s->count; i++) {
        struct pair pair = {.cell = order[i], .cell_own = NONE, .base_own = NONE};
        if (!c->two) {
            if (is_baseline(c, &s->rows[order[i]]))
                continue;
            pair.base = baseline_of(c, s, order[i]);
        } else {
            pair.base = twin_of(c, &s->rows[order[i]], &c->base->run);
            if (c->relative && is_baseline(c, &s->rows[order[i]]))
                continue;
            if (c->relative && pair.base != NONE) {
                pair.cell_own = baseline_of(c, s, pair.cell);
                pair.base_own = baseline_of(c, &c->base->run, pair.base);
                if (pair.cell_own == NONE || pair.base_own == NONE)
                    pair.base = NONE;
            }
        }
        if (pair.base == NONE)
            c->alone[1][c->alone_count[1]++] = order[i];
        else
            c->pairs[c->count++] = pair;
    }
}

/* Cells of the baseline's run, or of the baseline in one run, that nothing was compared with. */
static void alone_find(struct compare *c, const size_t *order)
{
    const struct run_data *s = &c->base->run;
    for (size_t i = 0; i < s->count; i++) {
        bool used = false, base = (!c->two || c->relative) && is_baseline(c, &s->rows[order[i]]);
        if (!c->two && !base)
            continue;
        for (size_t p = 0; p < c->count && !used; p++)
            used = c->pairs[p].base == order[i] || (c->relative && c->pairs[p].base_own == order[i]);
        if (!used)
            c->alone[0][c->alone_count[0]++] = order[i];
    }
}

static double median_of(const double *values, size_t blocks, double *room)
{
    memcpy(room, values, blocks * sizeof *room);
    size_t count = stats_sort(room, blocks);
    return stats_median(room, count);
}

/* The series of a cell over `blocks` blocks, divided by its own baseline where that is asked for. */
static const double *compared_of(const struct side *side, size_t cell, size_t own, size_t blocks, double *room)
{
    const double *costs = series_of(&side->series, cell);
    if (own == NONE)
        return costs;
    const double *base = series_of(&side->series, own);
    for (size_t i = 0; i < blocks; i++)
        room[i] = base[i] > 0 ? costs[i] / base[i] : NAN;
    return room;
}

/* Whether there is nothing but 0 on both sides: a time or a size below what is measured here, and no result. */
static bool is_unmeasured(const struct compare *c, const double *x, const double *y, size_t blocks)
{
    bool zero = c->question.metric->unit != UNIT_COUNT;
    for (size_t b = 0; b < blocks && zero; b++)
        zero = !(x[b] > 0) && !(y[b] > 0);
    return zero;
}

static int pairs_judge(struct compare *c)
{
    size_t blocks = c->base->series.blocks < c->cell->series.blocks ? c->base->series.blocks : c->cell->series.blocks;
    double *room = calloc(4 * blocks + 1, sizeof *room), *visible = calloc(2 * c->count + 1, sizeof *visible);
    double *ratios = calloc(c->count * blocks + 1, sizeof *ratios);
    struct comparison *all = calloc(c->count + 1, sizeof *all);
    /* A run that could stop by what it saw had several chances to be wrong. */
    const struct looks *base = &c->base->run.looks, *cell = &c->cell->run.looks;
    const struct looks looks = cell->leave_from || cell->planned > base->planned ? *cell : *base;
    struct family alone = family_make(1, looks, c->question.margin);
    int result = room && visible && ratios && all ? 0 : -ENOMEM;
    c->family = family_make((unsigned)c->count, looks, c->question.margin);
    c->blocks_needed = blocks_needed((unsigned)c->count);
    if (c->blocks_needed < c->family.blocks)
        c->blocks_needed = c->family.blocks;
    size_t kept = 0;
    for (size_t b = 0; b < blocks && !result; b++)
        room[3 * blocks + b] = NAN;
    for (size_t i = 0; i < c->count && !result; i++) {
        struct pair *p = &c->pairs[i];
        const double *x = compared_of(c->cell, p->cell, p->cell_own, blocks, room);
        const double *y = compared_of(c->base, p->base, p->base_own, blocks, room + blocks);
        if (is_unmeasured(c, x, y, blocks))
            x = y = room + 3 * blocks;
        result = comparison_make(x, y, blocks, &c->family, &p->comparison);
        p->cell_cost = median_of(x, blocks, room + 2 * blocks);
        p->base_cost = median_of(y, blocks, room + 2 * blocks);
        p->cell_own_cost = p->base_own_cost = NAN;
        if (c->relative) {
            p->cell_own_cost = median_of(series_of(&c->cell->series, p->cell_own), blocks, room + 2 * blocks);
            p->base_own_cost = median_of(series_of(&c->base->series, p->base_own), blocks, room + 2 * blocks);
        }
        if (p->comparison.blocks > c->blocks)
            c->blocks = p->comparison.blocks;
        if (p->comparison.blocks) /* a cell that failed throughout would leave no block with all cells */
            for (size_t b = 0, row = kept++; b < blocks; b++)
                ratios[row * blocks + b] = y[b] > 0 ? x[b] / y[b] : NAN;
        all[i] = p->comparison;
    }
    if (!result)
        result = comparison_of_all(ratios, kept, blocks, &alone, &c->mean);
    c->visible = result ? NAN : difference_visible(all, c->count, false, visible);
    free(all);
    free(ratios);
    free(visible);
    free(room);
    return result;
}

static int seeds_check(const struct compare *c)
{
    const struct run_data *a = &c->base->run, *b = &c->cell->run;
    if (a->trials[0].seed == b->trials[0].seed)
        return 0;
    complain("compare", "%s has seed %llu, %s has %llu: other tasks; repeat a run with 'poolbench run --like RUN'",
             c->base->id, (unsigned long long)a->trials[0].seed, c->cell->id, (unsigned long long)b->trials[0].seed);
    return -EINVAL;
}

static int refuse_no_pair(const struct compare *c)
{
    if (c->two)
        complain("compare", "%s and %s have no cell in common%s", c->base->id, c->cell->id,
                 c->relative ? " beside a baseline" : "");
    else
        complain("compare", "no cell has a partner with baseline '%.64s' and equal other factors",
                 c->question.baseline);
    return -EINVAL;
}

static int metric_check(const struct compare *c)
{
    const struct metric *metric = c->question.metric;
    const struct side *sides[] = {c->base, c->cell};
    bool ok = false, known = false;
    for (size_t i = 0; i < 2; i++) {
        for (size_t t = 0; t < sides[i]->run.trial_count; t++)
            ok = ok || trial_is_ok(&sides[i]->run.trials[t]);
        for (size_t n = 0; n < sides[i]->series.cells * sides[i]->series.blocks; n++)
            known = known || !isnan(sides[i]->series.value[n]);
    }
    if (!ok || known)
        return 0;
    complain("compare", "--metric %s: no trial has it%s%s%s; `poolbench list metrics` shows all", metric->name,
             metric->lacks ? " (" : "", metric->lacks ? metric->lacks : "", metric->lacks ? ")" : "");
    return -EINVAL;
}

int compare_make(const struct side *base, const struct side *cell, const struct question *question, bool other_machine,
                 struct compare *c)
{
    static char chosen[192]; /* one comparison a process */
    bool two = base != cell;
    const struct run_data *s = &cell->run;
    const size_t *order = s->plan, *base_order = base->run.plan;
    int result = -ENOMEM;
    *c = (struct compare){.base = base, .cell = cell, .question = *question, .two = two, .visible = NAN};
    c->relative = two && (other_machine || question->by || *question->baseline);
    c->pairs = calloc(s->count + 1, sizeof *c->pairs);
    c->alone[0] = calloc(base->run.count + 1, sizeof *c->alone[0]);
    c->alone[1] = calloc(s->count + 1, sizeof *c->alone[1]);
    if (!c->pairs || !c->alone[0] || !c->alone[1])
        goto out;
    c->factors = factors_of(s->rows, s->count) | factors_of(base->run.rows, base->run.count);
    c->shown = factors_varying(s->rows, s->count, c->factors) | FACTOR_WORKLOAD | FACTOR_WORKERS;
    if (c->two)
        c->shown |= FACTOR_POOL;
    result = metric_check(c);
    if (!result && c->two)
        result = seeds_check(c);
    if (!result && (!c->two || c->relative))
        result = baseline_choose(c, s, order, chosen, sizeof chosen);
    if (result)
        goto out;
    if (!c->two)
        c->factors |= c->question.by;
    pairs_find(c, order);
    alone_find(c, base_order);
    result = c->count ? 0 : refuse_no_pair(c);
    for (size_t i = 0; i < c->count && c->two && !result; i++)
        result = tasks_check(base, c->pairs[i].base, cell, c->pairs[i].cell);
    if (!result)
        result = pairs_judge(c);
out:
    if (result == -ENOMEM)
        complain("compare", "out of memory");
    if (result)
        compare_release(c);
    return result;
}

void compare_release(struct compare *c)
{
    free(c->pairs);
    free(c->alone[0]);
    free(c->alone[1]);
    *c = (struct compare){0};
}

static size_t failed_of(const struct side *side, size_t cell)
{
    return cell == NONE ? 0 : (size_t)side->run.rows[cell].failed;
}

size_t pair_failed(const struct compare *c, const struct pair *p)
{
    return failed_of(c->cell, p->cell) + failed_of(c->base, p->base) + failed_of(c->cell, p->cell_own) +
           failed_of(c->base, p->base_own);
}

/* Rows of one run that take part are counted. */
static void side_trials(const struct compare *c, int side, size_t *failed, size_t *trials)
{
    const struct run_data *s = &(side ? c->cell : c->base)->run;
    for (size_t row = 0; row < s->count; row++) {
        bool takes_part = false;
        for (size_t i = 0; i < c->count && !takes_part; i++) {
            const struct pair *p = &c->pairs[i];
            takes_part = row == (side ? p->cell : p->base) || (!c->two && row == p->base) ||
                         (c->relative && row == (side ? p->cell_own : p->base_own));
        }
        if (takes_part) {
            *failed += (size_t)s->rows[row].failed;
            *trials += (size_t)s->rows[row].trials;
        }
    }
}

void compare_trials(const struct compare *c, size_t *failed, size_t *trials)
{
    *failed = *trials = 0;
    side_trials(c, 1, failed, trials);
    if (c->two)
        side_trials(c, 0, failed, trials);
}

const char *verdict_words(const struct compare *c, const struct pair *p)
{
    return p->comparison.blocks ? verdict_name(p->comparison.verdict) : pair_failed(c, p) ? "failed" : "";
}
