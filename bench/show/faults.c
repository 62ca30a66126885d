/* What failures on purpose cost: a row for every cell with faults. */
#include "bench/analyse/fault_costs.h"
#include "bench/show/tables.h"
#include "workloads/text.h"
#include <string.h>

#define FAULT_LABEL_MAX 28 /* letters on a screen */

struct sheet fault_cost_sheet(const struct analysis *analysis, enum detail detail)
{
    static const unsigned char least[] = {30, 5, 9, 5, 8, 8, 20};
    const struct fault_costs *costs = &analysis->fault_costs;
    struct sheet sheet = {.title = "By pool and failure, medians over trials",
                          .columns = FAULT_COST_COLUMNS + 1,
                          .align = "lr",
                          .least = least};
    bool report = detail == DETAIL_REPORT;
    struct fault_cost_text text;
    char label[160];
    sheet_put(&sheet, report ? "pool and failure" : "What failures cost");
    for (size_t c = 0; c < FAULT_COST_COLUMNS; c++)
        sheet_put(&sheet, "%s", fault_cost_heads[c]);
    for (size_t i = 0; i < costs->count; i++) {
        fault_cost_label(&costs->fault_cost[i], analysis->run, label, sizeof label);
        fault_cost_text(&costs->fault_cost[i], analysis->run, &text);
        bool cut = !report && text_letters(label) > FAULT_LABEL_MAX;
        sheet_put(&sheet, "%s%.*s%s", report ? "" : "  ", (int)text_bytes(label, cut ? FAULT_LABEL_MAX - 1 : SIZE_MAX),
                  label, cut ? "~" : "");
        for (size_t c = 0; c < FAULT_COST_COLUMNS; c++) {
            bool behind = !report && c == FAULT_COST_COLUMNS - 1 && *text.note[c];
            sheet_put(&sheet, "%s%s%s", text.column[c], behind ? " " : "", behind ? text.note[c] : "");
            sheet_note(&sheet, "", report ? text.note[c] : "");
        }
    }
    FILE *foot = report ? open_memstream(&sheet.foot, &(size_t){0}) : NULL;
    for (size_t c = 0; c < FAULT_COST_COLUMNS && foot; c++)
        fprintf(foot, "%s\n", fault_cost_explained[c]);
    if (foot)
        fclose(foot);
    return sheet;
}
