/* Parameters of a pool or a workload: one table each, read by the command line, the suite files, `list` and `plan`.
 * Whatever the kind, a value is one int64_t. A text is the address of its only copy in this process, so that equal
 * texts are equal values; the job file carries it to another process as an offset. */
#ifndef POOLBENCH_PARAM_H
#define POOLBENCH_PARAM_H
#include <stdint.h>

enum param_kind {
    PARAM_COUNT,    /* a whole number                                        4        */
    PARAM_BYTES,    /* bytes, with KiB, MiB, GiB                             32MiB    */
    PARAM_DURATION, /* nanoseconds, with ns, us, ms, s                       200us    */
    PARAM_SHARE,    /* parts per million, written as 10% or 0.1              500000   */
    PARAM_CHOICE,   /* the index of one word in `choices`                    0        */
    PARAM_TEXT,     /* words as they are: the address of them, 0 for none    gzip     */
};

#define PARAM_MAX 12 /* of one pool or workload */

struct param {
    const char *name;
    enum param_kind kind;
    const char *preset;  /* the default, as a user would write it; "" where the pool derives it (value 0) */
    int64_t min, max;    /* inclusive, in the unit above; not for PARAM_CHOICE and PARAM_TEXT */
    const char *choices; /* "none|atomic|mutex", PARAM_CHOICE only */
    const char *help;    /* one line, no full stop */
};
static inline const char *param_text(int64_t value)
{
    return value ? (const char *)(intptr_t)value : "";
}

/* A table of params ends with a row whose name is NULL. A row's position is its index in the values. */

#endif
