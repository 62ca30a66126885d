/* What holds between the columns of a trial, because poolbench writes them so: a row in which it does not hold is
 * damaged, or was made up, and its numbers are not to be printed. Columns that are not there are not asked. Pure. */
#ifndef POOLBENCH_MODEL_INVARIANTS_H
#define POOLBENCH_MODEL_INVARIANTS_H
#include "bench/model/columns.h"

/* 0, or -EBADMSG with a line in error (ERROR_MAX bytes) that names the columns. */
int trial_consistent(const struct trial_row *trial, char *error);

#endif
