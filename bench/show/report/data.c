/* What the script of report.html knows: every row of the answer, its cells and their trials, as JSON in an element that
 * no browser executes; and that script. */
#include "bench/model/summary_factors.h"
#include "bench/show/pool_look.h"
#include "bench/show/report/parts.h"
#include "bench/show/tables.h"
#include <math.h>
#include <stdlib.h>

#define TRIALS_MAX     40000 /* of all cells, about 30 bytes each */
#define TRIALS_OF_CELL 50    /* so many of a cell are there in any case */

static void number_print(FILE *out, const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", value);
    fprintf(out, "\"%s\": %s, ", name, isfinite(value) ? text : "null");
}

struct timed {
    size_t trial;
    double ns;
};

static int by_time(const void *a, const void *b)
{
    const struct timed *one = a, *other = b;
    return (one->ns > other->ns) - (one->ns < other->ns);
}

/* Of a cell, the trials that ended well: all, or as many as are evenly spread over their order, the fastest and the
 * slowest among them. */
static void trials_print(const struct report *r, size_t cell, struct timed *timed, size_t most)
{
    const struct run_data *run = r->run;
    size_t count = 0;
    for (size_t i = run->first[cell]; i != RUN_NOTHING; i = run->next[i])
        if (trial_has_time(&run->trials[i]))
            timed[count++] = (struct timed){i, trial_per_task(&run->trials[i], (double)run->trials[i].wall_ns)};
    if (count)
        qsort(timed, count, sizeof *timed, by_time);
    const size_t drawn = count < most ? count : most;
    fprintf(r->out, "\"n\": %zu, \"trials\": [", count);
    for (size_t i = 0; i < drawn; i++) {
        const struct timed *t = &timed[drawn < 2 ? i : i * (count - 1) / (drawn - 1)];
        const struct trial_row *trial = &run->trials[t->trial];
        fprintf(r->out, "%s[%lld,%lld,%.6g]", i ? "," : "", (long long)trial->trial_id, (long long)trial->block, t->ns);
    }
    fputs("]", r->out);
}

static void cell_print(const struct report *r, size_t column, const struct entry *e, struct timed *timed, bool is_first)
{
    const struct summary_row *cell = &r->run->rows[e->cell];
    const double tasks = (double)cell->f.tasks;
    size_t most = TRIALS_MAX / r->run->count;
    fprintf(r->out, "%s\n    {\"pool\": %zu, ", is_first ? "" : ",", column);
    number_print(r->out, "ns", e->ns);
    number_print(r->out, "lo", cell->wall_lo_ns == MISSING ? NAN : (double)cell->wall_lo_ns / tasks);
    number_print(r->out, "hi", cell->wall_hi_ns == MISSING ? NAN : (double)cell->wall_hi_ns / tasks);
    fprintf(r->out, "\"failed\": %lld, ", (long long)cell->failed);
    trials_print(r, e->cell, timed, most > TRIALS_OF_CELL ? most : TRIALS_OF_CELL);
    fputs("}", r->out);
}

static void row_print(const struct report *r, size_t row, struct timed *timed)
{
    const struct table *t = r->table;
    const struct summary_row *of = &r->run->rows[t->row[row]];
    char label[ROW_LABEL_MAX], full[1024];
    bool is_first = true;
    markup_print(r->out, MARKUP_JSON,
                 row ? ",\n  {\"label\": \"@\", \"full\": \"@\", \"cells\": ["
                     : "\n  {\"label\": \"@\", \"full\": \"@\", \"cells\": [",
                 factors_label(label, sizeof label, of, t->shown),
                 factors_label(full, sizeof full, of, t->factors & ~FACTOR_POOL));
    for (size_t c = 0; c < t->pools; c++) {
        const struct entry *e = table_entry(t, row, c);
        if (e->cell == NO_CELL || isnan(e->ns))
            continue;
        cell_print(r, c, e, timed, is_first);
        is_first = false;
    }
    fputs("]}", r->out);
}

void report_data(struct report *r)
{
    const struct table *t = r->table;
    struct timed *timed = calloc(r->run->trial_count + 1, sizeof *timed);
    char name[64];
    fputs("<script type=\"application/json\" id=\"data\">\n{\"pools\": [", r->out);
    for (size_t c = 0; t && c < t->pools; c++) {
        markup_print(r->out, MARKUP_JSON, c ? ", {\"name\": \"@\", " : "{\"name\": \"@\", ",
                     table_pool_name(t, c, name, sizeof name));
        fprintf(r->out, "\"look\": %u}", pool_look(r->run, r->run->rows[t->pool[c]].f.pool));
    }
    fputs("],\n\"rows\": [", r->out);
    for (size_t row = 0; t && timed && row < t->rows; row++)
        row_print(r, row, timed);
    fputs("]}\n</script>\n", r->out);
    free(timed);
}
