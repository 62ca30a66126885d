/* Rings of records that the kernel writes for an event of perf_event_open(2): one event and one ring a CPU, as the ring
 * of an inherited event must belong to a CPU. Nobody reads while anything is recorded. One thread. */
#ifndef POOLBENCH_MACHINE_RINGS_H
#define POOLBENCH_MACHINE_RINGS_H
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rings {
    int *fd;
    void **map;
    unsigned count;
    size_t bytes; /* of each */
};

/* What stands behind each record but a sample where sample_id_all is set, and TID, TIME and CPU are asked for. */
struct ring_trailer {
    uint32_t pid, tid;
    uint64_t at_ns;
    uint32_t cpu, unused;
};

/* The event on process `pid` (0: this thread, with cpus NULL on any CPU), on each of these CPUs, with rings of at least
 * `bytes`, or less where so much may not be locked in memory: rings->bytes says. 0; or -errno, *call is what failed;
 * nothing to be closed then. */
int rings_open(struct rings *rings, const struct perf_event_attr *attr, pid_t pid, const unsigned *cpus, unsigned count,
               size_t bytes, const char **call);
void rings_close(struct rings *rings);
/* Each record of each ring, whole, in the order of its ring: its header is in front. *lost: some are missing. 0, the
 * first of `record` that is not 0, or -EBADMSG. */
int rings_read(const struct rings *rings, int (*record)(const char *bytes, size_t size, void *arg), void *arg,
               bool *lost);

#endif
