/* This machine under a narrowed affinity; host.json of it read back; small files of the kernel. */
#define _GNU_SOURCE /* cpu_set_t */
#include "bench/base/sysfile.h"
#include "bench/machine/machine.h"
#include "bench/machine/outside.h"
#include "bench/model/cell.h"
#include "bench/model/host.h"
#include "tests/skip.h"
#include "tests/tree.h"
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */
/* after the standard headers */

static void line_of(char *line, size_t size)
{
    json_t *host = host_load(tree);
    host_line(line, size, host);
    json_decref(host);
}

static void test_this_machine(void **state)
{
    struct machine machine;
    cpu_set_t before[8], one[8];
    char error[ERROR_MAX];
    int cpu = 0;
    (void)state;
    assert_int_equal(machine_open(&machine, NULL, error), 0);
    assert_false(machine.described);
    assert_int_equal(machine.pus, hwloc_bitmap_weight(machine.allowed));
    assert_in_range(machine.cores, 1, machine.pus);
    assert_in_range(machine.effective_cpus, 1, machine.pus);
    assert_true(machine.memory_free_bytes <= machine.memory_bytes);
    machine_close(&machine);
    if (sched_getaffinity(0, sizeof before, before) != 0)
        skip_because("a narrowed affinity", "this process's own cannot be read");
    while (!CPU_ISSET_S(cpu, sizeof before, before))
        cpu++;
    CPU_ZERO_S(sizeof one, one);
    CPU_SET_S(cpu, sizeof one, one);
    if (sched_setaffinity(0, sizeof one, one) != 0)
        skip_because("a narrowed affinity", "it cannot be set here");
    assert_int_equal(machine_open(&machine, NULL, error), 0);
    assert_int_equal(sched_setaffinity(0, sizeof before, before), 0);
    assert_int_equal(machine.pus, 1);
    assert_int_equal(machine.cores, 1);
    assert_int_equal(machine.effective_cpus, 1);
    assert_int_equal(hwloc_bitmap_first(machine.allowed), cpu);
    machine_close(&machine);
}

static void test_host(void **state)
{
    static const char *const objects[] = {"machine", "cpu",   "kernel",         "clock", "cgroup",
                                          "limits",  "build", "virtualisation", "run"};
    struct machine machine, again;
    char error[ERROR_MAX] = "", line[256], path[PATH_MAX];
    (void)state;
    line_of(line, sizeof line);
    assert_string_equal(line, "unknown machine");
    assert_int_equal(machine_open(&machine, NULL, error), 0);
    json_t *run = json_pack("{s:i}", "seed", 42);
    assert_int_equal(host_write(tree, &machine, run, error), 0);
    json_decref(run);
    snprintf(path, sizeof path, "%s/host.json", tree);
    json_t *host = json_load_file(path, 0, NULL);
    assert_non_null(host);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        assert_true(json_is_object(json_object_get(host, objects[i])));
    int seed = 0;
    assert_int_equal(json_unpack(host, "{s:{s:i}}", "run", "seed", &seed), 0);
    assert_int_equal(seed, 42);
    json_decref(host);
    /* The exported topology is one that --topology takes. */
    snprintf(path, sizeof path, "%s/topology.xml", tree);
    assert_int_equal(machine_open(&again, path, error), 0);
    assert_true(again.described);
    assert_true(again.pus >= machine.pus);
    machine_close(&again);
    line_of(line, sizeof line);
    char expected[64];
    snprintf(expected, sizeof expected, "%u core%s", machine.cores, machine.cores == 1 ? "" : "s");
    assert_int_equal(strncmp(line, expected, strlen(expected)), 0);
    assert_non_null(strstr(line, ", Linux "));
    assert_true(host_write("/nonexistent", &machine, NULL, error) < 0);
    assert_non_null(strstr(error, "/nonexistent/"));
    machine_close(&machine);
}

static void test_host_line(void **state)
{
    char line[256];
    (void)state;
    tree_put("/host.json", "{\"machine\": {\"cores\": 2, \"pus\": 2}, \"cpu\": {\"model\": \"AMD EPYC\"},"
                           "\"virtualisation\": {\"hypervisor\": \"KVM\"},"
                           "\"kernel\": {\"name\": \"Linux\", \"release\": \"6.18.44-x\"}}");
    line_of(line, sizeof line);
    assert_string_equal(line, "2 cores, AMD EPYC (KVM), Linux 6.18");
    tree_put("/host.json", "{\"machine\": {\"cores\": 1, \"pus\": 2}, \"cpu\": {\"model\": null},"
                           "\"virtualisation\": {\"hypervisor\": null},"
                           "\"kernel\": {\"name\": \"Linux\", \"release\": \"7\"}}");
    line_of(line, sizeof line);
    assert_string_equal(line, "1 core with 2 PUs, unknown CPU, Linux 7");
    tree_put("/host.json", "{\"machine\": 3}");
    line_of(line, sizeof line);
    assert_string_equal(line, "unknown machine");
}

static void test_noise(void **state)
{
    struct machine machine;
    struct outside_watch watch;
    struct moment before, after;
    char error[ERROR_MAX];
    (void)state;
    assert_int_equal(machine_open(&machine, NULL, error), 0);
    assert_int_equal(outside_watch(&watch, &machine, ""), 0);
    outside_read(&watch, &before);
    outside_read(&watch, &after);
    assert_true(before.steal_ns >= 0 && before.load >= 0);
    struct outside outside = outside_between(&watch, &before, &after);
    assert_true(outside.steal_ns >= 0);
    outside_unwatch(&watch);
    machine_close(&machine);
}

static void test_sysfile(void **state)
{
    char path[PATH_MAX], text[8];
    (void)state;
    tree_put("/f", "123456789\n\n");
    assert_int_equal(sysfile_read(text, sizeof text, "%s/f", tree), 7);
    assert_string_equal(text, "1234567");
    assert_int_equal(sysfile_number("%s/f", tree), 123456789);
    tree_put("/f", "max\n");
    assert_int_equal(sysfile_number("%s/f", tree), -1);
    tree_put("/f", "99999999999999999999\n");
    assert_int_equal(sysfile_number("%s/f", tree), -1);
    assert_true(sysfile_read(text, sizeof text, "%s/none", tree) < 0);
    tree_put("/f", "MemTotalX: 1\nMemTotal:\t  77 kB\n");
    snprintf(path, sizeof path, "%s/f", tree);
    assert_int_equal(sysfile_value(path, "MemTotal:"), 77);
    assert_int_equal(sysfile_value(path, "Nothing:"), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_make, tree_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_this_machine), TEST(test_host), TEST(test_host_line), TEST(test_noise), TEST(test_sysfile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
