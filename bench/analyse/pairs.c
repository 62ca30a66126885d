/* Which cell is compared with which: in one run the cells that differ in one factor alone, with two runs the cells that
 * differ in none. */
#include "bench/analyse/compare.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include <math.h>
#include <stdlib.h>

#define NONE         RUN_NOTHING
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
    factor_set same = c->factors & ~c->question.by;
    for (size_t i = 0; i < s->count; i++) {
        if (!is_baseline(c, &s->rows[i]))
            continue;
        bool without_workers = c->question.by == FACTOR_POOL && row_has_pool(&s->rows[i], BASE_POOL);
        if (factors_equal(&s->rows[i], &s->rows[cell], without_workers ? same & ~FACTORS_OF_WORKERS : same))
            return i;
    }
    return NONE;
}

size_t cell_twin(const struct compare *c, const struct summary_row *row, const struct run_data *in)
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
    factor_set varying = factors_varying(s->rows, s->count, factors_all());
    if (!c->question.by) /* a run of two builds was made to compare those */
        c->question.by = varying & FACTOR_TRIAL_PROGRAM && !*c->question.baseline ? FACTOR_TRIAL_PROGRAM : FACTOR_POOL;
    if (!(varying & c->question.by)) {
        char value[192], names[256] = "";
        for (unsigned i = 0; factor_name(i); i++)
            if (varying >> i & 1 && OPTION_BIT(i) != FACTOR_TASKS)
                snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? ", " : "",
                         factor_name(i));
        for (unsigned i = 0; factor_name(i); i++)
            if (c->question.by == OPTION_BIT(i))
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

/* The base pool as both runs have it, by which their cells are measured: nothing of a pool is in it that may have
 * changed. NULL: one has none. */
static const char *base_of_both(const struct compare *c)
{
    const struct run_data *s = &c->cell->run, *t = &c->base->run;
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = 0; j < t->count && row_has_pool(&s->rows[i], BASE_POOL); j++)
            if (!strcmp(s->rows[i].f.pool, t->rows[j].f.pool))
                return s->rows[i].f.pool;
    return NULL;
}

bool compare_is_of_time(const struct compare *c)
{
    return c->question.metric->unit == UNIT_NS;
}

bool pair_is_relative(const struct pair *p)
{
    return p->cell_own != NONE;
}

bool pair_is_own(const struct compare *c, const struct pair *p)
{
    return c->two && c->relative && is_baseline(c, &c->cell->run.rows[p->cell]);
}

/* In two runs a cell is compared with itself: measured by the baseline of its own run where both have that. */
static void twin_find(const struct compare *c, struct pair *pair)
{
    const struct run_data *s = &c->cell->run, *t = &c->base->run;
    const bool is_own = c->relative && is_baseline(c, &s->rows[pair->cell]);
    pair->base = cell_twin(c, &s->rows[pair->cell], t);
    if (!c->relative || is_own || pair->base == NONE)
        return;
    pair->cell_own = baseline_of(c, s, pair->cell);
    pair->base_own = baseline_of(c, t, pair->base);
    if (pair->cell_own != NONE && pair->base_own != NONE)
        return;
    pair->cell_own = pair->base_own = NONE;
    if (c->other_machine) /* where absolute times say nothing */
        pair->base = NONE;
}

const char *compare_own_pool(const struct compare *c)
{
    const struct run_data *s = &c->cell->run;
    for (size_t i = 0; i < s->count; i++)
        if (row_has_pool(&s->rows[s->plan[i]], BASE_POOL))
            return s->rows[s->plan[i]].f.pool;
    return s->rows[s->plan[0]].f.pool;
}

/* The same cell of that pool on the same host; NONE. */
static size_t own_of(const struct compare *c, size_t cell)
{
    const struct run_data *s = &c->cell->run;
    const char *pool = compare_own_pool(c);
    for (size_t i = 0; i < s->count; i++) {
        factor_set same = c->factors & ~FACTOR_POOL;
        if (row_has_pool(&s->rows[i], BASE_POOL))
            same &= ~FACTORS_OF_WORKERS;
        if (!strcmp(s->rows[i].f.pool, pool) && factors_equal(&s->rows[i], &s->rows[cell], same))
            return i;
    }
    return NONE;
}

/* Absolute times of hosts that ran at different times say nothing. */
static void owns_find(const struct compare *c, struct pair *pair)
{
    if (pair->base == NONE)
        return;
    pair->cell_own = own_of(c, pair->cell);
    pair->base_own = own_of(c, pair->base);
    if (pair->cell_own == NONE || pair->base_own == NONE || pair->cell_own == pair->cell)
        pair->base = NONE;
}

/* Cells of the baseline's run, or of the baseline in one run, that nothing was compared with. */
static void alone_find(struct compare *c)
{
    const struct run_data *s = &c->base->run;
    const size_t *order = s->plan;
    for (size_t i = 0; i < s->count; i++) {
        bool used = false, base = (!c->two || c->relative) && is_baseline(c, &s->rows[order[i]]);
        if (!c->two && !base)
            continue;
        for (size_t p = 0; p < c->count && !used; p++)
            used = c->pairs[p].base == order[i] || c->pairs[p].base_own == order[i];
        if (!used)
            c->alone[0][c->alone_count[0]++] = order[i];
    }
}

void pairs_find(struct compare *c)
{
    const struct run_data *s = &c->cell->run;
    const size_t *order = s->plan;
    for (size_t i = 0; i < s->count; i++) {
        struct pair pair = {.cell = order[i], .base = NONE, .cell_own = NONE, .base_own = NONE};
        const bool is_base = (!c->two || c->relative) && is_baseline(c, &s->rows[order[i]]);
        if (is_base && (!c->two || c->other_machine))
            continue;
        if (c->two)
            twin_find(c, &pair);
        else
            pair.base = baseline_of(c, s, order[i]);
        if (c->apart)
            owns_find(c, &pair);
        if (pair.base == NONE)
            c->alone[1][c->alone_count[1]++] = order[i];
        else
            c->pairs[c->count++] = pair;
    }
    alone_find(c);
}

/* Two runs: by serial where both have it, whatever machines they are of; else as it is asked for, or where nothing else
 * tells two machines apart. */
int pairs_measure(struct compare *c, char *room, size_t size)
{
    const bool asked = c->question.by || *c->question.baseline;
    const char *base = c->two && !asked && c->question.metric->by_base ? base_of_both(c) : NULL;
    c->relative = c->two && (asked || base || c->other_machine);
    if (base) {
        c->question.by = FACTOR_POOL;
        c->question.baseline = base;
    }
    return base || (c->two && !c->relative) ? 0 : baseline_choose(c, &c->cell->run, c->cell->run.plan, room, size);
}
