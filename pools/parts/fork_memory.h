/* Memory of a pool that forks for every task. */
#ifndef POOLBENCH_FORK_MEMORY_H
#define POOLBENCH_FORK_MEMORY_H
#include "pools/pool.h"

/* Adds to usage what the calling process holds and `copies` times what one of its children does, which it forks for
 * that, to run where row `worker` of places says, and ends. Waits for it. 0 or -errno (-EOWNERDEAD: they are killed
 * from outside). */
int fork_memory(const struct places *places, unsigned worker, unsigned copies, struct usage *usage);

#endif
