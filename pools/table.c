/* The pools there are. A new pool is a file in this folder and a row here. */
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
    return NULL;
}
