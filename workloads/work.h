/* What workloads share: the integer chain that CPU-bound tasks are made of, sleeping, and small helpers. Internal to
 * workloads/; all of it is thread- and fork-safe. */
#ifndef POOLBENCH_WORK_H
#define POOLBENCH_WORK_H
#include "workloads/workload.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORK_PPM 1000000u /* a whole, for PARAM_SHARE */

/* One multiply-add of a full-period linear congruential generator mod 2^64 (Knuth's MMIX constants): every step needs
 * the one before, so a chain costs its latency times its length, and where it ends is known without walking it. */
#define LCG_MULTIPLIER 6364136223846793005u
#define LCG_INCREMENT  1442695040888963407u

static inline uint64_t lcg_next(uint64_t x)
{
    return x * LCG_MULTIPLIER + LCG_INCREMENT;
}

/* `steps` times lcg_next in O(log steps): the map x -> multiplier * x + increment is squared (F. Brown, "Random number
 * generation with arbitrary strides", 1994). */
static inline uint64_t lcg_skip(uint64_t x, uint64_t steps)
{
    uint64_t multiplier = LCG_MULTIPLIER, increment = LCG_INCREMENT;
    for (; steps; steps >>= 1) {
        if (steps & 1)
            x = x * multiplier + increment;
        increment *= multiplier + 1;
        multiplier *= multiplier;
    }
    return x;
}

/* What a task computes with: hashed, so that neighbouring tasks have nothing in common. */
static inline uint64_t work_start(uint64_t seed, uint32_t index)
{
    return mix64(seed, index);
}

static inline uint64_t work_share(uint64_t whole, uint64_t share_ppm)
{
    return (uint64_t)((unsigned __int128)whole * share_ppm / WORK_PPM);
}

/* prepare for a state that is plain bytes; release is free. 0 or -ENOMEM. */
int work_state(const void *initial, size_t bytes, void **state);

/* The state of workloads that need nothing but what they were given; release is free. */
struct work {
    uint64_t seed;
    int64_t params[PARAM_MAX];
};
int work_prepare(const struct workload_config *config, void **state);

/* Leaves a line in error, WORKLOAD_ERROR_MAX bytes. Returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int work_refuse(char *error, const char *format, ...);

/* expect of a workload whose state begins with the seed, and whose result is lcg_next `iterations` times from
 * work_start on. */
bool work_expect_chain(const void *state, const struct task *task, uint64_t *result);

/* lcg_next `iterations` times, one by one. One copy for all, so that the calibration of spin holds for all. */
uint64_t spin_chain(uint64_t x, uint64_t iterations);

/* Sleeps with the given timer slack. 0, or a positive code. */
#define SLEEP_SLACK_NS 1 /* the least there is: sleeping tasks wake when they should */
int sleep_for(uint64_t ns, uint64_t slack_ns);
/* The result of having slept: proves that the task knew its number and its length. */
static inline uint64_t sleep_result(uint64_t seed, uint32_t index, uint64_t ns)
{
    return mix64(work_start(seed, index), ns);
}

#endif
