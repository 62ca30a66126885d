/* Prices, from the trials of one cell. */
#include "bench/analyse/price.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/looks.h"
#include "pools/pool.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY_WORKLOAD "empty"

/* Payload buffers and a large parent are not the pool's. */
static bool is_plain(const struct summary_row *row)
{
    return !row->f.payload.in && !row->f.payload.out && !row->f.ballast.bytes && row->failed < row->trials;
}

/* How good a cell is to read prices off. */
static unsigned fitness(const struct summary_row *row)
{
    const bool empty = !strcmp(row->f.workload, EMPTY_WORKLOAD);
    return !is_plain(row) ? 0 : !empty ? 1 : row->f.timing == TIMING_TASK ? 2 : 3;
}

static size_t cell_choose(const struct table *t, size_t column)
{
    const struct summary_row *rows = t->run->rows;
    size_t chosen = NO_CELL;
    unsigned best = 0;
    for (size_t r = 0; r < t->rows; r++) {
        size_t cell = table_entry(t, r, column)->cell;
        if (cell != NO_CELL && fitness(&rows[cell]) > best) {
            best = fitness(&rows[cell]);
            chosen = cell;
        }
    }
    return chosen;
}

static size_t memory_choose(const struct table *t, size_t column, size_t like)
{
    const struct summary_row *rows = t->run->rows;
    size_t fewest = NO_CELL;
    for (size_t r = 0; r < t->rows && like != NO_CELL; r++) {
        size_t cell = table_entry(t, r, column)->cell;
        if (cell != NO_CELL && is_plain(&rows[cell]) && rows[cell].f.workers == rows[like].f.workers &&
            table_base(t, cell) != NO_CELL && (fewest == NO_CELL || rows[cell].f.tasks < rows[fewest].f.tasks))
            fewest = cell;
    }
    return fewest;
}

/* Workers there are at once: threads of nested processes are counted in `workers`, those beside processes are not. */
static double workers_made(const struct summary_row *row)
{
    bool nested = row->f.processes > 0 && row->f.threads > 0 && strstr(row->f.pool, "route=nested");
    int64_t made = (row->f.processes > 0 && !nested ? row->f.processes : 0) + (row->f.threads > 0 ? row->f.threads : 0);
    return made > 0 ? (double)made : NAN;
}

static const struct trial_row *trial_of(const struct run_data *run, size_t cell, size_t block)
{
    size_t trial = run_data_at(run, cell, block);
    return trial == RUN_NOTHING ? NULL : &run->trials[trial];
}

struct amount amount_make(const struct run_data *run, double *values, size_t count)
{
    struct amount amount = {.trials = stats_sort(values, count)};
    amount.value = stats_median(values, amount.trials);
    stats_median_interval(values, amount.trials, looks_level_alone(run->looks), &amount.interval);
    return amount;
}

int price_make(const struct table *t, size_t column, struct price *price)
{
    const struct run_data *s = t->run;
    size_t blocks = t->series.blocks;
    double *values = calloc(3 * blocks + 1, sizeof *values);
    struct amount none = {.value = NAN, .interval = {NAN, NAN}};
    *price = (struct price){.cell = cell_choose(t, column), .start_ns = none, .bytes = none, .handover_ns = none};
    if (!values)
        return -ENOMEM;
    double *bytes = values + blocks, *empty = bytes + blocks;
    if (price->cell != NO_CELL) {
        const struct summary_row *row = &s->rows[price->cell];
        const struct pool_ops *ops = row_pool(row);
        double made = workers_made(row);
        size_t memory = memory_choose(t, column, price->cell);
        size_t base = memory == NO_CELL ? NO_CELL : table_base(t, memory);
        price->clocked = row->f.timing == TIMING_TASK;
        price->per_task = ops && ops->traits & POOL_TASK_IS_PROCESS;
        for (size_t b = 0; b < blocks; b++) {
            const struct trial_row *trial = trial_of(s, price->cell, b + 1);
            const struct trial_row *with = base == NO_CELL ? NULL : trial_of(s, memory, b + 1);
            const struct trial_row *without = base == NO_CELL ? NULL : trial_of(s, base, b + 1);
            values[b] = bytes[b] = empty[b] = NAN;
            if (with && without)
                bytes[b] = (number_real(with->pss_bytes) - number_real(without->pss_bytes)) / made;
            if (!trial)
                continue;
            if (!price->per_task)
                values[b] = number_real(trial->open_ns) / made;
            if (!strcmp(row->f.workload, EMPTY_WORKLOAD))
                empty[b] = series_of(&t->series, price->cell)[b];
        }
        price->start_ns = amount_make(s, values, blocks);
        price->bytes = amount_make(s, bytes, blocks);
        if (price->bytes.value < 0) /* what workers that come and go leave at the end of a trial says nothing */
            price->bytes = none;
        price->handover_ns = amount_make(s, empty, blocks);
    }
    free(values);
    return 0;
}

bool price_known(const struct price *price)
{
    return !isnan(price->start_ns.value) || !isnan(price->bytes.value) || !isnan(price->handover_ns.value);
}
