/* A column of a CSV file: a field of a row struct. Missing values are empty in the file, never 0. */
#ifndef POOLBENCH_MODEL_COLUMN_H
#define POOLBENCH_MODEL_COLUMN_H
#include "workloads/param.h"
#include <stddef.h>
#include <stdint.h>

#define MISSING INT64_MIN /* integers, and the first of what is spelled; real numbers use NAN, texts "" */

enum column_kind {
    COLUMN_INT,
    COLUMN_UINT,
    COLUMN_REAL,
    COLUMN_TEXT,
    COLUMN_WORD,
    COLUMN_SPELLED,
    COLUMN_FACTORS, /* no column but a struct factors, whose columns stand in its place */
};

/* Between text and a field that is a struct of 64-bit numbers. parse: 0 or -EINVAL with a line in error. spell: text
 * has SPEC_MAX bytes. */
struct spelling {
    int (*parse)(const char *text, void *field, char *error);
    void (*spell)(const void *field, char *text);
};

struct column {
    const char *name;
    enum column_kind kind;
    size_t offset, size;             /* in the row struct; size of a text field with its NUL */
    const char *help;                /* one line for results/README.md, with the unit where the name has none */
    const struct param *param;       /* of COLUMN_WORD: its choices, for an int64_t */
    const struct spelling *spelling; /* of COLUMN_SPELLED */
    unsigned rare;                   /* 1 + what it is only there with (rare.h); 0: always */
};

#define COLUMN_OF(row, kind_, name_, field_, help_)                                                                    \
    .name = (name_), .kind = COLUMN_##kind_, .offset = offsetof(struct row, field_),                                   \
    .size = sizeof(((struct row *)0)->field_), .help = (help_)

#endif
