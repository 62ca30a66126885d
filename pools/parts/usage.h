/* What a thread or process has used so far, read from inside it. Thread- and fork-safe. */
#ifndef POOLBENCH_USAGE_H
#define POOLBENCH_USAGE_H
#include "pools/pool.h"
#include <sys/resource.h>

/* The calling thread and the programs it has waited for as tasks: times, switches, faults, run-queue delay. migrations
 * 0; memory fields -1. */
void usage_read_thread(struct usage *usage);
/* How long the calling thread has waited for a CPU while runnable; -1 where the kernel does not tell. */
int64_t usage_waited_ns(void);
/* Memory of the calling process (smaps_rollup), which walks its page tables: not while anything is timed. */
void usage_read_memory(struct usage *usage);
/* Of another process, by its pid in digits. What cannot be read stays as it was. */
void usage_read_memory_of(const char *pid, struct usage *usage);
/* usage_read_thread, and with_memory usage_read_memory. */
void usage_read_own(struct usage *usage, bool with_memory);
/* All threads of the calling process, and the children it has waited for; run-queue delay is not known. 0
 * or -errno. */
int usage_read_process(struct usage *usage);
/* Of a whole process; what the kernel does not tell there is as usage_clear leaves it. */
void usage_from_rusage(const struct rusage *rusage, struct usage *usage);
/* Adds what children used that have been waited for; what they waited for a CPU went with them. */
void usage_add_ended(struct usage *sum, const struct rusage *rusage);
/* The same of so many programs that tasks were; rusage: as wait4(2) tells of one, or sums and the largest of several.
 */
void usage_add_programs(struct usage *sum, const struct rusage *rusage, int64_t count);
/* Adds the memory of the calling process, while its workers live, so that what is shared counts as shared. */
void usage_add_memory(struct usage *sum);
/* Sums add up; memory levels add up where both are known; maxrss is the larger. */
void usage_add(struct usage *sum, const struct usage *part);
void usage_clear(struct usage *usage); /* zero sums, unknown memory */

#endif
