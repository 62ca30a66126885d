/* A question and its runs: whether they bear it, what takes part in it. See compare.h. */
#include "bench/analyse/compare.h"
#include "bench/base/refuse.h"
#include "bench/model/merge.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define NONE RUN_NOTHING

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

static int seed_check(const struct side *a, const struct side *b)
{
    if (a->run.trials[0].seed == b->run.trials[0].seed)
        return 0;
    complain("compare", "%s has seed %llu, %s has %llu: other tasks; repeat a run with 'poolbench run --like RUN'",
             a->id, (unsigned long long)a->run.trials[0].seed, b->id, (unsigned long long)b->run.trials[0].seed);
    return -EINVAL;
}

/* All runs did the tasks of the first one. */
static int runs_check(const struct compare *c)
{
    const struct sides *sides[] = {&c->bases, &c->cells};
    int result = 0;
    for (size_t s = 0; s < 2; s++)
        for (size_t r = 0; r < sides[s]->count && !result; r++) {
            const struct side *side = &sides[s]->run[r];
            result = seed_check(c->base, side);
            for (size_t i = 0; i < c->count && !result; i++) {
                size_t twin = cell_twin(c, &c->base->run.rows[c->pairs[i].base], &side->run);
                if (twin != NONE)
                    result = tasks_check(c->base, c->pairs[i].base, side, twin);
            }
        }
    return result;
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
    if (metric->pooled && c->two && c->relative && !c->several) {
        complain("compare",
                 "--metric %s: it is of all trials together, and of two runs not compared by a baseline of "
                 "each; expected no --baseline, or --metric latency_p99",
                 metric->name);
        return -EINVAL;
    }
    const struct sides *sides[] = {&c->bases, &c->cells};
    bool ok = false, known = false;
    for (size_t i = 0; i < 2; i++)
        for (const struct side *side = sides[i]->run; side < sides[i]->run + sides[i]->count; side++) {
            for (size_t t = 0; t < side->run.trial_count; t++)
                ok = ok || trial_is_ok(&side->run.trials[t]);
            for (size_t n = 0; n < side->series.cells * side->series.blocks; n++)
                known = known || !isnan(side->series.value[n]);
        }
    if (!ok || known)
        return 0;
    complain("compare", "--metric %s: no trial has it%s%s%s; `poolbench list metrics` shows all", metric->name,
             metric->lacks ? " (" : "", metric->lacks ? metric->lacks : "", metric->lacks ? ")" : "");
    return -EINVAL;
}

static int pairs_room(struct compare *c)
{
    c->pairs = calloc(c->cell->run.count + 1, sizeof *c->pairs);
    c->alone[0] = calloc(c->base->run.count + 1, sizeof *c->alone[0]);
    c->alone[1] = calloc(c->cell->run.count + 1, sizeof *c->alone[1]);
    return c->pairs && c->alone[0] && c->alone[1] ? 0 : -ENOMEM;
}

int compare_make(const struct sides *base, const struct sides *cell, const struct question *question,
                 bool other_machine, struct compare *c)
{
    static char chosen[192]; /* one comparison a process */
    const struct run_data *s = &cell->run->run, *t = &base->run->run;
    *c = (struct compare){.base = base->run,
                          .cell = cell->run,
                          .bases = *base,
                          .cells = *cell,
                          .question = *question,
                          .two = base->run != cell->run,
                          .several = base->count > 1,
                          .other_machine = other_machine,
                          .visible = NAN};
    int result = pairs_room(c);
    if (result)
        goto out;
    c->factors = factors_of(s->rows, s->count) | factors_of(t->rows, t->count);
    c->shown = factors_varying(s->rows, s->count, c->factors) | FACTOR_WORKLOAD | FACTOR_WORKERS;
    if (c->two)
        c->shown |= FACTOR_POOL;
    result = metric_check(c);
    if (!result && c->two)
        result = seed_check(c->base, c->cell);
    if (!result)
        result = pairs_measure(c, chosen, sizeof chosen);
    if (result)
        goto out;
    c->apart = !c->two && c->question.by == FACTOR_HOST && run_hosts_apart(s);
    if (!c->two)
        c->factors |= c->question.by;
    if (c->question.by == FACTOR_TRIAL_PROGRAM)
        c->shown |= FACTOR_POOL;
    pairs_find(c);
    result = c->count ? 0 : refuse_no_pair(c);
    if (!result && c->two)
        result = runs_check(c);
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

/* Rows of one run that a pair has a part in; NONE where it has none. */
static void pair_rows(const struct compare *c, const struct pair *p, bool is_cell, const struct run_data *in,
                      size_t rows[2])
{
    const struct run_data *s = &(is_cell ? c->cell : c->base)->run;
    const size_t of_first[] = {is_cell ? p->cell : p->base, is_cell ? p->cell_own : p->base_own};
    for (size_t i = 0; i < 2; i++)
        rows[i] = of_first[i] == NONE || in == s ? of_first[i] : cell_twin(c, &s->rows[of_first[i]], in);
}

static size_t side_failed(const struct compare *c, const struct pair *p, bool is_cell)
{
    const struct sides *sides = is_cell ? &c->cells : &c->bases;
    size_t failed = 0;
    for (size_t r = 0; r < sides->count; r++) {
        const struct run_data *s = &sides->run[r].run;
        size_t rows[2];
        pair_rows(c, p, is_cell, s, rows);
        for (size_t i = 0; i < 2; i++)
            failed += rows[i] == NONE ? 0 : (size_t)s->rows[rows[i]].failed;
    }
    return failed;
}

size_t pair_failed(const struct compare *c, const struct pair *p)
{
    return side_failed(c, p, true) + side_failed(c, p, false);
}

/* Rows of one run that take part are counted. */
static void run_trials(const struct compare *c, bool is_cell, const struct run_data *s, size_t *failed, size_t *trials)
{
    for (size_t row = 0; row < s->count; row++) {
        bool takes_part = false;
        for (size_t i = 0; i < c->count && !takes_part; i++) {
            size_t rows[2];
            pair_rows(c, &c->pairs[i], is_cell, s, rows);
            takes_part = row == rows[0] || row == rows[1] || (!c->two && row == c->pairs[i].base);
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
    for (size_t r = 0; r < c->cells.count; r++)
        run_trials(c, true, &c->cells.run[r].run, failed, trials);
    for (size_t r = 0; r < c->bases.count && c->two; r++)
        run_trials(c, false, &c->bases.run[r].run, failed, trials);
}

const char *verdict_words(const struct compare *c, const struct pair *p)
{
    return p->comparison.blocks ? verdict_name(p->comparison.verdict) : pair_failed(c, p) ? "failed" : "";
}
