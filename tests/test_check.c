/* What spoils a run, on machines made of small files. */
#include "bench/base/refuse.h"
#include "bench/machine/check.h"
#include "tests/skip.h"
#include "tests/tree.h"
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static struct machine machine;
static struct busy quiet = {.others_cpus = 0.1};

static void is(const char *subject, enum check_state state, const char *found)
{
    struct checks checks;
    checks_look(&machine, tree, &quiet, &checks);
    for (size_t i = 0; i < checks.count; i++) {
        if (strcmp(checks.check[i].subject, subject) != 0)
            continue;
        assert_string_equal(checks.check[i].found, found);
        assert_int_equal(checks.check[i].state, state);
        assert_true(state != CHECK_WARN || *checks.check[i].advice);
        return;
    }
    fail_msg("nothing is called '%s'", subject);
}

#define CPUFREQ(n) "/sys/devices/system/cpu/cpu" #n "/cpufreq/"
#define CLOCK      "/sys/devices/system/clocksource/clocksource0/current_clocksource"

static void speed(void **state)
{
    (void)state;
    is("governor", CHECK_UNKNOWN, "no frequency governor to be seen");
    tree_put(CPUFREQ(0) "scaling_governor", "performance\n");
    tree_put(CPUFREQ(1) "scaling_governor", "performance\n");
    is("governor", CHECK_UNKNOWN, "frequency governor performance (CPU 0-1), not told (CPU 2-3)");
    tree_put(CPUFREQ(2) "scaling_governor", "performance\n");
    tree_put(CPUFREQ(3) "scaling_governor", "performance\n");
    is("governor", CHECK_OK, "frequency governor performance");
    tree_put(CPUFREQ(1) "scaling_governor", "powersave\n");
    is("governor", CHECK_WARN, "frequency governor performance (CPU 0,2-3), powersave (CPU 1)");
    is("frequency", CHECK_UNKNOWN, "no frequency driver to be seen");
    tree_put(CPUFREQ(0) "scaling_driver", "acpi-cpufreq\n");
    is("frequency", CHECK_OK, "frequency driver acpi-cpufreq (CPU 0), not told (CPU 1-3)");
    for (unsigned cpu = 1; cpu < 4; cpu++) {
        char path[128];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_driver", cpu);
        tree_put(path, "acpi-cpufreq\n");
    }
    is("frequency", CHECK_OK, "frequency driver acpi-cpufreq");
    tree_put(CPUFREQ(0) "scaling_max_freq", "2400000\n");
    tree_put(CPUFREQ(0) "cpuinfo_max_freq", "3600000\n");
    is("frequency", CHECK_OK, "frequency driver acpi-cpufreq, up to 2.40 of 3.60 GHz (CPU 0), not told (CPU 1-3)");
    is("turbo", CHECK_UNKNOWN, "whether the clock may be boosted is not told");
    tree_put("/sys/devices/system/cpu/cpufreq/boost", "0\n");
    is("turbo", CHECK_OK, "turbo is off");
    tree_put("/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"); /* the other way round */
    is("turbo", CHECK_WARN, "turbo is on: the clock depends on how many CPUs are busy, and how hot");
    is("power", CHECK_UNKNOWN, "whether it runs on a battery cannot be read");
    tree_put("/sys/class/net/lo/mtu", "65536\n");
    is("power", CHECK_OK, "no battery to be seen");
    tree_put("/sys/class/power_supply/BAT0/type", "Battery\n");
    tree_put("/sys/class/power_supply/AC/type", "Mains\n");
    is("power", CHECK_UNKNOWN, "whether it runs on a battery cannot be read");
    tree_put("/sys/class/power_supply/AC/online", "0\n");
    tree_put("/sys/class/power_supply/mouse/type", "USB\n"); /* feeds nothing but itself */
    tree_put("/sys/class/power_supply/mouse/scope", "Device\n");
    tree_put("/sys/class/power_supply/mouse/online", "1\n");
    tree_put("/sys/class/power_supply/hidpp_battery_0/type", "Battery\n");
    tree_put("/sys/class/power_supply/hidpp_battery_0/online", "1\n");
    is("power", CHECK_WARN, "on battery: clocks are cut to save power");
    tree_put("/sys/class/power_supply/ADP1/type", "USB\n");
    tree_put("/sys/class/power_supply/ADP1/online", "1\n");
    is("power", CHECK_OK, "on mains power");
    is("threads", CHECK_WARN, "2 cores have 4 hardware threads: workers may share a core");
}

static void clocks(void **state)
{
    (void)state;
    is("clock", CHECK_UNKNOWN, "the kernel's clock source cannot be read");
    tree_put(CLOCK, "tsc\n");
    is("clock", CHECK_OK, "clock source tsc");
    tree_put(CLOCK, "kvm-clock\n");
    is("clock", CHECK_OK, "clock source kvm-clock");
    tree_put(CLOCK, "hpet\n");
    is("clock", CHECK_WARN, "clock source hpet");
}

static void memory(void **state)
{
    (void)state;
    is("swap", CHECK_UNKNOWN, "/proc/meminfo does not tell");
    tree_put("/proc/meminfo", "MemTotal: 1000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    is("swap", CHECK_OK, "no swap");
    tree_put("/proc/meminfo", "MemTotal: 1000 kB\nSwapTotal: 100000 kB\nSwapFree: 99000 kB\n");
    is("swap", CHECK_OK, "1000 KiB of swap are in use");
    tree_put("/proc/meminfo", "MemTotal: 1000 kB\nSwapTotal: 100000 kB\nSwapFree: 50000 kB\n");
    is("swap", CHECK_WARN, "48.8 MiB of swap are in use");
    machine.memory_bytes = 1 << 30;
    machine.memory_free_bytes = 1 << 29;
    is("memory", CHECK_OK, "512 MiB of 1 GiB of memory are available");
    machine.memory_free_bytes = 1 << 26;
    is("memory", CHECK_WARN, "64 MiB of 1 GiB of memory are available");
    machine.memory_free_bytes = -1;
    is("memory", CHECK_UNKNOWN, "how much memory is available is not told");
    machine.memory_free_bytes = 1 << 29;
    machine.unseen[LIMIT_MEMORY] = "dark";
    is("memory", CHECK_UNKNOWN, "512 MiB of 1 GiB of memory are available, as far as can be seen: dark");
    machine.unseen[LIMIT_MEMORY] = NULL;
    tree_put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    is("huge pages", CHECK_OK, "transparent huge pages only where asked for");
    tree_put("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
    is("huge pages", CHECK_WARN, "transparent huge pages always: what memory costs depends on what the kernel finds");
    is("addresses", CHECK_UNKNOWN, "whether addresses are randomised cannot be read");
    tree_put("/proc/sys/kernel/randomize_va_space", "2\n");
    is("addresses", CHECK_OK, "every trial has a random layout of addresses");
    tree_put("/proc/sys/kernel/randomize_va_space", "0\n");
    is("addresses", CHECK_WARN, "addresses are not randomised: one layout may favour one pool in all trials");
}

static void shares(void **state)
{
    (void)state;
    is("quota", CHECK_OK, "no CPU quota");
    machine.quota_cpus = 4;
    is("quota", CHECK_OK, "a quota of 4.00 CPUs, as many as there are");
    machine.quota_cpus = 1.5;
    is("quota", CHECK_WARN, "a quota of 1.50 CPUs on 4: whoever uses it up stands still for the rest of a period");
    machine.unseen[LIMIT_CPU] = "dark"; /* what is seen is enough to warn */
    is("quota", CHECK_WARN, "a quota of 1.50 CPUs on 4: whoever uses it up stands still for the rest of a period");
    machine.quota_cpus = 0;
    is("quota", CHECK_UNKNOWN, "no CPU quota, as far as can be seen: dark");
    machine.unseen[LIMIT_CPU] = NULL;
    machine.tasks_limit = 5;
    is("limits", CHECK_WARN, "5 more processes and threads are allowed, the default pools need 6");
    machine.tasks_limit = -1;
    machine.unseen[LIMIT_TASKS] = "dark";
    is("limits", CHECK_UNKNOWN,
       "processes, threads and files suffice for the default pools, as far as can be seen: dark");
    machine.unseen[LIMIT_TASKS] = NULL;
    is("load", CHECK_UNKNOWN, "/proc/loadavg cannot be read");
    tree_put("/proc/loadavg", "0.21 0.10 0.05 3/300 4242\n");
    is("load", CHECK_OK, "load average of the last minute 0.21 on 4 CPUs");
    tree_put("/proc/loadavg", "1.50 0.10 0.05 1/300 4242\n");
    is("load", CHECK_WARN, "load average of the last minute 1.50 on 4 CPUs");
    is("processes", CHECK_OK, "other processes take 0.10 of 4 CPUs");
    is("steal", CHECK_OK, "the hypervisor took 0.0 % of the CPUs' time just now");
    quiet.others_cpus = 0.9;
    quiet.steal_cpus = 0.4;
    quiet.shown = 1;
    quiet.process[0].pid = 12;
    quiet.process[0].cpus = 0.8;
    strcpy(quiet.process[0].name, "cc1");
    is("processes", CHECK_WARN, "other processes take 0.90 of 4 CPUs: cc1 (12) 0.80");
    is("steal", CHECK_WARN, "the hypervisor took 10.0 % of the CPUs' time just now");
}

/* Of this process, whatever stands for the rest of the machine. */
static void policy(void **state)
{
    (void)state;
    struct sched_param none = {0};
    if (sched_getscheduler(0) != SCHED_OTHER)
        skip_because("another scheduling policy", "this one is not the usual already");
    is("policy", CHECK_OK, "the usual scheduling policy");
    assert_int_equal(sched_setscheduler(0, SCHED_BATCH, &none), 0);
    is("policy", CHECK_WARN, "scheduling policy batch: what wakes up takes no CPU from anybody");
    assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &none), 0);
    is("policy", CHECK_OK, "the usual scheduling policy");
}

static void nice_value(void **state)
{
    (void)state;
    char found[64];
    int before = getpriority(PRIO_PROCESS, 0);
    snprintf(found, sizeof found, before > 0 ? "nice value %d: others go first" : "nice value %d", before);
    is("nice", before > 0 ? CHECK_WARN : CHECK_OK, found);
    pid_t child = fork(); /* not everybody may go back */
    assert_true(child >= 0);
    if (child == 0) {
        struct checks checks;
        setpriority(PRIO_PROCESS, 0, 19);
        checks_look(&machine, tree, &quiet, &checks);
        for (size_t i = 0; i < checks.count; i++)
            if (!strcmp(checks.check[i].subject, "nice"))
                _exit(strcmp(checks.check[i].found, "nice value 19: others go first") != 0);
        _exit(2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* What heads a run: what matters alone, the most important first, five lines at most. */
static void warnings(void **state)
{
    (void)state;
    struct checks checks;
    checks_look(&machine, tree, &quiet, &checks);
    json_t *lines = checks_warnings(&checks);
    assert_int_equal(json_array_size(lines), 5);
    assert_string_equal(json_string_value(json_array_get(lines, 0)),
                        "other processes take 0.90 of 4 CPUs: cc1 (12) 0.80");
    for (size_t i = 0; i < 5; i++) {
        assert_null(strstr(json_string_value(json_array_get(lines, i)), "turbo"));
        assert_null(strstr(json_string_value(json_array_get(lines, i)), "huge pages"));
    }
    json_decref(lines);
}

static int begin(void **state)
{
    char error[ERROR_MAX];
    return tree_make(state) || machine_open(&machine, "synthetic:pack:1 core:2 pu:2", error);
}

static int end(void **state)
{
    machine_close(&machine);
    return tree_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speed),  cmocka_unit_test(clocks),     cmocka_unit_test(memory),   cmocka_unit_test(shares),
        cmocka_unit_test(policy), cmocka_unit_test(nice_value), cmocka_unit_test(warnings),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
