/* The first lines of a screen, see headline.h. */
#include "bench/show/headline.h"
#include "bench/analyse/answer.h"
#include "bench/base/inside.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/show/lines.h"
#include <stdarg.h>
#include <string.h>

#define REPORT "report.html"

/* Parts of a sentence, with semicolons between them. */
struct clauses {
    FILE *out;
    unsigned count;
};

__attribute__((format(printf, 2, 3))) static void clause_say(struct clauses *clauses, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs(clauses->count++ ? "; " : "How sure: ", clauses->out);
    vfprintf(clauses->out, format, arguments);
    va_end(arguments);
}

/* Why it ended when it did; a run that did all that was planned needs no word. */
static void ending_say(struct clauses *clauses, const struct run_data *run)
{
    static const struct {
        const char *because, *words;
    } endings[] = {
        {"budget", "the budget ended the run"},
        {"precision", "the run ended when it was precise enough"},
        {"resolved", "the run ended when every verdict was told"},
        {"interrupted", "the run was interrupted: poolbench resume goes on with it"},
    };
    const json_t *ended = host_fact(run->host, "ended");
    const char *because = json_string_value(json_object_get(ended, "because"));
    const char *verb = json_string_value(host_fact(run->host, "verb"));
    for (size_t i = 0; because && i < sizeof endings / sizeof *endings; i++)
        if (!strcmp(because, endings[i].because))
            clause_say(clauses, "%s", endings[i].words);
    if (!because && verb && !strcmp(verb, "run"))
        clause_say(clauses, "the run has not ended: poolbench resume goes on with it");
}

/* Rows with an interval that is wider than --precision asked for. */
static void precision_say(struct clauses *clauses, const struct table *t)
{
    const double precision = json_number_value(host_fact(t->run->host, "precision"));
    size_t missed = 0;
    for (size_t row = 0; row < t->rows && precision > 0; row++)
        missed += t->best[row] != NO_CELL && !table_precise(t, row, precision);
    if (missed)
        clause_say(clauses, "--precision %.3g %% was missed in %zu of %zu rows", 100 * precision, missed, t->rows);
}

static void dropped_say(struct clauses *clauses, const struct table *t)
{
    const size_t rows = json_array_size(host_fact(t->run->host, "left_out"));
    size_t pools = 0;
    for (size_t i = 0; i < t->rows * t->pools; i++)
        pools += table_left(t, i / t->pools, i % t->pools) > 0;
    if (rows)
        clause_say(clauses, "%zu row%s left out for want of time (named below)", rows, rows == 1 ? " was" : "s were");
    if (pools)
        clause_say(clauses, "%zu cell%s dropped early, as surely slower", pools, pools == 1 ? " was" : "s were");
}

void headline_sure(FILE *out, const struct table *t)
{
    struct clauses clauses = {.out = out};
    const unsigned comparisons = t->family.comparisons;
    if (table_marked(t))
        clause_say(&clauses, "%.0f %% that %s, by %zu blocks", 100 * (1 - FAMILY_ERROR),
                   comparisons == 1 ? "the verdict holds" : "all verdicts hold together", t->series.blocks);
    ending_say(&clauses, t->run);
    precision_say(&clauses, t);
    dropped_say(&clauses, t);
    fputs(clauses.count ? "\n" : "", out);
}

void headline_print(FILE *out, const struct analysis *analysis)
{
    const struct table *table = &analysis->table;
    const char *directory = analysis->run->directory;
    struct lines answers;
    if (!analysis->run->count || !lines_open(&answers))
        return;
    answer_print(answers.out, table, run_is_latest(directory) ? "latest" : directory);
    headline_sure(answers.out, table);
    why_print(answers.out, &analysis->whys);
    if (inside_is_there(directory, REPORT))
        fprintf(answers.out, "Report: %s/%s\n", directory, REPORT);
    const bool is_said = ftell(answers.out) > 0;
    lines_print(out, &answers, "");
    fputs(is_said ? "\n" : "", out);
}
