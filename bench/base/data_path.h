/* Files that come with the program: suites and gnuplot scripts, beside it in a build tree or where it was installed.
 * Thread-safe. */
#ifndef POOLBENCH_BASE_DATA_PATH_H
#define POOLBENCH_BASE_DATA_PATH_H
#include <stddef.h>

/* The path of scripts/`relative` ("suites/quick.ini"): in $POOLBENCH_SCRIPTS when that is set, else in scripts/ beside
 * the program or up to two directories above it, else in the installed data. -ENOENT: nowhere; -ENAMETOOLONG. */
int data_path(const char *relative, char *path, size_t size);

#endif
