/* Limits read from control-group trees made up in a temporary directory; this machine under a narrowed affinity; and
 * host.json of it read back. */
#define _GNU_SOURCE /* cpu_set_t, nftw */
#include "bench/cell.h"
#include "bench/cgroup.h"
#include "bench/host.h"
#include "bench/machine.h"
#include "bench/noise.h"
#include "bench/sysfile.h"
#include <ftw.h>
#include <limits.h>
#include <math.h>
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

#define MIB (INT64_C(1) << 20)

static char root[64];

static int root_make(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/poolbench-test-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int entry_remove(const char *path, const struct stat *entry, int kind, struct FTW *walk)
{
    (void)entry, (void)kind, (void)walk;
    return remove(path);
}

static int root_remove(void **state)
{
    (void)state;
    return nftw(root, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file below the root, with the directories it needs. */
static void put(const char *path, const char *text)
{
    char whole[PATH_MAX];
    int length = snprintf(whole, sizeof whole, "%s%s", root, path);

    assert_true(length > 0 && (size_t)length < sizeof whole);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(whole, 0777);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void check(double quota_cpus, int64_t memory, int64_t memory_free, int64_t tasks_left)
{
    struct cgroup_limits limits;

    cgroup_limits_read(root, &limits);
    assert_true(fabs(limits.quota_cpus - quota_cpus) < 1e-9);
    assert_int_equal(limits.memory_bytes, memory);
    assert_int_equal(limits.memory_free_bytes, memory_free);
    assert_int_equal(limits.tasks_left, tasks_left);
}

static void test_nothing_mounted(void **state)
{
    (void)state;
    check(0, -1, -1, -1);
    put("/proc/self/cgroup", "");
    put("/proc/self/mountinfo", "");
    check(0, -1, -1, -1);
}

static void test_v2_takes_the_tightest_level(void **state)
{
    char text[64];

    (void)state;
    put("/proc/self/cgroup", "0::/user.slice/job\n");
    put("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                                "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    put("/sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/user.slice/job/memory.max", "1073741824\n");
    put("/sys/fs/cgroup/user.slice/job/memory.current", "104857600\n");
    put("/sys/fs/cgroup/user.slice/job/memory.stat", "anon 1\ninactive_file_extra 7\ninactive_file 52428800\n");
    put("/sys/fs/cgroup/user.slice/job/pids.max", "max\n");
    put("/sys/fs/cgroup/user.slice/job/pids.current", "3\n");
    check(0, 1024 * MIB, 974 * MIB, -1);

    put("/sys/fs/cgroup/user.slice/cpu.max", "250000 100000\n");
    put("/sys/fs/cgroup/user.slice/pids.max", "100\n");
    put("/sys/fs/cgroup/user.slice/pids.current", "40\n");
    put("/sys/fs/cgroup/user.slice/memory.max", "536870912\n");
    put("/sys/fs/cgroup/user.slice/memory.current", "0\n");
    check(2.5, 512 * MIB, 512 * MIB, 60);

    put("/sys/fs/cgroup/user.slice/job/cpu.max", "50000 100000\n");
    put("/sys/fs/cgroup/user.slice/pids.current", "140\n"); /* lowered below what runs */
    check(0.5, 512 * MIB, 512 * MIB, 0);

    assert_int_equal(cgroup_file_read(root, "cpu", "cpu.max", text, sizeof text), 0);
    assert_string_equal(text, "50000 100000");
    put("/sys/fs/cgroup/cpuset.cpus.effective", "0-3\n");
    assert_int_equal(cgroup_file_read(root, "cpuset", "cpuset.cpus.effective", text, sizeof text), 0);
    assert_string_equal(text, "0-3");
    assert_int_not_equal(cgroup_file_read(root, "cpu", "cpu.none", text, sizeof text), 0);
}

static void test_v1(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "5:pids:/job\n4:memory:/job\n3:cpuset:/\n2:cpu,cpuacct:/job\n1:name=systemd:/\n0::/\n");
    put("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                                "32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                                "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                                "34 31 0:31 / /sys/fs/cgroup/memory rw master:9 - cgroup cgroup rw,memory\n"
                                "35 31 0:32 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                                "36 31 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "150000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "50000\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n");
    check(3, -1, -1, -1);

    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "104857600\n");
    put("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "10485760\n");
    put("/sys/fs/cgroup/memory/job/memory.stat", "inactive_file 1\ntotal_inactive_file 5242880\n");
    put("/sys/fs/cgroup/pids/job/pids.max", "20\n");
    put("/sys/fs/cgroup/pids/job/pids.current", "5\n");
    check(3, 100 * MIB, 95 * MIB, 15);
}

static void test_container_mount(void **state)
{
    (void)state;
    /* Without a namespace a container sees its group's full path, and the mount begins at that group. */
    put("/proc/self/cgroup", "0::/docker/abc/inner\n");
    put("/proc/self/mountinfo", "30 22 0:26 /docker/abc /a\\040b ro - cgroup2 cgroup2 rw\n");
    put("/a b/inner/cpu.max", "max 100000\n");
    put("/a b/cpu.max", "400000 100000\n");
    put("/cpu.max", "100000 100000\n"); /* above the mount: none of ours */
    check(4, -1, -1, -1);
    /* A group outside of the mount: its top is all we can see. */
    put("/proc/self/cgroup", "0::/../elsewhere\n");
    check(4, -1, -1, -1);
    put("/proc/self/cgroup", "0::/docker/abcdef\n");
    check(4, -1, -1, -1);
}

static void test_nonsense_limits_nothing(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "garbage\n0:\n0::/x\n");
    put("/proc/self/mountinfo", "- \n1 2 3\n30 22 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
    put("/cg/x/cpu.max", "lots\n");
    put("/cg/x/memory.max", "1e9\n");
    put("/cg/x/pids.max", "\n");
    check(0, -1, -1, -1);
    put("/cg/x/cpu.max", "100000 0\n");
    check(0, -1, -1, -1);
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
        skip();
    while (!CPU_ISSET_S(cpu, sizeof before, before))
        cpu++;
    CPU_ZERO_S(sizeof one, one);
    CPU_SET_S(cpu, sizeof one, one);
    if (sched_setaffinity(0, sizeof one, one) != 0)
        skip();
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
    host_line(line, sizeof line, root);
    assert_string_equal(line, "unknown machine");

    assert_int_equal(machine_open(&machine, NULL, error), 0);
    json_t *run = json_pack("{s:i}", "seed", 42);
    assert_int_equal(host_write(root, &machine, run, error), 0);
    json_decref(run);
    snprintf(path, sizeof path, "%s/host.json", root);
    json_t *host = json_load_file(path, 0, NULL);
    assert_non_null(host);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        assert_true(json_is_object(json_object_get(host, objects[i])));
    int seed = 0;
    assert_int_equal(json_unpack(host, "{s:{s:i}}", "run", "seed", &seed), 0);
    assert_int_equal(seed, 42);
    json_decref(host);

    /* The exported topology is one that --topology takes. */
    snprintf(path, sizeof path, "%s/topology.xml", root);
    assert_int_equal(machine_open(&again, path, error), 0);
    assert_true(again.described);
    assert_true(again.pus >= machine.pus);
    machine_close(&again);

    host_line(line, sizeof line, root);
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
    put("/host.json", "{\"machine\": {\"cores\": 2, \"pus\": 2}, \"cpu\": {\"model\": \"AMD EPYC\"},"
                      "\"virtualisation\": {\"hypervisor\": \"KVM\"},"
                      "\"kernel\": {\"name\": \"Linux\", \"release\": \"6.18.44-x\"}}");
    host_line(line, sizeof line, root);
    assert_string_equal(line, "2 cores, AMD EPYC (KVM), Linux 6.18");
    put("/host.json", "{\"machine\": {\"cores\": 1, \"pus\": 2}, \"cpu\": {\"model\": null},"
                      "\"virtualisation\": {\"hypervisor\": null},"
                      "\"kernel\": {\"name\": \"Linux\", \"release\": \"7\"}}");
    host_line(line, sizeof line, root);
    assert_string_equal(line, "1 core with 2 PUs, unknown CPU, Linux 7");
    put("/host.json", "{\"machine\": 3}");
    host_line(line, sizeof line, root);
    assert_string_equal(line, "unknown machine");
}

static void test_noise(void **state)
{
    struct noise noise;

    (void)state;
    assert_int_equal(noise_read(&noise), 0);
    assert_true(noise.steal_ns >= 0);
    assert_true(noise.load >= 0);
}

static void test_sysfile(void **state)
{
    char path[PATH_MAX], text[8];

    (void)state;
    put("/f", "123456789\n\n");
    assert_int_equal(sysfile_read(text, sizeof text, "%s/f", root), 7);
    assert_string_equal(text, "1234567");
    assert_int_equal(sysfile_number("%s/f", root), 123456789);
    put("/f", "max\n");
    assert_int_equal(sysfile_number("%s/f", root), -1);
    put("/f", "99999999999999999999\n");
    assert_int_equal(sysfile_number("%s/f", root), -1);
    assert_true(sysfile_read(text, sizeof text, "%s/none", root) < 0);
    put("/f", "MemTotalX: 1\nMemTotal:\t  77 kB\n");
    snprintf(path, sizeof path, "%s/f", root);
    assert_int_equal(sysfile_value(path, "MemTotal:"), 77);
    assert_int_equal(sysfile_value(path, "Nothing:"), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, root_make, root_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_mounted),
        TEST(test_v2_takes_the_tightest_level),
        TEST(test_v1),
        TEST(test_container_mount),
        TEST(test_nonsense_limits_nothing),
        TEST(test_this_machine),
        TEST(test_host),
        TEST(test_host_line),
        TEST(test_noise),
        TEST(test_sysfile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
