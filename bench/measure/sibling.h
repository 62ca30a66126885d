/* One profiled sibling: a trial whose switches are recorded, and what they say of it. One thread. */
#ifndef POOLBENCH_MEASURE_SIBLING_H
#define POOLBENCH_MEASURE_SIBLING_H
#include "bench/measure/session.h"
#include "bench/profile/spans.h"

struct sibling {
    const struct cell *cell;
    unsigned block, position;
    /* from here on filled by sibling_run() */
    struct trial_facts facts; /* its samples are those that a published trial keeps; valid until the next job */
    bool is_left_out;         /* so many tasks are not kept: nothing was run */
    bool has_states;          /* no record was lost, and the trial came to its end */
    struct slots_sum sum;
    double apart_ns;    /* between records and CPU time of workers; NAN: not known */
    struct spans spans; /* of one that has states; to be released */
};

/* Runs it; where records were lost once more, with larger rings. 0 or -errno with a line in error (ERROR_MAX bytes). */
int sibling_run(struct session *session, struct sibling *sibling, char *error);
/* The rows of states.csv of a sibling that has states. 0 or -errno. */
int sibling_states_put(struct csv_writer *states, const struct sibling *sibling, int64_t trial_id);

#endif
