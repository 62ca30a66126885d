/* A machine with cores of two kinds, made with hwloc and read back from its file as one of a user's: what is not the
 * same on all CPUs is told by kind, in topo, check, host.json and the report alike. */
#include "bench/base/refuse.h"
#include "bench/machine/check.h"
#include "bench/machine/host_facts.h"
#include "bench/machine/kinds.h"
#include "bench/machine/place.h"
#include "bench/measure/calibrate.h"
#include "bench/measure/complete.h"
#include "bench/model/cell.h"
#include "pools/parts/moves.h"
#include "tests/tree.h"
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define FAST_CPUS 12 /* of six cores with two threads each; then eight with one */

static struct machine machine;
static char file[PATH_MAX];

/* Fourteen cores with two threads, of which the last eight lose one, and get other caches. */
static void machine_write(void)
{
    static struct hwloc_info_s slow_info = {(char *)"CoreType", (char *)"IntelAtom"},
                               fast_info = {(char *)"CoreType", (char *)"IntelCore"};
    hwloc_topology_t made;
    hwloc_bitmap_t fast = hwloc_bitmap_alloc(), slow = hwloc_bitmap_alloc(), all = hwloc_bitmap_alloc();
    assert_int_equal(hwloc_topology_init(&made), 0);
    assert_int_equal(hwloc_topology_set_synthetic(made, "pack:1 l3:1(size=25165824) l2:14(size=1310720) "
                                                        "l1d:1(size=49152) core:1 pu:2"),
                     0);
    assert_int_equal(hwloc_topology_load(made), 0);
    hwloc_bitmap_set_range(fast, 0, FAST_CPUS - 1);
    for (unsigned core = 0; core < 8; core++)
        hwloc_bitmap_set(slow, FAST_CPUS + 2 * core);
    hwloc_bitmap_or(all, fast, slow);
    assert_int_equal(hwloc_topology_restrict(made, all, 0), 0);
    for (hwloc_obj_t cache = NULL; (cache = hwloc_get_next_obj_by_type(made, HWLOC_OBJ_L1CACHE, cache));)
        if (hwloc_bitmap_isincluded(cache->cpuset, slow))
            cache->attr->cache.size = 32768;
    assert_int_equal(hwloc_cpukinds_register(made, slow, 0, 1, &slow_info, 0), 0);
    assert_int_equal(hwloc_cpukinds_register(made, fast, 1, 1, &fast_info, 0), 0);
    snprintf(file, sizeof file, "%s/two-kinds.xml", tree);
    assert_int_equal(hwloc_topology_export_xml(made, file, 0), 0);
    hwloc_topology_destroy(made);
    hwloc_bitmap_free(fast);
    hwloc_bitmap_free(slow);
    hwloc_bitmap_free(all);
}

static int begin(void **state)
{
    char error[ERROR_MAX];
    if (tree_make(state) != 0)
        return -1;
    machine_write();
    return machine_open(&machine, file, error);
}

static int end(void **state)
{
    machine_close(&machine);
    return tree_remove(state);
}

static void topo_names_kinds_and_caches(void **state)
{
    char command[PATH_MAX + 64], line[256], all[4096] = "";
    (void)state;
    snprintf(command, sizeof command, "poolbench topo --topology %s", file);
    FILE *said = popen(command, "r");
    assert_non_null(said);
    while (fgets(line, sizeof line, said))
        strncat(all, line, sizeof all - strlen(all) - 1);
    assert_int_equal(pclose(said), 0);
    assert_non_null(strstr(all, "1 package, 1 NUMA node, 14 cores, 20 PUs\n"));
    assert_non_null(strstr(all, "caches      L1d 6 x 48 KiB + 8 x 32 KiB, L2 14 x 1.25 MiB, L3 1 x 24 MiB\n"));
    assert_non_null(strstr(all, "kinds       6 IntelCore (CPU 0-11), 8 IntelAtom (CPU 12,14,16,18,20,22,24,26)\n"));
}

static void host_json_has_them(void **state)
{
    (void)state;
    json_t *facts = facts_machine(&machine);
    json_t *kinds = json_loads("[{\"name\": \"IntelCore\", \"cores\": 6, \"cpus\": \"0-11\"},"
                               " {\"name\": \"IntelAtom\", \"cores\": 8, \"cpus\": \"12,14,16,18,20,22,24,26\"}]",
                               0, NULL);
    json_t *cache = json_loads("{\"name\": \"L1d\", \"count\": 8, \"bytes\": 32768,"
                               " \"cpus\": \"12,14,16,18,20,22,24,26\"}",
                               0, NULL);
    assert_true(json_equal(json_object_get(facts, "kinds"), kinds));
    assert_true(json_equal(json_array_get(json_object_get(facts, "caches"), 1), cache));
    assert_int_equal(json_array_size(json_object_get(facts, "caches")), 4);
    json_decref(facts);
    json_decref(kinds);
    json_decref(cache);
}

static void is(const char *subject, enum check_state state, const char *found)
{
    struct checks checks;
    checks_look(&machine, tree, NULL, &checks);
    for (size_t i = 0; i < checks.count; i++) {
        if (strcmp(checks.check[i].subject, subject) != 0)
            continue;
        assert_string_equal(checks.check[i].found, found);
        assert_int_equal(checks.check[i].state, state);
        return;
    }
    fail_msg("nothing is called '%s'", subject);
}

static void cpu_put(unsigned cpu, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/cpufreq/%s", cpu, name);
    tree_put(path, text);
}

static void check_warns_of_them(void **state)
{
    (void)state;
    is("cores", CHECK_WARN, "cores of 2 kinds: 6 IntelCore, 8 IntelAtom");
    for (unsigned cpu = 0; cpu < FAST_CPUS + 16; cpu++) {
        bool fast = cpu < FAST_CPUS;
        cpu_put(cpu, "scaling_driver", "intel_pstate\n");
        cpu_put(cpu, "scaling_governor", "performance\n");
        cpu_put(cpu, "scaling_max_freq", fast ? "5000000\n" : "3900000\n");
        cpu_put(cpu, "cpuinfo_max_freq", fast ? "5000000\n" : "3900000\n");
    }
    is("governor", CHECK_OK, "frequency governor performance");
    is("frequency", CHECK_OK,
       "frequency driver intel_pstate, up to 5.00 of 5.00 GHz (CPU 0-11), up to 3.90 of 3.90 GHz (CPU "
       "12,14,16,18,20,22,24,26)");
    cpu_put(3, "scaling_governor", "powersave\n");
    is("governor", CHECK_WARN, "frequency governor performance (CPU 0-2,4-12,14,16,18,20,22,24,26), powersave (CPU 3)");
}

static void the_allowed_ones_count(void **state)
{
    struct kinds kinds;
    char text[256];
    (void)state;
    hwloc_bitmap_t all = hwloc_bitmap_dup(machine.allowed);
    hwloc_bitmap_set_range(machine.allowed, 3, FAST_CPUS - 1);
    hwloc_bitmap_clr_range(machine.allowed, FAST_CPUS, -1);
    hwloc_bitmap_clr_range(machine.allowed, 0, 2);
    assert_int_equal(kinds_of_cores(&machine, &kinds), 0);
    kinds_text(&kinds, text, sizeof text);
    assert_string_equal(text, "IntelCore");
    assert_int_equal(kinds.count, 1);
    assert_int_equal(kinds.kind[0].count, 5); /* the second has one thread of two */
    kinds_release(&kinds);
    is("cores", CHECK_OK, "all cores are of one kind");
    hwloc_bitmap_free(machine.allowed);
    machine.allowed = all;
}

/* What the first says holds for all only where all say so. */
static void packages_of_two_models(void **state)
{
    static const char *const expected[] = {"One", "packages of several kinds"};
    (void)state;
    for (unsigned other = 0; other < 2; other++) {
        struct machine two;
        char error[ERROR_MAX];
        assert_int_equal(machine_open(&two, "synthetic:pack:2 core:1 pu:1", error), 0);
        for (unsigned i = 0; i < 2; i++)
            hwloc_obj_add_info(hwloc_get_obj_by_type(two.topology, HWLOC_OBJ_PACKAGE, i), "CPUModel",
                               i && other ? "Two" : "One");
        json_t *facts = facts_cpu(&two);
        assert_string_equal(json_string_value(json_object_get(facts, "model")), expected[other]);
        json_decref(facts);
        machine_close(&two);
    }
}

static void keep(struct calibrations *store, const char *name, double ns_per_iteration, double residual)
{
    calibrations_keep(store, name,
                      json_pack("{s:f, s:f, s:f, s:f}", "fixed_ns", 20.0, "ns_per_iteration", ns_per_iteration, "ticks",
                                0.001, "residual", residual));
}

/* Each kind has a calibration of its own: labels are those of the fastest, and of others it is known how fast they are,
 * unless that was not judged good or never measured. */
static void kinds_are_calibrated_apart(void **state)
{
    const int64_t params[PARAM_MAX] = {0};
    const struct workload_ops *spin = workload_find("spin"), *sleeps = workload_find("sleep");
    struct calibrations *store;
    struct calibration fast;
    char error[ERROR_MAX] = "";
    double speed;
    (void)state;
    assert_int_equal(setenv("XDG_CACHE_HOME", tree, 1), 0);
    assert_int_equal(calibrations_open(&store, false, error), 0);
    assert_int_equal(calibrations_machine(store, &machine), 0);
    keep(store, "spin", 1.5, 0.002);
    assert_int_equal(calibration_get(store, spin, params, &fast, error), 0);
    assert_true(fast.ns_per_iteration == 1.5);
    assert_int_equal(calibration_speed(store, spin, params, 3, &speed, error), 0);
    assert_true(speed == 1);
    assert_int_equal(calibration_speed(store, spin, params, FAST_CPUS, &speed, error), 0);
    assert_true(isnan(speed)); /* not measured, and may not be */
    keep(store, "spin on IntelAtom", 2.5, 0.002);
    assert_int_equal(calibration_speed(store, spin, params, FAST_CPUS + 2, &speed, error), 0);
    assert_true(fabs(speed - 0.6) < 1e-9);
    assert_int_equal(calibration_speed(store, sleeps, params, FAST_CPUS, &speed, error), 0);
    assert_true(speed == 1); /* waiting is as fast anywhere */
    assert_non_null(json_object_get(calibrations_used(store), "spin on IntelAtom"));
    assert_true(calibration_holds(store, spin, params));
    calibrations_close(store);
    assert_int_equal(calibrations_open(&store, false, error), 0);
    assert_int_equal(calibrations_machine(store, &machine), 0);
    keep(store, "spin", 1.5, 0.002);
    keep(store, "spin on IntelAtom", 2.5, 0.09);
    assert_int_equal(calibration_speed(store, spin, params, FAST_CPUS, &speed, error), 0);
    assert_true(isnan(speed)); /* it is rough */
    calibrations_close(store);
}

static double speed_of(struct calibrations *store, const char *place, unsigned workers)
{
    char error[ERROR_MAX] = "";
    struct settings settings = {0};
    struct planner planner;
    struct cell cell = {.pool = pool_find("pthread"), .workload = workload_find("spin"), .place_explicit = true};
    planner_init(&planner, &settings, &machine, store, error);
    snprintf(cell.f.place, sizeof cell.f.place, "%s", place);
    snprintf(cell.place_main, sizeof cell.place_main, "auto");
    snprintf(cell.f.size_dist, sizeof cell.f.size_dist, "fixed");
    cell.f.size_ns = 100000;
    cell.f.tasks = 10;
    cell.f.workers = workers;
    if (cell_prepare(&cell, &planner))
        fail_msg("%s", error);
    free(cell.costs);
    placement_release(&cell.placement);
    return cell.speed;
}

/* The ideal is that of the CPUs that workers may use, the fastest of them first. */
static void cells_know_the_speed_of_their_CPUs(void **state)
{
    const struct {
        const char *place;
        unsigned workers;
        double speed;
    } cases[] = {
        {"cores-first", 6, 1}, {"fast", 12, 1}, {"efficient", 2, 0.6},   {"kind:0", 16, 0.6},     {"0+12", 2, 0.8},
        {"0+12", 4, 0.8},      {"none", 4, 1},  {"none", 16, 14.4 / 16}, {"none", 40, 16.8 / 20},
    };
    struct calibrations *store;
    char error[ERROR_MAX];
    (void)state;
    assert_int_equal(calibrations_open(&store, false, error), 0);
    assert_int_equal(calibrations_machine(store, &machine), 0);
    keep(store, "spin", 1.5, 0.002);
    keep(store, "spin on IntelAtom", 2.5, 0.002);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double speed = speed_of(store, cases[i].place, cases[i].workers);
        if (fabs(speed - cases[i].speed) > 1e-9)
            fail_msg("%s, %u workers: %g, not %g", cases[i].place, cases[i].workers, speed, cases[i].speed);
    }
    calibrations_close(store);
}

static void moves_between_kinds_are_counted(void **state)
{
    struct placement placement;
    struct moves moves = {.cpu = NO_CPU};
    char error[ERROR_MAX];
    (void)state;
    assert_int_equal(place_plan(&machine, "none", "auto", 2, &placement, error), 0);
    const struct places places = {.kinds = placement.kinds, .kind_cpus = placement.words * 64}, alike = {0};
    const uint32_t cpus[] = {0, 0, 1, FAST_CPUS, FAST_CPUS + 2, FAST_CPUS + 2, 3};
    for (size_t i = 0; i < sizeof cpus / sizeof *cpus; i++)
        moves_note(&moves, &places, cpus[i]);
    assert_int_equal(moves.all, 4);
    assert_int_equal(moves.of_kinds, 2);
    moves_note(&moves, &alike, FAST_CPUS);
    assert_int_equal(moves.all, 5);
    assert_int_equal(moves.of_kinds, 2);
    placement_release(&placement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topo_names_kinds_and_caches),
        cmocka_unit_test(host_json_has_them),
        cmocka_unit_test(check_warns_of_them),
        cmocka_unit_test(the_allowed_ones_count),
        cmocka_unit_test(kinds_are_calibrated_apart),
        cmocka_unit_test(packages_of_two_models),
        cmocka_unit_test(cells_know_the_speed_of_their_CPUs),
        cmocka_unit_test(moves_between_kinds_are_counted),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
