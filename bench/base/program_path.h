/* Other people's programs. Thread-safe. */
#ifndef POOLBENCH_BASE_PROGRAM_PATH_H
#define POOLBENCH_BASE_PROGRAM_PATH_H
#include <stddef.h>

/* The path of a program in the first absolute directory of PATH that has it: an empty or relative part would name
 * whatever lies where we happen to be. 0 or -ENOENT. */
int program_path(const char *name, char *path, size_t size);

#endif
