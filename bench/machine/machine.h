/* This machine (or a described one): topology through hwloc, the CPUs we may use, and the limits put on us.
 * Read-only after machine_open; one thread. Errors: 0 or -errno, with a line for people in `error` (ERROR_MAX bytes).
 */
#ifndef POOLBENCH_MACHINE_MACHINE_H
#define POOLBENCH_MACHINE_MACHINE_H
#include "bench/machine/cgroup.h"
#include <hwloc.h>
#include <stdbool.h>
#include <stdint.h>

struct machine {
    hwloc_topology_t topology;
    hwloc_bitmap_t allowed;    /* CPUs we may run on: sched_getaffinity and cpuset; all of a described machine */
    unsigned pus, cores;       /* within allowed */
    double quota_cpus;         /* cgroup CPU quota in CPUs (v2 cpu.max, v1 cfs_quota), up the hierarchy; 0: none seen */
    unsigned effective_cpus;   /* min(pus, quota rounded down, at least 1) */
    bool described;            /* made from --topology: plans only */
    int64_t memory_bytes;      /* min(physical, cgroup limit); -1 unknown */
    int64_t memory_free_bytes; /* of that, available now */
    int64_t tasks_limit; /* processes and threads still to be had: pids.max, RLIMIT_NPROC unless root, kernel.pid_max;
                            -1: no limit was seen */
    struct cgroup_limits group;      /* what of this our control groups say */
    const char *unseen[LIMIT_KINDS]; /* why less may be allowed than the numbers above say; NULL: it is not */
};

/* topology: NULL for this machine, "synthetic:pack:2 core:4 pu:2", or a hwloc XML file. */
int machine_open(struct machine *machine, const char *topology, char *error);
void machine_close(struct machine *machine);

#endif
