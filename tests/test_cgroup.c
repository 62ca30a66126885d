/* Limits of control groups, read from trees made up in a temporary directory: one hierarchy and several, whole and in
 * part, with and without a namespace, mounted once and twice; and what cannot be seen told as not known. */
#include "bench/machine/cgroup.h"
#include "tests/tree.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define MIB (INT64_C(1) << 20)

static const char above[] = "control groups above ours cannot be seen from here";
static const char nowhere[] = "our control group is mounted nowhere here";
static const char unread[] = "a limit of a control group cannot be read";
static struct cgroup_limits limits;

static void check(double quota_cpus, int64_t memory, int64_t memory_free, int64_t tasks_left)
{
    cgroup_limits_read(tree, &limits);
    assert_true(fabs(limits.quota_cpus - quota_cpus) < 1e-9);
    assert_int_equal(limits.memory_bytes, memory);
    assert_int_equal(limits.memory_free_bytes, memory_free);
    assert_int_equal(limits.tasks_left, tasks_left);
}

/* Of the last check; NULL: known. */
static void unseen_are(const char *cpu, const char *memory, const char *tasks)
{
    const char *const expected[LIMIT_KINDS] = {[LIMIT_CPU] = cpu, [LIMIT_MEMORY] = memory, [LIMIT_TASKS] = tasks};
    for (unsigned i = 0; i < LIMIT_KINDS; i++) {
        if (expected[i] && limits.unseen[i])
            assert_string_equal(limits.unseen[i], expected[i]);
        else
            assert_ptr_equal(limits.unseen[i], expected[i]);
    }
}

/* A group of v2 that is not the top; with us in it. */
static void group(const char *path)
{
    char name[128];
    snprintf(name, sizeof name, "%s/cgroup.events", path);
    tree_put(name, "populated 1\nfrozen 0\n");
}

static void ours(const char *path)
{
    char name[128], text[64];
    snprintf(name, sizeof name, "%s/cgroup.procs", path);
    snprintf(text, sizeof text, "1\n%d\n", (int)getpid());
    tree_put(name, text);
}

static void first_namespace(void)
{
    tree_link("/proc/self/ns/cgroup", "cgroup:[4026531835]");
}

static void nothing_there_is_not_known(void **state)
{
    static const char no_proc[] = "/proc/self/cgroup cannot be read";
    (void)state;
    check(0, -1, -1, -1);
    unseen_are(no_proc, no_proc, no_proc);
}

static void a_kernel_without_control_groups_sets_no_limit(void **state)
{
    (void)state;
    tree_put("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    check(0, -1, -1, -1);
    unseen_are(NULL, NULL, NULL);
    tree_put("/proc/self/cgroup", "1:name=systemd:/x\n"); /* no controller that limits */
    check(0, -1, -1, -1);
    unseen_are(NULL, NULL, NULL);
}

static void v2_takes_the_tightest_level(void **state)
{
    char text[64];
    (void)state;
    tree_put("/proc/self/cgroup", "0::/user.slice/job\n");
    tree_put("/proc/self/mountinfo",
             "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
             "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    ours("/sys/fs/cgroup/user.slice/job");
    group("/sys/fs/cgroup/user.slice/job");
    group("/sys/fs/cgroup/user.slice");
    tree_put("/sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
    tree_put("/sys/fs/cgroup/user.slice/job/memory.max", "1073741824\n");
    tree_put("/sys/fs/cgroup/user.slice/job/memory.high", "max\n");
    tree_put("/sys/fs/cgroup/user.slice/job/memory.current", "104857600\n");
    tree_put("/sys/fs/cgroup/user.slice/job/memory.stat", "anon 1\ninactive_file_extra 7\ninactive_file 52428800\n");
    tree_put("/sys/fs/cgroup/user.slice/job/pids.max", "max\n");
    tree_put("/sys/fs/cgroup/user.slice/job/pids.current", "3\n");
    check(0, 1024 * MIB, 974 * MIB, -1);
    unseen_are(NULL, NULL, NULL);
    tree_put("/sys/fs/cgroup/user.slice/cpu.max", "250000 100000\n");
    tree_put("/sys/fs/cgroup/user.slice/pids.max", "100\n");
    tree_put("/sys/fs/cgroup/user.slice/pids.current", "40\n");
    tree_put("/sys/fs/cgroup/user.slice/memory.max", "536870912\n");
    tree_put("/sys/fs/cgroup/user.slice/memory.current", "0\n");
    check(2.5, 512 * MIB, 512 * MIB, 60);
    tree_put("/sys/fs/cgroup/user.slice/job/cpu.max", "50000 100000\n");
    tree_put("/sys/fs/cgroup/user.slice/pids.current", "140\n"); /* lowered below what runs */
    tree_put("/sys/fs/cgroup/user.slice/job/memory.high", "268435456\n");
    check(0.5, 256 * MIB, 206 * MIB, 0);
    unseen_are(NULL, NULL, NULL);
    assert_int_equal(cgroup_file_read(tree, "cpu", "cpu.max", text, sizeof text), 0);
    assert_string_equal(text, "50000 100000");
    tree_put("/sys/fs/cgroup/cpuset.cpus.effective", "0-3\n");
    assert_int_equal(cgroup_file_read(tree, "cpuset", "cpuset.cpus.effective", text, sizeof text), 0);
    assert_string_equal(text, "0-3");
    assert_int_not_equal(cgroup_file_read(tree, "cpu", "cpu.none", text, sizeof text), 0);
}

static void v1_and_v2_side_by_side(void **state)
{
    static const char *const hierarchies[] = {"cpu,cpuacct", "memory", "pids"};
    char path[64];
    (void)state;
    tree_put("/proc/self/cgroup",
             "5:pids:/job\n4:memory:/job\n3:cpuset:/\n2:cpu,cpuacct:/job\n1:name=systemd:/\n0::/\n");
    tree_put("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                                     "32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                                     "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                                     "34 31 0:31 / /sys/fs/cgroup/memory rw master:9 - cgroup cgroup rw,memory\n"
                                     "35 31 0:32 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                                     "36 31 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    for (unsigned i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++) {
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s/release_agent", hierarchies[i]);
        tree_put(path, "");
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s/job", hierarchies[i]);
        ours(path);
    }
    tree_put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    tree_put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    tree_put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "150000\n");
    tree_put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "50000\n");
    tree_put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    tree_put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n");
    check(3, -1, -1, -1);
    unseen_are(NULL, NULL, NULL);
    tree_put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "104857600\n");
    tree_put("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "10485760\n");
    tree_put("/sys/fs/cgroup/memory/job/memory.stat", "inactive_file 1\ntotal_inactive_file 5242880\n");
    tree_put("/sys/fs/cgroup/pids/job/pids.max", "20\n");
    tree_put("/sys/fs/cgroup/pids/job/pids.current", "5\n");
    check(3, 100 * MIB, 95 * MIB, 15);
    unseen_are(NULL, NULL, NULL);
}

/* Without a namespace a container sees its group's full path, and the mount begins at that group. */
static void a_mount_that_begins_at_our_group(void **state)
{
    (void)state;
    tree_put("/proc/self/cgroup", "0::/docker/abc/inner\n");
    tree_put("/proc/self/mountinfo", "30 22 0:26 /docker/abc /a\\040b ro - cgroup2 cgroup2 rw\n");
    ours("/a b/inner");
    group("/a b");
    group("/a b/inner");
    tree_put("/a b/inner/cpu.max", "max 100000\n");
    tree_put("/a b/cpu.max", "400000 100000\n");
    tree_put("/cpu.max", "100000 100000\n"); /* above the mount: none of ours */
    check(4, -1, -1, -1);
    unseen_are(above, above, above);
    /* a group outside of the mount, and one whose name only begins alike */
    tree_put("/proc/self/cgroup", "0::/../elsewhere\n");
    check(0, -1, -1, -1);
    unseen_are(nowhere, nowhere, nowhere);
    tree_put("/proc/self/cgroup", "0::/docker/abcdef\n");
    check(0, -1, -1, -1);
    unseen_are(nowhere, nowhere, nowhere);
    /* where names do not fit, the top may still say that it is ours */
    ours("/a b");
    check(4, -1, -1, -1);
    unseen_are(above, above, above);
}

/* In a namespace of our own the group is called "/", and the host's tree, mounted too, begins two levels above it. */
static void the_hosts_tree_beside_our_own(void **state)
{
    static const char own[] = "40 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n";
    static const char host[] = "30 22 0:26 /../.. /host/cgroup ro - cgroup2 cgroup2 rw\n";
    char both[512];
    (void)state;
    tree_put("/proc/self/cgroup", "0::/\n");
    ours("/sys/fs/cgroup");
    group("/sys/fs/cgroup");
    tree_put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    tree_put("/sys/fs/cgroup/memory.max", "209715200\n");
    tree_put("/sys/fs/cgroup/memory.current", "0\n");
    tree_put("/sys/fs/cgroup/pids.max", "40\n");
    tree_put("/sys/fs/cgroup/pids.current", "2\n");
    tree_put("/host/cgroup/cgroup.procs", "1\n");
    tree_put("/host/cgroup/other/deep/cgroup.procs", "2\n");
    tree_put("/host/cgroup/other/deep/cpu.max", "1000 100000\n"); /* none of ours */
    tree_put("/proc/self/mountinfo", own);
    check(0.5, 200 * MIB, 200 * MIB, 38);
    unseen_are(above, above, above);
    /* whichever comes first */
    snprintf(both, sizeof both, "%s%s", host, own);
    tree_put("/proc/self/mountinfo", both);
    check(0.5, 200 * MIB, 200 * MIB, 38);
    unseen_are(above, above, above);
    /* the host's tree has our group under a name that nobody tells, and what limits it above */
    ours("/host/cgroup/pods/abc");
    group("/host/cgroup/pods/abc");
    group("/host/cgroup/pods");
    tree_put("/host/cgroup/pods/cpu.max", "25000 100000\n");
    tree_put("/host/cgroup/pods/pids.max", "30\n");
    tree_put("/host/cgroup/pods/pids.current", "10\n");
    check(0.25, 200 * MIB, 200 * MIB, 20);
    unseen_are(NULL, NULL, NULL);
    tree_put("/proc/self/mountinfo", host);
    check(0.25, -1, -1, 20);
    unseen_are(NULL, NULL, NULL);
    /* a neighbour's tree alone */
    tree_put("/proc/self/mountinfo", "30 22 0:26 /../neighbour /host/cgroup ro - cgroup2 cgroup2 rw\n");
    check(0, -1, -1, -1);
    unseen_are(nowhere, nowhere, nowhere);
}

/* Something else lies over the tree: the files below that path are not those of our group. */
static void a_mount_that_is_hidden_by_another(void **state)
{
    (void)state;
    tree_put("/proc/self/cgroup", "0::/job\n");
    tree_put("/proc/self/mountinfo", "30 22 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
    tree_put("/cg/job/cpu.max", "50000 100000\n");
    check(0, -1, -1, -1);
    unseen_are(nowhere, nowhere, nowhere);
}

static void the_top_of_the_first_namespace_needs_no_mount(void **state)
{
    (void)state;
    tree_put("/proc/self/cgroup", "3:memory:/\n2:pids:/job\n0::/\n");
    tree_put("/proc/self/mountinfo", "");
    check(0, -1, -1, -1);
    unseen_are(nowhere, nowhere, nowhere);
    first_namespace();
    check(0, -1, -1, -1);
    unseen_are(NULL, NULL, nowhere);
}

/* Version 1 tells in our group what the memory limit of all above it is. */
static void v1_memory_above_is_told_below(void **state)
{
    (void)state;
    tree_put("/proc/self/cgroup", "4:memory:/\n");
    tree_put("/proc/self/mountinfo", "34 31 0:31 / /m rw - cgroup cgroup rw,memory\n");
    ours("/m");
    tree_put("/m/memory.limit_in_bytes", "9223372036854771712\n");
    tree_put("/m/memory.usage_in_bytes", "1048576\n");
    tree_put("/m/memory.stat", "hierarchical_memory_limit 209715200\n");
    check(0, 200 * MIB, 199 * MIB, -1);
    unseen_are(NULL, NULL, NULL);
    tree_put("/m/memory.stat", "cache 0\n");
    check(0, -1, -1, -1);
    unseen_are(NULL, above, NULL);
}

static void nonsense_is_not_taken_for_no_limit(void **state)
{
    (void)state;
    tree_put("/proc/self/cgroup", "garbage\n0:\n0::/x\n");
    tree_put("/proc/self/mountinfo", "- \n1 2 3\n30 22 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
    ours("/cg/x");
    group("/cg/x");
    tree_put("/cg/x/cpu.max", "lots\n");
    tree_put("/cg/x/memory.max", "1e9\n");
    tree_put("/cg/x/pids.max", "\n");
    check(0, -1, -1, -1);
    unseen_are(unread, unread, unread);
    tree_put("/cg/x/cpu.max", "100000 0\n");
    tree_put("/cg/x/memory.max", "99999999999999999999\n");
    tree_put("/cg/x/pids.max", "7 or so\n");
    check(0, -1, -1, -1);
    unseen_are(unread, unread, unread);
    tree_put("/cg/x/cpu.max", "100000\n");
    tree_put("/cg/x/memory.max", "1048576\n"); /* how much of it is used is not told */
    tree_put("/cg/x/pids.max", "7\n");
    check(0, MIB, MIB, 7);
    unseen_are(unread, "how much memory a control group uses cannot be read",
               "how many processes a control group has cannot be read");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_make, tree_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_there_is_not_known),        TEST(a_kernel_without_control_groups_sets_no_limit),
        TEST(v2_takes_the_tightest_level),       TEST(v1_and_v2_side_by_side),
        TEST(a_mount_that_begins_at_our_group),  TEST(the_hosts_tree_beside_our_own),
        TEST(a_mount_that_is_hidden_by_another), TEST(the_top_of_the_first_namespace_needs_no_mount),
        TEST(v1_memory_above_is_told_below),     TEST(nonsense_is_not_taken_for_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
