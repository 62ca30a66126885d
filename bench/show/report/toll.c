/* What failures on purpose cost: a row for every cell with faults. */
#include "bench/analyse/toll.h"
#include "bench/show/report/parts.h"
#include <stdlib.h>

struct label {
    char text[160];
};

static void tolls_put(struct report *r, const struct tolls *tolls)
{
    enum { COLUMNS = TOLL_COLUMNS + 1 };
    struct document_table drawn = {
        .title = "By pool and failure, medians over trials", .rows = tolls->count + 1, .columns = COLUMNS};
    struct toll_text *texts = calloc(tolls->count, sizeof *texts);
    struct label *labels = calloc(tolls->count, sizeof *labels);
    struct lines legend;

    drawn.cells = calloc(drawn.rows * COLUMNS, sizeof *drawn.cells);
    if (drawn.cells && texts && labels) {
        drawn.cells[0].text = "pool and failure";
        for (size_t c = 0; c < TOLL_COLUMNS; c++)
            drawn.cells[c + 1].text = toll_heads[c];
        for (size_t i = 0; i < tolls->count; i++) {
            struct document_cell *row = &drawn.cells[(i + 1) * COLUMNS];
            row[0].text = toll_label(&tolls->toll[i], r->summary, labels[i].text, sizeof labels[i].text);
            toll_text(&tolls->toll[i], r->summary, &texts[i]);
            for (size_t c = 0; c < TOLL_COLUMNS; c++) {
                row[c + 1].text = texts[i].column[c];
                row[c + 1].note = texts[i].note[c];
            }
        }
        r->format->section(r->out, "What failures cost");
        r->format->table(r->out, &drawn);
        lines_open(&legend);
        for (size_t c = 0; c < TOLL_COLUMNS && legend.out; c++)
            fprintf(legend.out, "%s\n", toll_explained[c]);
        report_list(r, &legend, LIST_LEGEND);
        r->format->section_end(r->out);
    }
    free(drawn.cells);
    free(labels);
    free(texts);
}

void report_tolls(struct report *r)
{
    struct tolls tolls;

    if (!r->table || tolls_make(r->summary, &tolls))
        return;
    if (tolls.count)
        tolls_put(r, &tolls);
    tolls_release(&tolls);
}
