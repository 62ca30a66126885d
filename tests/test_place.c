/* Placement on machines that are not here, against golden output and against what must hold on any machine.
 * POOLBENCH_GOLDEN=write writes the golden files anew: read them before committing. */
#include "bench/base/refuse.h"
#include "bench/machine/place.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */
/* after the standard headers */

#define GOLDEN "tests/golden/place"

struct example {
    const char *name, *topology;
    const char *places[8]; /* beside the words */
};

static const struct example examples[] = {
    {"one-pu", "pu:1", {"0", "pu:0"}},
    {"two-cores", "pack:1 core:2 pu:1", {"1", "1+0", "core:1", "core:all", "pack:0"}},
    {"two-packages-smt", "pack:2 core:4 pu:2", {"0+2-3", "core:1.pu:0", "pack:0+pack:1", "pack:all.core:0.pu:1"}},
    /* Numbered as Linux does: first threads first. */
    {"linux-numbers", "pack:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)", {"core:0-3", "core:0-1.pu:1", "4-7", "pu:1"}},
    {"smt4", "pack:1 core:2 pu:4", {"core:1.pu:2-3", "core:0.pu:all"}},
    {"numa", "pack:2 numa:2 core:2 pu:1", {"numa:1", "numa:0+numa:3", "pack:1.numa:0.core:1", "numa:all"}},
    {"caches", "pack:1 l3:2 l2:2 core:2 pu:2", {"l3:1", "l2:0-3", "L2:1.core:1.pu:1"}},
    {"no-cores", "numa:4 pu:2", {"numa:2.pu:0-1"}},
    {"four-packages", "pack:4 numa:2 core:4 pu:2", {"pack:3.numa:1", "pack:all"}},
    {"beyond-64", "pack:2 core:40 pu:2", {"63-66", "core:79", "159+0"}},
};
#define EXAMPLES (sizeof examples / sizeof *examples)

static const char *const words[] = {"none", "cores-first", "compact", "scatter", "cores"};
#define WORDS (sizeof words / sizeof *words)

static struct machine described(const char *topology)
{
    char text[256], error[ERROR_MAX];
    struct machine machine;
    snprintf(text, sizeof text, "synthetic:%s", topology);
    assert_int_equal(machine_open(&machine, text, error), 0);
    return machine;
}

/* Leaves the machine only the CPUs of a list. */
static void allow(struct machine *machine, const char *list)
{
    assert_int_equal(hwloc_bitmap_list_sscanf(machine->allowed, list), 0);
    machine->pus = (unsigned)hwloc_bitmap_weight(machine->allowed);
    machine->effective_cpus = machine->pus;
}

static struct placement planned(const struct machine *machine, const char *place, const char *place_main, unsigned n)
{
    struct placement placement;
    char error[ERROR_MAX] = "";
    if (place_plan(machine, place, place_main, n, &placement, error) != 0)
        fail_msg("place %s, submitter %s, %u workers: %s", place, place_main, n, error);
    assert_int_equal(placement.workers, n);
    assert_string_equal(placement.reason, "");
    return placement;
}

static hwloc_bitmap_t mask_set(const uint64_t *mask, unsigned count)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    for (unsigned cpu = 0; cpu < count * 64; cpu++)
        if (mask[cpu / 64] >> (cpu % 64) & 1)
            hwloc_bitmap_set(set, cpu);
    return set;
}

static void mask_print(FILE *out, const uint64_t *mask, unsigned count)
{
    hwloc_bitmap_t set = mask_set(mask, count);
    char text[256];
    hwloc_bitmap_list_snprintf(text, sizeof text, set);
    fprintf(out, hwloc_bitmap_weight(set) == 1 ? " %s" : " {%s}", text);
    hwloc_bitmap_free(set);
}

/* "scatter 3: 0 8 2; main 10, spare, 3 cpus" */
static void placement_print(FILE *out, const struct machine *machine, const char *place, unsigned n)
{
    struct placement placement = planned(machine, place, "auto", n);
    fprintf(out, "%s %u:", place, n);
    for (unsigned w = 0; w < n; w++)
        mask_print(out, placement.masks + (size_t)w * placement.words, placement.words);
    fprintf(out, "; main");
    mask_print(out, placement.main_mask, placement.words);
    fprintf(out, ", %s, %u cpu%s\n", placement.spare_cpu ? "spare" : "shared", placement.cpus,
            placement.cpus == 1 ? "" : "s");
    placement_release(&placement);
}

static char *example_print(const struct example *example)
{
    struct machine machine = described(example->topology);
    const unsigned counts[] = {1, 2, 3, 5, 8, 17};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    fprintf(out, "# %s\n", example->topology);
    for (size_t p = 0; p < WORDS; p++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            placement_print(out, &machine, words[p], counts[i]);
    for (size_t p = 0; example->places[p]; p++)
        for (size_t i = 0; i < 4; i++)
            placement_print(out, &machine, example->places[p], counts[i]);
    assert_int_equal(fclose(out), 0);
    machine_close(&machine);
    return text;
}

static void test_golden(void **state)
{
    const char *mode = getenv("POOLBENCH_GOLDEN");
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        char path[128];
        char *text = example_print(&examples[i]);
        snprintf(path, sizeof path, GOLDEN "/%s.txt", examples[i].name);
        bool write = mode && strcmp(mode, "write") == 0;
        FILE *file = fopen(path, write ? "w" : "r");
        if (!file)
            fail_msg("%s: %s", path, strerror(errno));
        if (write) {
            fputs(text, file);
        } else {
            static char golden[65536];
            golden[fread(golden, 1, sizeof golden - 1, file)] = '\0';
            if (strcmp(text, golden) != 0) {
                print_error("%s has\n%s\nbut now it is\n%s\n", path, golden, text);
                wrong++;
            }
        }
        assert_int_equal(fclose(file), 0);
        free(text);
    }
    assert_int_equal(wrong, 0);
}

static hwloc_obj_t ancestor(const struct machine *machine, hwloc_obj_type_t type, int cpu)
{
    hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(machine->topology, (unsigned)cpu);
    assert_non_null(pu);
    return hwloc_get_ancestor_obj_by_type(machine->topology, type, pu);
}

/* How many different objects the first n workers are on. */
static unsigned spread(const struct machine *machine, const struct placement *placement, unsigned n,
                       hwloc_obj_type_t type)
{
    unsigned different = 0;
    for (unsigned w = 0; w < n; w++) {
        bool seen = false;
        for (unsigned v = 0; v < w && !seen; v++)
            seen = ancestor(machine, type, placement->planned[w]) == ancestor(machine, type, placement->planned[v]);
        different += !seen;
    }
    return different;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static void test_every_mask_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct machine machine = described(examples[i].topology);
        for (size_t p = 0; p < WORDS; p++) {
            struct placement placement = planned(&machine, words[p], "auto", 2 * machine.pus + 1);
            for (unsigned w = 0; w <= placement.workers; w++) {
                bool is_main = w == placement.workers;
                hwloc_bitmap_t set = mask_set(
                    is_main ? placement.main_mask : placement.masks + (size_t)w * placement.words, placement.words);
                assert_false(hwloc_bitmap_iszero(set));
                assert_true(hwloc_bitmap_isincluded(set, machine.allowed));
                if (!is_main)
                    assert_int_equal(placement.planned[w],
                                     hwloc_bitmap_weight(set) == 1 ? hwloc_bitmap_first(set) : -1);
                hwloc_bitmap_free(set);
            }
            placement_release(&placement);
        }
        machine_close(&machine);
    }
}

static void test_words_use_every_pu_once_a_round(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct machine machine = described(examples[i].topology);
        for (size_t p = 1; p < WORDS; p++) {
            unsigned round = strcmp(words[p], "cores") == 0 ? machine.cores : machine.pus;
            struct placement placement = planned(&machine, words[p], "auto", round + 1);
            for (unsigned w = 0; w < round; w++)
                for (unsigned v = 0; v < w; v++)
                    assert_int_not_equal(placement.planned[w], placement.planned[v]);
            assert_int_equal(placement.planned[round], placement.planned[0]);
            assert_false(placement.spare_cpu && round == machine.pus);
            placement_release(&placement);
        }
        machine_close(&machine);
    }
}

static void test_scatter_and_compact(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct machine machine = described(examples[i].topology);
        unsigned packages = (unsigned)hwloc_get_nbobjs_by_type(machine.topology, HWLOC_OBJ_PACKAGE);
        bool cores = hwloc_get_nbobjs_by_type(machine.topology, HWLOC_OBJ_CORE) > 0;
        struct placement scatter = planned(&machine, "scatter", "auto", machine.pus);
        struct placement compact = planned(&machine, "compact", "auto", machine.pus);
        for (unsigned n = 1; n <= machine.pus; n++) {
            if (packages)
                assert_int_equal(spread(&machine, &scatter, n, HWLOC_OBJ_PACKAGE), least(n, packages));
            if (cores)
                assert_int_equal(spread(&machine, &scatter, n, HWLOC_OBJ_CORE), least(n, machine.cores));
            if (n < machine.pus) {
                hwloc_obj_t one = hwloc_get_pu_obj_by_os_index(machine.topology, (unsigned)compact.planned[n - 1]);
                hwloc_obj_t next = hwloc_get_pu_obj_by_os_index(machine.topology, (unsigned)compact.planned[n]);
                assert_ptr_equal(one->next_cousin, next);
            }
        }
        placement_release(&compact);
        placement_release(&scatter);
        machine_close(&machine);
    }
}

static void expect_refused(const struct machine *machine, const char *place, const char *words_of_error)
{
    struct placement placement;
    char error[ERROR_MAX] = "";
    const int rc = place_plan(machine, place, "auto", 1, &placement, error);
    if (rc != -EINVAL && rc != -ENODEV)
        fail_msg("'%s' was taken", place);
    if (strncmp(error, "--place: ", 9) != 0 || !strstr(error, words_of_error) || strchr(error, '\n'))
        fail_msg("'%s': '%s' says nothing of '%s'", place, error, words_of_error);
    assert_null(placement.masks);
}

static void expect_cpus(const struct machine *machine, const char *place, const int *cpus, unsigned n)
{
    struct placement placement = planned(machine, place, "auto", n);
    for (unsigned w = 0; w < n; w++)
        if (placement.planned[w] != cpus[w])
            fail_msg("%s: worker %u is on CPU %d, not on %d", place, w, placement.planned[w], cpus[w]);
    placement_release(&placement);
}

static void test_lopsided_cpuset(void **state)
{
    struct machine machine = described("pack:2 core:3 pu:2"); /* package 0: CPUs 0-5 */
    (void)state;
    allow(&machine, "0-1,6-10");
    /* Package 0 has one core left: its second PU comes after the other package's cores. */
    expect_cpus(&machine, "scatter", (int[]){0, 6, 8, 10, 1, 7, 9, 0}, 8);
    expect_cpus(&machine, "compact", (int[]){0, 1, 6, 7, 8, 9, 10, 0}, 8);
    expect_cpus(&machine, "cores", (int[]){0, 6, 8, 10, 0}, 5);
    allow(&machine, "1,3");
    expect_cpus(&machine, "cores", (int[]){1, 3, 1}, 3);
    machine_close(&machine);
}

static void test_kinds_fastest_first(void **state)
{
    struct machine machine = described("pack:1 core:4 pu:2");
    hwloc_bitmap_t slow = hwloc_bitmap_alloc(), fast = hwloc_bitmap_alloc();
    (void)state;
    hwloc_bitmap_set_range(slow, 0, 3);
    hwloc_bitmap_set_range(fast, 4, 7);
    assert_int_equal(hwloc_cpukinds_register(machine.topology, slow, 1, 0, NULL, 0), 0);
    assert_int_equal(hwloc_cpukinds_register(machine.topology, fast, 2, 0, NULL, 0), 0);
    expect_cpus(&machine, "compact", (int[]){4, 5, 6, 7, 0, 1, 2, 3}, 8);
    expect_cpus(&machine, "cores", (int[]){4, 6, 0, 2}, 4);
    expect_cpus(&machine, "scatter", (int[]){4, 6, 0, 2, 5, 7, 1, 3}, 8);
    expect_cpus(&machine, "fast", (int[]){4, 6, 5, 7, 4}, 5);
    expect_cpus(&machine, "efficient", (int[]){0, 2, 1, 3, 0}, 5);
    expect_cpus(&machine, "kind:0", (int[]){0, 2, 1, 3, 0}, 5);
    expect_cpus(&machine, "kind:1", (int[]){4, 6, 5, 7, 4}, 5);
    expect_refused(&machine, "kind:2", "the last kind of core is kind:1");
    expect_refused(&machine, "kind:", "expected the number of a kind of core");
    expect_refused(&machine, "kind:1x", "expected the number of a kind of core");
    allow(&machine, "0-3");
    expect_refused(&machine, "kind:1", "no CPU of that kind may be used");
    expect_refused(&machine, "fast", "all cores are of one kind");
    hwloc_bitmap_free(fast);
    hwloc_bitmap_free(slow);
    machine_close(&machine);
}

/* Cores of several PUs alone; and objects of which a worker has all. */
static void test_places_of_objects(void **state)
{
    struct machine machine = described("pack:2 l3:2 core:2 pu:2");
    static const struct {
        const char *place;
        unsigned count;
        uint64_t mask[5];
    } known[] = {{"l3", 5, {0x0f, 0xf0, 0xf00, 0xf000, 0x0f}},
                 {"package", 3, {0xff, 0xff00, 0xff}},
                 {"numa", 2, {0xffff, 0xffff}}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct placement placement = planned(&machine, known[i].place, "auto", known[i].count);
        for (unsigned w = 0; w < known[i].count; w++) {
            assert_int_equal(placement.masks[w], known[i].mask[w]);
            assert_int_equal(placement.planned[w], -1);
        }
        placement_release(&placement);
    }
    allow(&machine, "0,1,2,8");
    struct placement placement = planned(&machine, "l3", "auto", 3);
    assert_int_equal(placement.masks[0], 0x7);
    assert_int_equal(placement.masks[1], 0x100);
    assert_int_equal(placement.planned[1], 8);
    assert_int_equal(placement.masks[2], 0x7);
    placement_release(&placement);
    expect_cpus(&machine, "smt", (int[]){0, 1, 0}, 3);
    allow(&machine, "0,2,8");
    expect_refused(&machine, "smt", "there is no core with several PUs");
    expect_refused(&machine, "kind:0", "hwloc tells no kinds of core");
    expect_refused(&machine, "efficient", "all cores are of one kind");
    machine_close(&machine);
}

/* A core each while there are any, near each other; a second worker of a core is the last resort. */
static void test_cores_first(void **state)
{
    struct machine machine = described("pack:2 core:4 pu:2");
    const int all[] = {0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15, 0};
    const unsigned workers[] = {1, 2, 4, 8, 9, 16, 17};
    (void)state;
    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++)
        expect_cpus(&machine, "cores-first", all, workers[i]);
    machine_close(&machine);
    /* six cores of two threads, and eight slower ones of one */
    machine = described("pack:1 core:14 pu:2");
    allow(&machine, "0-11,12,14,16,18,20,22,24,26");
    hwloc_bitmap_t slow = hwloc_bitmap_alloc(), fast = hwloc_bitmap_alloc();
    hwloc_bitmap_set_range(fast, 0, 11);
    hwloc_bitmap_set_range(slow, 12, 27);
    assert_int_equal(hwloc_cpukinds_register(machine.topology, slow, 1, 0, NULL, 0), 0);
    assert_int_equal(hwloc_cpukinds_register(machine.topology, fast, 2, 0, NULL, 0), 0);
    expect_cpus(&machine, "cores-first",
                (int[]){0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 1, 3, 5, 7, 9, 11, 0}, 21);
    hwloc_bitmap_free(fast);
    hwloc_bitmap_free(slow);
    machine_close(&machine);
}

static void test_submitter(void **state)
{
    struct machine machine = described("pack:2 core:2 pu:2");
    struct placement placement;
    (void)state;
    /* An idle core near the workers before a sibling and before the other package. */
    placement = planned(&machine, "0", "auto", 1);
    assert_int_equal(placement.main_mask[0], 1u << 2);
    assert_true(placement.spare_cpu);
    placement_release(&placement);
    placement = planned(&machine, "compact", "auto", 4);
    assert_int_equal(placement.main_mask[0], 1u << 4);
    placement_release(&placement);
    placement = planned(&machine, "compact", "none", 2);
    assert_int_equal(placement.main_mask[0], 0xff);
    assert_false(placement.spare_cpu);
    placement_release(&placement);
    placement = planned(&machine, "0-1", "4+6-7", 2);
    assert_int_equal(placement.main_mask[0], 0xd0);
    assert_true(placement.spare_cpu);
    placement_release(&placement);
    placement = planned(&machine, "0-1", "pack:1", 2);
    assert_int_equal(placement.main_mask[0], 0xf0);
    placement_release(&placement);
    /* A quota counts as well as CPUs do. */
    machine.effective_cpus = 2;
    placement = planned(&machine, "compact", "auto", 2);
    assert_false(placement.spare_cpu);
    assert_int_equal(placement.cpus, 2);
    placement_release(&placement);
    placement = planned(&machine, "compact", "auto", 1);
    assert_true(placement.spare_cpu);
    placement_release(&placement);
    placement = planned(&machine, "scatter", "auto", 5);
    assert_int_equal(placement.cpus, 2);
    placement_release(&placement);
    placement = planned(&machine, "0+0", "auto", 2);
    assert_int_equal(placement.cpus, 1);
    placement_release(&placement);
    machine_close(&machine);
}

static void test_bad_input(void **state)
{
    struct machine machine = described("pack:2 core:4 pu:2");
    struct placement placement;
    char error[ERROR_MAX];
    (void)state;
    allow(&machine, "0-3,8-11");
    expect_refused(&machine, "compct", "did you mean 'compact'?");
    expect_refused(&machine, "Scatter", "did you mean 'scatter'?");
    expect_refused(&machine, "l3", "there is no L3 cache");
    expect_refused(&machine, "wherever", "expected none, cores-first, compact");
    expect_refused(&machine, "", "expected none, cores-first, compact");
    expect_refused(&machine, "auto", "no place is called 'auto'");
    expect_refused(&machine, "4", "CPU 4 is not allowed on that machine; allowed CPUs: 0-3,8-11");
    expect_refused(&machine, "2-4", "CPU 4 is not allowed");
    expect_refused(&machine, "2147483647", "CPU 2147483647 is not allowed");
    expect_refused(&machine, "99999999999999999999", "not a CPU or a range");
    expect_refused(&machine, "3-2", "not a CPU or a range");
    expect_refused(&machine, "1-", "not a CPU or a range");
    expect_refused(&machine, "1x", "not a CPU or a range");
    expect_refused(&machine, "0+", "nothing after a plus");
    expect_refused(&machine, "+0", "nothing before a plus");
    expect_refused(&machine, "0++1", "nothing before a plus");
    expect_refused(&machine, "core:8", "there is no core:8; the machine has 8, counted from 0");
    expect_refused(&machine, "core:6-9", "there is no core:8");
    expect_refused(&machine, "pack:0.core:4", "inside that object there are 4");
    expect_refused(&machine, "core:1.pu", "'pu' has no index");
    expect_refused(&machine, "core:1.", "has no index");
    expect_refused(&machine, "core:x", "no valid index");
    expect_refused(&machine, "core:", "no valid index");
    expect_refused(&machine, "core:1,2", "no valid index");
    expect_refused(&machine, "croe:1", "no kind of object is called 'croe'");
    expect_refused(&machine, ":1", "no kind of object");
    expect_refused(&machine, "l3:0", "has no level of 'l3'");
    expect_refused(&machine, "os:0", "has no level of 'os'");
    expect_refused(&machine, "core:2", "core:2 (CPU 4-5) is not allowed on that machine; allowed CPUs: 0-3,8-11");
    assert_int_equal(place_plan(&machine, "none", "corse", 1, &placement, error), -EINVAL);
    assert_string_equal(error, "--place-main: no place is called 'corse'; did you mean 'cores'?");
    assert_int_equal(place_plan(&machine, "none", "0+5", 1, &placement, error), -EINVAL);
    assert_non_null(strstr(error, "--place-main: '0+5': CPU 5 is not allowed"));
    assert_int_equal(place_plan(&machine, "none", "auto", 0, &placement, error), -EINVAL);
    assert_non_null(strstr(error, "--workers"));
    machine_close(&machine);
}

static void test_bad_topology(void **state)
{
    static const char *const bad[] = {"synthetic:",
                                      "synthetic:pack:2 core:4",
                                      "synthetic:nonsense",
                                      "no-such-file.xml",
                                      "tests",
                                      "tests/test_place.c",
                                      "/dev/null",
                                      "",
                                      "pack:2 core:4 pu:2"};
    struct machine machine;
    char error[ERROR_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error[0] = '\0';
        if (machine_open(&machine, bad[i], error) != -EINVAL || strncmp(error, "--topology: ", 12) != 0)
            fail_msg("topology '%s': '%s'", bad[i], error);
    }
}

static void test_probe_says_why(void **state)
{
    char reason[128];
    int rc = place_probe(reason, sizeof reason);
    (void)state;
    assert_true((rc == 0) == (reason[0] == '\0'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_every_mask_is_allowed),
        cmocka_unit_test(test_words_use_every_pu_once_a_round),
        cmocka_unit_test(test_places_of_objects),
        cmocka_unit_test(test_cores_first),
        cmocka_unit_test(test_scatter_and_compact),
        cmocka_unit_test(test_lopsided_cpuset),
        cmocka_unit_test(test_kinds_fastest_first),
        cmocka_unit_test(test_submitter),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_bad_topology),
        cmocka_unit_test(test_probe_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
