/* Groups of cells and their two, see pick.h. */
#include "bench/analyse/why/pick.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct picking {
    const struct why_run *run;
    factor_set by, same; /* same: what cells of a group have in common */
    const char *a, *b;
    size_t *group; /* cells of one, in plan order */
    size_t count;
};

static const char *value_of(const struct picking *p, size_t cell, char *text, size_t size)
{
    return factor_spell(text, size, &p->run->run->rows[cell], p->by);
}

static bool has_value(const struct picking *p, size_t cell, const char *value)
{
    const struct summary_row *row = &p->run->run->rows[cell];
    char text[192];
    return !strcmp(value_of(p, cell, text, sizeof text), value) ||
           (p->by == FACTOR_POOL && (row_has_label(row, value) || row_has_pool(row, value)));
}

/* Cells that have a time, and that somebody may want explained without naming them. */
static bool is_offered(const struct picking *p, size_t cell)
{
    const struct summary_row *row = &p->run->run->rows[cell];
    if (!(p->run->cell_ns[cell] > 0))
        return false;
    return *p->a || p->by != FACTOR_POOL ||
           !(row_has_pool(row, BASE_POOL) || row_has_pool(row, IDEAL_POOL) || row_is_floor(row));
}

/* The group of the cell at that place of the plan; empty where an earlier cell has it. */
static void group_find(struct picking *p, size_t place)
{
    const struct run_data *run = p->run->run;
    const struct summary_row *row = &run->rows[run->plan[place]];
    p->count = 0;
    for (size_t i = 0; i < run->count; i++) {
        const size_t cell = run->plan[i];
        if (!factors_equal(&run->rows[cell], row, p->same))
            continue;
        if (i < place) {
            p->count = 0;
            return;
        }
        if (is_offered(p, cell))
            p->group[p->count++] = cell;
    }
}

static double time_of(const struct picking *p, size_t cell)
{
    return p->run->cell_ns[cell];
}

/* The fastest. */
static size_t fastest_of(const struct picking *p)
{
    size_t best = RUN_NOTHING;
    for (size_t i = 0; i < p->count; i++)
        if (best == RUN_NOTHING || time_of(p, p->group[i]) < time_of(p, best))
            best = p->group[i];
    return best;
}

static size_t named_of(const struct picking *p, const char *value)
{
    for (size_t i = 0; i < p->count; i++)
        if (has_value(p, p->group[i], value))
            return p->group[i];
    return RUN_NOTHING;
}

/* The nearest one that is told, better one that is worth it; of other factors than pools the slowest. */
static bool is_better(const struct picking *p, const struct explanation *x, const struct explanation *than)
{
    const double ratio = x->comparison.ratio, other = than->comparison.ratio;
    if (x->is_told != than->is_told)
        return x->is_told;
    if (p->by != FACTOR_POOL)
        return ratio > other;
    if ((ratio >= WHYS_WORTH) != (other >= WHYS_WORTH))
        return ratio >= WHYS_WORTH;
    return ratio < other;
}

static int group_explain(struct picking *p, unsigned comparisons, struct whys *whys)
{
    const size_t a = *p->a ? named_of(p, p->a) : fastest_of(p);
    struct explanation best, one;
    bool any = false;
    int rc = 0;
    for (size_t i = 0; i < p->count && a != RUN_NOTHING && !rc; i++) {
        if (p->group[i] == a || (*p->b && !has_value(p, p->group[i], p->b)))
            continue;
        rc = explain(p->run, a, p->run, p->group[i], p->by, comparisons, &one);
        if (!rc && (!any || is_better(p, &one, &best)))
            best = one;
        any = true;
    }
    if (any && !rc)
        whys->why[whys->count++] = best;
    return rc;
}

/* All pairs of a group count, as the trials say which is the fastest; of two that are named, one a group. */
static unsigned comparisons_of(struct picking *p)
{
    size_t sum = 0;
    for (size_t i = 0; i < p->run->run->count; i++) {
        group_find(p, i);
        sum += *p->a && p->count > 1 ? 1 : p->count * (p->count - (p->count > 0)) / 2;
    }
    return (unsigned)sum;
}

static int refuse_none(const struct picking *p, char *error)
{
    const struct run_data *run = p->run->run;
    struct nearest nearest;
    char text[192], hint[320];
    const char *wrong = "";
    for (size_t k = 0; k < 2 && !*wrong; k++) {
        const char *value = k ? p->b : p->a;
        bool is_there = !*value;
        for (size_t i = 0; i < run->count; i++)
            is_there = is_there || has_value(p, i, value);
        wrong = is_there ? "" : value;
    }
    nearest_init(&nearest, wrong);
    for (size_t i = 0; i < run->count; i++)
        nearest_offer(&nearest, value_of(p, run->plan[i], text, sizeof text));
    const char *by = factor_name((unsigned)__builtin_ctzll(p->by));
    if (*wrong)
        return refuse(error, "%s '%.64s': no cell has it%s", by, wrong, nearest_advice(&nearest, hint, sizeof hint));
    if (*p->a)
        return refuse(error, "no two cells differ in nothing but %s %.64s and %.64s", by, p->a, p->b);
    return refuse(error, "--by %s: no two cells differ in that alone (here: %s); 'poolbench compare' says what varies",
                  by, *nearest.offered ? nearest.offered : "nothing");
}

int whys_by(const struct why_run *run, factor_set by, const char *a, const char *b, struct whys *whys, char *error)
{
    const struct run_data *data = run->run;
    struct picking p = {.run = run, .by = by, .a = a, .b = b};
    int rc = 0;
    p.same = factors_of(data->rows, data->count) & ~by;
    p.group = calloc(data->count + 1, sizeof *p.group);
    *whys = (struct whys){.why = calloc(data->count + 1, sizeof *whys->why)};
    if (!p.group || !whys->why)
        rc = -ENOMEM;
    const unsigned comparisons = rc ? 0 : comparisons_of(&p);
    for (size_t i = 0; i < data->count && !rc; i++) {
        group_find(&p, i);
        rc = group_explain(&p, comparisons, whys);
    }
    if (!rc && !whys->count)
        rc = refuse_none(&p, error);
    if (rc == -ENOMEM)
        refuse_as(rc, error, "out of memory");
    free(p.group);
    return rc;
}

int whys_of_runs(const struct why_run *a, const struct why_run *b, struct whys *whys, char *error)
{
    const struct run_data *x = a->run, *y = b->run;
    const factor_set same = factors_of(x->rows, x->count) | factors_of(y->rows, y->count) | FACTOR_TASKS;
    unsigned pairs = 0;
    int rc = 0;
    *whys = (struct whys){.why = calloc(y->count + 1, sizeof *whys->why)};
    if (!whys->why)
        return refuse_as(-ENOMEM, error, "out of memory");
    if (!x->trial_count || !y->trial_count || x->trials[0].seed != y->trials[0].seed)
        return refuse(error, "the two runs had other tasks (another seed); repeat a run with 'poolbench run --like "
                             "RUN'");
    for (int pass = 0; pass < 2 && !rc; pass++)
        for (size_t i = 0; i < y->count && !rc; i++)
            for (size_t j = 0; j < x->count && !rc; j++) {
                const struct summary_row *of_b = &y->rows[y->plan[i]], *of_a = &x->rows[j];
                if (!factors_equal(of_a, of_b, same) || of_a->f.iterations != of_b->f.iterations)
                    continue;
                if (!pass)
                    pairs++;
                else
                    rc = explain(a, j, b, y->plan[i], 0, pairs, &whys->why[whys->count++]);
                break;
            }
    if (!rc && !whys->count)
        return refuse(error, "the two runs have no cell with the same tasks; repeat a run with 'poolbench run --like "
                             "RUN'");
    return rc ? refuse_as(rc, error, "out of memory") : 0;
}

void whys_release(struct whys *whys)
{
    free(whys->why);
    *whys = (struct whys){0};
}

size_t whys_first(const struct whys *whys)
{
    size_t first = whys->count ? 0 : RUN_NOTHING;
    bool told = false;
    for (size_t i = 0; i < whys->count; i++) {
        const struct explanation *why = &whys->why[i];
        if (why->is_told && fabs(log(why->comparison.ratio)) >= log(WHYS_WORTH))
            return i;
        if (why->is_told && !told) {
            told = true;
            first = i;
        }
    }
    return first;
}
