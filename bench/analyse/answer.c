/* What to take, and what a run cannot tell, see answer.h. */
#include "bench/analyse/answer.h"
#include "bench/analyse/answer_rate.h"
#include "bench/analyse/sweep.h"
#include "bench/base/units.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_NS 36e11 /* nobody waits longer than an hour for a verdict */
#define CLOSE      1.05  /* what may be taken without being told apart */
#define MINUTE_NS  60e9

struct candidate {
    size_t cell; /* in run->rows */
    double ns;
    struct comparison to_best;
};

/* Those that ran the same tasks, in the same arrangement but for pool and workers; the fastest first. */
struct question {
    const struct table *table;
    const char *run; /* how a command names it */
    struct candidate *candidates;
    size_t count;
    struct family family;
    bool *named; /* one a candidate: it is part of the answer */
};

static const struct summary_row *row_of(const struct question *q, size_t candidate)
{
    return &q->table->run->rows[q->candidates[candidate].cell];
}

static int by_time(const void *a, const void *b)
{
    double x = ((const struct candidate *)a)->ns, y = ((const struct candidate *)b)->ns;
    return (x > y) - (x < y);
}

static bool same_question(const struct table *t, size_t row, size_t other)
{
    factor_set same = t->factors & ~(FACTOR_POOL | FACTOR_WORKERS | FACTOR_TASKS);
    return factors_equal(&t->run->rows[t->row[row]], &t->run->rows[t->row[other]], same);
}

static int candidates_find(struct question *q, size_t row)
{
    const struct table *t = q->table;
    q->candidates = calloc(t->rows * t->pools + 1, sizeof *q->candidates);
    q->named = calloc(t->rows * t->pools + 1, sizeof *q->named);
    if (!q->candidates || !q->named)
        return -ENOMEM;
    for (size_t r = 0; r < t->rows; r++)
        for (size_t c = 0; c < t->pools && same_question(t, row, r); c++) {
            const struct entry *e = table_entry(t, r, c);
            if (e->contends && !row_has_pool(&t->run->rows[e->cell], IDEAL_POOL))
                q->candidates[q->count++] = (struct candidate){.cell = e->cell, .ns = e->ns};
        }
    qsort(q->candidates, q->count, sizeof *q->candidates, by_time);
    return 0;
}

static int candidates_compare(struct question *q)
{
    const struct series *series = &q->table->series;
    int rc = 0;
    q->family = family_make((unsigned)(q->count * (q->count - 1) / 2), q->table->run->looks, FAMILY_MARGIN);
    for (size_t i = 1; i < q->count && !rc; i++)
        rc = comparison_make(series_of(series, q->candidates[i].cell), series_of(series, q->candidates[0].cell),
                             series->blocks, &q->family, &q->candidates[i].to_best);
    return rc;
}

static bool is_open(const struct question *q, size_t i)
{
    return i && q->candidates[i].to_best.verdict == VERDICT_UNRESOLVED;
}

static bool may_be_taken(const struct question *q, size_t i)
{
    enum verdict verdict = q->candidates[i].to_best.verdict;
    return !i || verdict == VERDICT_EQUAL || verdict == VERDICT_FASTER || is_open(q, i);
}

/* Of each pool that may be taken the one with the fewest workers: more of them would be for nothing that was seen. */
static void choose(struct question *q)
{
    for (size_t i = 0; i < q->count; i++) {
        q->named[i] = may_be_taken(q, i);
        for (size_t j = 0; j < q->count && q->named[i]; j++)
            if (j != i && may_be_taken(q, j) && !strcmp(row_of(q, i)->f.pool, row_of(q, j)->f.pool) &&
                row_of(q, j)->f.workers < row_of(q, i)->f.workers)
                q->named[i] = false;
    }
}

/* What is left of what was chosen, in one look at it. */
struct choice {
    size_t count, open; /* pools; of them, those that are unresolved against the fastest */
    bool same_workers;
    double apart;  /* how far from the fastest the farthest may be, as a factor; NAN: not known */
    size_t blocks; /* in all, that would resolve what is open */
};

static struct choice choice_of(const struct question *q)
{
    struct choice choice = {.same_workers = true, .apart = 1};
    int64_t workers = MISSING;
    for (size_t i = 0; i < q->count; i++) {
        const struct comparison *c = &q->candidates[i].to_best;
        if (!q->named[i])
            continue;
        choice.same_workers = choice.same_workers && (!choice.count || workers == row_of(q, i)->f.workers);
        workers = row_of(q, i)->f.workers;
        choice.count++;
        choice.open += is_open(q, i);
        if (i)
            choice.apart = isnan(c->interval.hi) || isnan(choice.apart) ? NAN : fmax(choice.apart, c->interval.hi);
        if (is_open(q, i) && c->blocks_to_resolve > choice.blocks)
            choice.blocks = c->blocks_to_resolve;
    }
    return choice;
}

static void workers_print(FILE *out, const char *before, const struct summary_row *row, const char *behind)
{
    if (row->f.workers > 0)
        fprintf(out, "%s%lld worker%s%s", before, (long long)row->f.workers, row->f.workers == 1 ? "" : "s", behind);
}

/* "pthread or prefork with 2 workers", "pthread (2 workers) or prefork (4 workers)". */
static void names_print(FILE *out, const struct question *q, const struct choice *choice)
{
    for (size_t i = 0, said = 0; i < q->count; i++) {
        if (!q->named[i])
            continue;
        fprintf(out, "%s%s", !said ? "" : said + 1 == choice->count ? " or " : ", ", POOL_SHOWN(row_of(q, i)->f.pool));
        if (!choice->same_workers)
            workers_print(out, " (", row_of(q, i), ")");
        said++;
    }
    if (choice->same_workers)
        workers_print(out, " with ", row_of(q, 0), "");
}

/* What a trial of the cell takes, with all that lies between two of them. */
static double trial_ns(const struct run_data *run, size_t cell)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i + 1 < run->trial_count; i++) {
        const struct trial_row *t = &run->trials[i];
        double ns = (double)t[1].started_ns - (double)t[0].started_ns;
        if (run->cell[i] == cell && t[0].started_ns != MISSING && t[1].trial_id == t[0].trial_id + 1 && ns > 0) {
            sum += ns;
            count++;
        }
    }
    return count ? sum / (double)count : 0;
}

/* A block of what is unresolved, all questions together, as --more runs them. */
static double block_ns(const struct table *t)
{
    double ns = 0;
    bool *counted = calloc(t->run->count + 1, sizeof *counted);
    for (size_t r = 0; r < t->rows && counted; r++)
        for (size_t c = 0; c < t->pools && !table_told(t, r); c++) {
            size_t cell = table_entry(t, r, c)->cell;
            if (cell == NO_CELL || counted[cell] || table_dropped(t, r, c))
                continue;
            counted[cell] = true;
            ns += trial_ns(t->run, cell);
        }
    free(counted);
    return ns;
}

/* How long the run must go on; INFINITY: longer than anybody waits; 0: nothing would be run, as all rows are told. */
static double needed_ns(const struct question *q, const struct choice *choice)
{
    const struct run_data *run = q->table->run;
    double took_ns = json_number_value(host_fact(run->host, "took_ns")), end_ns = 0;
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].started_ns != MISSING)
            end_ns = fmax(end_ns, (double)run->trials[i].started_ns);
    if (choice->blocks > RESOLVE_MAX)
        return INFINITY;
    double blocks = choice->blocks > run->blocks ? (double)(choice->blocks - run->blocks) : 1;
    const double one_ns = block_ns(q->table);
    double ns = one_ns <= 0 ? 0 : blocks * one_ns + fmin(fmax(took_ns - end_ns, 0), 30e9);
    return ns > LONGEST_NS ? INFINITY : ns;
}

/* "poolbench run --more latest ", with a verb. */
static void command_print(FILE *out, const char *verb, const char *run)
{
    char *quoted = run_for_shell(run);
    fprintf(out, "poolbench %s %s", verb, quoted ? quoted : "RUN");
    free(quoted);
}

/* Rounded up, as nobody knows it better. */
static void more_print(FILE *out, const struct question *q, double ns)
{
    static const double steps[] = {0.5, 1, 2, 3, 5, 10, 15, 20, 30, 60};
    size_t step = 0;
    char budget[32];
    while (step + 1 < sizeof steps / sizeof steps[0] && steps[step] * MINUTE_NS < ns)
        step++;
    spell_duration(budget, sizeof budget, (int64_t)(steps[step] * MINUTE_NS));
    if (steps[step] < 2)
        fprintf(out, "To tell (about %.0f seconds): ", steps[step] * 60);
    else
        fprintf(out, "To tell (about %.0f minutes): ", steps[step]);
    command_print(out, "run --more", q->run);
    fprintf(out, " --budget %s\n", budget);
}

/* Rows are told, but numbers of workers are not: then all of them go on. */
static void blocks_print(FILE *out, const struct question *q, const struct choice *choice)
{
    const size_t before = q->table->run->blocks, more = choice->blocks > before ? choice->blocks - before : 1;
    fprintf(out, "To tell (about %zu blocks): ", more);
    command_print(out, "run --more", q->run);
    fprintf(out, " --blocks %zu\n", more);
}

/* ", at most 4.1 % apart", ", up to 2.4 times apart", "". */
static char *apart_text(char *text, size_t size, double apart)
{
    *text = '\0';
    if (apart < 1.995)
        snprintf(text, size, ", at most %.*f %% apart", apart < 1.0995 ? 1 : 0, ceil((apart - 1) * 1000) / 10);
    else if (!isnan(apart))
        snprintf(text, size, ", up to %.1f times apart", apart);
    return text;
}

/* How far what may be taken is apart, and what would tell. */
static void open_print(FILE *out, const struct question *q, const struct choice *choice)
{
    const double ns = needed_ns(q, choice);
    char apart[48];
    fprintf(out, "%s%s\n", apart_text(apart, sizeof apart, choice->apart),
            isinf(ns) ? "; telling them apart would take more than an hour" : "");
    if (isinf(ns))
        return;
    if (ns > 0)
        more_print(out, q, ns);
    else
        blocks_print(out, q, choice);
}

static void question_print(FILE *out, const struct question *q, size_t row, enum kind kind)
{
    static const char *const kinds[] = {[KIND_CPU] = "CPU-bound", [KIND_SLEEP] = "sleep-bound", [KIND_MIXED] = "mixed"};
    const struct choice choice = choice_of(q);
    const struct table *t = q->table;
    const bool is_close = !choice.open || choice.apart <= CLOSE;
    char label[160];
    factor_set shown = (t->shown | FACTOR_SIZE) & ~(FACTOR_WORKERS | FACTOR_POOL);
    factors_label(label, sizeof label, &t->run->rows[t->row[row]], shown);
    if (is_close) {
        fputs("Take ", out);
        names_print(out, q, &choice);
        fprintf(out, " for %s tasks (%s)", kinds[kind], label);
    } else {
        fprintf(out, "Cannot tell yet for %s tasks (%s): ", kinds[kind], label);
        names_print(out, q, &choice);
    }
    if (choice.open)
        open_print(out, q, &choice);
    else if (choice.count > 1)
        fprintf(out, ", equal within %.0f %%\n", q->family.margin * 100);
    else
        fputc('\n', out);
}

static int question_answer(FILE *out, const struct table *t, size_t row, enum kind kind, const char *run)
{
    struct question q = {.table = t, .run = run};
    int rc = candidates_find(&q, row);
    if (!rc && q.count > 1)
        rc = candidates_compare(&q);
    if (!rc && q.count > 1 && t->series.blocks >= q.family.blocks) {
        choose(&q);
        question_print(out, &q, row, kind);
    }
    free(q.candidates);
    free(q.named);
    return rc;
}

/* The blocks that a comparison needs are not there yet. */
static void too_few_print(FILE *out, const struct table *t, const char *run)
{
    const char *because = json_string_value(json_object_get(host_fact(t->run->host, "ended"), "because"));
    fprintf(out,
            "Cannot tell yet: %u comparison%s at least %zu blocks, there are %zu\nTo tell: ", t->family.comparisons,
            t->family.comparisons == 1 ? " needs" : "s need", t->blocks_needed, t->series.blocks);
    if (!because || !strcmp(because, "interrupted")) {
        command_print(out, "resume", run);
        fputc('\n', out);
    } else {
        command_print(out, "run --more", run);
        fprintf(out, " --blocks %zu\n", t->blocks_needed - t->series.blocks);
    }
}

/* Of a run of several builds, this one's. */
static bool is_ours(const struct table *t, size_t row)
{
    const char *program = t->run->rows[t->row[row]].f.trial_program;
    return !*program || !strcmp(program, "this");
}

int answer_print(FILE *out, const struct table *t, const char *run)
{
    bool answered[KIND_UNSIZED + 1] = {[KIND_UNSIZED] = true};
    const char *verb = json_string_value(host_fact(t->run->host, "verb"));
    if (verb && strcmp(verb, "run") != 0) /* it had another question */
        return 0;
    int rc = answer_rate_print(out, t);
    if (rc || !t->family.comparisons)
        return rc;
    if (!table_marked(t)) {
        too_few_print(out, t, run);
        return 0;
    }
    for (size_t row = 0; row < t->rows && !rc; row++) {
        enum kind kind = row_kind(t, row);
        if (answered[kind] || t->best[row] == NO_CELL || !is_ours(t, row))
            continue;
        answered[kind] = true;
        rc = question_answer(out, t, row, kind, run);
    }
    return rc;
}
