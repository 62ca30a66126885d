/* What a thread or process has used so far, read from inside it. Thread- and fork-safe. */
#ifndef POOLBENCH_USAGE_H
#define POOLBENCH_USAGE_H
#include "pools/pool.h"
#include <sys/resource.h>

/* The calling thread and the programs it has waited for as tasks: times, switches, faults, run-queue delay. migrations
 * 0; memory fields -1. */
void usage_read_thread(struct usage *usage);
/* Memory of the calling process (smaps_rollup), which walks its page tables: not while anything is timed. */
void usage_read_memory(struct usage *usage);
/* A child's, from wait4. */
void usage_from_rusage(const struct rusage *rusage, struct usage *usage);
/* Sums add up; memory levels add up where both are known; maxrss is the larger. */
void usage_add(struct usage *sum, const struct usage *part);
void usage_clear(struct usage *usage); /* zero sums, unknown memory */

#endif
