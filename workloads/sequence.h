/* The infinite seeded sequence of tasks: task i has the same size under every pool, in every process and every block.
 * The harness turns a size distribution into a table of equally likely costs (its quantiles); a task's cost is a
 * hashed look-up, so nobody needs memory indexed by task. Pure, thread- and fork-safe. */
#ifndef POOLBENCH_SEQUENCE_H
#define POOLBENCH_SEQUENCE_H
#include "workloads/mix.h"

struct cost {
    uint64_t size_ns;
    uint64_t iterations;
};

struct sequence {
    uint64_t seed;
    const struct cost *costs; /* count of them, count >= 1 */
    uint32_t count;
    uint32_t in_order;  /* --size-dist file: replayed in order, over and over, instead of drawn */
    struct cost warmup; /* of every task from TASK_WARMUP_FIRST on: a usual one, cut down to what warming up takes */
};

/* Indices from here on are warm-up tasks: run like any other, counted by nobody. */
#define TASK_WARMUP_FIRST 0xf0000000u

static inline const struct cost *sequence_cost(const struct sequence *s, uint32_t index)
{
    if (__builtin_expect(index >= TASK_WARMUP_FIRST, 0))
        return &s->warmup;
    if (s->count == 1)
        return s->costs;
    if (s->in_order)
        return &s->costs[index % s->count];
    return &s->costs[mix_below(mix64(s->seed ^ 0x73697a65, index), s->count)];
}

#endif
