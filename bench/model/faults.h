/* Failures on purpose and the limit that ends them, as far as the plan is concerned. Pure. */
#ifndef POOLBENCH_MODEL_FAULTS_H
#define POOLBENCH_MODEL_FAULTS_H
#include "bench/model/cell.h"

/* Whether --faults and --task-limit of a cell with all its numbers can hold: 0, or -EINVAL with a line in error. */
int faults_check(const struct cell *cell, char *error);
/* About how much longer a trial takes for tasks that are waited for until their limit; where there is none, or nothing
 * can end one of them alone, until the trial is ended. */
double faults_wait_ns(const struct cell *cell);

#endif
