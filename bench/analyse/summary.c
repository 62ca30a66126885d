/* From the trials of a run to one row a cell. Everything comes from the files, so a copy of a run sums up the same. */
#include "bench/analyse/summary.h"
#include "bench/analyse/summary_work.h"
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/summary_factors.h"
#include <stdlib.h>

static int rows_sum_up(struct run_data *run, char *error)
{
    struct work work = {.run = run,
                        .values = calloc(run->trial_count + 1, sizeof *work.values),
                        .imbalance = calloc(run->trial_count + 1, sizeof *work.imbalance)};
    int rc = work.values && work.imbalance ? workers_read(run, work.imbalance, error)
                                           : refuse_as(-ENOMEM, error, "%s: out of memory", run->directory);
    factor_set factors = factors_of(run->rows, run->count);
    for (size_t cell = 0; cell < run->count && !rc; cell++)
        if ((rc = cell_sum_up(&work, cell, factors)))
            refuse(error, "%s: out of memory", run->directory);
    free(work.values);
    free(work.imbalance);
    return rc;
}

int run_summed_open(const char *directory, struct run_data *run, char *error)
{
    int rc = run_data_open(directory, run, error);
    if (!rc && (rc = rows_sum_up(run, error)))
        run_data_close(run);
    return rc;
}

int run_timed_open(const char *directory, struct run_data *run, char *error)
{
    int rc = run_trials_open(directory, run, error);
    if (rc)
        return rc;
    struct work work = {.run = run, .values = calloc(run->trial_count + 1, sizeof *work.values)};
    for (size_t cell = 0; cell < run->count && work.values; cell++)
        cell_time(&work, cell);
    rc = work.values ? 0 : refuse_as(-ENOMEM, error, "%s: out of memory", directory);
    free(work.values);
    if (rc)
        run_data_close(run);
    return rc;
}

int summary_verdicts(struct run_data *run)
{
    struct table table;
    int rc = run->count ? table_init(&table, run) : 0;
    if (rc || !run->count)
        return rc;
    for (size_t r = 0; r < table.rows && !rc; r++) {
        struct sight sight;
        rc = table_sight(&table, r, &sight);
        for (size_t c = 0; c < table.pools && !rc; c++) {
            const struct entry *e = table_entry(&table, r, c);
            if (!e->contends || !table_compares(&table, r))
                continue;
            snprintf(run->rows[e->cell].verdict, sizeof run->rows[e->cell].verdict, "%s",
                     c == table.best[r] ? "best" : verdict_name(e->to_best.verdict));
            run->rows[e->cell].visible = sight.visible;
        }
    }
    table_release(&table);
    return rc;
}

int summary_write(struct run_data *run, char *error)
{
    struct replacement file;
    if (summary_verdicts(run))
        return refuse_as(-ENOMEM, error, "%s/%s: out of memory", run->directory, summary_format.file);
    if (run->partial && csv_is_there(run->directory, summary_format.file)) /* it may know more */
        return 0;
    int rc = replacement_begin(run->directory, &summary_format, &file);
    if (!rc) {
        for (size_t i = 0; i < run->count && !rc; i++)
            rc = csv_put(file.writer, &run->rows[i]);
        rc = replacement_end(&file, rc);
    }
    if (rc)
        refuse(error, "%s/%s: cannot be written: %s", run->directory, summary_format.file, strerror(-rc));
    return rc;
}
