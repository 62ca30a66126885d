/* One function a subject, those about how the machine is set up in check_setup.c; the table at the end says in which
 * order they are looked at, which is that of importance. */
#include "bench/base/sysfile.h"
#include "bench/base/text_file.h"
#include "bench/base/units.h"
#include "bench/machine/check_look.h"
#include "bench/machine/place.h"
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define OTHERS_CPUS  0.2      /* CPUs that others take: above, it shows in trials */
#define STEAL_SHARE  0.005    /* of the CPUs: as the screen of a run says it */
#define LOAD_SHARE   0.25     /* of the CPUs */
#define SLACK_NS     50000    /* what the kernel gives everybody */
#define SWAP_SAID    16777216 /* bytes: less lies there for good */
#define MEMORY_LEAST 0.1      /* of it available */
#define FILES_LEAST  256      /* and 4 for every worker */
#define POOLS_TASKS  2        /* processes and threads for every worker: hybrid has one of each kind */

void check_set(const struct look *look, enum check_state state, const char *format, ...)
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
        check_set(look, CHECK_UNKNOWN, "/proc/stat cannot be read");
        return;
    }
    for (unsigned i = 0; i < busy->shown; i++)
        snprintf(who + strlen(who), sizeof who - strlen(who), "%s%s (%d) %.2f", i ? ", " : ": ", busy->process[i].name,
                 busy->process[i].pid, busy->process[i].cpus);
    bool is_much = busy->others_cpus > OTHERS_CPUS;
    check_set(look, is_much ? CHECK_WARN : CHECK_OK, "other processes take %.2f of %u CPUs%s", busy->others_cpus,
              look->machine->pus, is_much ? who : "");
}

static void look_steal(const struct look *look)
{
    double cpus = look->busy ? look->busy->steal_cpus : NAN;
    if (isnan(cpus))
        check_set(look, CHECK_UNKNOWN, "/proc/stat cannot be read");
    else
        check_set(look, cpus > STEAL_SHARE * look->machine->pus ? CHECK_WARN : CHECK_OK,
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
        check_set(look, CHECK_UNKNOWN, "%.120s, as far as can be seen: %s", text, unseen);
    else
        check_set(look, CHECK_OK, "%s", text);
}

static void look_quota(const struct look *look)
{
    const struct machine *machine = look->machine;
    if (machine->quota_cpus > 0 && machine->quota_cpus < machine->pus)
        check_set(look, CHECK_WARN,
                  "a quota of %.2f CPUs on %u: whoever uses it up stands still for the rest of a period",
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
        check_set(look, CHECK_WARN, "%lld more processes and threads are allowed, the default pools need %lld",
                  (long long)tasks, (long long)needed);
    else if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        check_set(look, CHECK_UNKNOWN, "how many files may be open is not told");
    else if (files.rlim_cur < FILES_LEAST + 4 * (rlim_t)look->machine->cores)
        check_set(look, CHECK_WARN, "%llu files may be open", (unsigned long long)files.rlim_cur);
    else
        found_enough(look, LIMIT_TASKS, "processes, threads and files suffice for the default pools");
}

static void look_swap(const struct look *look)
{
    char path[PATH_MAX], bytes[32];
    snprintf(path, sizeof path, "%s/proc/meminfo", look->root);
    int64_t total = sysfile_value(path, "SwapTotal:"), left = sysfile_value(path, "SwapFree:");
    if (total < 0 || left < 0)
        check_set(look, CHECK_UNKNOWN, "/proc/meminfo does not tell");
    else if (!total)
        check_set(look, CHECK_OK, "no swap");
    else
        check_set(look, 1024 * (total - left) > SWAP_SAID ? CHECK_WARN : CHECK_OK, "%s of swap are in use",
                  format_bytes(bytes, sizeof bytes, 1024.0 * (double)(total - left)));
}

static void look_memory(const struct look *look)
{
    double all = (double)look->machine->memory_bytes, left = (double)look->machine->memory_free_bytes;
    char have[32], bytes[32];
    if (all <= 0 || left < 0)
        check_set(look, CHECK_UNKNOWN, "how much memory is available is not told");
    else if (left < MEMORY_LEAST * all)
        check_set(look, CHECK_WARN, "%s of %s of memory are available", format_bytes(have, sizeof have, left),
                  format_bytes(bytes, sizeof bytes, all));
    else
        found_enough(look, LIMIT_MEMORY, "%s of %s of memory are available", format_bytes(have, sizeof have, left),
                     format_bytes(bytes, sizeof bytes, all));
}

static void look_pinning(const struct look *look)
{
    char reason[128];
    if (!look->machine->described && place_probe(reason, sizeof reason) < 0)
        check_set(look, CHECK_WARN, "workers cannot be pinned: %.128s", reason);
    else
        check_set(look, CHECK_OK, "workers can be pinned");
}

static void look_isolated(const struct look *look)
{
    char text[256];
    hwloc_bitmap_t isolated = hwloc_bitmap_alloc();
    bool ours;
    if (sysfile_read(text, sizeof text, "%s" CPU_DIR "/isolated", look->root) < 0 || !isolated ||
        (*text && hwloc_bitmap_list_sscanf(isolated, text))) {
        check_set(look, CHECK_UNKNOWN, "whether CPUs are isolated cannot be read");
    } else {
        ours = hwloc_bitmap_intersects(isolated, look->machine->allowed);
        if (*text)
            check_set(look, ours ? CHECK_WARN : CHECK_OK, "CPUs %.64s are isolated%s", text,
                      ours ? ": --place none would leave all workers on one of them" : " and not among ours");
        else
            check_set(look, CHECK_OK, "no isolated CPUs");
    }
    hwloc_bitmap_free(isolated);
}

static void look_load(const struct look *look)
{
    char text[128];
    double load;
    if (sysfile_read(text, sizeof text, "%s/proc/loadavg", look->root) <= 0 || sscanf(text, "%lf", &load) != 1)
        check_set(look, CHECK_UNKNOWN, "/proc/loadavg cannot be read");
    else
        check_set(look, load > LOAD_SHARE * look->machine->pus ? CHECK_WARN : CHECK_OK,
                  "load average of the last minute %.2f on %u CPUs", load, look->machine->pus);
}

static void look_cpuset(const struct look *look)
{
    int total = hwloc_get_nbobjs_by_type(look->machine->topology, HWLOC_OBJ_PU);
    long online = hwloc_bitmap_weight(hwloc_topology_get_complete_cpuset(look->machine->topology));
    online = online > total ? online : total;
    if (look->machine->pus < (unsigned)online)
        check_set(look, CHECK_WARN, "%u of %ld CPUs are ours: what runs on the others shares caches and memory",
                  look->machine->pus, online);
    else
        check_set(look, CHECK_OK, "all %u CPUs are ours", look->machine->pus);
}

static void look_slack(const struct look *look)
{
    int slack_ns = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    char text[32];
    if (slack_ns < 0)
        check_set(look, CHECK_UNKNOWN, "the timer slack cannot be read");
    else
        check_set(look, slack_ns > SLACK_NS ? CHECK_WARN : CHECK_OK, "timer slack %s",
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
        check_set(look, CHECK_UNKNOWN, "the scheduling policy cannot be read");
        return;
    }
    policy &= ~SCHED_RESET_ON_FORK;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (policy == others[i].policy) {
            check_set(look, CHECK_WARN, "scheduling policy %s", others[i].what);
            return;
        }
    if (policy == SCHED_OTHER)
        check_set(look, CHECK_OK, "the usual scheduling policy");
    else
        check_set(look, CHECK_WARN, "scheduling policy %d, not the usual one", policy);
}

static void look_nice(const struct look *look)
{
    errno = 0;
    int nice = getpriority(PRIO_PROCESS, 0);
    if (nice == -1 && errno)
        check_set(look, CHECK_UNKNOWN, "the nice value cannot be read");
    else if (nice > 0)
        check_set(look, CHECK_WARN, "nice value %d: others go first", nice);
    else
        check_set(look, CHECK_OK, "nice value %d", nice);
}

static const struct {
    const char *subject;
    look_at *look;
    bool matters;
    const char *advice;
} subjects[] = {
    {"processes", look_busy, true, "wait for them, stop them, or give poolbench CPUs of its own (taskset, cpuset)"},
    {"steal", look_steal, true, "run again at another time, or on a machine with CPUs of its own"},
    {"quota", look_quota, true, "lift it (cpu.max of the control group), or have fewer workers than it"},
    {"limits", look_limits, true, "raise pids.max of the control group, ulimit -u or ulimit -n"},
    {"governor", look_governor, true, "cpupower frequency-set --governor performance"},
    {"cores", look_cores, true, "taskset or --place with CPUs of one kind: the same task takes longer on another"},
    {"clock", look_clock, true, "boot with clocksource=tsc where the CPU's counter is sound; time stamps cost more"},
    {"power", look_power, true, "plug it in"},
    {"swap", look_swap, true, "free memory; swapoff and swapon bring back what lies there"},
    {"memory", look_memory, true, "end what takes it: else the kernel looks for pages during trials"},
    {"addresses", look_layout, true, "sysctl kernel.randomize_va_space=2"},
    {"NUMA", look_numa, true, "sysctl kernel.numa_balancing=0"},
    {"isolated", look_isolated, true, "--place cores-first, the default, or a list of CPUs"},
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
    {"profiling", look_profiling, false, "see there; nothing is lost but run --profile: `explain` does without it"},
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
