/* Versions of libraries. Each has a way of its own to say it, or none. */
#include "bench/base/libraries.h"
#include <csv.h>
#include <gsl/gsl_version.h>
#include <hwloc.h>
#include <jansson.h>
#include <stdio.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

/* hwloc_get_api_version() is that of the interface, which does not change with every release. The library signs the
 * topologies it makes with its own. */
static void hwloc_ask(char *version, size_t size)
{
    hwloc_topology_t topology;
    const char *signature = NULL;
    snprintf(version, size, "%s", HWLOC_VERSION);
    if (hwloc_topology_init(&topology))
        return;
    if (!hwloc_topology_set_synthetic(topology, "pu:1") && !hwloc_topology_load(topology))
        signature = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "hwlocVersion");
    if (signature)
        snprintf(version, size, "%s", signature);
    hwloc_topology_destroy(topology);
}

void libraries_ask(struct library list[LIBRARIES])
{
    static const char *const names[LIBRARIES] = {"hwloc", "libcsv", "gsl", "jansson", "inih", "glibc"};
    const size_t size = sizeof list[0].version;
    for (unsigned i = 0; i < LIBRARIES; i++)
        list[i] = (struct library){.name = names[i]};
    hwloc_ask(list[0].version, size);
    snprintf(list[1].version, size, "%d.%d.%d", CSV_MAJOR, CSV_MINOR, CSV_RELEASE);
    snprintf(list[2].version, size, "%s", gsl_version);
    snprintf(list[3].version, size, "%s", jansson_version_str());
    snprintf(list[4].version, size, "%s", POOLBENCH_INIH_VERSION);
#ifdef __GLIBC__
    snprintf(list[5].version, size, "%s", gnu_get_libc_version());
#endif
}
