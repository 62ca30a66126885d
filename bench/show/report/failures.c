/* What failed and why: a row for every cell, status and reason. */
#include "bench/model/summary_factors.h"
#include "bench/show/report/parts.h"
#include <stdlib.h>
#include <string.h>

struct kind {
    const struct trial_row *trial; /* the first of its kind */
    size_t count;
    char label[160], trials[64];
};

static bool is_kind(const struct kind *kind, const struct trial_row *trial)
{
    return !strcmp(kind->trial->cell_id, trial->cell_id) && !strcmp(kind->trial->status, trial->status) &&
           !strcmp(kind->trial->reason, trial->reason);
}

static size_t kinds_count(const struct summary *summary, struct kind *kinds)
{
    size_t count = 0;

    for (size_t i = 0; i < summary->trial_count; i++) {
        const struct trial_row *trial = &summary->trials[i];
        size_t k = 0;
        if (!strcmp(trial->status, "ok"))
            continue;
        while (k < count && !is_kind(&kinds[k], trial))
            k++;
        if (k == count)
            kinds[count++] = (struct kind){.trial = trial};
        kinds[k].count++;
    }
    return count;
}

static void kind_describe(const struct report *r, struct kind *kind)
{
    const struct summary *s = r->summary;
    size_t cell = 0;

    while (cell < s->count && strcmp(s->rows[cell].cell_id, kind->trial->cell_id) != 0)
        cell++;
    if (cell == s->count) {
        snprintf(kind->label, sizeof kind->label, "%s", kind->trial->cell_id);
        snprintf(kind->trials, sizeof kind->trials, "%zu", kind->count);
        return;
    }
    factors_label(kind->label, sizeof kind->label, &s->rows[cell], r->table->shown | FACTOR_POOL);
    snprintf(kind->trials, sizeof kind->trials, "%zu of %lld", kind->count, (long long)s->rows[cell].trials);
}

void report_failures(struct report *r)
{
    static const char *const heads[] = {"cell", "trials", "status", "reason"};
    enum { COLUMNS = sizeof heads / sizeof heads[0] };
    struct document_table drawn = {.title = "By cell, status and reason", .columns = COLUMNS, .words = true};
    struct kind *kinds = r->table ? calloc(r->summary->trial_count + 1, sizeof *kinds) : NULL;
    size_t count = kinds ? kinds_count(r->summary, kinds) : 0;

    drawn.rows = count + 1;
    drawn.cells = count ? calloc(drawn.rows * COLUMNS, sizeof *drawn.cells) : NULL;
    if (drawn.cells) {
        for (size_t c = 0; c < COLUMNS; c++)
            drawn.cells[c].text = heads[c];
        for (size_t k = 0; k < count; k++) {
            struct document_cell *row = &drawn.cells[(k + 1) * COLUMNS];
            kind_describe(r, &kinds[k]);
            row[0].text = kinds[k].label;
            row[1].text = kinds[k].trials;
            row[2].text = kinds[k].trial->status;
            row[3].text = kinds[k].trial->reason;
        }
        r->format->section(r->out, "Trials that did not end well");
        r->format->table(r->out, &drawn);
        r->format->section_end(r->out);
    }
    free(drawn.cells);
    free(kinds);
}
