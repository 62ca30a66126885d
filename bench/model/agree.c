/* Comparing result sums across cells, see agree.h. */
#include "bench/model/agree.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void agreement_release(struct agreement *agreement)
{
    free(agreement->known);
    *agreement = (struct agreement){0};
}

/* Everything a result depends on; the seed is the run's. */
static bool same_tasks(const struct cell *a, const struct cell *b)
{
    return a->tasks == b->tasks && a->size_ns == b->size_ns && a->iterations == b->iterations &&
           a->in_bytes == b->in_bytes && !strcmp(a->workload_spec, b->workload_spec) &&
           !strcmp(a->dist_spec, b->dist_spec) && !strcmp(a->faults_spec, b->faults_spec);
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
