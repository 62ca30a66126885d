/* Archives as POSIX has them (pax, "ustar interchange format"), the same bytes for the same content: owner, group and
 * rights are those of nobody in particular. A write that fails is left to ferror(). Thread-safe. */
#ifndef POOLBENCH_BASE_TAR_H
#define POOLBENCH_BASE_TAR_H
#include <stdint.h>
#include <stdio.h>

#define TAR_NAME_MAX 99

/* A regular file of those bytes, as it was at `time_s` (seconds since 1970). 0; -ENAMETOOLONG: more than TAR_NAME_MAX;
 * -EFBIG: 8 GiB or more. */
int tar_file(FILE *out, const char *name, const void *bytes, uint64_t size, int64_t time_s);
void tar_end(FILE *out); /* behind the last */

#endif
