/* Values and the CPUs that have them, see kinds.h. */
#include "bench/machine/kinds.h"
#include "bench/base/sysfile.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int kinds_add(struct kinds *kinds, const char *value, hwloc_const_bitmap_t cpus)
{
    size_t i = 0;
    while (i < kinds->count && strncmp(kinds->kind[i].value, value, sizeof kinds->kind[i].value - 1) != 0)
        i++;
    if (i == kinds->count) {
        struct kind *grown = realloc(kinds->kind, (i + 1) * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        kinds->kind = grown;
        grown[i] = (struct kind){.cpus = hwloc_bitmap_alloc()};
        if (!grown[i].cpus)
            return -ENOMEM;
        snprintf(grown[i].value, sizeof grown[i].value, "%s", value);
        kinds->count++;
    }
    kinds->kind[i].count++;
    return hwloc_bitmap_or(kinds->kind[i].cpus, kinds->kind[i].cpus, cpus) != 0 ? -ENOMEM : 0;
}

void kinds_release(struct kinds *kinds)
{
    for (size_t i = 0; i < kinds->count; i++)
        hwloc_bitmap_free(kinds->kind[i].cpus);
    free(kinds->kind);
    *kinds = (struct kinds){0};
}

int kinds_by_cpu(const struct machine *machine, bool (*tell)(unsigned cpu, char *value, size_t size, const void *arg),
                 const void *arg, struct kinds *kinds)
{
    hwloc_bitmap_t one = hwloc_bitmap_alloc();
    hwloc_bitmap_t dark = hwloc_bitmap_alloc();
    char value[sizeof kinds->kind->value];
    unsigned cpu;
    int rc = one && dark ? 0 : -ENOMEM;
    *kinds = (struct kinds){0};
    hwloc_bitmap_foreach_begin(cpu, machine->allowed)
    {
        if (rc == 0 && tell(cpu, value, sizeof value, arg))
            rc = hwloc_bitmap_only(one, cpu) != 0 ? -ENOMEM : kinds_add(kinds, value, one);
        else if (rc == 0)
            rc = hwloc_bitmap_set(dark, cpu) != 0 ? -ENOMEM : 0;
    }
    hwloc_bitmap_foreach_end();
    if (rc == 0 && kinds->count && !hwloc_bitmap_iszero(dark)) /* some have it: the rest are not as they are */
        rc = kinds_add(kinds, KIND_UNTOLD, dark);
    hwloc_bitmap_free(one);
    hwloc_bitmap_free(dark);
    return rc;
}

static bool file_tell(unsigned cpu, char *value, size_t size, const void *arg)
{
    const char *const *where = arg;
    return sysfile_read(value, size, "%s/sys/devices/system/cpu/cpu%u/%s", where[0], cpu, where[1]) > 0;
}

int kinds_of_file(const struct machine *machine, const char *root, const char *file, struct kinds *kinds)
{
    return kinds_by_cpu(machine, file_tell, (const char *[]){root, file}, kinds);
}

/* The cores of one kind, each of which counts with the CPUs of it that we may use. */
#if HWLOC_API_VERSION >= 0x00020400
static int cores_add(const struct machine *machine, unsigned number, hwloc_bitmap_t cpus, struct kinds *kinds)
{
    struct hwloc_info_s *infos = NULL;
    unsigned info_count = 0;
    char name[sizeof kinds->kind->value];
    int rc = hwloc_cpukinds_get_info(machine->topology, number, cpus, NULL, &info_count, &infos, 0);
    snprintf(name, sizeof name, hwloc_cpukinds_get_nr(machine->topology, 0) == 1 ? "of one kind" : "of kind %u",
             number);
    for (unsigned i = 0; rc == 0 && i < info_count; i++)
        if (strcmp(infos[i].name, "CoreType") == 0)
            snprintf(name, sizeof name, "%s", infos[i].value);
    if (rc == 0)
        rc = hwloc_bitmap_and(cpus, cpus, machine->allowed);
    for (hwloc_obj_t core = NULL;
         rc == 0 && (core = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_CORE, core));) {
        hwloc_bitmap_t part = hwloc_bitmap_alloc();
        rc = part ? hwloc_bitmap_and(part, core->cpuset, cpus) : -1;
        if (rc == 0 && !hwloc_bitmap_iszero(part))
            rc = kinds_add(kinds, name, part);
        hwloc_bitmap_free(part);
    }
    return rc;
}
#endif

int kinds_of_cores(const struct machine *machine, struct kinds *kinds)
{
    int rc = 0;
    *kinds = (struct kinds){0};
#if HWLOC_API_VERSION >= 0x00020400
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    int count = hwloc_cpukinds_get_nr(machine->topology, 0);
    rc = cpus ? 0 : -1;
    /* the last one is the fastest */
    for (int i = count - 1; rc == 0 && i >= 0; i--)
        rc = cores_add(machine, (unsigned)i, cpus, kinds);
    hwloc_bitmap_free(cpus);
#else
    (void)machine;
#endif
    return rc != 0 ? -ENOMEM : 0;
}

int kinds_of_caches(hwloc_topology_t topology, int depth, struct kinds *kinds)
{
    int rc = 0;
    *kinds = (struct kinds){0};
    for (hwloc_obj_t cache = NULL; rc == 0 && (cache = hwloc_get_next_obj_by_depth(topology, depth, cache));) {
        char bytes[32];
        snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)cache->attr->cache.size);
        rc = kinds_add(kinds, bytes, cache->cpuset);
    }
    return rc;
}

void kinds_text(const struct kinds *kinds, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < kinds->count && used < size; i++) {
        char *cpus = NULL;
        if (kinds->count > 1)
            hwloc_bitmap_list_asprintf(&cpus, kinds->kind[i].cpus);
        int length = snprintf(text + used, size - used, "%s%s%s%s%s", i ? ", " : "", kinds->kind[i].value,
                              cpus ? " (CPU " : "", cpus ? cpus : "", cpus ? ")" : "");
        used += length > 0 ? (size_t)length : 0;
        free(cpus);
    }
}
