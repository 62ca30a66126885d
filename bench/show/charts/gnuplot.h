/* The program that draws. */
#ifndef POOLBENCH_SHOW_CHARTS_GNUPLOT_H
#define POOLBENCH_SHOW_CHARTS_GNUPLOT_H

#include <stdint.h>

/* Runs `gnuplot script` in an open directory and waits for it. It is looked for in the absolute directories of PATH
 * alone: an empty or relative part would name whatever lies where we happen to be. 0; -ENOENT: there is no gnuplot;
 * -ECHILD: it failed, and said why on stderr itself; -ETIMEDOUT: it did not end within the limit, and was ended with
 * all that it had started; with a line in error (ERROR_MAX bytes). It ends when we do. */
int gnuplot_run(int directory, char *script, uint64_t limit_ns, char *error);

#endif
