/* All workloads, in the order `list` shows them. A new one is two lines here. */
#include "workloads/workload.h"
#include <string.h>

extern const struct workload_ops workload_empty, workload_spin, workload_primes, workload_matmul, workload_memory,
    workload_touch, workload_alloc, workload_counter, workload_sleep, workload_mixed, workload_append, workload_sha256,
    workload_deflate, workload_cmd;

const struct workload_ops *const workload_table[] = {
    &workload_empty,  &workload_spin,   &workload_primes,  &workload_matmul, &workload_memory,
    &workload_touch,  &workload_alloc,  &workload_counter, &workload_sleep,  &workload_mixed,
    &workload_append, &workload_sha256, &workload_deflate, &workload_cmd,    NULL,
};

const struct workload_ops *workload_find(const char *name)
{
    for (const struct workload_ops *const *row = workload_table; *row; row++)
        if (!strcmp((*row)->name, name))
            return *row;
    return NULL;
}
