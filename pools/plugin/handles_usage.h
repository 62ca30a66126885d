/* What the workers of a plug-in have used. */
#ifndef POOLBENCH_HANDLES_USAGE_H
#define POOLBENCH_HANDLES_USAGE_H
#include "pools/plugin/handles_map.h"

/* Sums over this process, children that were waited for, and processes that have run tasks. 0 or -errno. */
int handles_usage(const struct handles *handles, bool with_memory, struct usage *usage);

#endif
