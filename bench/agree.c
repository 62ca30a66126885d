/* Comparing result sums across cells, see agree.h. */
#include "bench/agree.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int agreement_init(struct agreement *agreement, const struct cells *cells)
{
    *agreement = (struct agreement){.known = calloc(cells->count, sizeof *agreement->known)};
    return agreement->known ? 0 : -ENOMEM;
}

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

const struct cell *agreement_break(struct agreement *agreement, const struct cell *cell, uint64_t sum)
{
    for (size_t i = 0; i < agreement->count; i++)
        if (same_tasks(agreement->known[i].cell, cell))
            return agreement->known[i].sum == sum ? NULL : agreement->known[i].cell;
    agreement->known[agreement->count++] = (struct known){cell, sum};
    return NULL;
}
