/* The program that draws. */
#ifndef POOLBENCH_CHARTS_GNUPLOT_H
#define POOLBENCH_CHARTS_GNUPLOT_H

/* Runs `gnuplot script` in a directory and waits for it. 0; -ENOENT: there is no gnuplot; -EIO: it failed, and said why
 * on stderr itself; with a line in error (ERROR_MAX bytes). */
int gnuplot_run(const char *directory, const char *script, char *error);

#endif
