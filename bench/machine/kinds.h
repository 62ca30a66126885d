/* What is not the same on all CPUs: a value and the CPUs that have it, in order of the first of them; kinds of core;
 * sizes of caches. One thread. */
#ifndef POOLBENCH_MACHINE_KINDS_H
#define POOLBENCH_MACHINE_KINDS_H
#include "bench/machine/machine.h"
#include <stddef.h>

struct kinds {
    struct kind {
        char value[64];
        hwloc_bitmap_t cpus;
        unsigned count; /* of what has it, as the maker counts */
    } * kind;
    size_t count;
};

/* Counts one more with that value, on these CPUs. 0 or -ENOMEM. */
int kinds_add(struct kinds *kinds, const char *value, hwloc_const_bitmap_t cpus);
void kinds_release(struct kinds *kinds);

#define KIND_UNTOLD "not told"
/* What `tell` says of each CPU we may use; KIND_UNTOLD, the last, are those of which it says nothing (false) where
 * others have something; none where no CPU has; count: CPUs, of KIND_UNTOLD 1. 0 or -ENOMEM, here and below; release it
 * in any case. */
int kinds_by_cpu(const struct machine *machine, bool (*tell)(unsigned cpu, char *value, size_t size, const void *arg),
                 const void *arg, struct kinds *kinds);
/* The same of /sys/devices/system/cpu/cpuN/FILE. root: "", or a directory that stands for / (tests). */
int kinds_of_file(const struct machine *machine, const char *root, const char *file, struct kinds *kinds);
/* Kinds of core as hwloc tells them, by name, with the cores we may use; none where it does not tell. */
int kinds_of_cores(const struct machine *machine, struct kinds *kinds);
/* Sizes of the caches at a depth of the topology, in bytes, with how many have it. */
int kinds_of_caches(hwloc_topology_t topology, int depth, struct kinds *kinds);

/* "performance", or with more than one "performance (CPU 0-3), powersave (CPU 4-7)"; cut at size. "": none. */
void kinds_text(const struct kinds *kinds, char *text, size_t size);

#endif
