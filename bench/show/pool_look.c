/* What pools look like, see pool_look.h. */
#include "bench/show/pool_look.h"
#include "bench/model/summary_factors.h"
#include "pools/pool.h"
#include <stdbool.h>
#include <string.h>

/* Where it stands among those that are built in; POOL_LOOKS: nowhere. */
static unsigned position_of(const struct summary_row *row)
{
    const struct pool_ops *const *const tables[] = {pool_table, pool_peers, floor_table};
    const struct pool_ops *pool = row_pool(row);
    unsigned position = 0;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (size_t i = 0; tables[t][i] && position < POOL_LOOKS; i++, position++)
            if (tables[t][i] == pool)
                return position;
    return POOL_LOOKS;
}

/* FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
static unsigned hash_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash % POOL_LOOKS;
}

/* Of the pools that have one so far: who has which. */
struct looks_given {
    const char *pool[POOL_LOOKS];
};

static bool has_look(const struct looks_given *given, const char *pool)
{
    for (unsigned i = 0; i < POOL_LOOKS; i++)
        if (given->pool[i] && !strcmp(given->pool[i], pool))
            return true;
    return false;
}

/* First those that are built in, so that no other takes theirs. */
static void looks_give(const struct run_data *run, struct looks_given *given)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct summary_row *row = &run->rows[run->plan[i]];
        unsigned position = position_of(row);
        if (position < POOL_LOOKS && !given->pool[position])
            given->pool[position] = row->f.pool;
    }
    for (size_t i = 0; i < run->count; i++) {
        const char *pool = run->rows[run->plan[i]].f.pool;
        unsigned look = hash_of(pool), tried = 0;
        while (given->pool[look] && tried++ < POOL_LOOKS)
            look = (look + 1) % POOL_LOOKS;
        if (!has_look(given, pool) && !given->pool[look])
            given->pool[look] = pool;
    }
}

unsigned pool_look(const struct run_data *run, const char *pool)
{
    struct looks_given given = {{NULL}};
    unsigned look = 0;
    looks_give(run, &given);
    while (look < POOL_LOOKS && (!given.pool[look] || strcmp(given.pool[look], pool) != 0))
        look++;
    return look < POOL_LOOKS ? look : hash_of(pool);
}
