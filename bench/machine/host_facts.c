/* Facts about this machine: read from the kernel's files as they stand there, null where there is nothing to read. */
#include "bench/machine/host_facts.h"
#include "bench/base/libraries.h"
#include "bench/base/sysfile.h"
#include "bench/base/text_file.h"
#include "bench/machine/cgroup.h"
#include "bench/machine/kinds.h"
#include "bench/machine/nodes.h"
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define CPU_DIR "/sys/devices/system/cpu"

static json_t *text_or_null(const char *text)
{
    json_t *value = text && *text ? json_text(text) : NULL;
    return value ? value : json_null();
}

static json_t *number_or_null(int64_t number)
{
    return number >= 0 ? json_integer(number) : json_null();
}

static json_t *file_text(const char *path)
{
    char text[4096];
    return sysfile_read(text, sizeof text, "%s", path) > 0 ? text_or_null(text) : json_null();
}

/* The value of the first "key : value" line of /proc/cpuinfo, or NULL. */
static const char *cpuinfo(const char *key, char *line, int size)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    const char *value = NULL;
    while (file && !value && fgets(line, size, file)) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        line[strcspn(line, "\t:")] = '\0';
        if (strcmp(line, key) == 0) {
            value = colon + 1 + strspn(colon + 1, " ");
            colon[strcspn(colon, "\n")] = '\0';
        }
    }
    if (file)
        fclose(file);
    return value;
}

static json_t *set_text(hwloc_const_bitmap_t set)
{
    char *text = NULL;
    json_t *value = hwloc_bitmap_list_asprintf(&text, set) >= 0 ? text_or_null(text) : json_null();
    free(text);
    return value;
}

/* A limit that was seen, "none", or null: it cannot be known. */
static json_t *limit_fact(double limit, const char *unseen)
{
    if (limit < 0)
        return unseen ? json_null() : json_string("none");
    return limit == floor(limit) ? json_integer((json_int_t)limit) : json_real(limit);
}

/* Objects of a type in the machine; null: it does not tell. */
static json_t *objects(hwloc_topology_t topology, hwloc_obj_type_t type)
{
    int count = hwloc_get_nbobjs_by_type(topology, type);
    return count > 0 ? json_integer(count) : json_null();
}

static json_t *core_kinds(const struct machine *machine)
{
    struct kinds kinds;
    json_t *all = kinds_of_cores(machine, &kinds) == 0 && kinds.count ? json_array() : json_null();
    for (size_t i = 0; i < kinds.count; i++)
        json_array_append_new(all, json_pack("{s:o, s:i, s:o}", "name", text_or_null(kinds.kind[i].value), "cores",
                                             (int)kinds.kind[i].count, "cpus", set_text(kinds.kind[i].cpus)));
    kinds_release(&kinds);
    return all;
}

/* By the system's numbers; cpus null: memory alone. */
static json_t *nodes(const struct machine *machine)
{
    json_t *all = json_array();
    for (hwloc_obj_t node = NULL; (node = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_NUMANODE, node));) {
        const uint64_t bytes = node->attr->numanode.local_memory;
        json_array_append_new(
            all, json_pack("{s:i, s:o, s:o, s:b}", "node", (int)node->os_index, "cpus",
                           node_has_cpus(machine->topology, node) ? set_text(node->cpuset) : json_null(), "bytes",
                           number_or_null(bytes ? (int64_t)bytes : -1), "ours", node_is_ours(machine, node)));
    }
    return all;
}

static json_t *caches(hwloc_topology_t topology)
{
    json_t *all = json_array();
    for (int depth = hwloc_topology_get_depth(topology) - 1; depth >= 0; depth--) {
        hwloc_obj_t cache = hwloc_get_obj_by_depth(topology, depth, 0);
        struct kinds sizes;
        char name[16];
        if (!hwloc_obj_type_is_dcache(cache->type) || kinds_of_caches(topology, depth, &sizes) != 0)
            continue;
        hwloc_obj_type_snprintf(name, sizeof name, cache, 0);
        for (size_t i = 0; i < sizes.count; i++) {
            int64_t bytes = strtoll(sizes.kind[i].value, NULL, 10);
            json_array_append_new(
                all, json_pack("{s:s, s:i, s:o, s:o}", "name", name, "count", (int)sizes.kind[i].count, "bytes",
                               number_or_null(bytes > 0 ? bytes : -1), "cpus", set_text(sizes.kind[i].cpus)));
        }
        kinds_release(&sizes);
    }
    return all;
}

/* What a file of each CPU holds: a value where all have the same, else [{"cpus": "0-3", "value": ...}, ...]. */
static json_t *by_cpu(const struct machine *machine, const char *file, bool is_number)
{
    struct kinds kinds;
    json_t *all = json_array();
    if (kinds_of_file(machine, "", file, &kinds) == 0)
        for (size_t i = 0; i < kinds.count; i++) {
            char *end;
            int64_t number = strtoll(kinds.kind[i].value, &end, 10);
            json_t *value = !strcmp(kinds.kind[i].value, KIND_UNTOLD) ? json_null()
                            : !is_number                              ? text_or_null(kinds.kind[i].value)
                                                                      : number_or_null(*end ? -1 : number);
            json_array_append_new(all, json_pack("{s:o, s:o}", "cpus", set_text(kinds.kind[i].cpus), "value", value));
        }
    kinds_release(&kinds);
    if (json_array_size(all) > 1)
        return all;
    json_t *only = json_object_get(json_array_get(all, 0), "value");
    only = only ? json_incref(only) : json_null();
    json_decref(all);
    return only;
}

json_t *facts_machine(const struct machine *machine)
{
    hwloc_topology_t topology = machine->topology;
    return json_pack("{s:o, s:o, s:o, s:i, s:i, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o}", "packages",
                     objects(topology, HWLOC_OBJ_PACKAGE), "numa_nodes", objects(topology, HWLOC_OBJ_NUMANODE), "nodes",
                     nodes(machine), "cores", (int)machine->cores, "pus", (int)machine->pus, "kinds",
                     core_kinds(machine), "caches", caches(topology), "allowed_cpus", set_text(machine->allowed),
                     "effective_cpus", (int)machine->effective_cpus, "quota_cpus",
                     limit_fact(machine->quota_cpus > 0 ? machine->quota_cpus : -1, machine->unseen[LIMIT_CPU]),
                     "memory_bytes", number_or_null(machine->memory_bytes), "memory_free_bytes",
                     number_or_null(machine->memory_free_bytes), "tasks_limit", number_or_null(machine->tasks_limit));
}

/* Makers fill their fields up with blanks, and write what they like: one blank between words, none around them, and
 * nothing that moves a cursor. */
static void name_squeeze(char *name)
{
    char *to = name;
    for (const char *from = name; *from; from++) {
        bool blank = (unsigned char)*from <= ' ' || *from == 0x7f;
        if (!blank)
            *to++ = *from;
        else if (to > name && to[-1] != ' ')
            *to++ = ' ';
    }
    to -= to > name && to[-1] == ' ';
    *to = '\0';
}

/* Of the first package, and of the others where all have the same. */
static const char *package_info(const struct machine *machine, const char *key)
{
    hwloc_obj_t package = hwloc_get_obj_by_type(machine->topology, HWLOC_OBJ_PACKAGE, 0);
    const char *first = package ? hwloc_obj_get_info_by_name(package, key) : NULL;
    while (first && (package = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_PACKAGE, package))) {
        const char *other = hwloc_obj_get_info_by_name(package, key);
        if (!other || strcmp(first, other) != 0)
            return "packages of several kinds";
    }
    return first;
}

static json_t *machine_name(const struct machine *machine, const char *key)
{
    const char *text = package_info(machine, key);
    if (!text)
        text = hwloc_obj_get_info_by_name(hwloc_get_root_obj(machine->topology), key);
    char *name = text ? strdup(text) : NULL;
    if (name)
        name_squeeze(name);
    json_t *value = text_or_null(name);
    free(name);
    return value;
}

static json_t *microcode(const struct machine *machine)
{
    char line[4096];
    json_t *value = by_cpu(machine, "microcode/version", false);
    return json_is_null(value) ? text_or_null(cpuinfo("microcode", line, sizeof line)) : value;
}

/* intel_pstate says it the other way round. */
static json_t *turbo(void)
{
    int64_t off = sysfile_number(CPU_DIR "/intel_pstate/no_turbo"), on = sysfile_number(CPU_DIR "/cpufreq/boost");
    if (off >= 0)
        return json_boolean(off == 0);
    return on >= 0 ? json_boolean(on != 0) : json_null();
}

static json_t *mitigations(void)
{
    static const char directory[] = CPU_DIR "/vulnerabilities";
    struct dirent **entries;
    int count = scandir(directory, &entries, NULL, alphasort);
    json_t *all = count < 0 ? json_null() : json_object();
    for (int i = 0; i < count; i++) {
        char path[sizeof directory + 1 + sizeof entries[i]->d_name];
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            json_object_set_new(all, entries[i]->d_name, file_text(path));
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return all;
}

json_t *facts_cpu(const struct machine *machine)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "model", machine_name(machine, "CPUModel"),
                     "microcode", microcode(machine), "driver", by_cpu(machine, "cpufreq/scaling_driver", false),
                     "governor", by_cpu(machine, "cpufreq/scaling_governor", false), "min_frequency_khz",
                     by_cpu(machine, "cpufreq/scaling_min_freq", true), "max_frequency_khz",
                     by_cpu(machine, "cpufreq/scaling_max_freq", true), "turbo", turbo(), "smt",
                     file_text(CPU_DIR "/smt/control"), "mitigations", mitigations());
}

json_t *facts_kernel(void)
{
    struct utsname kernel;
    bool known = uname(&kernel) == 0;
    int slack_ns = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", text_or_null(known ? kernel.sysname : NULL),
        "boot_id", file_text("/proc/sys/kernel/random/boot_id"), "release", text_or_null(known ? kernel.release : NULL),
        "version", text_or_null(known ? kernel.version : NULL), "architecture",
        text_or_null(known ? kernel.machine : NULL), "command_line", file_text("/proc/cmdline"),
        "transparent_hugepages", file_text("/sys/kernel/mm/transparent_hugepage/enabled"), "randomize_va_space",
        number_or_null(sysfile_number("/proc/sys/kernel/randomize_va_space")), "timer_slack_ns",
        number_or_null(slack_ns), "numa_balancing", number_or_null(sysfile_number("/proc/sys/kernel/numa_balancing")));
}

/* The smallest step seen between two readings: what a time stamp can resolve. */
static int64_t clock_resolution_ns(void)
{
    int64_t smallest = -1;
    for (unsigned i = 0; i < 2000; i++) {
        struct timespec a, b;
        if (clock_gettime(CLOCK_MONOTONIC, &a) != 0 || clock_gettime(CLOCK_MONOTONIC, &b) != 0)
            return -1;
        int64_t step = (b.tv_sec - a.tv_sec) * INT64_C(1000000000) + (b.tv_nsec - a.tv_nsec);
        if (step > 0 && (smallest < 0 || step < smallest))
            smallest = step;
    }
    return smallest;
}

json_t *facts_clock(void)
{
#define CLOCK_DIR "/sys/devices/system/clocksource/clocksource0"
    return json_pack("{s:o, s:o, s:o}", "source", file_text(CLOCK_DIR "/current_clocksource"), "available",
                     file_text(CLOCK_DIR "/available_clocksource"), "resolution_ns",
                     number_or_null(clock_resolution_ns()));
}

json_t *facts_cgroup(const struct machine *machine)
{
    static const char *const names[LIMIT_KINDS] = {
        [LIMIT_CPU] = "quota_cpus", [LIMIT_MEMORY] = "memory_bytes", [LIMIT_TASKS] = "tasks_left"};
    const struct cgroup_limits *group = &machine->group;
    const double limits[LIMIT_KINDS] = {[LIMIT_CPU] = group->quota_cpus > 0 ? group->quota_cpus : -1,
                                        [LIMIT_MEMORY] = (double)group->memory_bytes,
                                        [LIMIT_TASKS] = (double)group->tasks_left};
    json_t *all = json_object(), *unseen = json_object();
    char text[4096];
    for (unsigned i = 0; i < LIMIT_KINDS; i++) {
        json_object_set_new(all, names[i], limit_fact(limits[i], group->unseen[i]));
        if (group->unseen[i])
            json_object_set_new(unseen, names[i], json_string(group->unseen[i]));
    }
    bool found = cgroup_file_read("", "cpuset", "cpuset.cpus.effective", text, sizeof text) == 0 ||
                 cgroup_file_read("", "cpuset", "cpuset.effective_cpus", text, sizeof text) == 0;
    json_object_set_new(all, "cpuset", text_or_null(found ? text : NULL));
    json_object_set_new(all, "unseen", unseen);
    return all;
}

static json_t *limit_value(rlim_t value)
{
    return value == RLIM_INFINITY ? json_string("unlimited") : json_integer((json_int_t)value);
}

json_t *facts_limits(void)
{
    static const struct {
        const char *name;
        int resource;
    } limits[] = {{"processes", RLIMIT_NPROC}, {"open_files", RLIMIT_NOFILE},       {"stack_bytes", RLIMIT_STACK},
                  {"memory_bytes", RLIMIT_AS}, {"data_bytes", RLIMIT_DATA},         {"locked_bytes", RLIMIT_MEMLOCK},
                  {"cpu_s", RLIMIT_CPU},       {"file_bytes", RLIMIT_FSIZE},        {"core_bytes", RLIMIT_CORE},
                  {"nice", RLIMIT_NICE},       {"realtime_priority", RLIMIT_RTPRIO}};
    json_t *all = json_object();
    for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        json_t *value =
            getrlimit(limits[i].resource, &limit) == 0
                ? json_pack("{s:o, s:o}", "soft", limit_value(limit.rlim_cur), "hard", limit_value(limit.rlim_max))
                : json_null();
        json_object_set_new(all, limits[i].name, value);
    }
    return all;
}

/* The hypervisor's name for itself, in words people use; "none" where the CPU says it is real, NULL where it cannot
 * say. */
static const char *hypervisor(char *signature)
{
#if defined(__x86_64__) || defined(__i386__)
    static const char *const names[][2] = {{"KVMKVMKVM", "KVM"},       {"Microsoft Hv", "Hyper-V"},
                                           {"VMwareVMware", "VMware"}, {"XenVMMXenVMM", "Xen"},
                                           {"TCGTCGTCGTCG", "QEMU"},   {"bhyve bhyve ", "bhyve"}};
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx))
        return NULL;
    if (!(ecx & (1u << 31)))
        return "none";
    __cpuid(0x40000000, eax, ebx, ecx, edx);
    memcpy(signature, &ebx, 4);
    memcpy(signature + 4, &ecx, 4);
    memcpy(signature + 8, &edx, 4);
    signature[12] = '\0';
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(signature, names[i][0]) == 0)
            return names[i][1];
    return *signature ? signature : "hypervisor";
#else
    /* Where there is no cpuid, Xen at least leaves a file. */
    return sysfile_read(signature, 13, "/sys/hypervisor/type") > 0 ? signature : NULL;
#endif
}

json_t *facts_virtualisation(const struct machine *machine)
{
    char signature[13];
    return json_pack("{s:o, s:o, s:o}", "hypervisor", text_or_null(hypervisor(signature)), "vendor",
                     machine_name(machine, "DMISysVendor"), "product", machine_name(machine, "DMIProductName"));
}

static json_t *libraries(void)
{
    struct library list[LIBRARIES];
    json_t *object = json_object();
    libraries_ask(list);
    for (unsigned i = 0; i < LIBRARIES; i++)
        json_object_set_new(object, list[i].name, text_or_null(list[i].version[0] ? list[i].version : NULL));
    return object;
}

json_t *facts_build(void)
{
#ifdef __clang__
    static const char compiler[] = "clang " __clang_version__;
#else
    static const char compiler[] = "gcc " __VERSION__;
#endif
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "version", POOLBENCH_VERSION, "commit", POOLBENCH_COMMIT, "compiler",
                     compiler, "flags", POOLBENCH_CC_FLAGS, "libraries", libraries());
}
