/* One function a subject; the table at the end says in which order they are looked at, which is that of importance. */
#include "bench/machine/check.h"
#include "bench/base/sysfile.h"
#include "bench/base/text_file.h"
#include "bench/base/units.h"
#include "bench/machine/host_facts.h"
#include "bench/machine/kinds.h"
#include "bench/machine/place.h"
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define CPU_DIR      "/sys/devices/system/cpu"
#define OTHERS_CPUS  0.2      /* CPUs that others take: above, it shows in trials */
#define STEAL_SHARE  0.005    /* of the CPUs: as the screen of a run says it */
#define LOAD_SHARE   0.25     /* of the CPUs */
#define SLACK_NS     50000    /* what the kernel gives everybody */
#define SWAP_SAID    16777216 /* bytes: less lies there for good */
#define MEMORY_LEAST 0.1      /* of it available */
#define FILES_LEAST  256      /* and 4 for every worker */
#define POOLS_TASKS  2        /* processes and threads for every worker: hybrid has one of each kind */

struct look {
    const struct machine *machine;
    const char *root;
    const struct busy *busy;
    struct check *check;
};

/* What was found, unless it is found out to be something else. */
__attribute__((format(printf, 3, 4))) static void found(const struct look *look, enum check_state state,
                                                        const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(look->check->found, sizeof look->check->found, format, arguments);
    va_end(arguments);
    look->check->state = state;
}

static void look_busy(const struct look *look)
{
    const struct busy *busy = look->busy;
    char who[128] = "";

    if (!busy || isnan(busy->others_cpus)) {
        found(look, CHECK_UNKNOWN, "/proc/stat cannot be read");
        return;
    }
    for (unsigned i = 0; i < busy->shown; i++)
        snprintf(who + strlen(who), sizeof who - strlen(who), "%s%s (%d) %.2f", i ? ", " : ": ", busy->process[i].name,
                 busy->process[i].pid, busy->process[i].cpus);
    bool is_much = busy->others_cpus > OTHERS_CPUS;
    found(look, is_much ? CHECK_WARN : CHECK_OK, "other processes take %.2f of %u CPUs%s", busy->others_cpus,
          look->machine->pus, is_much ? who : "");
}

static void look_steal(const struct look *look)
{
    double cpus = look->busy ? look->busy->steal_cpus : NAN;

    if (isnan(cpus))
        found(look, CHECK_UNKNOWN, "/proc/stat cannot be read");
    else
        found(look, cpus > STEAL_SHARE * look->machine->pus ? CHECK_WARN : CHECK_OK,
              "the hypervisor took %.1f %% of the CPUs' time just now", 100 * cpus / look->machine->pus);
}

/* What was found of a limit that is far enough off, unless there may be a lower one. */
__attribute__((format(printf, 3, 4))) static void found_enough(const struct look *look, enum limit_kind kind,
                                                               const char *format, ...)
{
    const char *unseen = look->machine->unseen[kind];
    char text[sizeof look->check->found];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (unseen)
        found(look, CHECK_UNKNOWN, "%.120s, as far as can be seen: %s", text, unseen);
    else
        found(look, CHECK_OK, "%s", text);
}

static void look_quota(const struct look *look)
{
    const struct machine *machine = look->machine;

    if (machine->quota_cpus > 0 && machine->quota_cpus < machine->pus)
        found(look, CHECK_WARN, "a quota of %.2f CPUs on %u: whoever uses it up stands still for the rest of a period",
              machine->quota_cpus, machine->pus);
    else if (machine->quota_cpus > 0)
        found_enough(look, LIMIT_CPU, "a quota of %.2f CPUs, as many as there are", machine->quota_cpus);
    else
        found_enough(look, LIMIT_CPU, "no CPU quota");
}

static void look_limits(const struct look *look)
{
    int64_t tasks = look->machine->tasks_limit, needed = POOLS_TASKS * (int64_t)look->machine->cores + 2;
    struct rlimit files;

    if (tasks >= 0 && tasks < needed)
        found(look, CHECK_WARN, "%lld more processes and threads are allowed, the default pools need %lld",
              (long long)tasks, (long long)needed);
    else if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        found(look, CHECK_UNKNOWN, "how many files may be open is not told");
    else if (files.rlim_cur < FILES_LEAST + 4 * (rlim_t)look->machine->cores)
        found(look, CHECK_WARN, "%llu files may be open", (unsigned long long)files.rlim_cur);
    else
        found_enough(look, LIMIT_TASKS, "processes, threads and files suffice for the default pools");
}

static void look_governor(const struct look *look)
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
        found(look, CHECK_UNKNOWN, "no frequency governor to be seen");
    else
        found(look, !is_steady ? CHECK_WARN : is_told ? CHECK_OK : CHECK_UNKNOWN, "frequency governor %s", text);
}

/* What each CPU may reach of what it can. */
static int frequencies_read(const struct look *look, struct kinds *kinds)
{
    hwloc_bitmap_t one = hwloc_bitmap_alloc();
    unsigned cpu;
    bool told = false; /* of any */
    int rc = one ? 0 : -ENOMEM;

    *kinds = (struct kinds){0};
    hwloc_bitmap_foreach_begin(cpu, look->machine->allowed)
    {
        int64_t limit = sysfile_number("%s" CPU_DIR "/cpu%u/cpufreq/scaling_max_freq", look->root, cpu);
        int64_t most = sysfile_number("%s" CPU_DIR "/cpu%u/cpufreq/cpuinfo_max_freq", look->root, cpu);
        char text[64];
        snprintf(text, sizeof text, "up to %.2f of %.2f GHz", (double)limit / 1e6, (double)most / 1e6);
        if (limit <= 0 || most <= 0)
            snprintf(text, sizeof text, KIND_UNTOLD);
        told = told || (limit > 0 && most > 0);
        if (rc == 0)
            rc = hwloc_bitmap_only(one, cpu) != 0 ? -ENOMEM : kinds_add(kinds, text, one);
    }
    hwloc_bitmap_foreach_end();
    hwloc_bitmap_free(one);
    if (!told)
        kinds_release(kinds);
    return rc;
}

static void look_frequency(const struct look *look)
{
    struct kinds drivers, frequencies = {0};
    char driver[64], most[128];

    int rc = kinds_of_file(look->machine, look->root, "cpufreq/scaling_driver", &drivers);
    if (rc == 0)
        rc = frequencies_read(look, &frequencies);
    kinds_text(&drivers, driver, sizeof driver);
    kinds_text(&frequencies, most, sizeof most);
    kinds_release(&drivers);
    kinds_release(&frequencies);
    if (rc < 0 || !*driver)
        found(look, CHECK_UNKNOWN, "no frequency driver to be seen");
    else
        found(look, CHECK_OK, "frequency driver %s%s%s", driver, *most ? ", " : "", most);
}

/* The same task takes longer on some. */
static void look_cores(const struct look *look)
{
    struct kinds kinds;
    char text[160] = "";

    int rc = kinds_of_cores(look->machine, &kinds);
    for (size_t i = 0; i < kinds.count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%u %s", i ? ", " : "", kinds.kind[i].count, kinds.kind[i].value);
    }
    if (rc < 0 || !kinds.count)
        found(look, CHECK_UNKNOWN, "whether all cores are of one kind is not told");
    else if (kinds.count > 1)
        found(look, CHECK_WARN, "cores of %zu kinds: %s", kinds.count, text);
    else
        found(look, CHECK_OK, "all cores are of one kind");
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

static void look_power(const struct look *look)
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
        found(look, CHECK_UNKNOWN, "whether it runs on a battery cannot be read");
    else if (mains && !adapter)
        found(look, CHECK_WARN, "on battery: clocks are cut to save power");
    else
        found(look, CHECK_OK, mains ? "on mains power" : "no battery to be seen");
}

/* Those that can be read without a system call. */
static void look_clock(const struct look *look)
{
    static const char *const quick[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"};
    char source[64];
    bool is_quick = false;

    if (sysfile_read(source, sizeof source, "%s/sys/devices/system/clocksource/clocksource0/current_clocksource",
                     look->root) <= 0) {
        found(look, CHECK_UNKNOWN, "the kernel's clock source cannot be read");
        return;
    }
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        is_quick = is_quick || !strcmp(source, quick[i]);
    found(look, is_quick ? CHECK_OK : CHECK_WARN, "clock source %s", source);
}

static void look_swap(const struct look *look)
{
    char path[PATH_MAX], bytes[32];

    snprintf(path, sizeof path, "%s/proc/meminfo", look->root);
    int64_t total = sysfile_value(path, "SwapTotal:"), left = sysfile_value(path, "SwapFree:");
    if (total < 0 || left < 0)
        found(look, CHECK_UNKNOWN, "/proc/meminfo does not tell");
    else if (!total)
        found(look, CHECK_OK, "no swap");
    else
        found(look, 1024 * (total - left) > SWAP_SAID ? CHECK_WARN : CHECK_OK, "%s of swap are in use",
              format_bytes(bytes, sizeof bytes, 1024.0 * (double)(total - left)));
}

static void look_memory(const struct look *look)
{
    double all = (double)look->machine->memory_bytes, left = (double)look->machine->memory_free_bytes;
    char have[32], bytes[32];

    if (all <= 0 || left < 0)
        found(look, CHECK_UNKNOWN, "how much memory is available is not told");
    else if (left < MEMORY_LEAST * all)
        found(look, CHECK_WARN, "%s of %s of memory are available", format_bytes(have, sizeof have, left),
              format_bytes(bytes, sizeof bytes, all));
    else
        found_enough(look, LIMIT_MEMORY, "%s of %s of memory are available", format_bytes(have, sizeof have, left),
                     format_bytes(bytes, sizeof bytes, all));
}

static void look_layout(const struct look *look)
{
    int64_t random = sysfile_number("%s/proc/sys/kernel/randomize_va_space", look->root);

    if (random < 0)
        found(look, CHECK_UNKNOWN, "whether addresses are randomised cannot be read");
    else if (random < 2)
        found(look, CHECK_WARN, "addresses are not randomised: one layout may favour one pool in all trials");
    else
        found(look, CHECK_OK, "every trial has a random layout of addresses");
}

static void look_numa(const struct look *look)
{
    int nodes = hwloc_get_nbobjs_by_type(look->machine->topology, HWLOC_OBJ_NUMANODE);
    int64_t moves = sysfile_number("%s/proc/sys/kernel/numa_balancing", look->root);
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/proc/sys/kernel", look->root);
    if (nodes > 1 && moves < 0 && access(path, X_OK) != 0) /* there is no such file where the kernel cannot do it */
        found(look, CHECK_UNKNOWN, "%d NUMA nodes; whether the kernel moves memory between them cannot be read", nodes);
    else if (nodes > 1 && moves > 0)
        found(look, CHECK_WARN, "the kernel moves memory between %d NUMA nodes", nodes);
    else
        found(look, CHECK_OK, "%d NUMA node%s", nodes, nodes == 1 ? "" : "s, and memory stays where it is");
}

static void look_pinning(const struct look *look)
{
    char reason[128];

    if (!look->machine->described && place_probe(reason, sizeof reason) < 0)
        found(look, CHECK_WARN, "workers cannot be pinned: %.128s", reason);
    else
        found(look, CHECK_OK, "workers can be pinned");
}

static void look_isolated(const struct look *look)
{
    char text[256];
    hwloc_bitmap_t isolated = hwloc_bitmap_alloc();
    bool ours;

    if (sysfile_read(text, sizeof text, "%s" CPU_DIR "/isolated", look->root) < 0 || !isolated ||
        (*text && hwloc_bitmap_list_sscanf(isolated, text))) {
        found(look, CHECK_UNKNOWN, "whether CPUs are isolated cannot be read");
    } else {
        ours = hwloc_bitmap_intersects(isolated, look->machine->allowed);
        if (*text)
            found(look, ours ? CHECK_WARN : CHECK_OK, "CPUs %.64s are isolated%s", text,
                  ours ? ": --place none would leave all workers on one of them" : " and not among ours");
        else
            found(look, CHECK_OK, "no isolated CPUs");
    }
    hwloc_bitmap_free(isolated);
}

static void look_load(const struct look *look)
{
    char text[128];
    double load;

    if (sysfile_read(text, sizeof text, "%s/proc/loadavg", look->root) <= 0 || sscanf(text, "%lf", &load) != 1)
        found(look, CHECK_UNKNOWN, "/proc/loadavg cannot be read");
    else
        found(look, load > LOAD_SHARE * look->machine->pus ? CHECK_WARN : CHECK_OK,
              "load average of the last minute %.2f on %u CPUs", load, look->machine->pus);
}

static void look_turbo(const struct look *look)
{
    int64_t off = sysfile_number("%s" CPU_DIR "/intel_pstate/no_turbo", look->root);
    int64_t on = sysfile_number("%s" CPU_DIR "/cpufreq/boost", look->root);

    if (off < 0 && on < 0)
        found(look, CHECK_UNKNOWN, "whether the clock may be boosted is not told");
    else if (off == 0 || on > 0)
        found(look, CHECK_WARN, "turbo is on: the clock depends on how many CPUs are busy, and how hot");
    else
        found(look, CHECK_OK, "turbo is off");
}

static void look_smt(const struct look *look)
{
    const struct machine *machine = look->machine;

    if (machine->pus > machine->cores)
        found(look, CHECK_WARN, "%u cores have %u hardware threads: workers may share a core", machine->cores,
              machine->pus);
    else
        found(look, CHECK_OK, "one hardware thread a core, as far as can be seen");
}

static void look_cpuset(const struct look *look)
{
    int total = hwloc_get_nbobjs_by_type(look->machine->topology, HWLOC_OBJ_PU);
    long online = hwloc_bitmap_weight(hwloc_topology_get_complete_cpuset(look->machine->topology));

    online = online > total ? online : total;
    if (look->machine->pus < (unsigned)online)
        found(look, CHECK_WARN, "%u of %ld CPUs are ours: what runs on the others shares caches and memory",
              look->machine->pus, online);
    else
        found(look, CHECK_OK, "all %u CPUs are ours", look->machine->pus);
}

static void look_hypervisor(const struct look *look)
{
    json_t *facts = facts_virtualisation(look->machine);
    const char *name = json_string_value(json_object_get(facts, "hypervisor"));

    if (!name)
        found(look, CHECK_UNKNOWN, "whether this is a virtual machine is not told");
    else if (strcmp(name, "none") != 0)
        found(look, CHECK_WARN, "a virtual machine (%.64s): others may be on the same CPUs", name);
    else
        found(look, CHECK_OK, "no hypervisor to be seen");
    json_decref(facts);
}

static void look_huge_pages(const struct look *look)
{
    char text[128];

    if (sysfile_read(text, sizeof text, "%s/sys/kernel/mm/transparent_hugepage/enabled", look->root) <= 0)
        found(look, CHECK_UNKNOWN, "whether the kernel makes huge pages cannot be read");
    else if (strstr(text, "[always]"))
        found(look, CHECK_WARN, "transparent huge pages always: what memory costs depends on what the kernel finds");
    else
        found(look, CHECK_OK, "transparent huge pages only where asked for");
}

static void look_slack(const struct look *look)
{
    int slack_ns = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    char text[32];

    if (slack_ns < 0)
        found(look, CHECK_UNKNOWN, "the timer slack cannot be read");
    else
        found(look, slack_ns > SLACK_NS ? CHECK_WARN : CHECK_OK, "timer slack %s",
              format_duration(text, sizeof text, slack_ns));
}

/* Pools and trials inherit it, and wait for and are taken off CPUs otherwise than the programs that one has in mind. */
static void look_policy(const struct look *look)
{
    static const struct {
        int policy;
        const char *what;
    } others[] = {
        {SCHED_BATCH, "batch: what wakes up takes no CPU from anybody"},
        {SCHED_IDLE, "idle: runs when nothing else wants a CPU"},
        {SCHED_FIFO, "fifo: a worker that spins keeps its CPU from all others"},
        {SCHED_RR, "rr: workers that spin keep their CPUs from all others"},
    };
    int policy = sched_getscheduler(0);

    if (policy < 0) {
        found(look, CHECK_UNKNOWN, "the scheduling policy cannot be read");
        return;
    }
    policy &= ~SCHED_RESET_ON_FORK;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (policy == others[i].policy) {
            found(look, CHECK_WARN, "scheduling policy %s", others[i].what);
            return;
        }
    if (policy == SCHED_OTHER)
        found(look, CHECK_OK, "the usual scheduling policy");
    else
        found(look, CHECK_WARN, "scheduling policy %d, not the usual one", policy);
}

static void look_nice(const struct look *look)
{
    errno = 0;
    int nice = getpriority(PRIO_PROCESS, 0);

    if (nice == -1 && errno)
        found(look, CHECK_UNKNOWN, "the nice value cannot be read");
    else if (nice > 0)
        found(look, CHECK_WARN, "nice value %d: others go first", nice);
    else
        found(look, CHECK_OK, "nice value %d", nice);
}

static const struct {
    const char *subject;
    void (*look)(const struct look *look);
    bool matters;
    const char *advice;
} subjects[] = {
    {"processes", look_busy, true, "wait for them, stop them, or give poolbench CPUs of its own (taskset, cpuset)"},
    {"steal", look_steal, true, "run again at another time, or on a machine with CPUs of its own"},
    {"quota", look_quota, true, "lift it (cpu.max of the control group), or have fewer workers than it"},
    {"limits", look_limits, true, "raise pids.max of the control group, ulimit -u or ulimit -n"},
    {"governor", look_governor, true, "cpupower frequency-set --governor performance"},
    {"cores", look_cores, true, "taskset or --place with CPUs of one kind: calibration knows the first CPU alone"},
    {"clock", look_clock, true, "boot with clocksource=tsc where the CPU's counter is sound; time stamps cost more"},
    {"power", look_power, true, "plug it in"},
    {"swap", look_swap, true, "free memory; swapoff and swapon bring back what lies there"},
    {"memory", look_memory, true, "end what takes it: else the kernel looks for pages during trials"},
    {"addresses", look_layout, true, "sysctl kernel.randomize_va_space=2"},
    {"NUMA", look_numa, true, "sysctl kernel.numa_balancing=0"},
    {"isolated", look_isolated, true, "--place compact, the default, or a list of CPUs"},
    {"policy", look_policy, true, "chrt --other 0 poolbench ...: the policy is that of who started this"},
    {"load", look_load, false, "wait: part of it may be runs of poolbench itself"},
    {"pinning", look_pinning, false, "allow sched_setaffinity; until then workers wander"}, /* the screen says it */
    {"frequency", look_frequency, false, ""},
    {"turbo", look_turbo, false, "1 to /sys/devices/system/cpu/intel_pstate/no_turbo, or 0 to cpufreq/boost"},
    {"threads", look_smt, false, "--place cores gives each worker a core"},
    {"cpuset", look_cpuset, false, "know who has the others"},
    {"machine", look_hypervisor, false, "watch steal; compare within a run only"},
    {"huge pages", look_huge_pages, false, "madvise to /sys/kernel/mm/transparent_hugepage/enabled"},
    {"nice", look_nice, false, "start poolbench from a process that is not nice"},
    {"timers", look_slack, false, "a parent process set it: start poolbench from another"},
};
_Static_assert(sizeof subjects / sizeof *subjects <= CHECKS_MAX, "one check a subject");

void checks_look(const struct machine *machine, const char *root, const struct busy *busy, struct checks *checks)
{
    *checks = (struct checks){.count = sizeof subjects / sizeof *subjects};
    for (size_t i = 0; i < checks->count; i++) {
        struct check *check = &checks->check[i];
        *check = (struct check){
            .subject = subjects[i].subject, .matters = subjects[i].matters, .advice = subjects[i].advice};
        subjects[i].look(&(struct look){machine, root, busy, check});
    }
}

json_t *checks_warnings(const struct checks *checks)
{
    json_t *warnings = json_array();

    for (size_t i = 0; i < checks->count; i++)
        if (checks->check[i].state == CHECK_WARN && checks->check[i].matters &&
            json_array_size(warnings) < WARNINGS_LINES)
            json_array_append_new(warnings, json_text(checks->check[i].found));
    return warnings;
}
