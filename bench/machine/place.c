/* Placement: a place becomes rows (sets of CPUs), workers are dealt the rows in turn, the submitter gets what is left.
 * Plans on described machines as on this one; nothing here touches an affinity except place_probe. */
#define _GNU_SOURCE /* cpu_set_t */
#include "bench/machine/place.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/machine/place_parse.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct place_name place_names[] = {
    {"none", "not pinned: every worker may use all allowed CPUs"},
    {"cores-first", "one worker a core, the next package when its cores are used, second PUs of cores last"},
    {"compact", "one PU after another in topological order: neighbours share caches"},
    {"scatter", "spread over packages, NUMA nodes, caches, cores, and only then over a core's PUs"},
    {"cores", "one worker a core, on its first PU"},
    {"0+2-3", "the listed CPUs, by the operating system's numbers, in that order"},
    {"core:1.pu:0", "hwloc locations, joined with plus; core:0-3 and pack:all make one worker per object"},
    {NULL, NULL},
};

/* A CPU we may use. */
struct pu {
    unsigned cpu;  /* the operating system's number */
    unsigned rank; /* among the allowed PUs of its core */
    int kind;      /* a larger one is faster; all the same where hwloc cannot tell */
};

static int pu_kind(hwloc_topology_t topology, hwloc_const_bitmap_t pu)
{
#if HWLOC_API_VERSION >= 0x00020400
    int kind = hwloc_cpukinds_get_by_cpuset(topology, pu, 0), efficiency = -1;
    if (kind >= 0 && hwloc_cpukinds_get_info(topology, (unsigned)kind, NULL, &efficiency, NULL, NULL, 0) == 0)
        return efficiency;
#else
    (void)topology, (void)pu;
#endif
    return -1;
}

/* The allowed PUs in topological order: machine->pus of them, to be freed by the caller; NULL: no memory. */
static struct pu *pus_list(const struct machine *machine)
{
    struct pu *pus = calloc(machine->pus, sizeof *pus);
    hwloc_obj_t last_core = NULL;
    unsigned count = 0;
    if (!pus)
        return NULL;
    for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_PU, pu));) {
        if (!hwloc_bitmap_isset(machine->allowed, pu->os_index) || count == machine->pus)
            continue;
        hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(machine->topology, HWLOC_OBJ_CORE, pu);
        bool sibling = core && core == last_core;
        pus[count].cpu = pu->os_index;
        pus[count].rank = sibling ? pus[count - 1].rank + 1 : 0;
        pus[count].kind = pu_kind(machine->topology, pu->cpuset);
        last_core = core;
        count++;
    }
    return pus;
}

static int rows_add_cpu(struct place_rows *rows, const struct machine *machine, unsigned cpu)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    int rc = -ENOMEM;
    if (set && hwloc_bitmap_only(set, cpu) == 0)
        rc = place_rows_add(rows, machine, set);
    hwloc_bitmap_free(set);
    return rc;
}

/* PUs as they come. */
static int rows_in_order(struct place_rows *rows, const struct machine *machine, hwloc_const_bitmap_t group)
{
    int rc = 0;
    for (hwloc_obj_t pu = NULL; rc == 0 && (pu = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_PU, pu));)
        if (hwloc_bitmap_isset(group, pu->os_index))
            rc = rows_add_cpu(rows, machine, pu->os_index);
    return rc;
}

/* PUs as far from the ones already dealt as possible: from the root down, each time into the child that has given the
 * fewest so far. The tree has packages above NUMA groups, caches and cores, which is the order to spread over. */
static int rows_spread(struct place_rows *rows, const struct machine *machine, hwloc_const_bitmap_t group)
{
    hwloc_bitmap_t left = hwloc_bitmap_dup(group), taken = hwloc_bitmap_alloc(), given = hwloc_bitmap_alloc();
    int rc = left && taken && given ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < rows->count; i++)
        rc = hwloc_bitmap_or(taken, taken, rows->sets[i]) != 0 ? -ENOMEM : 0;
    while (rc == 0 && !hwloc_bitmap_iszero(left)) {
        hwloc_obj_t object = hwloc_get_root_obj(machine->topology);
        while (object->type != HWLOC_OBJ_PU) {
            hwloc_obj_t best = NULL;
            int fewest = INT_MAX;
            for (hwloc_obj_t child = object->first_child; child; child = child->next_sibling) {
                if (!hwloc_bitmap_intersects(child->cpuset, left))
                    continue;
                if (hwloc_bitmap_and(given, child->cpuset, taken) != 0)
                    rc = -ENOMEM;
                int weight = hwloc_bitmap_weight(given);
                if (weight < fewest) {
                    fewest = weight;
                    best = child;
                }
            }
            object = best;
        }
        hwloc_bitmap_clr(left, object->os_index);
        if (rc == 0 && hwloc_bitmap_set(taken, object->os_index) != 0)
            rc = -ENOMEM;
        if (rc == 0)
            rc = rows_add_cpu(rows, machine, object->os_index);
    }
    hwloc_bitmap_free(given);
    hwloc_bitmap_free(taken);
    hwloc_bitmap_free(left);
    return rc;
}

/* Deals the PUs in groups of the same rank (any rank where `ranks` is 0) and kind: `ranks` ranks at most, within a rank
 * the fastest kind first. */
static int rows_by_group(struct place_rows *rows, const struct machine *machine, unsigned ranks,
                         int (*deal)(struct place_rows *, const struct machine *, hwloc_const_bitmap_t))
{
    struct pu *pus = pus_list(machine);
    hwloc_bitmap_t group = hwloc_bitmap_alloc();
    unsigned highest = 0;
    int fastest = -1, rc = pus && group ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < machine->pus; i++) {
        highest = pus[i].rank > highest ? pus[i].rank : highest;
        fastest = pus[i].kind > fastest ? pus[i].kind : fastest;
    }
    for (unsigned rank = 0; rank <= highest && rank < (ranks ? ranks : 1); rank++) {
        for (int kind = fastest; rc == 0 && kind >= -1; kind--) {
            hwloc_bitmap_zero(group);
            for (unsigned i = 0; rc == 0 && i < machine->pus; i++)
                if (pus[i].kind == kind && (!ranks || pus[i].rank == rank))
                    rc = hwloc_bitmap_set(group, pus[i].cpu) != 0 ? -ENOMEM : 0;
            if (rc == 0)
                rc = deal(rows, machine, group);
        }
    }
    hwloc_bitmap_free(group);
    free(pus);
    return rc;
}

static int refuse_name(const char *option, const char *place, char *error)
{
    struct nearest nearest;
    char hint[96];
    nearest_init(&nearest, place);
    for (const struct place_name *row = place_names; row->name; row++)
        if (!strpbrk(row->name, ":+")) /* the examples are no names */
            nearest_offer(&nearest, row->name);
    return refuse(error, "%s: no place is called '%.*s'%s", option, SPEC_MAX, place,
                  nearest_name(&nearest)
                      ? nearest_hint(&nearest, hint, sizeof hint)
                      : "; expected none, cores-first, compact, scatter, cores, a list such as 0+2-3 or a "
                        "location such as core:1.pu:0");
}

static int rows_make(struct place_rows *rows, const struct machine *machine, const char *option, const char *place,
                     char *error)
{
    int rc;
    if (strcmp(place, "none") == 0)
        rc = place_rows_add(rows, machine, machine->allowed);
    else if (strcmp(place, PLACE_DEFAULT) == 0)
        rc = rows_by_group(rows, machine, UINT_MAX, rows_in_order);
    else if (strcmp(place, "compact") == 0)
        rc = rows_by_group(rows, machine, 0, rows_in_order);
    else if (strcmp(place, "scatter") == 0)
        rc = rows_by_group(rows, machine, UINT_MAX, rows_spread);
    else if (strcmp(place, "cores") == 0)
        rc = rows_by_group(rows, machine, 1, rows_in_order);
    else if (isdigit((unsigned char)*place) || strpbrk(place, ":+"))
        return place_parse(machine, option, place, rows, error);
    else
        return refuse_name(option, place, error);
    return rc;
}

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
    return best < 0 ? place_rows_add(rows, machine, machine->allowed) : rows_add_cpu(rows, machine, best_cpu);
}

static void mask_fill(uint64_t *mask, hwloc_const_bitmap_t set)
{
    for (int cpu = hwloc_bitmap_first(set); cpu >= 0; cpu = hwloc_bitmap_next(set, cpu))
        mask[cpu / 64] |= UINT64_C(1) << (cpu % 64);
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
    placement->main_mask = calloc(words, sizeof *placement->main_mask);
    if (!placement->masks || !placement->planned || !placement->main_mask)
        return -ENOMEM;
    for (unsigned w = 0; w < workers; w++) {
        hwloc_const_bitmap_t set = rows->sets[w % rows->count];
        mask_fill(placement->masks + (size_t)w * words, set);
        placement->planned[w] = hwloc_bitmap_weight(set) == 1 ? hwloc_bitmap_first(set) : -1;
    }
    mask_fill(placement->main_mask, main_set);
    placement->spare_cpu = !hwloc_bitmap_intersects(main_set, used) && workers < machine->effective_cpus;
    cpus = cpus < machine->effective_cpus ? cpus : machine->effective_cpus;
    placement->cpus = cpus < workers ? cpus : workers;
    return 0;
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
    rc = rows_make(&rows, machine, "--place", place, error);
    for (unsigned i = 0; rc == 0 && i < rows.count && i < workers; i++)
        rc = hwloc_bitmap_or(used, used, rows.sets[i]) != 0 ? -ENOMEM : 0;
    if (rc != 0)
        goto out;
    if (strcmp(place_main, "auto") == 0)
        rc = main_auto(&main_rows, machine, used);
    else
        rc = rows_make(&main_rows, machine, "--place-main", place_main, error);
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
