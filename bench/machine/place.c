/* Placement: a place becomes rows (sets of CPUs), workers are dealt the rows in turn, the submitter gets what is left.
 * Plans on described machines as on this one; nothing here touches an affinity except place_probe. */
#define _GNU_SOURCE /* cpu_set_t */
#include "bench/machine/place.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/machine/nodes.h"
#include "bench/machine/place_parse.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A CPU that no worker has, best on a core without a worker, then in a package with one (what they share is near).
 * All allowed CPUs where there is none. */
static int main_auto(struct place_rows *rows, const struct machine *machine, hwloc_const_bitmap_t workers)
{
    unsigned best_cpu = 0;
    int best = -1;
    for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_PU, pu));) {
        if (!hwloc_bitmap_isset(machine->allowed, pu->os_index) || hwloc_bitmap_isset(workers, pu->os_index))
            continue;
        hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(machine->topology, HWLOC_OBJ_CORE, pu);
        hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(machine->topology, HWLOC_OBJ_PACKAGE, pu);
        int score = (!core || !hwloc_bitmap_intersects(core->cpuset, workers) ? 2 : 0) +
                    (package && hwloc_bitmap_intersects(package->cpuset, workers) ? 1 : 0);
        if (score > best) {
            best = score;
            best_cpu = pu->os_index;
        }
    }
    return best < 0 ? place_rows_add(rows, machine, machine->allowed) : place_rows_add_cpu(rows, machine, best_cpu);
}

static void mask_fill(uint64_t *mask, hwloc_const_bitmap_t set)
{
    for (int cpu = hwloc_bitmap_first(set); cpu >= 0; cpu = hwloc_bitmap_next(set, cpu))
        mask[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

/* Which CPU is of which kind. 0, also where all are of one, or -ENOMEM. */
static int kinds_fill(struct placement *placement, const struct machine *machine)
{
    int rc = 0;
#if HWLOC_API_VERSION >= 0x00020400
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    const int count = cpus ? hwloc_cpukinds_get_nr(machine->topology, 0) : 0;
    if (count > 1)
        placement->kinds = calloc(placement->words * 64, sizeof *placement->kinds);
    rc = cpus && (placement->kinds || count <= 1) ? 0 : -ENOMEM;
    for (int kind = 1; rc == 0 && kind < count && kind <= UINT8_MAX; kind++)
        if (hwloc_cpukinds_get_info(machine->topology, (unsigned)kind, cpus, NULL, NULL, NULL, 0) == 0)
            for (int cpu = hwloc_bitmap_first(cpus); cpu >= 0; cpu = hwloc_bitmap_next(cpus, cpu))
                if ((unsigned)cpu < placement->words * 64)
                    placement->kinds[cpu] = (uint8_t)kind;
    hwloc_bitmap_free(cpus);
#else
    (void)placement, (void)machine;
#endif
    return rc;
}

static int placement_fill(struct placement *placement, const struct machine *machine, const struct place_rows *rows,
                          hwloc_const_bitmap_t main_set, hwloc_const_bitmap_t used)
{
    unsigned workers = placement->workers;
    unsigned words = (unsigned)hwloc_bitmap_last(machine->allowed) / 64 + 1;
    unsigned cpus = (unsigned)hwloc_bitmap_weight(used);
    placement->words = words;
    placement->masks = calloc((size_t)workers * words, sizeof *placement->masks);
    placement->planned = calloc(workers, sizeof *placement->planned);
    placement->nodes = calloc(workers, sizeof *placement->nodes);
    placement->main_mask = calloc(words, sizeof *placement->main_mask);
    if (!placement->masks || !placement->planned || !placement->nodes || !placement->main_mask)
        return -ENOMEM;
    for (unsigned w = 0; w < workers; w++) {
        hwloc_const_bitmap_t set = rows->sets[w % rows->count];
        mask_fill(placement->masks + (size_t)w * words, set);
        placement->planned[w] = hwloc_bitmap_weight(set) == 1 ? hwloc_bitmap_first(set) : -1;
        placement->nodes[w] = w < rows->count ? node_of_cpus(machine, set) : placement->nodes[w - rows->count];
    }
    mask_fill(placement->main_mask, main_set);
    placement->spare_cpu = !hwloc_bitmap_intersects(main_set, used) && workers < machine->effective_cpus;
    cpus = cpus < machine->effective_cpus ? cpus : machine->effective_cpus;
    placement->cpus = cpus < workers ? cpus : workers;
    return kinds_fill(placement, machine);
}

int place_plan(const struct machine *machine, const char *place, const char *place_main, unsigned workers,
               struct placement *placement, char *error)
{
    struct place_rows rows = {0}, main_rows = {0};
    hwloc_bitmap_t used = hwloc_bitmap_alloc(), main_set = hwloc_bitmap_alloc();
    int rc = -ENOMEM;
    *placement = (struct placement){.workers = workers};
    if (!used || !main_set)
        goto out;
    if (workers == 0) {
        rc = refuse(error, "--workers: expected at least 1");
        goto out;
    }
    rc = place_rows_make(&rows, machine, "--place", place, error);
    for (unsigned i = 0; rc == 0 && i < rows.count && i < workers; i++)
        rc = hwloc_bitmap_or(used, used, rows.sets[i]) != 0 ? -ENOMEM : 0;
    if (rc != 0)
        goto out;
    if (strcmp(place_main, "auto") == 0)
        rc = main_auto(&main_rows, machine, used);
    else
        rc = place_rows_make(&main_rows, machine, "--place-main", place_main, error);
    rc = rc == -ENODEV ? -EINVAL : rc;
    /* The submitter is one thread: named CPUs and objects are its set, of an order it is the first. */
    bool named = strchr(place_main, ':') || isdigit((unsigned char)*place_main);
    for (unsigned i = 0; rc == 0 && i < (named ? main_rows.count : 1); i++)
        rc = hwloc_bitmap_or(main_set, main_set, main_rows.sets[i]) != 0 ? -ENOMEM : 0;
    if (rc == 0)
        rc = placement_fill(placement, machine, &rows, main_set, used);
out:
    if (rc == -ENOMEM)
        refuse(error, "placement: out of memory");
    if (rc != 0)
        placement_release(placement);
    place_rows_release(&main_rows);
    place_rows_release(&rows);
    hwloc_bitmap_free(main_set);
    hwloc_bitmap_free(used);
    return rc;
}

void placement_release(struct placement *placement)
{
    free(placement->masks);
    free(placement->planned);
    free(placement->nodes);
    free(placement->kinds);
    free(placement->main_mask);
    *placement = (struct placement){0};
}

int place_probe(char *reason, size_t size)
{
    cpu_set_t set[8]; /* the kernel refuses to tell into less than it was built for: 8192 CPUs at most */
    reason[0] = '\0';
    if (sched_getaffinity(0, sizeof set, set) == 0 && sched_setaffinity(0, sizeof set, set) == 0)
        return 0;
    int rc = -errno;
    snprintf(reason, size, "setting a CPU affinity is forbidden here (%s)", strerror(-rc));
    return rc;
}

static int mask_compare(const void *a, const void *b, void *words)
{
    return memcmp(a, b, *(const unsigned *)words * sizeof(uint64_t));
}

int place_same(const struct machine *machine, const char *a, const char *b, const char *place_main, unsigned workers,
               char *error)
{
    struct placement x = {0}, y = {0};
    char reason[128];
    int rc = place_plan(machine, a, place_main, workers, &x, error);
    if (rc == 0)
        rc = place_plan(machine, b, place_main, workers, &y, error);
    if (rc == 0) {
        const size_t bytes = x.words * sizeof *x.masks;
        qsort_r(x.masks, workers, bytes, mask_compare, &x.words);
        qsort_r(y.masks, workers, bytes, mask_compare, &x.words);
        rc = !memcmp(x.masks, y.masks, workers * bytes) ||
             (!machine->described && place_probe(reason, sizeof reason) < 0);
    }
    placement_release(&x);
    placement_release(&y);
    return rc;
}
