/* Memory of a pool that forks for every task. */
#ifndef POOLBENCH_FORK_MEMORY_H
#define POOLBENCH_FORK_MEMORY_H
#include "pools/pool.h"

/* Adds what the submitter and `workers` of its children hold to usage, and leaves no child. 0 or -errno. */
int fork_memory(const struct pool_config *config, struct usage *usage);

#endif
