/* What failures on purpose cost: a row for every cell with faults. */
#include "bench/analyse/fault_costs.h"
#include "bench/show/report/parts.h"
#include <stdlib.h>

struct label {
    char text[160];
};

static void fault_costs_put(struct report *r, const struct fault_costs *fault_costs)
{
    enum { COLUMNS = FAULT_COST_COLUMNS + 1 };
    struct document_table drawn = {
        .title = "By pool and failure, medians over trials", .rows = fault_costs->count + 1, .columns = COLUMNS};
    struct fault_cost_text *texts = calloc(fault_costs->count, sizeof *texts);
    struct label *labels = calloc(fault_costs->count, sizeof *labels);
    struct lines legend;

    drawn.cells = calloc(drawn.rows * COLUMNS, sizeof *drawn.cells);
    if (drawn.cells && texts && labels) {
        drawn.cells[0].text = "pool and failure";
        for (size_t c = 0; c < FAULT_COST_COLUMNS; c++)
            drawn.cells[c + 1].text = fault_cost_heads[c];
        for (size_t i = 0; i < fault_costs->count; i++) {
            struct document_cell *row = &drawn.cells[(i + 1) * COLUMNS];
            row[0].text = fault_cost_label(&fault_costs->fault_cost[i], r->run, labels[i].text, sizeof labels[i].text);
            fault_cost_text(&fault_costs->fault_cost[i], r->run, &texts[i]);
            for (size_t c = 0; c < FAULT_COST_COLUMNS; c++) {
                row[c + 1].text = texts[i].column[c];
                row[c + 1].note = texts[i].note[c];
            }
        }
        r->format->section(r->out, "What failures cost");
        r->format->table(r->out, &drawn);
        lines_open(&legend);
        for (size_t c = 0; c < FAULT_COST_COLUMNS && legend.out; c++)
            fprintf(legend.out, "%s\n", fault_cost_explained[c]);
        report_list(r, &legend, LIST_LEGEND);
        r->format->section_end(r->out);
    }
    free(drawn.cells);
    free(labels);
    free(texts);
}

void report_fault_costs(struct report *r)
{
    if (r->table && r->analysis->fault_costs.count)
        fault_costs_put(r, &r->analysis->fault_costs);
}
