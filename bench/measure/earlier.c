/* The plan of an earlier run, from its plan.csv. */
#include "bench/measure/earlier.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/faults.h"
#include "bench/model/run_data.h"
#include "bench/model/summary_factors.h"
#include "workloads/text.h"
#include <math.h>
#include <stdlib.h>

/* Of every cell the row of the first block that stands in the file. */
static int row_take(const void *row, void *arg)
{
    const struct plan_row *next = row;
    struct earlier *earlier = arg;
    if (earlier->count && next->block != earlier->rows[0].block)
        return 0;
    struct plan_row *grown = realloc(earlier->rows, (earlier->count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    earlier->rows = grown;
    earlier->rows[earlier->count++] = *next;
    return 0;
}

/* How long they took; where they cannot be read, or some are gone, that is said. */
static void trials_read(const char *directory, struct earlier *earlier)
{
    char why[ERROR_MAX];
    struct run_data run;
    if (!csv_is_there(directory, trial_format.file))
        return;
    if (run_trials_open(directory, &run, why)) {
        complain("", "%s: forecasts go without these trials", why);
        return;
    }
    run_data_gaps(stderr, &run);
    for (size_t t = 0; t < run.trial_count; t++) {
        const struct trial_row *trial = &run.trials[t];
        for (size_t i = 0; i < earlier->count && trial->trial_ns != MISSING && trial->wall_ns != MISSING; i++) {
            if (strcmp(earlier->rows[i].cell_id, trial->cell_id) != 0)
                continue;
            earlier->took[i].whole_ns += (double)trial->trial_ns;
            earlier->took[i].wall_ns += (double)trial->wall_ns;
            earlier->took[i].trials++;
        }
    }
    run_data_close(&run);
}

int earlier_read(const char *directory, const char *asked, struct earlier *earlier, char *error)
{
    *earlier = (struct earlier){0};
    if (!directory[0])
        return 0;
    int rc = csv_read(directory, &plan_format, -1, row_take, earlier, error);
    if (!rc && !(earlier->took = calloc(earlier->count + 1, sizeof *earlier->took)))
        rc = -ENOMEM;
    if (!rc) { /* for forecasts: without them, others do */
        trials_read(directory, earlier);
        return 0;
    }
    earlier_release(earlier);
    if (rc == -ENOMEM)
        refuse(error, "out of memory");
    else if (rc != -EBADMSG)
        refuse(error, "%.200s/%s: %s", directory, plan_format.file, text_file_why(rc));
    return *asked ? refuse_at(error, "%s", asked) : -EINVAL;
}

void earlier_release(struct earlier *earlier)
{
    free(earlier->rows);
    free(earlier->took);
    *earlier = (struct earlier){0};
}

/* The same work by as many workers of the same pool, however it is handed in: its number of tasks fits. Sizes from a
 * file have their own mean. */
static bool is_same(const struct plan_row *row, const struct cell *cell)
{
    factor_set same = FACTOR_POOL | FACTOR_WORKERS | FACTOR_WORKLOAD | FACTOR_SIZE_DIST;
    same |= cell->dist == DIST_FILE ? 0 : FACTOR_SIZE;
    return !strcmp(row->cell_id, cell->id) && factors_same(&row->f, &cell->f, same);
}

static const struct plan_row *row_of(const struct earlier *earlier, const struct cell *cell)
{
    for (size_t i = 0; i < earlier->count; i++)
        if (is_same(&earlier->rows[i], cell))
            return &earlier->rows[i];
    return NULL;
}

int64_t earlier_tasks(const struct earlier *earlier, const struct cell *cell)
{
    const struct plan_row *row = row_of(earlier, cell);
    return row ? row->f.tasks : MISSING;
}

bool earlier_price(const struct earlier *earlier, const struct cell *cell, struct trial_price *price)
{
    const struct plan_row *row = row_of(earlier, cell);
    const struct took *took = row ? &earlier->took[row - earlier->rows] : NULL;
    if (!took || !took->trials || row->f.tasks <= 0)
        return false;
    double wall_ns = took->wall_ns / took->trials, tasks = (double)row->f.tasks, wait_ns = faults_wait_ns(cell);
    if (wait_ns > 0) /* forecast beside the tasks */
        wall_ns = fmax(wall_ns - wait_ns, tasks * forecast_floor_ns(cell));
    *price = (struct trial_price){wall_ns / tasks, forecast_floor_ns(cell),
                                  fmax((took->whole_ns - took->wall_ns) / took->trials, 1), cell->forecast.service_ns};
    return true;
}

bool earlier_left_out(const struct earlier *earlier, const struct cells *cells)
{
    return cells->count && row_of(earlier, &cells->cell[0]) && !row_of(earlier, &cells->cell[cells->count - 1]);
}

bool earlier_same(const struct earlier *earlier, const struct cells *cells)
{
    bool same = earlier->count == cells->count;
    for (size_t i = 0; i < cells->count && same; i++) {
        const struct plan_row *row = row_of(earlier, &cells->cell[i]);
        same = row && row->f.tasks == cells->cell[i].f.tasks && row->f.iterations == cells->cell[i].f.iterations;
    }
    return same;
}
