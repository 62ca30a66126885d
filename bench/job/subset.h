/* Seeded subsets of a trial's tasks, as bits: which tasks are recorded is known to the trial and, when it has died, to
 * the harness. Pure. */
#ifndef POOLBENCH_JOB_SUBSET_H
#define POOLBENCH_JOB_SUBSET_H
#include "workloads/mix.h"
#include <stdbool.h>
#include <stdint.h>

static inline bool bit_test(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static inline void bit_set(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= 1ull << (i % 64);
}

/* Sets the bits of `count` distinct tasks out of `tasks` (Floyd's algorithm: Bentley, Floyd, CACM 30(9), 1987). */
static inline void subset_draw(uint64_t *bits, uint64_t seed, uint32_t tasks, uint64_t count)
{
    if (count > tasks)
        count = tasks;
    for (uint32_t last = tasks - (uint32_t)count; last < tasks; last++) {
        uint32_t pick = (uint32_t)mix_below(mix64(seed, last), (uint64_t)last + 1);
        bit_set(bits, bit_test(bits, pick) ? last : pick);
    }
}

#endif
