/* Firsts of pools and of groups, see layout.h. */
#include "bench/analyse/layout.h"
#include "bench/model/summary_factors.h"
#include <string.h>

static bool is_base(const struct run_data *run, size_t cell)
{
    return row_has_pool(&run->rows[cell], BASE_POOL);
}

static size_t pools_add(const struct run_data *run, const size_t *cells, size_t count, int base, size_t *pool,
                        size_t pools)
{
    for (size_t i = 0; i < count; i++) {
        bool known = base >= 0 && is_base(run, cells[i]) != base;
        for (size_t p = 0; p < pools && !known; p++)
            known = !strcmp(run->rows[pool[p]].f.pool, run->rows[cells[i]].f.pool);
        if (!known)
            pool[pools++] = cells[i];
    }
    return pools;
}

size_t layout_pools(const struct run_data *run, const size_t *cells, size_t count, bool base_first, size_t *pool)
{
    size_t pools = base_first ? pools_add(run, cells, count, 1, pool, 0) : 0;
    return pools_add(run, cells, count, -1, pool, pools);
}

size_t layout_groups(const struct run_data *run, const size_t *cells, size_t count, layout_fits *fits, const void *arg,
                     bool base_alone, size_t *group)
{
    size_t groups = 0;
    for (int base = 0; base <= 1 && (!base || base_alone || !groups); base++)
        for (size_t i = 0; i < count; i++) {
            bool known = is_base(run, cells[i]) != base;
            for (size_t g = 0; g < groups && !known; g++)
                known = fits(arg, group[g], cells[i]);
            if (!known)
                group[groups++] = cells[i];
        }
    return groups;
}
