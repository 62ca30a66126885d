/* Rates side by side: what was asked for, drawn, handed in and served. A row a cell under rate. */
#include "bench/analyse/summary.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/show/tables.h"
#include <math.h>

static void rate_put(struct sheet *sheet, double rate)
{
    char text[32];
    if (isnan(rate))
        sheet_row(sheet, "");
    else
        sheet_put(sheet, "%s/s", format_rate(text, sizeof text, rate));
}

struct sheet rates_sheet(const struct table *t)
{
    const struct run_data *run = t->run;
    struct sheet sheet = {.title = "Tasks a second, median over trials", .columns = 9, .align = "lr"};
    char label[160], needed[32], dropped[32];
    size_t rows = 0;
    sheet_row(&sheet, "", "asked", "drawn", "handed in", "served", "dropped", "busy", "a trial", "needs");
    for (size_t i = 0; i < run->count; i++) {
        const struct summary_row *row = &run->rows[i];
        if (isnan(row->drawn_per_s))
            continue;
        rows++;
        sheet_put(&sheet, "%s", factors_label(label, sizeof label, row, t->shown | FACTOR_POOL));
        rate_put(&sheet, row->f.arrival.rate);
        rate_put(&sheet, row->drawn_per_s);
        rate_put(&sheet, row->handed_per_s);
        rate_put(&sheet, row->served_per_s);
        sheet_put(&sheet, "%s",
                  isnan(row->dropped_share) ? "" : format_percent(dropped, sizeof dropped, row->dropped_share));
        if (isnan(row->utilisation))
            sheet_row(&sheet, "");
        else
            sheet_put(&sheet, "%.0f %%", 100 * row->utilisation);
        sheet_put(&sheet, "%s",
                  format_duration(needed, sizeof needed, (double)(row->f.tasks - 1) * 1e9 / row->drawn_per_s));
        sheet_put(&sheet, "%s",
                  row->steady_needed_ns == MISSING
                      ? ""
                      : format_duration(needed, sizeof needed, (double)row->steady_needed_ns));
    }
    sheet_trim(&sheet);
    if (rows)
        return sheet;
    sheet_release(&sheet);
    return (struct sheet){.columns = 1}; /* nothing to say */
}
