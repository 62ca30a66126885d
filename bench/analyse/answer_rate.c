/* The answer under rate: which pool has its tasks back soonest. See answer_rate.h. */
#include "bench/analyse/answer_rate.h"
#include "bench/analyse/summary.h"
#include "bench/base/units.h"
#include "bench/model/csv.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/pooled.h"
#include "bench/stats/stats.h"
#include "bench/stats/steady.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define BLOCKS    8
#define AROUND    1.25
#define MINUTE_NS 60e9

struct candidate {
    size_t cell; /* in run->rows */
    struct pooled latency;
    bool is_open; /* not told apart from the best */
};

/* Cells that differ in pool and workers alone. */
struct question {
    const struct table *table;
    struct candidate *candidate; /* those that kept up and can be told; the best first */
    size_t count, saturated, untold;
    size_t first; /* cell */
    double p, level;
    double needed_ns; /* trials of those that are untold, one of each */
};

static const struct summary_row *row_at(const struct question *q, size_t cell)
{
    return &q->table->run->rows[cell];
}

static bool is_asked(const struct question *q, size_t cell)
{
    const struct summary_row *row = row_at(q, cell);
    const factor_set same = q->table->factors & ~(FACTOR_POOL | FACTOR_WORKERS | FACTOR_TASKS);
    const bool is_ours = !*row->f.trial_program || !strcmp(row->f.trial_program, "this");
    return row->f.arrival.kind == ARRIVAL_RATE && row->blocks > 0 && is_ours &&
           factors_equal(row, row_at(q, q->first), same);
}

static void candidates_find(struct question *q)
{
    const struct run_data *run = q->table->run;
    for (size_t i = 0; i < run->count; i++) {
        const struct summary_row *row = &run->rows[i];
        if (!is_asked(q, i) || row_is_floor(row))
            continue;
        if (row_is_saturated(row))
            q->saturated++;
        else if (row_is_untold(row)) {
            q->untold++;
            q->needed_ns += STEADY_ENOUGH * number_real(row->steady_needed_ns);
        } else if (row->pooled_n != MISSING)
            q->candidate[q->count++].cell = i;
    }
}

static int by_latency(const void *a, const void *b)
{
    const double x = ((const struct candidate *)a)->latency.value, y = ((const struct candidate *)b)->latency.value;
    return (x > y) - (x < y);
}

/* The highest percentile that all of them have, with intervals that hold together. */
static int latencies_find(struct question *q)
{
    static const double percentiles[] = {0.99, 0.9, 0.5};
    int rc = 0;
    q->level = 1 - FAMILY_ERROR / (double)q->count;
    for (size_t k = 0; k < sizeof percentiles / sizeof *percentiles; k++) {
        size_t told = 0;
        q->p = percentiles[k];
        for (size_t i = 0; i < q->count && rc != -ENOMEM; i++) {
            struct candidate *c = &q->candidate[i];
            rc = run_pooled_at(q->table->run, c->cell, q->p, q->level, &c->latency);
            told += !isnan(c->latency.lo);
        }
        if (rc == -ENOMEM)
            return rc;
        if (told == q->count)
            break;
        q->p = NAN;
    }
    if (isnan(q->p))
        return 0;
    qsort(q->candidate, q->count, sizeof *q->candidate, by_latency);
    for (size_t i = 1; i < q->count; i++) {
        struct pooled ratio;
        pooled_ratio(&q->candidate[i].latency, &q->candidate[0].latency, &ratio);
        q->candidate[i].is_open = ratio.lo <= 1;
    }
    return 0;
}

static void who_print(FILE *out, const struct question *q)
{
    size_t open = 0;
    for (size_t i = 0; i < q->count; i++) {
        const struct summary_row *row = row_at(q, q->candidate[i].cell);
        if (i && !q->candidate[i].is_open)
            continue;
        open += i > 0;
        fprintf(out, "%s%s", i ? " or " : "", POOL_SHOWN(row->f.pool));
        if (row->f.workers > 0)
            fprintf(out, " with %lld worker%s", (long long)row->f.workers, row->f.workers == 1 ? "" : "s");
    }
    if (open)
        fputs(" (cannot tell them apart yet)", out);
}

static void late_print(FILE *out, const struct question *q)
{
    const struct run_data *run = q->table->run;
    struct pooled late;
    char deadline[32], value[32], hi[32];
    if (isnan(run->deadline_ns) || run_misses_at(run, q->candidate[0].cell, run->deadline_ns, q->level, &late) ||
        isnan(late.hi))
        return;
    fprintf(out, "; later than %s: %s, at most %s", format_duration(deadline, sizeof deadline, run->deadline_ns),
            format_percent(value, sizeof value, late.value), format_percent(hi, sizeof hi, late.hi));
}

/* For so many trials as comparisons of pools take at least, with what is around them; in whole minutes. */
static int64_t budget_ns(double block_ns)
{
    return (int64_t)fmin(ceil(BLOCKS * AROUND * block_ns / MINUTE_NS) * MINUTE_NS, CSV_INTEGER_MOST);
}

/* Why none can be named. */
static void silence_say(FILE *out, const struct question *q)
{
    char needed[32];
    if (q->count) {
        fprintf(out,
                "too few independent tasks in %lld trials of at least %d; more trials, or longer ones (--budget), "
                "would tell",
                (long long)row_at(q, q->candidate[0].cell)->blocks, STATS_INTERVAL_MIN);
    } else if (q->untold) {
        fputs("trials were too short for a steady queue; ", out);
        if (q->needed_ns > 0)
            fprintf(out, "--budget %s gives longer ones",
                    spell_duration(needed, sizeof needed, budget_ns(q->needed_ns)));
        else
            fputs("a lower rate may have one", out);
    } else {
        fputs("no pool keeps up with the arrivals", out);
    }
}

static void answer_say(FILE *out, const struct question *q, const char *label)
{
    char value[32], lo[32], hi[32];
    const bool is_told = q->count && !isnan(q->p);
    if (is_told) {
        const struct pooled *best = &q->candidate[0].latency;
        fputs("Take ", out);
        who_print(out, q);
        fprintf(out, " for %s: p%.0f of latency %s [%s .. %s], of %lld tasks", label, 100 * q->p,
                format_duration(value, sizeof value, best->value), format_duration(lo, sizeof lo, best->lo),
                format_duration(hi, sizeof hi, best->hi), (long long)best->n);
        late_print(out, q);
    } else {
        fprintf(out, "%s for %s: ", q->count || q->untold ? "Cannot tell yet" : "Nothing to take", label);
        silence_say(out, q);
    }
    if (q->count && q->saturated + q->untold)
        fprintf(out, "; %zu other%s %s", q->saturated + q->untold, q->saturated + q->untold == 1 ? "" : "s",
                q->untold ? "cannot be judged, or do not keep up" : "cannot keep up");
    fputc('\n', out);
}

static int question_answer(FILE *out, struct question *q)
{
    char label[160];
    const factor_set shown = (q->table->shown | FACTOR_SIZE | FACTOR_ARRIVAL) & ~(FACTOR_WORKERS | FACTOR_POOL);
    candidates_find(q);
    int rc = q->count ? latencies_find(q) : 0;
    if (rc || q->count + q->saturated + q->untold == 0)
        return rc;
    answer_say(out, q, factors_label(label, sizeof label, row_at(q, q->first), shown));
    return 0;
}

int answer_rate_print(FILE *out, const struct table *table)
{
    const struct run_data *run = table->run;
    struct candidate *candidates = calloc(run->count + 1, sizeof *candidates);
    int rc = candidates ? 0 : -ENOMEM;
    for (size_t i = 0; i < run->count && !rc; i++) {
        struct question q = {.table = table, .candidate = candidates, .first = i, .p = NAN, .needed_ns = 0};
        bool is_first = is_asked(&q, i);
        for (size_t before = 0; before < i && is_first; before++)
            is_first = !is_asked(&q, before);
        if (is_first)
            rc = question_answer(out, &q);
    }
    free(candidates);
    return rc;
}
