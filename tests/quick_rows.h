/* The table of the suite quick: how many contenders each of its rows has; 72 pairs, as `plan quick` says. */
#ifndef POOLBENCH_TESTS_QUICK_ROWS_H
#define POOLBENCH_TESTS_QUICK_ROWS_H
#include <stddef.h>

static const size_t row_pools[] = {6, 3, 3, 6, 4, 2, 3, 5, 5, 3, 3};

enum { ROWS = sizeof row_pools / sizeof *row_pools, POOLS = 43, PAIRS = 72 };

#endif
