/* What is odd about cells, whoever is the fastest: a line a kind, naming the cells. One thread. */
#ifndef POOLBENCH_ANALYSE_DIAGNOSTICS_H
#define POOLBENCH_ANALYSE_DIAGNOSTICS_H
#include "bench/analyse/table.h"
#include <stdio.h>

void diagnostics_print(FILE *out, const struct table *table);

#endif
