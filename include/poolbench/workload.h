/* Work of your own for poolbench: what a task does. C11 and C++17. See plugin.h for building one, and
 * docs/ADDING-A-WORKLOAD.md for what makes work fit for measuring.
 *
 *     prepare  ->  run (any number of times, by any number of threads or forked processes at once)  ->  expect*  ->
 * release
 *
 * All in the process of one trial; prepare, expect and release in the submitter. The same params and seed must give the
 * same results in every process. */
#ifndef POOLBENCH_API_WORKLOAD_H
#define POOLBENCH_API_WORKLOAD_H
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One task. Pointers are valid for the call. */
struct poolbench_work {
    uint32_t index;      /* its place in the seeded sequence */
    uint32_t sleeps;     /* what classify said; 0: cpu */
    uint64_t size_ns;    /* how long it should take; 0 while calibrating */
    uint64_t iterations; /* the same in units of work; 0 for tasks that sleep */
    const void *in;      /* --payload: in_bytes handed to it; NULL without */
    void *out;           /* poolbench fills it after run with what the result asks for; leave it alone */
    size_t in_bytes, out_bytes;
};

struct poolbench_workload_config {
    uint32_t size;
    uint32_t tasks;        /* how many will be run; warm-up comes on top */
    const int64_t *params; /* one value per row of the params table, in range */
    uint64_t seed;         /* of the run */
    /* Why something does not work, in one line for people. Returns -EINVAL, so that prepare, which alone calls it, can
     * end with it. */
    int (*refuse)(const char *format, ...) POOLBENCH_PRINTF(1, 2);
};

enum { POOLBENCH_SIZED = 1 }; /* --size means something */

struct poolbench_workload {
    uint32_t abi, size;
    const char *name;                     /* how the workload calls itself: lower-case letters, digits and - */
    const char *summary;                  /* one line for `poolbench list workloads`, no full stop */
    const struct poolbench_param *params; /* NULL: none */
    uint32_t traits;                      /* POOLBENCH_SIZED or 0 */
    uint32_t sleeps;                      /* 1: all tasks sleep; where classify is NULL */
    const char *unit;         /* what an iteration is: "hash"; NULL: run goes by size_ns, nothing is calibrated */
    const char *calibrate_as; /* the workload of poolbench whose iterations these are ("spin"); NULL: its own */

    /* Optional: makes *state, the same for the same config. 0 or -errno, and then nothing is left. */
    int (*prepare)(const struct poolbench_workload_config *config, void **state);
    /* Optional: 1 for a task that sleeps, 0 for one that computes; a pure function. */
    uint32_t (*classify)(const void *state, uint32_t index);
    /* Does the work, and stores a result that depends on all of it. 0, or a positive code: the task failed with it.
     * Thread-safe and fork-safe. */
    int (*run)(void *state, const struct poolbench_work *work, uint64_t *result);
    /* Optional: 1 and the result run must have given, where it can be known for little; else 0. Without it a share of
     * the tasks is run again and compared. */
    int (*expect)(const void *state, const struct poolbench_work *work, uint64_t *result);
    /* Optional: frees the state. */
    void (*release)(void *state);
};

/* The plug-in defines it. */
extern POOLBENCH_EXPORT const struct poolbench_workload poolbench_workload_plugin;

/* Hashes two numbers into one, well mixed (the finaliser of SplitMix64). What a task starts from:
 * poolbench_mix(seed, index). */
static inline uint64_t poolbench_mix(uint64_t a, uint64_t b)
{
    uint64_t z = a + 0x9e3779b97f4a7c15u * (b + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#ifdef __cplusplus
}
#endif
#endif
