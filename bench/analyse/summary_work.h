/* Summing up: the numbers of a cell (summary_cells.c). One thread. */
#ifndef POOLBENCH_ANALYSE_SUMMARY_WORK_H
#define POOLBENCH_ANALYSE_SUMMARY_WORK_H
#include "bench/model/run_data.h"

struct work {
    struct run_data *run;
    double *values;    /* room for one number a trial */
    double *imbalance; /* of workers, one a trial */
};

/* Fills the rest of the cell's row. factors: what tells cells apart. 0 or -ENOMEM. */
int cell_sum_up(const struct work *work, size_t cell, unsigned factors);

#endif
