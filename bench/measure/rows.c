/* Rows of a plan, see rows.h. */
#include "bench/measure/rows.h"
#include "bench/model/options.h"
#include <stdlib.h>

struct row *rows_new(const struct cells *cells)
{
    const unsigned pool = option_bit("pool"), workers = option_bit("workers");
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
