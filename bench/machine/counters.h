/* Counters of this machine: which events perf_event_open(2) has here, by opening each and having it count something. An
 * event that opens and counts nothing is not there: unprivileged at kernel.perf_event_paranoid 2 context-switches:u
 * does. Nothing is counted of anybody but this thread, and it comes back to the CPUs that it may use. One thread. */
#ifndef POOLBENCH_MACHINE_COUNTERS_H
#define POOLBENCH_MACHINE_COUNTERS_H
#include "bench/base/counters.h"
#include "bench/machine/switches.h"

#define COUNTERS_FOUND 64 /* events x core PMUs, at most */

struct counter {
    struct counter_asked asked;      /* group: a number for each PMU and group, from 0 */
    char pmu[32];                    /* software, cpu; of hybrid CPUs as sysfs has them: cpu_core, cpu_atom */
    const char *event, *group;       /* cycles; core, cache, branch, tlb, software */
    struct switches_refused refused; /* error 0: it counts */
};

struct counters {
    struct counter counter[COUNTERS_FOUND];
    unsigned count;
    unsigned turns; /* hardware groups with an event that counts, beside core; those of all PMUs are one */
};

void counters_find(struct counters *counters);
/* The events of one trial, of those that count: all of the software, cycles and instructions, and one more hardware
 * group, in turn round and round. chosen: their places in `counters`. How many. */
unsigned counters_choose(const struct counters *counters, unsigned turn, unsigned chosen[COUNTERS_MOST]);
/* One of the events that are looked for. */
bool counter_is_known(const char *event);
/* Of the CPU's: how many count; *first: one that does not, NULL where all do. */
unsigned counters_of_cpu(const struct counters *counters, const struct counter **first);
/* "user+kernel", "user". */
const char *counter_scope(const struct counter *counter);

#endif
