/* Plans for machines of the field, made anew where they could not be copied: the L3 cache, memory node and kind of core
 * of every worker, against golden output. POOLBENCH_GOLDEN=write writes the golden files anew: read them before
 * committing.
 */
/* sanitizers: address undefined (plans on large machines, by one thread) */
#include "bench/base/refuse.h"
#include "bench/machine/nodes.h"
#include "bench/machine/place.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define GOLDEN "tests/golden/field"

static const struct {
    const char *name, *topology;
} field[] = {
    /* 64 cores in 8 dies with an L3 cache each, two threads a core */
    {"epyc-8-dies", "synthetic:pack:1 [numa] l3:8 core:8 pu:2"},
    {"grace", "synthetic:pack:1 [numa(memory=480GB)] l3:1 core:72 pu:1"},
    {"two-by-four-by-two", "synthetic:pack:2 [numa] l3:1 core:4 pu:2"},
    /* 6 cores of two threads and 8 slower ones of one, one L3 cache */
    {"hybrid-laptop", GOLDEN "/hybrid-laptop.xml"},
    /* 20 packages, 200 L3 caches, 2,400 cores, 4,800 PUs */
    {"wide", "synthetic:pack:20 [numa] l3:10 core:12 pu:2"},
    /* four nodes with CPUs, and memory alone beside each package */
    {"memory-beside", "synthetic:pack:2 [numa(memory=256GB)] group:2 [numa] l3:2 core:4 pu:1"},
};

static void objects_print(FILE *out, const struct machine *machine, hwloc_obj_type_t type, const char *name,
                          hwloc_const_bitmap_t set)
{
    hwloc_bitmap_t numbers = hwloc_bitmap_alloc();
    char text[256];
    for (hwloc_obj_t object = NULL; (object = hwloc_get_next_obj_by_type(machine->topology, type, object));)
        if (hwloc_bitmap_intersects(object->cpuset, set) &&
            (type != HWLOC_OBJ_NUMANODE || node_has_cpus(machine->topology, object)))
            hwloc_bitmap_set(numbers, object->logical_index);
    hwloc_bitmap_list_snprintf(text, sizeof text, numbers);
    fprintf(out, " %s %s", name, *text ? text : "-");
    hwloc_bitmap_free(numbers);
}

static void worker_print(FILE *out, const struct machine *machine, const struct placement *placement, unsigned w)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    char text[256];
    const uint64_t *mask = placement->masks + (size_t)w * placement->words;
    for (unsigned cpu = 0; cpu < placement->words * 64; cpu++)
        if (mask[cpu / 64] >> cpu % 64 & 1)
            hwloc_bitmap_set(set, cpu);
    hwloc_bitmap_list_snprintf(text, sizeof text, set);
    fprintf(out, "  %u: CPU %s", w, text);
    objects_print(out, machine, HWLOC_OBJ_L3CACHE, "L3", set);
    objects_print(out, machine, HWLOC_OBJ_NUMANODE, "node", set);
    fprintf(out, " kind %d\n", hwloc_cpukinds_get_by_cpuset(machine->topology, set, 0));
    hwloc_bitmap_free(set);
}

static void place_print(FILE *out, const struct machine *machine, const char *place)
{
    struct placement placement;
    char error[ERROR_MAX];
    const unsigned workers = 9;
    if (place_plan(machine, place, "auto", workers, &placement, error) != 0) {
        fprintf(out, "%s\n", error);
        return;
    }
    fprintf(out, "%s\n", place);
    for (unsigned w = 0; w < workers; w++)
        worker_print(out, machine, &placement, w);
    placement_release(&placement);
}

static char *machine_print(const char *topology)
{
    struct machine machine;
    char error[ERROR_MAX], nodes[2048], *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    if (machine_open(&machine, topology, error) != 0)
        fail_msg("%s", error);
    fprintf(out, "%u cores, %u PUs, %s\n", machine.cores, machine.pus, nodes_text(&machine, nodes, sizeof nodes));
    for (const struct place_name *place = place_names; place->name; place++)
        if (place->make)
            place_print(out, &machine, place->name);
    place_print(out, &machine, "kind:0");
    assert_int_equal(fclose(out), 0);
    machine_close(&machine);
    return text;
}

static void test_golden(void **state)
{
    const char *mode = getenv("POOLBENCH_GOLDEN");
    const bool write = mode && !strcmp(mode, "write");
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        static char golden[1 << 18];
        char path[128], *text = machine_print(field[i].topology);
        snprintf(path, sizeof path, GOLDEN "/%s.txt", field[i].name);
        FILE *file = fopen(path, write ? "w" : "r");
        if (!file)
            fail_msg("%s: %s", path, strerror(errno));
        if (write)
            fputs(text, file);
        else
            golden[fread(golden, 1, sizeof golden - 1, file)] = '\0';
        if (!write && strcmp(text, golden) != 0) {
            print_error("%s has\n%s\nbut now it is\n%s\n", path, golden, text);
            wrong++;
        }
        assert_int_equal(fclose(file), 0);
        free(text);
    }
    assert_int_equal(wrong, 0);
}

/* As many workers as there are PUs: each has one of its own, and the whole machine is used. */
static void test_all_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        struct machine machine;
        struct placement placement;
        char error[ERROR_MAX];
        assert_int_equal(machine_open(&machine, field[i].topology, error), 0);
        for (size_t p = 0; p < 2; p++) {
            assert_int_equal(
                place_plan(&machine, p ? "scatter" : "cores-first", "auto", machine.pus, &placement, error), 0);
            hwloc_bitmap_t used = hwloc_bitmap_alloc();
            for (unsigned w = 0; w < placement.workers; w++)
                hwloc_bitmap_set(used, (unsigned)placement.planned[w]);
            assert_true(hwloc_bitmap_isequal(used, machine.allowed));
            hwloc_bitmap_free(used);
            assert_int_equal(placement.cpus, machine.pus);
            placement_release(&placement);
        }
        machine_close(&machine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
