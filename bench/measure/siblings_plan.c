/* See siblings_plan.h. */
#include "bench/measure/siblings_plan.h"
#include "workloads/mix.h"
#include <math.h>

#define BLOCKS_SALT 0x70726f66u /* so that blocks are not drawn as samples are */
#define BLOCKS_LOOK 10000       /* more of them have time for their siblings in any case */

static uint64_t rank_of(const struct settings *settings, unsigned block)
{
    return mix64(settings->seed ^ BLOCKS_SALT, block);
}

/* A third of the blocks is a quarter of all trials. */
static unsigned wanted(const struct settings *settings, unsigned blocks, double block_ns)
{
    const unsigned kinds = (unsigned)__builtin_popcount(settings->profile) * SIBLINGS_BLOCKS;
    const unsigned least = blocks < kinds ? blocks : kinds;
    const unsigned chosen = blocks / 3 > least ? blocks / 3 : least;
    if (settings->profile == PROFILE_NONE)
        return 0;
    if (!settings->budget_ns || !(block_ns > 0))
        return chosen;
    return (unsigned)fmin(chosen, floor(SIBLINGS_SHARE * (double)settings->budget_ns / block_ns));
}

static unsigned ranks_up_to(const struct settings *settings, unsigned before, unsigned blocks, uint64_t most)
{
    unsigned count = 0;
    for (unsigned i = 1; i <= blocks; i++)
        count += rank_of(settings, before + i) <= most;
    return count;
}

/* The lowest rank that is high enough for so many, by halving. */
struct siblings_plan siblings_plan(const struct settings *settings, unsigned before, unsigned blocks, double block_ns)
{
    struct siblings_plan plan = {.blocks = wanted(settings, blocks, block_ns)};
    uint64_t low = 0, high = UINT64_MAX;
    while (plan.blocks && low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (ranks_up_to(settings, before, blocks, middle) >= plan.blocks)
            high = middle;
        else
            low = middle + 1;
    }
    plan.rank_most = low;
    return plan;
}

bool siblings_chosen(const struct siblings_plan *plan, const struct settings *settings, unsigned block)
{
    return plan->blocks && rank_of(settings, block) <= plan->rank_most;
}

enum profile_kind siblings_kind(const struct siblings_plan *plan, const struct settings *settings, unsigned kinds,
                                unsigned block, unsigned *turn)
{
    const unsigned count = (unsigned)__builtin_popcount(kinds);
    unsigned before = 0, kind = 0;
    for (unsigned i = 1; i < block; i++)
        before += siblings_chosen(plan, settings, i);
    *turn = count ? before / count : 0;
    for (unsigned left = count ? before % count : 0; kinds; kind++) {
        if (!(kinds >> kind & 1))
            continue;
        if (!left--)
            return (enum profile_kind)(1 << kind);
    }
    return PROFILE_NONE;
}

double siblings_fit(const struct settings *settings, double time_ns, double block_ns)
{
    double blocks = floor(time_ns / block_ns);
    if (blocks > BLOCKS_LOOK)
        return blocks - floor(blocks / 4) * (settings->profile != PROFILE_NONE);
    while (blocks > 1 && (blocks + wanted(settings, (unsigned)blocks, block_ns)) * block_ns > time_ns)
        blocks--;
    return blocks;
}
