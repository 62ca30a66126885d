/* Rows of a plan, see rows.h. */
#include "bench/measure/rows.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/model/options.h"
#include <stdlib.h>

#define SLOWER_MOST 5 /* times the fastest: beyond, a trial of as many tasks would take too long */

struct row *rows_new(const struct cells *cells)
{
    /* Those of two builds are compared, too: they leave together. */
    const factor_set pool = option_bit("pool") | option_bit("trial-program"), workers = option_bit("workers");
    struct row *rows = calloc(cells->count + 1, sizeof *rows);
    for (size_t i = 0; rows && i < cells->count; i++) {
        const struct cell *cell = &cells->cell[i];
        rows[i] = (struct row){cell_hash(cell, pool), cell_hash(cell, pool | workers),
                               cell->pool->traits & POOL_IGNORES_WORKERS};
    }
    return rows;
}

unsigned rows_comparisons(const struct row *rows, size_t count)
{
    unsigned comparisons = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned others = 0, others_before = 0;
        bool based = false;
        for (size_t j = 0; j < count && !rows[i].anywhere; j++) {
            bool same = !rows[j].anywhere && rows[j].key == rows[i].key;
            based = based || (rows[j].anywhere && rows[j].key_without_workers == rows[i].key_without_workers);
            others += same && j != i;
            others_before += same && j < i;
        }
        comparisons += others ? others_before : based;
    }
    return comparisons;
}

/* The cell of the row of cell `of` that takes the least time for a task. */
static const struct cell *fastest_of(const struct row *rows, const struct cells *cells, size_t of)
{
    const struct cell *fastest = &cells->cell[of];
    for (size_t i = 0; i < cells->count; i++)
        if (!rows[i].anywhere && rows[i].key == rows[of].key &&
            cells->cell[i].forecast.task_ns < fastest->forecast.task_ns)
            fastest = &cells->cell[i];
    return fastest;
}

/* Under rate: as many as the cell of the row that needs the most. */
static int64_t most_of(const struct row *rows, const struct cells *cells, size_t of)
{
    int64_t most = cells->cell[of].f.tasks;
    for (size_t i = 0; i < cells->count; i++)
        if (!rows[i].anywhere && rows[i].key == rows[of].key && cells->cell[i].tasks_auto &&
            cells->cell[i].f.tasks > most)
            most = cells->cell[i].f.tasks;
    return most;
}

void rows_level_tasks(const struct row *rows, struct cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (!rows[i].anywhere && cells->cell[i].tasks_auto && cells->cell[i].f.arrival.kind == ARRIVAL_RATE) {
            cells->cell[i].f.tasks = most_of(rows, cells, i);
            continue;
        }
        const struct cell *fastest = rows[i].anywhere ? NULL : fastest_of(rows, cells, i);
        if (fastest && cells->cell[i].tasks_auto && fastest->tasks_auto && !forecast_unknown(&cells->cell[i]) &&
            cells->cell[i].forecast.task_ns <= SLOWER_MOST * fastest->forecast.task_ns)
            cells->cell[i].f.tasks = fastest->f.tasks;
    }
}

size_t rows_before(const struct row *rows, size_t count)
{
    size_t kept = count - 1;
    while (kept && rows[kept - 1].key == rows[kept].key)
        kept--;
    while (kept && rows[kept - 1].anywhere) {
        bool needed = false;
        for (size_t i = 0; i + 1 < kept && !needed; i++)
            needed = rows[i].key_without_workers == rows[kept - 1].key_without_workers;
        if (needed)
            break;
        kept--;
    }
    return kept;
}
