/* The program that draws. */
#ifndef POOLBENCH_SHOW_CHARTS_GNUPLOT_H
#define POOLBENCH_SHOW_CHARTS_GNUPLOT_H

#include <stdint.h>

/* Runs `gnuplot script` in a directory and waits for it. 0; -ENOENT: there is no gnuplot; -EIO: it failed, and said why
 * on stderr itself; -ETIMEDOUT: it did not end within the limit, and was ended with all that it had started; with a
 * line in error (ERROR_MAX bytes). It ends when we do. */
int gnuplot_run(const char *directory, char *script, uint64_t limit_ns, char *error);

#endif
