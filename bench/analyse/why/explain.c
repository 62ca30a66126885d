/* The difference of two cells, state by state, see explain.h. */
#include "bench/analyse/why/explain.h"
#include "bench/analyse/why/profiled.h"
#include "bench/analyse/why/tail.h"
#include "bench/base/refuse.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/ranks.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The median of what is taken apart, of each cell. */
static int cells_fill(struct why_run *why)
{
    const struct run_data *run = why->run;
    double *values = calloc(run->trial_count + 1, sizeof *values);
    why->cell_ns = calloc(run->count + 1, sizeof *why->cell_ns);
    for (size_t i = 0; values && why->cell_ns && i < run->count; i++) {
        size_t count = 0;
        for (size_t t = run->first[i]; t != RUN_NOTHING; t = run->next[t])
            values[count++] = why->states[t].whole_ns;
        why->cell_ns[i] = stats_median(values, stats_sort(values, count));
    }
    free(values);
    return values && why->cell_ns ? 0 : -ENOMEM;
}

int why_open(const struct run_data *run, double tail, struct why_run *why, char *error)
{
    *why = (struct why_run){.run = run, .tail = tail};
    int rc = tail > 0 ? tails_make(run, tail, &why->states, error)
                      : states_make(run, host_cpus(run->host), &why->states, error);
    if (!rc && !(tail > 0))
        rc = profiled_make(run, why->states, &why->profiled, error);
    if (!rc && !(tail > 0))
        rc = counted_make(run, &why->counted, error);
    if (!rc && cells_fill(why))
        rc = refuse_as(-ENOMEM, error, "out of memory");
    if (rc)
        why_close(why);
    return rc;
}

void why_close(struct why_run *why)
{
    free(why->states);
    free(why->profiled);
    counted_free(why->counted);
    free(why->cell_ns);
    *why = (struct why_run){0};
}

/* The trials of one block that both cells have. */
struct both {
    const struct states *a, *b;
};

struct work {
    struct both *both;
    size_t count;
    enum states_detail detail; /* the coarsest of all: a state that some blocks lack would never be sure */
    double *values, *rows;     /* `count` each; rows: three of them */
};

static const struct states *states_at(const struct why_run *why, bool is_profiled, size_t cell, size_t block)
{
    const size_t trial = run_data_at(why->run, cell, block);
    const struct states *states = is_profiled ? why->profiled : why->states;
    return trial == RUN_NOTHING || isnan(states[trial].whole_ns) ? NULL : &states[trial];
}

static enum states_detail detail_max(enum states_detail a, enum states_detail b)
{
    return a > b ? a : b;
}

static int work_open(struct work *w, const struct explanation *e)
{
    const size_t blocks = e->a_run->run->blocks < e->b_run->run->blocks ? e->a_run->run->blocks : e->b_run->run->blocks;
    *w = (struct work){.both = calloc(blocks + 1, sizeof *w->both), .values = calloc(4 * blocks + 1, sizeof(double))};
    if (!w->both || !w->values)
        return -ENOMEM;
    w->rows = w->values + blocks;
    for (size_t block = 1; block <= blocks; block++) {
        const struct both both = {states_at(e->a_run, e->is_profiled, e->a, block),
                                  states_at(e->b_run, e->is_profiled, e->b, block)};
        if (!both.a || !both.b)
            continue;
        w->both[w->count++] = both;
        w->detail = detail_max(w->detail, detail_max(both.a->detail, both.b->detail));
    }
    return 0;
}

static void work_close(struct work *w)
{
    free(w->both);
    free(w->values);
}

static double middle(struct work *w, const double *row)
{
    memcpy(w->values, row, w->count * sizeof *row);
    return ranks_middle(w->values, stats_sort(w->values, w->count));
}

/* Of what stands in the rows: A's values, B's, differences. */
static struct change change_of(struct work *w, double level)
{
    struct change change = {.interval = {NAN, NAN}};
    const double *a = w->rows, *b = w->rows + w->count, *more = w->rows + 2 * w->count;
    change.a = middle(w, a);
    change.b = middle(w, b);
    change.more = middle(w, more);
    memcpy(w->values, more, w->count * sizeof *more);
    ranks_interval(w->values, stats_sort(w->values, w->count), level, &change.interval);
    change.is_sure = change.interval.lo > 0 || change.interval.hi < 0;
    return change;
}

static void row_put(struct work *w, size_t i, double a, double b)
{
    w->rows[i] = a;
    w->rows[w->count + i] = b;
    w->rows[2 * w->count + i] = b - a;
}

/* A state that is known of one side alone lies in another one of both. */
static double state_ns(const struct work *w, const struct both *both, const struct states *s, enum state state)
{
    const bool end = both->a->has_end && both->b->has_end, waits = both->a->has_wait && both->b->has_wait,
               stamps = both->a->has_stamps && both->b->has_stamps, serial = both->a->has_serial && both->b->has_serial;
    const double *ns = s->ns[w->detail];
    switch (state) {
    case STATE_IDLE:
        return ns[state] + (end ? 0 : ns[STATE_IDLE_END]) + (waits ? 0 : ns[STATE_IDLE_SUBMITTER]);
    case STATE_IDLE_SUBMITTER:
        return waits ? ns[state] : 0;
    case STATE_IDLE_END:
        return end ? ns[state] : 0;
    case STATE_HAND:
        return ns[state] + (stamps ? 0 : ns[STATE_BODY_MORE]);
    case STATE_BODY:
        return ns[state] + (serial || !stamps ? 0 : ns[STATE_BODY_MORE]);
    case STATE_BODY_MORE:
        return serial && stamps ? ns[state] : 0;
    default:
        return ns[state];
    }
}

static bool state_is_there(const struct work *w, enum state state)
{
    for (size_t i = 0; i < w->count; i++)
        if (state_ns(w, &w->both[i], w->both[i].a, state) != 0 || state_ns(w, &w->both[i], w->both[i].b, state) != 0)
            return true;
    return false;
}

static unsigned states_count(const struct work *w)
{
    unsigned count = 0;
    for (int i = 0; i < STATES; i++)
        count += state_is_there(w, (enum state)i);
    return count;
}

/* Middles do not add up as means do: what is left over is unknown, too. */
static void parts_close(struct explanation *e)
{
    struct part *unknown = &e->part[STATE_UNKNOWN];
    double a = e->whole.a, b = e->whole.b, more = e->whole.more;
    for (int i = 0; i < STATES; i++)
        if (i != STATE_UNKNOWN) {
            a -= e->part[i].change.a;
            b -= e->part[i].change.b;
            more -= e->part[i].change.more;
        }
    unknown->change.a = a;
    unknown->change.b = b;
    unknown->change.more = more;
    if (!(more >= unknown->change.interval.lo && more <= unknown->change.interval.hi)) /* of the trials alone */
        unknown->change.interval = (struct interval){NAN, NAN};
    for (int i = 0; i < STATES; i++)
        e->part[i].share = e->whole.more != 0 ? e->part[i].change.more / e->whole.more : NAN;
}

static void facts_make(struct work *w, struct explanation *e)
{
    for (int i = 0; i < FACTS; i++) {
        for (size_t k = 0; k < w->count; k++)
            row_put(w, k, w->both[k].a->fact[i], w->both[k].b->fact[i]);
        e->fact[i] = change_of(w, e->level);
    }
    for (size_t k = 0; k < w->count; k++)
        row_put(w, k, w->both[k].a->submitter_share, w->both[k].b->submitter_share);
    e->submitter_share[0] = middle(w, w->rows);
    e->submitter_share[1] = middle(w, w->rows + w->count);
    e->has_serial = e->has_stamps = true;
    for (size_t k = 0; k < w->count; k++) {
        const struct states *a = w->both[k].a, *b = w->both[k].b;
        e->has_serial = e->has_serial && a->has_serial && b->has_serial;
        e->has_stamps = e->has_stamps && a->has_stamps && b->has_stamps;
        e->is_uneven = e->is_uneven || a->has_wait != b->has_wait;
    }
}

/* The published verdict, of as many comparisons as it is one of. */
static int verdict_make(struct work *w, struct explanation *e, unsigned comparisons)
{
    struct looks looks = e->b_run->run->looks.leave_from ? e->b_run->run->looks : e->a_run->run->looks;
    const struct family family = family_make(comparisons, looks, FAMILY_MARGIN);
    for (size_t k = 0; k < w->count; k++)
        row_put(w, k, w->both[k].a->whole_ns, w->both[k].b->whole_ns);
    e->whole = change_of(w, family.level);
    int rc = comparison_make(w->rows + w->count, w->rows, w->count, &family, &e->comparison);
    e->is_told = e->comparison.verdict == VERDICT_SLOWER || e->comparison.verdict == VERDICT_FASTER;
    return rc;
}

static void parts_make(struct work *w, struct explanation *e)
{
    const struct family family = family_make(states_count(w), LOOKS_NONE, 0);
    e->level = family.level;
    e->blocks_needed = family.blocks;
    for (int i = 0; i < STATES; i++) {
        for (size_t k = 0; k < w->count; k++)
            row_put(w, k, state_ns(w, &w->both[k], w->both[k].a, (enum state)i),
                    state_ns(w, &w->both[k], w->both[k].b, (enum state)i));
        e->part[i].change = change_of(w, e->level);
        e->part[i].plain = NAN;
    }
}

/* The cell that differs from this one in having neither payload nor ballast; RUN_NOTHING: it has none, or none is
 * there. */
static size_t plain_of(const struct run_data *run, size_t cell)
{
    const factor_set carried = FACTOR_PAYLOAD | FACTOR_BALLAST;
    const struct factors *f = &run->rows[cell].f;
    if (f->payload.in <= 0 && f->payload.out <= 0 && f->ballast.bytes <= 0)
        return RUN_NOTHING;
    for (size_t i = 0; i < run->count; i++) {
        const struct factors *other = &run->rows[i].f;
        if (other->payload.in <= 0 && other->payload.out <= 0 && other->ballast.bytes <= 0 &&
            factors_equal(&run->rows[i], &run->rows[cell], factors_all() & ~(carried | FACTOR_TASKS)))
            return i;
    }
    return RUN_NOTHING;
}

/* What the states differ by where nothing is carried: what is not there, the payload or the ballast makes. */
static int plain_make(struct explanation *e)
{
    struct explanation plain = {.a_run = e->a_run, .b_run = e->b_run, .is_profiled = e->is_profiled};
    struct work w;
    plain.a = plain_of(e->a_run->run, e->a);
    plain.b = plain_of(e->b_run->run, e->b);
    if (plain.a == RUN_NOTHING || plain.b == RUN_NOTHING || plain.a == plain.b)
        return 0;
    int rc = work_open(&w, &plain);
    e->plain = rc ? 0 : w.count;
    if (!rc) {
        parts_make(&w, &plain);
        for (int i = 0; i < STATES; i++)
            e->part[i].plain = w.count ? plain.part[i].change.more : NAN;
    }
    work_close(&w);
    return rc;
}

/* What profiling costs, by the siblings' times over the published ones of their blocks. */
static struct interval cost_of(struct work *w, bool is_b)
{
    struct interval cost = {NAN, NAN};
    for (size_t k = 0; k < w->count; k++) {
        const struct states *s = is_b ? w->both[k].b : w->both[k].a;
        w->values[k] = s->profiled_ns / s->whole_ns;
    }
    ranks_interval(w->values, stats_sort(w->values, w->count), family_make(1, LOOKS_NONE, 0).level, &cost);
    return cost;
}

/* Whether siblings differ as published trials do. */
static void siblings_compare(struct work *w, struct explanation *e)
{
    for (size_t k = 0; k < w->count; k++) {
        const struct states *a = w->both[k].a, *b = w->both[k].b;
        row_put(w, k, log(b->profiled_ns / a->profiled_ns), log(b->whole_ns / a->whole_ns));
    }
    e->profile_ratio[0] = exp(middle(w, w->rows));
    e->profile_ratio[1] = exp(middle(w, w->rows + w->count));
    const struct interval apart = change_of(w, family_make(1, LOOKS_NONE, 0).level).interval;
    e->profile_apart = (struct interval){exp(-apart.hi), exp(-apart.lo)};
}

/* Profiled siblings take the place of what every run has where there are enough of them for intervals of their states
 * together, and they differ to the same side as all blocks do. */
static int profiled_take(struct work *w, struct explanation *e)
{
    struct work finer;
    if (!e->a_run->profiled || !e->b_run->profiled || !e->is_told)
        return 0;
    e->is_profiled = true;
    int rc = work_open(&finer, e);
    for (size_t k = 0; k < finer.count && !rc; k++)
        row_put(&finer, k, finer.both[k].a->whole_ns, finer.both[k].b->whole_ns);
    e->profiled_blocks = finer.count;
    e->is_profiled = !rc && finer.count >= family_make(states_count(&finer), LOOKS_NONE, 0).blocks &&
                     middle(&finer, finer.rows + 2 * finer.count) * e->whole.more > 0;
    if (!e->is_profiled) {
        work_close(&finer);
        return rc;
    }
    work_close(w);
    *w = finer;
    e->whole = change_of(w, family_make(1, LOOKS_NONE, 0).level);
    e->blocks = w->count;
    e->profile_cost[0] = cost_of(w, false);
    e->profile_cost[1] = cost_of(w, true);
    siblings_compare(w, e);
    return 0;
}

/* An event in the blocks that have counted it of both. False: there is none. */
static bool counter_make(struct work *w, const struct explanation *e, unsigned of_a, unsigned of_b, double level,
                         struct counted_change *counter)
{
    const struct counted *a = e->a_run->counted, *b = e->b_run->counted;
    const size_t blocks = e->a_run->run->blocks < e->b_run->run->blocks ? e->a_run->run->blocks : e->b_run->run->blocks;
    w->count = 0;
    for (int fills = 0; fills < 2; fills++)
        for (size_t block = 1, i = 0; block <= blocks; block++) {
            const double x = counted_at(a, of_a, run_data_at(e->a_run->run, e->a, block)),
                         y = counted_at(b, of_b, run_data_at(e->b_run->run, e->b, block));
            if (isnan(x) || isnan(y))
                continue;
            if (fills)
                row_put(w, i++, x, y);
            else
                w->count++;
        }
    *counter = (struct counted_change){.event = &a->event[of_a],
                                       .change = w->count ? change_of(w, level) : (struct change){0},
                                       .blocks = w->count,
                                       .is_shared = a->event[of_a].is_shared || b->event[of_b].is_shared};
    return w->count;
}

static int counters_make(struct explanation *e)
{
    const struct counted *a = e->a_run->counted, *b = e->b_run->counted;
    struct work w;
    if (!a || !b)
        return 0;
    const double level = family_make(a->count, LOOKS_NONE, 0).level;
    int rc = work_open(&w, e);
    for (unsigned i = 0; i < a->count && !rc; i++) {
        const unsigned same = counted_find(b, a->event[i].pmu, a->event[i].event, a->event[i].scope);
        if (same < b->count && counter_make(&w, e, i, same, level, &e->counter[e->counters]))
            e->counters++;
    }
    work_close(&w);
    return rc;
}

int explain(const struct why_run *a_run, size_t a, const struct why_run *b_run, size_t b, factor_set by,
            unsigned comparisons, struct explanation *e)
{
    struct work w;
    *e = (struct explanation){.a_run = a_run, .b_run = b_run, .a = a, .b = b, .by = by, .explained = NAN};
    int rc = work_open(&w, e);
    if (!rc) {
        e->blocks = w.count;
        rc = verdict_make(&w, e, comparisons);
    }
    if (!rc)
        rc = profiled_take(&w, e);
    if (!rc) {
        parts_make(&w, e);
        parts_close(e);
        facts_make(&w, e);
        rc = plain_make(e);
    }
    if (!rc)
        rc = counters_make(e);
    work_close(&w);
    if (!rc)
        reasons_find(e);
    return rc;
}

size_t explain_order(const struct explanation *e, enum state order[STATES])
{
    size_t count = 0;
    for (int i = 0; i < STATES; i++) {
        if (!e->part[i].change.is_sure || i == STATE_UNKNOWN)
            continue;
        size_t at = count++;
        for (; at && e->part[order[at - 1]].share < e->part[i].share; at--)
            order[at] = order[at - 1];
        order[at] = (enum state)i;
    }
    return count;
}
