/* Memory nodes of a machine: which have CPUs, which are memory alone, and which CPUs are near which. Numbers are the
 * operating system's. One thread. */
#ifndef POOLBENCH_MACHINE_NODES_H
#define POOLBENCH_MACHINE_NODES_H
#include "bench/machine/machine.h"

/* hwloc gives a node of memory alone the CPUs that are nearest to it, which are another node's: a node has CPUs unless
 * all of them, or some, are those of another one that has no more, of equals the first. */
bool node_has_cpus(hwloc_topology_t topology, hwloc_obj_t node);
/* It may be used (cpuset.mems), and has memory, as far as that is told. */
bool node_is_ours(const struct machine *machine, hwloc_obj_t node);
/* The nodes that have these CPUs, added to `nodes`. 0 or -ENOMEM. */
int nodes_of_cpus(const struct machine *machine, hwloc_const_bitmap_t cpus, hwloc_bitmap_t nodes);
/* The one node that has all of them; -1: there are several, or it is not told. */
int32_t node_of_cpus(const struct machine *machine, hwloc_const_bitmap_t cpus);
/* "CPU 0-3, 16 GiB", or "no CPU, 64 GiB". Returns text. */
char *node_text(hwloc_topology_t topology, hwloc_obj_t node, char *text, size_t size);
/* "node:0 (CPU 0-3, 16 GiB), node:1 (no CPU, 64 GiB)": those that are ours; cut at size. Returns text. */
char *nodes_text(const struct machine *machine, char *text, size_t size);

#endif
