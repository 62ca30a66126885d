/* Which blocks of a run have profiled siblings (siblings.h), so that what plans a run and what runs it say the same.
 * Pure. */
#ifndef POOLBENCH_MEASURE_SIBLINGS_PLAN_H
#define POOLBENCH_MEASURE_SIBLINGS_PLAN_H
#include "bench/model/cell.h"

#define SIBLINGS_BLOCKS 10   /* of each kind, where a run has so many: what intervals of ten states together take */
#define SIBLINGS_SHARE  0.25 /* of a budget, at most */

struct siblings_plan {
    unsigned blocks;    /* of the blocks that are planned, so many have siblings */
    uint64_t rank_most; /* those whose rank, drawn by the seed, is no higher; likewise of blocks that are added later */
};

/* For blocks before + 1 .. before + blocks, of which each takes block_ns by the forecast. A part of what a longer plan,
 * or one without a budget, chooses. */
struct siblings_plan siblings_plan(const struct settings *settings, unsigned before, unsigned blocks, double block_ns);
/* Where several kinds are asked for, blocks have them in turn: the kind of this one, which is chosen. turn: how many
 * that are chosen and have it are before it. */
enum profile_kind siblings_kind(const struct siblings_plan *plan, const struct settings *settings, unsigned kinds,
                                unsigned block, unsigned *turn);
bool siblings_chosen(const struct siblings_plan *plan, const struct settings *settings, unsigned block);
/* The most blocks that take, with their siblings, no longer than that. */
double siblings_fit(const struct settings *settings, double time_ns, double block_ns);

#endif
