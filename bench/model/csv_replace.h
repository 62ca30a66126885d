/* A CSV file that is replaced in one step: written under another name first, then renamed. 0 or -errno. */
#ifndef POOLBENCH_MODEL_CSV_REPLACE_H
#define POOLBENCH_MODEL_CSV_REPLACE_H
#include "bench/model/csv.h"
#include <limits.h>

struct replacement {
    char draft[PATH_MAX], path[PATH_MAX];
    struct csv_writer *writer;
};

/* Rows go to replacement->writer. */
int replacement_begin(const char *directory, const struct file_format *format, struct replacement *replacement);
/* rc: how filling it went; on an error the file stays as it was. Returns rc, or what failed here. */
int replacement_end(struct replacement *replacement, int rc);

#endif
