/* How workers and submitter wait for news: the pool parameter `wait`, the same three words for every pool that has
 * workers. Thread- and fork-safe. */
#ifndef POOLBENCH_WAIT_H
#define POOLBENCH_WAIT_H
#include "pools/parts/clock.h"
#include "workloads/param.h"

enum wait_mode { WAIT_ADAPTIVE, WAIT_SPIN, WAIT_BLOCK };
#define WAIT_PARAM                                                                                                     \
    {                                                                                                                  \
        .name = "wait", .kind = PARAM_CHOICE, .preset = "adaptive", .choices = "adaptive|spin|block",                  \
        .help = "how to wait for news: spin up to 40 us when a CPU is spare and then sleep, always spin, always sleep" \
    }
#define ADAPTIVE_SPIN_NS 40000u /* about what a wake-up across CPUs costs */

/* How long to spin before sleeping, in ticks; UINT64_MAX: for ever. spare_cpu: of struct pool_config. */
static inline uint64_t wait_spin_ticks(enum wait_mode mode, bool spare_cpu)
{
    if (mode == WAIT_SPIN)
        return UINT64_MAX;
    return mode == WAIT_ADAPTIVE && spare_cpu ? clock_from_ns(ADAPTIVE_SPIN_NS) : 0;
}

/* True while a waiter that began at *since (0: now) should go on spinning. */
static inline bool wait_spins(uint64_t *since, uint64_t spin_ticks)
{
    if (!spin_ticks)
        return false;
    clock_pause();
    if (!*since)
        *since = clock_ticks();
    return spin_ticks == UINT64_MAX || clock_ticks() - *since < spin_ticks;
}

#endif
