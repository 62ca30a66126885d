/* Whether we, and with us the trial, stood still without anybody's signal while a trial ran: the machine was suspended,
 * the control group frozen, the virtual machine paused. What is known of it:
 *
 *   suspend          CLOCK_BOOTTIME goes on, CLOCK_MONOTONIC does not (clock_gettime(2))
 *   freezer, v2      cgroup.stat.local has frozen_usec, since Linux 6.18 (Documentation/admin-guide/cgroup-v2.rst)
 *   freezer, v1 and before that, and a paused machine: we wake late, by more than STILL_BEAT_NS, and neither wanted a
 *                    CPU meanwhile (/proc/self/schedstat, Documentation/scheduler/sched-stats.rst) nor were continued
 *                    by a signal
 *
 * A trial that was moved to a group of its own and frozen there is not told. One thread. */
#ifndef POOLBENCH_LAUNCH_STILL_H
#define POOLBENCH_LAUNCH_STILL_H
#include <stdbool.h>
#include <stdint.h>

#define STILL_BEAT_NS 250000000u /* whoever waits for a trial wakes so often */

struct still {
    int group; /* cgroup.stat.local of our control group; -1: it does not tell */
    /* since the trial began */
    uint64_t asleep_ns, frozen_ns; /* what had come together by then */
    uint64_t waited_ns;            /* for a CPU, at the last look */
    uint64_t late_ns;              /* for no reason that is known */
};

void still_open(struct still *still);
void still_close(struct still *still);
void still_begin(struct still *still); /* a trial begins */
/* We have woken so much later than we were to, and were continued by a signal meanwhile, or not. Returns how much of
 * it we stood still. */
uint64_t still_late(struct still *still, uint64_t late_ns, bool was_continued);
/* For how long, since the trial began. */
uint64_t still_ns(const struct still *still);

#endif
