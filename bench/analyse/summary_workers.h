/* How evenly the workers of a trial were busy, from samples.csv. */
#ifndef POOLBENCH_ANALYSE_SUMMARY_WORKERS_H
#define POOLBENCH_ANALYSE_SUMMARY_WORKERS_H
#include "bench/model/run_data.h"

/* Per trial of the run: the time that its busiest worker spent inside tasks, over the mean of all its workers; 1 is
 * even, and with n workers n is one that does everything. NAN where samples.csv does not have every task of the trial
 * with start and end, or is not there. 0 or -errno with a line in error (ERROR_MAX bytes). */
int workers_read(const struct run_data *run, double *imbalance, char *error);

#endif
