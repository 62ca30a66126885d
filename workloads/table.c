/* All workloads, in the order `list` shows them. A new one is two lines here. */
#include "workloads/workload.h"
#include <string.h>

extern const struct workload_ops workload_empty;
extern const struct workload_ops workload_spin;
extern const struct workload_ops workload_primes;
extern const struct workload_ops workload_matmul;
extern const struct workload_ops workload_memory;
extern const struct workload_ops workload_touch;
extern const struct workload_ops workload_alloc;
extern const struct workload_ops workload_counter;
extern const struct workload_ops workload_sleep;
extern const struct workload_ops workload_mixed;
extern const struct workload_ops workload_append;
extern const struct workload_ops workload_sha256;
extern const struct workload_ops workload_deflate;
extern const struct workload_ops workload_cmd;

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
