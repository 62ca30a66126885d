/* What tasks cost, block by block: the series that are compared. One thread. */
#ifndef POOLBENCH_ANALYSE_COSTS_H
#define POOLBENCH_ANALYSE_COSTS_H
#include "bench/analyse/summary.h"

/* What may be compared: all of it is better when smaller. */
enum metric { METRIC_WALL, METRIC_LATENCY_P99, METRIC_CPU, METRIC_PSS, METRIC_OPEN, METRIC_PRIVATE, METRIC_TRIAL };

struct costs {
    size_t cells, blocks;
    double *ns; /* of METRIC_WALL per task, and of others in their unit: cells x blocks; NAN where a cell has no trial
                   that ended well in that block */
};

int costs_make(const struct summary *summary, struct costs *costs); /* of METRIC_WALL. 0 or -ENOMEM */
int costs_make_of(const struct summary *summary, enum metric metric, struct costs *costs);
void costs_release(struct costs *costs);
/* A row: `blocks` numbers of the cell with that number in summary->rows. */
double *costs_of(const struct costs *costs, size_t cell);

#endif
