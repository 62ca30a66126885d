/* What is odd about cells, whoever is the fastest: a line a kind, naming the cells. One thread. */
#ifndef POOLBENCH_JUDGE_REMARKS_H
#define POOLBENCH_JUDGE_REMARKS_H
#include "bench/judge/table.h"
#include <stdio.h>

void remarks_print(FILE *out, const struct table *table);

#endif
