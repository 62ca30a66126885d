/* The pools there are. A new pool is a file in this folder and a row here. Floors have a table of their own. */
#include "pools/pool.h"
#include <string.h>

extern const struct pool_ops pool_serial, pool_static, pool_fork, pool_zygote, pool_prefork, pool_pthread, pool_hybrid;

const struct pool_ops *const pool_table[] = {
    &pool_serial, &pool_static, &pool_fork, &pool_zygote, &pool_prefork, &pool_pthread, &pool_hybrid, NULL,
};

extern const struct pool_ops pool_xargs, pool_parallel;

const struct pool_ops *const pool_peers[] = {&pool_xargs, &pool_parallel, NULL};

static const struct pool_ops *find_in(const struct pool_ops *const *pool, const char *name)
{
    while (*pool && strcmp((*pool)->name, name) != 0)
        pool++;
    return *pool;
}

const struct pool_ops *pool_find(const char *name)
{
    const struct pool_ops *pool = find_in(pool_table, name);
    if (!pool)
        pool = find_in(pool_peers, name);
    return pool ? pool : find_in(floor_table, name);
}
