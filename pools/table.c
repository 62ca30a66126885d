/* The pools there are. A new pool is a file in this folder and a row here. Floors have a table of their own. */
#include "pools/pool.h"
#include <string.h>

extern const struct pool_ops pool_serial, pool_static, pool_fork, pool_zygote, pool_prefork, pool_pthread, pool_hybrid;

const struct pool_ops *const pool_table[] = {
    &pool_serial, &pool_static, &pool_fork, &pool_zygote, &pool_prefork, &pool_pthread, &pool_hybrid, NULL,
};

const struct pool_ops *pool_find(const char *name)
{
    for (const struct pool_ops *const *pool = pool_table; *pool; pool++)
        if (!strcmp((*pool)->name, name))
            return *pool;
    for (const struct pool_ops *const *floor = floor_table; *floor; floor++)
        if (!strcmp((*floor)->name, name))
            return *floor;
    return NULL;
}
