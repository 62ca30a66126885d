/* Of the profiled siblings of each cell the middle one: spans.csv has what its slots and threads did. Which one is the
 * middle is known at the end alone, and spans of all are too much to keep: of those that came so far the one nearest to
 * their median time is kept. One thread. */
#ifndef POOLBENCH_MEASURE_MIDDLES_H
#define POOLBENCH_MEASURE_MIDDLES_H
#include "bench/job/job_file.h"
#include "bench/model/csv.h"
#include "bench/profile/spans.h"

struct middle {
    double *wall_ns; /* of all siblings so far, ascending */
    size_t count;
    int64_t trial_id; /* of the one that is kept; */
    double kept_ns, clock_rate;
    int64_t gate_ns;
    struct spans spans;
};

struct middles {
    struct middle *of; /* cells by number in the plan */
    size_t count;
};

/* A sibling with its spans, which it takes over (also on an error); from its gate, in ns of the task clock, which goes
 * that much slower than CLOCK_MONOTONIC (struct trial_report). 0 or -ENOMEM. */
int middles_offer(struct middles *middles, size_t cell, int64_t trial_id, const struct trial_report *report,
                  struct spans *spans);
/* Behind what is in `directory`/spans.csv already; nothing where nothing was offered. 0 or -errno. */
int middles_write(const struct middles *middles, const char *directory);
void middles_release(struct middles *middles);

#endif
