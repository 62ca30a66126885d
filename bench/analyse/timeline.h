/* What happened when in one trial of a cell: its tasks by samples.csv, and, of a profiled sibling (--profile), what
 * its slots and threads did by profile/spans.csv. Only reads files of the run. One thread. */
#ifndef POOLBENCH_ANALYSE_TIMELINE_H
#define POOLBENCH_ANALYSE_TIMELINE_H
#include "bench/model/run_data.h"

struct timeline {
    struct trial_row trial;
    bool is_sibling;         /* a trial of profile/ */
    struct sample_row *task; /* those that samples.csv has of it, by number; times that are not known are MISSING */
    size_t tasks;
    struct span_row *span; /* by when they begin */
    size_t spans;
    int64_t spans_end_ns; /* they end here, from the gate; the trial may not */
};

/* Of a cell, in summary rows of the run: the sibling that has spans, the last one in the file where several have; else
 * the published trial with the median time, the faster one of two; where none ended well, the last one. 0 or -errno
 * with a line in error (ERROR_MAX bytes); -ENODATA: no trial of it is there. Close it in any case. */
int timeline_open(const struct run_data *run, size_t cell, struct timeline *timeline, char *error);
/* Of the published trial with that number. */
int timeline_of_trial(const struct run_data *run, int64_t trial_id, struct timeline *timeline, char *error);
void timeline_close(struct timeline *timeline);

/* Which of the cells, by summary rows, have a sibling with spans: has[run->count], all false before. 0 or -errno with a
 * line in error. */
int timeline_cells(const struct run_data *run, bool *has, char *error);
/* Whether the run has profile/, which is then called `directory`. */
bool profile_is_there(const struct run_data *run, char directory[PATH_MAX]);

#endif
