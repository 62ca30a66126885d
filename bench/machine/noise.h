/* What others do to this machine while we measure: read before and after a trial. Thread-safe. */
#ifndef POOLBENCH_MACHINE_NOISE_H
#define POOLBENCH_MACHINE_NOISE_H
#include <stdint.h>

struct noise {
    int64_t steal_ns; /* since boot, all CPUs: runnable here, and the hypervisor ran something else; -1 unknown */
    double load;      /* average number of runnable tasks in the last minute; NAN unknown */
};

void noise_read(struct noise *noise);

#endif
