/* What a run shows, in sentences. Each is read off intervals of per-block ratios (docs/STATISTICS.md), names its
 * numbers, and speaks of the sizes, workers and pools that were run, of nothing else. One thread. */
#ifndef POOLBENCH_ANALYSE_FINDINGS_H
#define POOLBENCH_ANALYSE_FINDINGS_H
#include "bench/analyse/table.h"
#include <stdio.h>

/* A sentence a line; none where there are too few blocks for intervals. 0 or -ENOMEM. */
int findings_print(FILE *out, const struct table *table);

#endif
