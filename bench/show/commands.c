/* What commands cost: a row a cell whose tasks were programs. */
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/show/tables.h"

static void duration_put(struct sheet *sheet, int64_t ns)
{
    char text[32];
    sheet_put(sheet, "%s", ns == MISSING ? "" : format_duration(text, sizeof text, (double)ns));
}

struct sheet commands_sheet(const struct table *t)
{
    const struct run_data *run = t->run;
    struct sheet sheet = {.title = "A command, median over trials", .columns = 6, .align = "lr"};
    char label[160], lo[32], hi[32];
    size_t rows = 0;
    sheet_row(&sheet, "", "CPU time", "95 % interval", "user", "system", "largest memory");
    for (size_t i = 0; i < run->count; i++) {
        const struct summary_row *row = &run->rows[i];
        if (row->command_cpu_ns == MISSING)
            continue;
        rows++;
        sheet_put(&sheet, "%s", factors_label(label, sizeof label, row, t->shown | FACTOR_POOL));
        duration_put(&sheet, row->command_cpu_ns);
        if (row->command_cpu_lo_ns == MISSING)
            sheet_put(&sheet, "%s", "");
        else
            sheet_put(&sheet, "%s .. %s", format_duration(lo, sizeof lo, (double)row->command_cpu_lo_ns),
                      format_duration(hi, sizeof hi, (double)row->command_cpu_hi_ns));
        duration_put(&sheet, row->command_user_ns);
        duration_put(&sheet, row->command_sys_ns);
        sheet_put(&sheet, "%s",
                  row->command_maxrss_bytes == MISSING
                      ? ""
                      : format_bytes(label, sizeof label, (double)row->command_maxrss_bytes));
    }
    sheet_trim(&sheet);
    if (rows)
        return sheet;
    sheet_release(&sheet);
    return (struct sheet){.columns = 1}; /* nothing to say */
}
