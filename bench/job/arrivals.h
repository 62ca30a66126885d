/* When tasks are due under --arrival rate: the same seeded gaps in a job, and where it is asked how long the arrivals
 * alone take. In the harness: the trial program does without the mathematical library, which it would load each time.
 */
#ifndef POOLBENCH_JOB_ARRIVALS_H
#define POOLBENCH_JOB_ARRIVALS_H
#include "workloads/mix.h"
#include <math.h>
#include <stdbool.h>

/* From the task before (from the gate, for the first) to this one, at random times: exponential by inversion; the draw
 * is in (0, 1]. */
static inline double arrivals_gap_ns(uint64_t seed, uint32_t task, double mean_ns)
{
    double draw = ((double)(mix64(seed ^ 0x706f6973, task) >> 11) + 1) * 0x1p-53;
    return -log(draw) * mean_ns;
}

/* When each of `tasks` at that rate a second is due, counted from the gate, into due_ns (NULL: nowhere). Returns when
 * the last is. */
static inline double arrivals_draw(uint64_t seed, uint32_t tasks, double rate, bool poisson, uint64_t *due_ns)
{
    const double gap_ns = 1e9 / rate;
    double at_ns = 0;
    for (uint32_t i = 0; i < tasks; i++) {
        at_ns = poisson ? at_ns + arrivals_gap_ns(seed, i, gap_ns) : i * gap_ns;
        if (due_ns)
            due_ns[i] = (uint64_t)at_ns;
    }
    return at_ns;
}

#endif
