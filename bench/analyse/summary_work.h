/* Summing up: the numbers of a cell (summary_cells.c), and of its workers (summary_workers.c). One thread. */
#ifndef POOLBENCH_ANALYSE_SUMMARY_WORK_H
#define POOLBENCH_ANALYSE_SUMMARY_WORK_H
#include "bench/model/run_data.h"

struct work {
    struct run_data *run;
    double *values;    /* room for one number a trial */
    double *imbalance; /* of workers, one a trial */
};

/* Fills the rest of the cell's row. factors: what tells cells apart. 0 or -ENOMEM. */
int cell_sum_up(const struct work *work, size_t cell, factor_set factors);
/* Of it the wall time and its interval, and the time per task; imbalance is not needed. */
void cell_time(const struct work *work, size_t cell);
/* Under rate, when its rates are in the row: whether its trials were steady, and how long they should last. service_cv:
 * median over them. */
void cell_rates(const struct work *work, size_t cell, double service_cv);
/* How evenly the workers were busy, from samples.csv: per trial of the run, the time that its busiest worker spent
 * inside tasks, over the mean of all its workers; 1 is even, and with n workers n is one that does everything. NAN
 * where samples.csv does not have every task of the trial with start and end, or is not there. 0 or -errno with a line
 * in error (ERROR_MAX bytes). */
int workers_read(const struct run_data *run, double *imbalance, char *error);

#endif
