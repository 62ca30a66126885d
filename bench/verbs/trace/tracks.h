/* A timeline as tracks of Perfetto. One thread. */
#ifndef POOLBENCH_VERBS_TRACE_TRACKS_H
#define POOLBENCH_VERBS_TRACE_TRACKS_H
#include "bench/analyse/timeline.h"

/* The most that tracks are there for; what a file has beyond is left out. */
#define TRACKS_WORKERS 65536
#define TRACKS_CPUS    65536

/* Writes the timeline, whose tracks stand below one called `title`: when tasks came due, the submitter and what it did,
 * each worker with its tasks (where several overlap, on several tracks), each slot with its states, each CPU with who
 * was on it. Flows lead from due to submit, from there to the task, from there to its reap. Time stamps are ns from the
 * gate. A write that fails is left to ferror(). 0 or -ENOMEM. */
int tracks_write(FILE *out, const struct timeline *timeline, const char *title);

#endif
