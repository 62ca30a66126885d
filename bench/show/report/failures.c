/* What failed and why: a row for every cell, status and reason. */
#include "bench/analyse/failures.h"
#include "bench/model/summary_factors.h"
#include "bench/show/report/parts.h"
#include <stdlib.h>
#include <string.h>

struct kind_text {
    char label[256], trials[48];
};

void report_failures(struct report *r)
{
    static const char *const heads[] = {"cell", "trials", "status", "reason"};
    enum { COLUMNS = sizeof heads / sizeof heads[0] };
    struct document_table drawn = {.title = "By cell, status and reason", .columns = COLUMNS, .words = true};
    size_t count = 0;
    struct failure *failures = r->table ? failures_find(r->run, &count) : NULL;
    struct kind_text *texts = calloc(count + 1, sizeof *texts);

    drawn.rows = count + 1;
    drawn.cells = count && texts ? calloc(drawn.rows * COLUMNS, sizeof *drawn.cells) : NULL;
    if (drawn.cells) {
        for (size_t c = 0; c < COLUMNS; c++)
            drawn.cells[c].text = heads[c];
        for (size_t k = 0; k < count; k++) {
            const struct trial_row *trial = &r->run->trials[failures[k].trial];
            const struct summary_row *cell = &r->run->rows[r->run->cell[failures[k].trial]];
            struct document_cell *row = &drawn.cells[(k + 1) * COLUMNS];
            factors_label(texts[k].label, sizeof texts[k].label, cell, r->table->shown | FACTOR_POOL);
            snprintf(texts[k].trials, sizeof texts[k].trials, "%zu of %lld", failures[k].count,
                     (long long)cell->trials);
            row[0].text = texts[k].label;
            row[1].text = texts[k].trials;
            row[2].text = trial_status_word(trial->status);
            row[3].text = trial->reason;
        }
        r->format->section(r->out, "Trials that did not end well");
        r->format->table(r->out, &drawn);
        r->format->section_end(r->out);
    }
    free(drawn.cells);
    free(texts);
    free(failures);
}
