/* What tasks cost, block by block: the series that are compared. One thread. */
#ifndef POOLBENCH_JUDGE_COSTS_H
#define POOLBENCH_JUDGE_COSTS_H
#include "bench/summary.h"

struct costs {
    size_t cells, blocks;
    double *ns; /* per task: cells x blocks; NAN where a cell has no trial that ended well in that block */
};

int costs_make(const struct summary *summary, struct costs *costs); /* 0 or -ENOMEM */
void costs_release(struct costs *costs);
/* A row: `blocks` numbers of the cell with that number in summary->rows. */
double *costs_of(const struct costs *costs, size_t cell);

#endif
