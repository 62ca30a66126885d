/* Counters of one trial (perf_event_open(2)), as the harness asks for them and as the trial program answers. Plain
 * structs of the job file. */
#ifndef POOLBENCH_BASE_COUNTERS_H
#define POOLBENCH_BASE_COUNTERS_H
#include <stdint.h>

#define COUNTERS_MOST 16 /* of a trial */

struct counter_asked {
    uint64_t config;
    uint32_t type;  /* of the PMU */
    uint32_t group; /* events of one number are on their PMU together, or not at all */
    uint32_t user_only;
    uint32_t is_split; /* the submitter is counted by itself, too */
};

/* enabled and running: how long it was to count, and did, in ns over all threads; where they differ it shared its PMU
 * with others, and its value is of a part of the time. */
struct counter_value {
    int64_t value, enabled_ns, running_ns;
};

/* From the gate to the last reap. */
struct counter_answer {
    int32_t error; /* errno of opening or reading it; 0 */
    uint32_t spare;
    struct counter_value all;       /* of the trial: threads, processes and programs */
    struct counter_value submitter; /* of that, the submitter's, where it is split */
};

#endif
