/* Comparing result sums across cells, see agree.h. */
#include "bench/model/agree.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <stdlib.h>

void agreement_release(struct agreement *agreement)
{
    free(agreement->known);
    *agreement = (struct agreement){0};
}

/* Everything a result depends on; the seed is the run's. */
static bool same_tasks(const struct cell *a, const struct cell *b)
{
    return a->f.iterations == b->f.iterations && a->f.payload.in == b->f.payload.in &&
           factors_same(&a->f, &b->f, factors_work());
}

int agreement_break(struct agreement *agreement, const struct cell *cell, uint64_t sum, const struct cell **other)
{
    for (size_t i = 0; i < agreement->count; i++)
        if (same_tasks(&agreement->known[i].cell, cell)) {
            *other = &agreement->known[i].cell;
            return agreement->known[i].sum != sum;
        }
    if (agreement->count == agreement->room) {
        size_t room = agreement->room ? 2 * agreement->room : 16;
        struct known *grown = realloc(agreement->known, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        agreement->known = grown;
        agreement->room = room;
    }
    agreement->known[agreement->count++] = (struct known){*cell, sum};
    return 0;
}
