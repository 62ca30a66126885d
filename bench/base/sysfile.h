/* Small text files of the kernel (/proc, /sys): read whole, without the blanks and newlines at the end. Thread-safe. */
#ifndef POOLBENCH_BASE_SYSFILE_H
#define POOLBENCH_BASE_SYSFILE_H
#include <stddef.h>
#include <stdint.h>

/* Reads the file whose path is printed from format; a longer file is cut at size - 1 bytes. The length, or -errno with
 * text empty. */
int sysfile_read(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A file that holds one number; -1 when it is missing or holds something else ("max"). */
int64_t sysfile_number(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The number after `key` at the start of a line ("MemAvailable:", "inactive_file"); -1 when there is none. */
int64_t sysfile_value(const char *path, const char *key);

#endif
