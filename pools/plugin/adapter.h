/* A pool that comes from a plug-in (include/poolbench/pool.h), as a pool like any other. One a process: the trial that
 * runs it. */
#ifndef POOLBENCH_PLUGGED_H
#define POOLBENCH_PLUGGED_H
#include "include/poolbench/pool.h"
#include "pools/pool.h"

/* Takes over a plug-in that was checked (its abi and size are known): a copy with NULL for all it has not. Names are
 * those of the plug-in, which stays loaded. */
const struct pool_ops *adapter_pool(const struct poolbench_pool *plugin);
/* What it said on its own account about the last failure, or what it did wrong; "" when nothing. */
const char *adapter_reason(void);
/* Threads or processes that ran tasks beyond the number the pool said. */
uint32_t adapter_strangers(void);

#endif
