/* Rows: cells of a plan that differ in the pool (and by which build it is run) alone, which is what comparisons are
 * made within; by a hash of everything else as it was asked for, since `--tasks auto` gives each cell its own number.
 * What ignores --workers, as `serial`, is in the rows of all numbers of workers. Pure. */
#ifndef POOLBENCH_MEASURE_ROWS_H
#define POOLBENCH_MEASURE_ROWS_H
#include "bench/model/cell.h"

struct row {
    uint64_t key, key_without_workers;
    bool anywhere;
};

struct row *rows_new(const struct cells *cells); /* one a cell; the caller's, NULL: no memory */
/* How many comparisons the first `count` cells make. Which pool is the best of a row is seen afterwards, so every pair
 * of its pools counts. What others are measured by is in every row it fits, and compared where there is just one other.
 */
unsigned rows_comparisons(const struct row *rows, size_t count);
/* Where --tasks is auto, the cells of a row get as many tasks as the fastest of them has by the forecast, so that a
 * trial begins and ends equally often per task under all of them; one that is more than 5 times slower keeps its own.
 */
void rows_level_tasks(const struct row *rows, struct cells *cells);
/* Of the first `count` cells, how many are left without the last row, and without what would be there only to measure
 * that one by. 0: that was the only row. */
size_t rows_before(const struct row *rows, size_t count);

#endif
