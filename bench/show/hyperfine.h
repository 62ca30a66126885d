/* The tasks of a run as hyperfine writes its results (--export-json), for scripts that read those. One thread. */
#ifndef POOLBENCH_SHOW_HYPERFINE_H
#define POOLBENCH_SHOW_HYPERFINE_H
#include "bench/model/run_data.h"

/* A result a cell, on `out`: of its trials that ended well the times inside tasks that samples.csv has, in seconds,
 * with the exit code of each (null: it was none), their mean, standard deviation (null: of one), median, min and max;
 * user and system time per task (0: not known), of the programs alone where trials tell them apart; and as parameters
 * the factors that differ between cells. Cells without such times are left out, a line each on `talk`. 0, or -errno and
 * a line in error (ERROR_MAX bytes). */
int hyperfine_print(FILE *out, FILE *talk, const struct run_data *run, char *error);

#endif
