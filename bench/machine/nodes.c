/* See nodes.h. */
#include "bench/machine/nodes.h"
#include "bench/base/units.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static hwloc_obj_t node_next(hwloc_topology_t topology, hwloc_obj_t node)
{
    return hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node);
}

bool node_has_cpus(hwloc_topology_t topology, hwloc_obj_t node)
{
    bool has = !hwloc_bitmap_iszero(node->cpuset);
    for (hwloc_obj_t other = NULL; has && (other = node_next(topology, other));) {
        if (other == node || hwloc_bitmap_iszero(other->cpuset))
            continue;
        const bool equal = hwloc_bitmap_isequal(other->cpuset, node->cpuset);
        has = equal ? node->os_index < other->os_index : !hwloc_bitmap_isincluded(other->cpuset, node->cpuset);
    }
    return has;
}

bool node_is_ours(const struct machine *machine, hwloc_obj_t node)
{
    bool told = false; /* of any; who describes a machine may leave it out */
    for (hwloc_obj_t other = NULL; !told && !machine->described && (other = node_next(machine->topology, other));)
        told = other->attr->numanode.local_memory > 0;
    return hwloc_bitmap_isset(hwloc_topology_get_allowed_nodeset(machine->topology), node->os_index) &&
           (!told || node->attr->numanode.local_memory > 0);
}

int nodes_of_cpus(const struct machine *machine, hwloc_const_bitmap_t cpus, hwloc_bitmap_t nodes)
{
    int rc = 0;
    for (hwloc_obj_t node = NULL; rc == 0 && (node = node_next(machine->topology, node));)
        if (hwloc_bitmap_intersects(node->cpuset, cpus) && node_has_cpus(machine->topology, node) &&
            node_is_ours(machine, node))
            rc = hwloc_bitmap_set(nodes, node->os_index) != 0 ? -ENOMEM : 0;
    return rc;
}

int32_t node_of_cpus(const struct machine *machine, hwloc_const_bitmap_t cpus)
{
    for (hwloc_obj_t node = NULL; (node = node_next(machine->topology, node));)
        if (hwloc_bitmap_isincluded(cpus, node->cpuset) && node_has_cpus(machine->topology, node))
            return node_is_ours(machine, node) ? (int32_t)node->os_index : -1;
    return -1;
}

char *node_text(hwloc_topology_t topology, hwloc_obj_t node, char *text, size_t size)
{
    char *cpus = NULL, bytes[32] = "unknown size";
    if (node_has_cpus(topology, node))
        hwloc_bitmap_list_asprintf(&cpus, node->cpuset);
    if (node->attr->numanode.local_memory)
        format_bytes(bytes, sizeof bytes, (double)node->attr->numanode.local_memory);
    snprintf(text, size, "%s%s, %s", cpus ? "CPU " : "no CPU", cpus ? cpus : "", bytes);
    free(cpus);
    return text;
}

char *nodes_text(const struct machine *machine, char *text, size_t size)
{
    char one[96];
    size_t used = 0;
    text[0] = '\0';
    for (hwloc_obj_t node = NULL; used < size && (node = node_next(machine->topology, node));)
        if (node_is_ours(machine, node)) {
            int length = snprintf(text + used, size - used, "%snode:%u (%s)", used ? ", " : "", node->os_index,
                                  node_text(machine->topology, node, one, sizeof one));
            used += length > 0 ? (size_t)length : 0;
        }
    return text;
}
