/* What may spoil a measurement in how this machine and its kernel are set up. */
#include "bench/base/sysfile.h"
#include "bench/machine/check_look.h"
#include "bench/machine/counters.h"
#include "bench/machine/host_facts.h"
#include "bench/machine/kinds.h"
#include "bench/machine/stacks.h"
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void look_governor(const struct look *look)
{
    struct kinds kinds;
    char text[128];
    bool is_steady = true, is_told = true;
    int rc = kinds_of_file(look->machine, look->root, "cpufreq/scaling_governor", &kinds);
    for (size_t i = 0; i < kinds.count; i++)
        if (strcmp(kinds.kind[i].value, KIND_UNTOLD) == 0)
            is_told = false;
        else
            is_steady = is_steady && strcmp(kinds.kind[i].value, "performance") == 0;
    kinds_text(&kinds, text, sizeof text);
    kinds_release(&kinds);
    if (rc < 0 || !*text)
        check_set(look, CHECK_UNKNOWN, "no frequency governor to be seen");
    else
        check_set(look, !is_steady ? CHECK_WARN : is_told ? CHECK_OK : CHECK_UNKNOWN, "frequency governor %s", text);
}

/* What each CPU may reach of what it can. */
static bool frequency_tell(unsigned cpu, char *value, size_t size, const void *root)
{
    int64_t limit = sysfile_number("%s" CPU_DIR "/cpu%u/cpufreq/scaling_max_freq", (const char *)root, cpu);
    int64_t most = sysfile_number("%s" CPU_DIR "/cpu%u/cpufreq/cpuinfo_max_freq", (const char *)root, cpu);
    snprintf(value, size, "up to %.2f of %.2f GHz", (double)limit / 1e6, (double)most / 1e6);
    return limit > 0 && most > 0;
}

void look_frequency(const struct look *look)
{
    struct kinds drivers, frequencies = {0};
    char driver[64], most[128];
    int rc = kinds_of_file(look->machine, look->root, "cpufreq/scaling_driver", &drivers);
    if (rc == 0)
        rc = kinds_by_cpu(look->machine, frequency_tell, look->root, &frequencies);
    kinds_text(&drivers, driver, sizeof driver);
    kinds_text(&frequencies, most, sizeof most);
    kinds_release(&drivers);
    kinds_release(&frequencies);
    if (rc < 0 || !*driver)
        check_set(look, CHECK_UNKNOWN, "no frequency driver to be seen");
    else
        check_set(look, CHECK_OK, "frequency driver %s%s%s", driver, *most ? ", " : "", most);
}

/* The same task takes longer on some. */
void look_cores(const struct look *look)
{
    struct kinds kinds;
    char text[160] = "";
    int rc = kinds_of_cores(look->machine, &kinds);
    for (size_t i = 0; i < kinds.count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%u %s", i ? ", " : "", kinds.kind[i].count, kinds.kind[i].value);
    }
    if (rc < 0 || !kinds.count)
        check_set(look, CHECK_UNKNOWN, "whether all cores are of one kind is not told");
    else if (kinds.count > 1)
        check_set(look, CHECK_WARN, "cores of %zu kinds: %s", kinds.count, text);
    else
        check_set(look, CHECK_OK, "all cores are of one kind");
    kinds_release(&kinds);
}

/* Whether it feeds the machine: batteries do not have a plug, those of a mouse and its charger feed the mouse alone. */
static bool is_mains(const char *supply)
{
    char type[64], scope[64];
    sysfile_read(type, sizeof type, "%s/type", supply);
    sysfile_read(scope, sizeof scope, "%s/scope", supply);
    return (!strcmp(type, "Mains") || !strncmp(type, "USB", 3)) && strcmp(scope, "Device") != 0;
}

void look_power(const struct look *look)
{
    char pattern[PATH_MAX];
    glob_t supplies = {0};
    bool mains = false, adapter = false, dark = false;
    snprintf(pattern, sizeof pattern, "%s/sys/class/power_supply/*", look->root);
    if (!glob(pattern, 0, NULL, &supplies))
        for (size_t i = 0; i < supplies.gl_pathc; i++) {
            if (!is_mains(supplies.gl_pathv[i]))
                continue;
            int64_t online = sysfile_number("%s/online", supplies.gl_pathv[i]);
            mains = true;
            adapter = adapter || online > 0;
            dark = dark || online < 0;
        }
    globfree(&supplies);
    snprintf(pattern, sizeof pattern, "%s/sys/class", look->root);
    if ((!mains && access(pattern, X_OK) != 0) || (!adapter && dark))
        check_set(look, CHECK_UNKNOWN, "whether it runs on a battery cannot be read");
    else if (mains && !adapter)
        check_set(look, CHECK_WARN, "on battery: clocks are cut to save power");
    else
        check_set(look, CHECK_OK, mains ? "on mains power" : "no battery to be seen");
}

/* Those that can be read without a system call. */
void look_clock(const struct look *look)
{
    static const char *const quick[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"};
    char source[64];
    bool is_quick = false;
    if (sysfile_read(source, sizeof source, "%s/sys/devices/system/clocksource/clocksource0/current_clocksource",
                     look->root) <= 0) {
        check_set(look, CHECK_UNKNOWN, "the kernel's clock source cannot be read");
        return;
    }
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        is_quick = is_quick || !strcmp(source, quick[i]);
    check_set(look, is_quick ? CHECK_OK : CHECK_WARN, "clock source %s", source);
}

void look_layout(const struct look *look)
{
    int64_t random = sysfile_number("%s/proc/sys/kernel/randomize_va_space", look->root);
    if (random < 0)
        check_set(look, CHECK_UNKNOWN, "whether addresses are randomised cannot be read");
    else if (random < 2)
        check_set(look, CHECK_WARN, "addresses are not randomised: one layout may favour one pool in all trials");
    else
        check_set(look, CHECK_OK, "every trial has a random layout of addresses");
}

void look_numa(const struct look *look)
{
    int nodes = hwloc_get_nbobjs_by_type(look->machine->topology, HWLOC_OBJ_NUMANODE);
    int64_t moves = sysfile_number("%s/proc/sys/kernel/numa_balancing", look->root);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/proc/sys/kernel", look->root);
    if (nodes > 1 && moves < 0 && access(path, X_OK) != 0) /* there is no such file where the kernel cannot do it */
        check_set(look, CHECK_UNKNOWN, "%d NUMA nodes; whether the kernel moves memory between them cannot be read",
                  nodes);
    else if (nodes > 1 && moves > 0)
        check_set(look, CHECK_WARN, "the kernel moves memory between %d NUMA nodes", nodes);
    else
        check_set(look, CHECK_OK, "%d NUMA node%s", nodes, nodes == 1 ? "" : "s, and memory stays where it is");
}

void look_turbo(const struct look *look)
{
    int64_t off = sysfile_number("%s" CPU_DIR "/intel_pstate/no_turbo", look->root);
    int64_t on = sysfile_number("%s" CPU_DIR "/cpufreq/boost", look->root);
    if (off < 0 && on < 0)
        check_set(look, CHECK_UNKNOWN, "whether the clock may be boosted is not told");
    else if (off == 0 || on > 0)
        check_set(look, CHECK_WARN, "turbo is on: the clock depends on how many CPUs are busy, and how hot");
    else
        check_set(look, CHECK_OK, "turbo is off");
}

void look_smt(const struct look *look)
{
    const struct machine *machine = look->machine;
    if (machine->pus > machine->cores)
        check_set(look, CHECK_WARN, "%u cores have %u hardware threads: workers may share a core", machine->cores,
                  machine->pus);
    else
        check_set(look, CHECK_OK, "one hardware thread a core, as far as can be seen");
}

void look_hypervisor(const struct look *look)
{
    json_t *facts = facts_virtualisation(look->machine);
    const char *name = json_string_value(json_object_get(facts, "hypervisor"));
    if (!name)
        check_set(look, CHECK_UNKNOWN, "whether this is a virtual machine is not told");
    else if (strcmp(name, "none") != 0)
        check_set(look, CHECK_WARN, "a virtual machine (%.64s): others may be on the same CPUs", name);
    else
        check_set(look, CHECK_OK, "no hypervisor to be seen");
    json_decref(facts);
}

void look_huge_pages(const struct look *look)
{
    char text[128];
    if (sysfile_read(text, sizeof text, "%s/sys/kernel/mm/transparent_hugepage/enabled", look->root) <= 0)
        check_set(look, CHECK_UNKNOWN, "whether the kernel makes huge pages cannot be read");
    else if (strstr(text, "[always]"))
        check_set(look, CHECK_WARN,
                  "transparent huge pages always: what memory costs depends on what the kernel finds");
    else
        check_set(look, CHECK_OK, "transparent huge pages only where asked for");
}

void look_profiling(const struct look *look)
{
    struct switches_refused refused, samples[STACK_KINDS];
    bool can[STACK_KINDS];
    struct counters counters;
    const struct counter *first;
    char text[320];
    if (look->machine->described) {
        check_set(look, CHECK_UNKNOWN,
                  "whether switches are recorded and events counted there cannot be tried from here");
        return;
    }
    if (switches_try(&refused)) {
        check_set(look, CHECK_WARN, "no records of switches for run --profile. %s",
                  switches_refused_text(&refused, text, sizeof text));
        return;
    }
    if (stacks_try(can, samples)) {
        check_set(look, CHECK_WARN, "switches are recorded, and no call chains for run --profile stacks. %s",
                  switches_refused_text(&samples[STACK_ON], text, sizeof text));
        return;
    }
    counters_find(&counters);
    if (counters_of_cpu(&counters, &first))
        check_set(look, CHECK_OK,
                  "switches are recorded, run --profile can tell waiting from being idle; call chains are sampled; the "
                  "CPU counts events");
    else
        check_set(look, CHECK_OK,
                  "switches are recorded, run --profile can tell waiting from being idle; call chains are sampled; the "
                  "CPU counts nothing. %s",
                  switches_refused_text(&first->refused, text, sizeof text));
}
