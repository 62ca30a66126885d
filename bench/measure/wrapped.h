/* Trials that run under a command of the user's (--wrap 'strace -c -f -o {file}'): once the published ones are done,
 * one more of each cell, with the command's words in front of the trial program. They stand in no file of the run; the
 * command writes to profile/wrap-CELL where it has {file}. One thread. */
#ifndef POOLBENCH_MEASURE_WRAPPED_H
#define POOLBENCH_MEASURE_WRAPPED_H
#include "bench/measure/session.h"

/* Says on `talk` where each is, and by how much longer it took than published ones, which is what the command costs.
 * Within a budget those that there is time for. Nothing without --wrap. 0 or -errno with a line in error (ERROR_MAX
 * bytes). */
int wrapped_run(struct session *session, FILE *talk, char *error);

#endif
