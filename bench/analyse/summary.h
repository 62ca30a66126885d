/* A row a cell: summary.csv. One thread. */
#ifndef POOLBENCH_ANALYSE_SUMMARY_H
#define POOLBENCH_ANALYSE_SUMMARY_H
#include "bench/model/run_data.h"

#define ACHIEVED_LEAST                                                                                                 \
    0.98 /* of achieved_share: a cell with less is saturated, it does not keep up with its arrivals */

/* Opens a run and sums it up: fills the numbers of run->rows. Deterministic, so that a copied run gives the same
 * summary.csv byte for byte. 0 or -errno with a line in error (ERROR_MAX bytes), and nothing to be closed. */
int run_summed_open(const char *directory, struct run_data *run, char *error);
/* Likewise with wall times alone, which is all that verdicts take: between two blocks of a run nobody waits for more.
 */
int run_timed_open(const char *directory, struct run_data *run, char *error);
/* Under rate: tasks are served at least 2 % more slowly than they were handed in, and not because trials were short. */
bool row_is_saturated(const struct summary_row *row);
/* Under rate: the steady state of its queue cannot be told from trials as long as these; nor can percentiles. */
bool row_is_untold(const struct summary_row *row);
/* What the table says of the cells that are compared in it: verdict and visible of the rows. 0 or -ENOMEM. */
int summary_verdicts(struct run_data *run);
/* summary.csv, replaced atomically, with the verdicts of the table, which it fills in; a partial summary does not
 * replace one. */
int summary_write(struct run_data *run, char *error);

#endif
