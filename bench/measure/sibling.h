/* One profiled sibling: a trial whose switches are recorded, or whose events are counted, and what they say of it. One
 * thread. */
#ifndef POOLBENCH_MEASURE_SIBLING_H
#define POOLBENCH_MEASURE_SIBLING_H
#include "bench/machine/counters.h"
#include "bench/measure/folded.h"
#include "bench/measure/session.h"
#include "bench/profile/spans.h"

struct sibling {
    const struct cell *cell;
    unsigned block, position;
    enum profile_kind kind;
    unsigned turn;                   /* of that kind: which events are counted */
    const struct counters *counters; /* of this machine */
    struct folded *folded;           /* call chains are added up here; NULL: none are sampled */
    const bool *can;                 /* of STACK_KINDS: which can be had */
    /* from here on filled by sibling_run() */
    struct trial_facts facts; /* its samples are those that a published trial keeps; valid until the next job */
    bool is_left_out;         /* so many tasks are not kept: nothing was run */
    bool has_found;           /* the trial came to its end, and of states no record was lost */
    struct slots_sum sum;
    struct stack_sums stacks;                       /* of one that has states; to be freed */
    struct spans spans;                             /* of one that has states; to be released */
    double apart_ns;                                /* between records and CPU time of workers; NAN: not known */
    unsigned counted[COUNTERS_MOST], counted_count; /* in counters */
};

/* Runs it; where records were lost once more, with larger rings. 0 or -errno with a line in error (ERROR_MAX bytes). */
int sibling_run(struct session *session, struct sibling *sibling, char *error);
/* The rows of states.csv and counters.csv of one of that kind that has found something. 0 or -errno. */
int sibling_states_put(struct csv_writer *states, const struct sibling *sibling, int64_t trial_id);
int sibling_counters_put(struct csv_writer *counted, const struct sibling *sibling, int64_t trial_id);

#endif
