/* Rows of the table that differ in one number alone: sizes, workers, ballast. One thread. */
#ifndef POOLBENCH_ANALYSE_SWEEP_H
#define POOLBENCH_ANALYSE_SWEEP_H
#include "bench/analyse/table.h"

enum kind { KIND_CPU, KIND_SLEEP, KIND_MIXED, KIND_UNSIZED }; /* what the tasks of a row do */
enum kind row_kind(const struct table *table, size_t row);

#define SWEEP_MAX 64
struct sweep {
    size_t row[SWEEP_MAX], count; /* ascending by the number; of equal ones the first */
};
/* FACTOR_SIZE, FACTOR_WORKERS or FACTOR_BALLAST. */
double sweep_number(const struct table *table, size_t row, factor_set factor);
/* The longest sweep over the factor among rows of that kind, without payload, and without ballast unless that is the
 * factor; of equally long ones that with the most workers. */
void sweep_find(const struct table *table, factor_set factor, enum kind kind, struct sweep *sweep);

#endif
