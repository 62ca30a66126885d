/* Small files of the kernel's, in /proc and /sys. Thread- and fork-safe. */
#ifndef POOLBENCH_PROC_H
#define POOLBENCH_PROC_H
#include <stdint.h>
#include <sys/types.h>

/* What one read(2) gives, NUL-terminated; without stdio, whose buffers would be memory of the worker. How many bytes;
 * -1 with errno. */
ssize_t proc_read(const char *path, char *text, size_t size);
/* The whole number behind `name`, such as "\nPss:"; `missing` where it is not told. */
int64_t proc_field(const char *text, const char *name, int64_t missing);

#endif
