/* What workers did not do after their last tasks, from samples.csv. One thread. */
#ifndef POOLBENCH_ANALYSE_WHY_GAPS_H
#define POOLBENCH_ANALYSE_WHY_GAPS_H
#include "bench/model/run_data.h"

/* One a trial, in ns over all its workers: from the end of a worker's last task until that of the last one of all.
 * NAN: not all tasks of the trial are in the file, or they were not timed; a drawn sample would tell of the draw as
 * much as of the workers. 0 or -errno with a line in error (ERROR_MAX bytes); a file that is not there is no error. */
int gaps_read(const struct run_data *run, double *end_ns, char *error);

#endif
