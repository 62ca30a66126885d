/* What the words of a place mean: the CPUs, or sets of them, that workers are dealt in turn. A word is a row of
 * place_names. */
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/machine/nodes.h"
#include "bench/machine/place.h"
#include "bench/machine/place_parse.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A CPU we may use. */
struct pu {
    unsigned cpu;  /* the operating system's number */
    unsigned rank; /* among the allowed PUs of its core */
    int kind;      /* a larger one is faster; all the same where hwloc cannot tell */
    int number;    /* of its kind, hwloc's; -1: it knows none */
    bool is_smt;   /* its core has others that are allowed */
};

static void pu_kind(hwloc_topology_t topology, hwloc_const_bitmap_t cpus, struct pu *pu)
{
    pu->number = pu->kind = -1;
#if HWLOC_API_VERSION >= 0x00020400
    int efficiency = -1;
    pu->number = hwloc_cpukinds_get_by_cpuset(topology, cpus, 0);
    if (pu->number >= 0 &&
        hwloc_cpukinds_get_info(topology, (unsigned)pu->number, NULL, &efficiency, NULL, NULL, 0) == 0)
        pu->kind = efficiency;
#else
    (void)topology, (void)cpus;
#endif
}

/* Of cores, as hwloc numbers them; 0: it tells none. */
static int kinds_count(const struct machine *machine)
{
    int count = 0;
#if HWLOC_API_VERSION >= 0x00020400
    count = hwloc_cpukinds_get_nr(machine->topology, 0);
#endif
    (void)machine;
    return count > 0 ? count : 0;
}

static unsigned core_weight(const struct machine *machine, hwloc_obj_t core)
{
    unsigned weight = 0;
    for (int cpu = hwloc_bitmap_first(core->cpuset); cpu >= 0; cpu = hwloc_bitmap_next(core->cpuset, cpu))
        weight += hwloc_bitmap_isset(machine->allowed, (unsigned)cpu) != 0;
    return weight;
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
        pus[count].is_smt = core && core_weight(machine, core) > 1;
        pu_kind(machine->topology, pu->cpuset, &pus[count]);
        last_core = core;
        count++;
    }
    return pus;
}

/* PUs as they come. */
static int rows_in_order(struct place_rows *rows, const struct machine *machine, hwloc_const_bitmap_t group)
{
    int rc = 0;
    for (hwloc_obj_t pu = NULL; rc == 0 && (pu = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_PU, pu));)
        if (hwloc_bitmap_isset(group, pu->os_index))
            rc = place_rows_add_cpu(rows, machine, pu->os_index);
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
            rc = place_rows_add_cpu(rows, machine, object->os_index);
    }
    hwloc_bitmap_free(given);
    hwloc_bitmap_free(taken);
    hwloc_bitmap_free(left);
    return rc;
}

typedef int deal(struct place_rows *rows, const struct machine *machine, hwloc_const_bitmap_t group);

/* Which PUs, and in which groups. */
struct dealing {
    bool by_rank;                             /* first PUs of all cores, then second ones */
    bool (*takes)(const struct pu *, int of); /* NULL: all */
    int of;
    deal *deal;
};

/* Deals the PUs in groups of the same kind, and the same rank where that counts, the lowest rank and within it the
 * fastest kind first. */
static int rows_by_group(struct place_rows *rows, const struct machine *machine, const struct dealing *dealing)
{
    struct pu *pus = pus_list(machine);
    hwloc_bitmap_t group = hwloc_bitmap_alloc();
    unsigned highest = 0;
    int fastest = -1, rc = pus && group ? 0 : -ENOMEM;
    for (unsigned i = 0; rc == 0 && i < machine->pus; i++) {
        highest = dealing->by_rank && pus[i].rank > highest ? pus[i].rank : highest;
        fastest = pus[i].kind > fastest ? pus[i].kind : fastest;
    }
    for (unsigned rank = 0; rank <= highest; rank++) {
        for (int kind = fastest; rc == 0 && kind >= -1; kind--) {
            hwloc_bitmap_zero(group);
            for (unsigned i = 0; rc == 0 && i < machine->pus; i++)
                if (pus[i].kind == kind && (!dealing->by_rank || pus[i].rank == rank) &&
                    (!dealing->takes || dealing->takes(&pus[i], dealing->of)))
                    rc = hwloc_bitmap_set(group, pus[i].cpu) != 0 ? -ENOMEM : 0;
            if (rc == 0)
                rc = dealing->deal(rows, machine, group);
        }
    }
    hwloc_bitmap_free(group);
    free(pus);
    return rc;
}

/* One row an object of that type, of the allowed CPUs in it: a worker may use all of them. */
static int rows_of_objects(struct place_rows *rows, const struct machine *machine, hwloc_obj_type_t type)
{
    int rc = 0;
    for (hwloc_obj_t object = NULL;
         rc == 0 && (object = hwloc_get_next_obj_by_type(machine->topology, type, object));) {
        if (type == HWLOC_OBJ_NUMANODE && !node_has_cpus(machine->topology, object))
            continue;
        rc = place_rows_add(rows, machine, object->cpuset);
        rc = rc == -ENOENT ? 0 : rc; /* CPUs that are not ours */
    }
    return rc;
}

/* ---- the words ---- */

static bool pu_is_first(const struct pu *pu, int unused)
{
    (void)unused;
    return pu->rank == 0;
}

static bool pu_is_smt(const struct pu *pu, int unused)
{
    (void)unused;
    return pu->is_smt;
}

static bool pu_has_kind(const struct pu *pu, int kind)
{
    return pu->kind == kind;
}

static bool pu_has_number(const struct pu *pu, int number)
{
    return pu->number == number;
}

static int none_make(struct place_rows *rows, const struct machine *machine)
{
    return place_rows_add(rows, machine, machine->allowed);
}

static int cores_first_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_by_group(rows, machine, &(struct dealing){.by_rank = true, .deal = rows_in_order});
}

static int compact_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_by_group(rows, machine, &(struct dealing){.deal = rows_in_order});
}

static int scatter_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_by_group(rows, machine, &(struct dealing){.by_rank = true, .deal = rows_spread});
}

static int cores_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_by_group(rows, machine, &(struct dealing){.takes = pu_is_first, .deal = rows_in_order});
}

static int smt_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_by_group(rows, machine, &(struct dealing){.takes = pu_is_smt, .deal = rows_in_order});
}

static int l3_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_of_objects(rows, machine, HWLOC_OBJ_L3CACHE);
}

static int numa_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_of_objects(rows, machine, HWLOC_OBJ_NUMANODE);
}

static int package_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_of_objects(rows, machine, HWLOC_OBJ_PACKAGE);
}

/* The kinds, from the slowest; what `fast` and `efficient` tell apart is there only where these differ. */
static int kinds_range(const struct machine *machine, int *slowest, int *fastest)
{
    struct pu *pus = pus_list(machine);
    *slowest = INT_MAX, *fastest = -1;
    for (unsigned i = 0; pus && i < machine->pus; i++) {
        *slowest = pus[i].kind < *slowest ? pus[i].kind : *slowest;
        *fastest = pus[i].kind > *fastest ? pus[i].kind : *fastest;
    }
    free(pus);
    return pus ? 0 : -ENOMEM;
}

static int rows_of_kind(struct place_rows *rows, const struct machine *machine, bool is_fast)
{
    int slowest, fastest, rc = kinds_range(machine, &slowest, &fastest);
    if (rc || slowest == fastest)
        return rc;
    return rows_by_group(rows, machine,
                         &(struct dealing){true, pu_has_kind, is_fast ? fastest : slowest, rows_in_order});
}

static int fast_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_of_kind(rows, machine, true);
}

static int efficient_make(struct place_rows *rows, const struct machine *machine)
{
    return rows_of_kind(rows, machine, false);
}

const struct place_name place_names[] = {
    {"none", "not pinned: every worker may use all allowed CPUs", none_make, NULL},
    {PLACE_DEFAULT, "one worker a core, the next package when its cores are used, second PUs of cores last",
     cores_first_make, NULL},
    {"compact", "one PU after another in topological order: neighbours share caches", compact_make, NULL},
    {"scatter", "spread over packages, NUMA nodes, caches, cores, and only then over a core's PUs", scatter_make, NULL},
    {"cores", "one worker a core, on its first PU", cores_make, NULL},
    {"smt", "PU after PU of cores that have several, and no others: neighbours share a core", smt_make,
     "there is no core with several PUs"},
    {"l3", "a worker an L3 cache, on any PU of it, round again", l3_make, "there is no L3 cache"},
    {"numa", "a worker a NUMA node, on any PU of it, round again", numa_make, "there is no NUMA node with a CPU"},
    {"package", "a worker a package, on any PU of it, round again", package_make, "no package is known"},
    {"fast", "as cores-first, on cores of the fastest kind alone", fast_make, "all cores are of one kind"},
    {"efficient", "as cores-first, on cores of the slowest kind alone", efficient_make, "all cores are of one kind"},
    {"kind:0", "as cores-first, on cores of that kind alone, by hwloc's number", NULL, NULL},
    {"0+2-3", "the listed CPUs, by the operating system's numbers, in that order", NULL, NULL},
    {"numa:each", "for each object, or kind of core, the same tasks once more on it alone: numa:0, numa:1 ...", NULL,
     NULL},
    {"core:1.pu:0", "hwloc locations, joined with plus; core:0-3 and pack:all make one worker per object", NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static int absent(const struct machine *machine, const char *option, const char *place, const char *why, char *error)
{
    refuse(error, "%s: %s: %s %s", option, place, why, machine->described ? "on that machine" : "here");
    return -ENODEV;
}

static int refuse_name(const char *option, const char *place, char *error)
{
    struct nearest nearest;
    char hint[96], names[256] = "";
    nearest_init(&nearest, place);
    for (const struct place_name *row = place_names; row->name; row++)
        if (row->make) {
            nearest_offer(&nearest, row->name);
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s, ", row->name);
        }
    if (nearest_name(&nearest))
        return refuse(error, "%s: no place is called '%.*s'%s", option, SPEC_MAX, place,
                      nearest_hint(&nearest, hint, sizeof hint));
    return refuse(error,
                  "%s: no place is called '%.*s'; expected %skind:N, a list such as 0+2-3 or a location such as "
                  "core:1.pu:0",
                  option, SPEC_MAX, place, names);
}

#define KIND_PREFIX "kind:"
static int kind_make(struct place_rows *rows, const struct machine *machine, const char *option, const char *place,
                     char *error)
{
    char *end;
    const char *number = place + strlen(KIND_PREFIX);
    const long kind = isdigit((unsigned char)*number) ? strtol(number, &end, 10) : -1;
    const int kinds = kinds_count(machine);
    if (kind < 0 || kind > INT_MAX || *end)
        return refuse(error, "%s: '%s': expected the number of a kind of core, as in kind:0", option, place);
    if (kinds <= 0)
        return absent(machine, option, place, "hwloc tells no kinds of core", error);
    if (kind >= kinds) {
        char last[64];
        snprintf(last, sizeof last, "the last kind of core is kind:%d", kinds - 1);
        return absent(machine, option, place, last, error);
    }
    int rc = rows_by_group(rows, machine, &(struct dealing){true, pu_has_number, (int)kind, rows_in_order});
    return rc == 0 && !rows->count ? absent(machine, option, place, "no CPU of that kind may be used", error) : rc;
}

#define EACH ":each"
int place_each(const struct machine *machine, const char *place, struct words *places)
{
    char name[32], one[64], ignored[ERROR_MAX];
    const size_t length = strlen(place), end = strlen(EACH), mark = *place == '?', before = places->count;
    hwloc_obj_type_t type = HWLOC_OBJ_MACHINE;
    int depth = 0, count = 0, rc = 0;
    if (length <= mark + end || length - end >= sizeof name || strcmp(place + length - end, EACH) != 0)
        return words_add(places, place, length);
    snprintf(name, sizeof name, "%.*s", (int)(length - end - mark), place + mark);
    const bool is_kind = !strcmp(name, "kind");
    if (is_kind)
        count = kinds_count(machine);
    else if (hwloc_type_sscanf_as_depth(name, &type, machine->topology, &depth) == 0)
        count = (int)hwloc_get_nbobjs_by_depth(machine->topology, depth);
    for (int i = 0; i < count && rc == 0; i++) {
        struct place_rows rows = {0};
        const bool is_node = !is_kind && type == HWLOC_OBJ_NUMANODE;
        int used = snprintf(one, sizeof one, "%s%s:%d", mark ? "?" : "", name, i);
        if (is_node && !node_has_cpus(machine->topology, hwloc_get_obj_by_depth(machine->topology, depth, (unsigned)i)))
            continue;
        if (place_rows_make(&rows, machine, "", one + mark, ignored) == 0)
            rc = words_add(places, one, (size_t)used);
        place_rows_release(&rows);
    }
    snprintf(one, sizeof one, "%s%s:0", mark ? "?" : "", name);
    return rc || places->count > before ? rc : words_add(places, one, strlen(one));
}

int place_rows_make(struct place_rows *rows, const struct machine *machine, const char *option, const char *place,
                    char *error)
{
    for (const struct place_name *name = place_names; name->name; name++) {
        if (!name->make || strcmp(name->name, place) != 0)
            continue;
        int rc = name->make(rows, machine);
        return rc == 0 && !rows->count ? absent(machine, option, place, name->missing, error) : rc;
    }
    if (!strncmp(place, KIND_PREFIX, strlen(KIND_PREFIX)))
        return kind_make(rows, machine, option, place, error);
    if (isdigit((unsigned char)*place) || strpbrk(place, ":+"))
        return place_parse(machine, option, place, rows, error);
    return refuse_name(option, place, error);
}
