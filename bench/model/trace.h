/* Files of times at which tasks came, for --arrival trace:FILE: a log, a list of time stamps or of gaps. Read once and
 * kept until the program ends, by name and bytes. Only who makes trials opens them; who reads a run does not. One
 * thread.
 *
 * A line is a task; empty lines and those that begin with # are none. Its time stamp is [10/Oct/2000:13:55:36 -0700]
 * wherever that stands in the line (the common log format), else what stands at the column: 2000-10-10T13:55:36.25Z or
 * with a blank in the middle (ISO 8601), or seconds since any moment, 971211336.25; numbers beyond 1e11, 1e14 and 1e17
 * are milli-, micro- and nanoseconds. Lines need not be in order: servers write one when a request ends. */
#ifndef POOLBENCH_MODEL_TRACE_H
#define POOLBENCH_MODEL_TRACE_H
#include "bench/job/factors.h"

#define TRACE_BYTES_MAX (1u << 28) /* of one file */
#define TRACE_TASKS_MAX (1u << 24)

struct trace {
    const char *file;
    int64_t column, is_gaps, hash;
    uint64_t *at_ns; /* of each task in the order of time; from the first, or a gap before it */
    uint32_t count;
    double dispersion;      /* of how many come in windows of a thirtieth of it: variance over mean (see trace.c) */
    uint64_t period_ns;     /* until the first would come again: to the last, and a mean gap */
    uint64_t resolution_ns; /* of its time stamps: 1 s where they have no fractions; 0 of gaps */
    struct trace *next;
};

/* The file of an arrival. 0, or -EINVAL with a line in error: it is no such file (by line), or, where arrival->hash is
 * not 0, not the one it was. */
int trace_of(const struct arrival *arrival, const struct trace **trace, char *error);
/* Fills hash, rate, file_tasks and dispersion of an arrival that has none yet. As above. */
int trace_note(struct arrival *arrival, char *error);

#endif
