/* tour --live: while a trial runs, its workers on the terminal, a row each, rewritten in place. Nothing in the trial
 * works for it: threads are read from /proc, tasks from where the pool keeps them (pools/parts/peek.h). No mode of the
 * terminal is changed and the cursor rests on the first row, so however it ends there is nothing to put back. */
#ifndef POOLBENCH_VERBS_TOUR_LIVE_H
#define POOLBENCH_VERBS_TOUR_LIVE_H
#include "bench/launch/launch.h"
#include "bench/verbs/tour/tour.h"

enum { LIVE_WORKERS_MAX = 32 }; /* no step has more */

struct tour_live {
    struct launch_watch watch;
    struct launcher *launcher;
    const struct tour_trial *trial;
    const struct job_file *file;
    const struct trial_report *report;
    int memory; /* of the trial program, -1: not open */
    uint64_t begin_ns, shown_ns, drawn_ns;
    struct {
        uint32_t task;
        uint64_t since_ns; /* first seen on it */
    } worker[LIVE_WORKERS_MAX];
};

/* Whether there is a terminal to draw on. */
bool tour_live_can(void);
/* Around launcher_run. end: clears the rows; linger: not before they could be read, where the
 * trial was short. */
void tour_live_begin(struct tour_live *live, struct launcher *launcher, const struct tour_trial *trial,
                     const struct job_parts *parts);
void tour_live_end(struct tour_live *live, bool linger);

#endif
