/* Opening what should be an ordinary file of text: a directory is not, and a FIFO would keep us waiting. */
#ifndef POOLBENCH_REGULAR_H
#define POOLBENCH_REGULAR_H
#include <stdio.h>

/* For reading. NULL with a line in error (ERROR_MAX bytes) that names the path. */
FILE *file_open(const char *path, char *error);

#endif
