/* See counters.h. */
#include "bench/machine/counters.h"
#include "bench/base/sysfile.h"
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DEVICES    "/sys/bus/event_source/devices"
#define PMUS_MOST  4          /* kinds of cores */
#define WORK       200000     /* steps that hardware events count; */
#define WORK_BYTES (1u << 20) /* through so much memory */
#define STRIDE     4096

#define CACHE_READS(cache)  ((cache) | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_ACCESS << 16)
#define CACHE_MISSES(cache) ((cache) | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

/* Pairs: the core's and another one fit into four counters, and most PMUs have as many. is_sure: it counts at least 1
 * of what counter_force() does; of others the next one above that is sure decides. */
static const struct known {
    const char *event, *group;
    uint32_t type;
    uint64_t config;
    bool is_sure;
} known[] = {
    {"task-clock", "software", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, true},
    {"context-switches", "software", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, true},
    {"cpu-migrations", "software", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, true},
    {"minor-faults", "software", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN, true},
    {"major-faults", "software", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ, false},
    {"cycles", "core", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, true},
    {"instructions", "core", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, true},
    {"cache-references", "cache", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES, true},
    {"cache-misses", "cache", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, false},
    {"branches", "branch", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, true},
    {"branch-misses", "branch", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, true},
    {"dTLB-loads", "tlb", PERF_TYPE_HW_CACHE, CACHE_READS(PERF_COUNT_HW_CACHE_DTLB), true},
    {"dTLB-load-misses", "tlb", PERF_TYPE_HW_CACHE, CACHE_MISSES(PERF_COUNT_HW_CACHE_DTLB), false},
};
#define KNOWN (sizeof known / sizeof *known)
#define CORE  "core" /* counted in every trial */

const char *counter_scope(const struct counter *counter)
{
    return counter->asked.user_only ? "user" : "user+kernel";
}

bool counter_is_known(const char *event)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (!strcmp(known[i].event, event))
            return true;
    return false;
}

unsigned counters_of_cpu(const struct counters *counters, const struct counter **first)
{
    unsigned count = 0;
    *first = NULL;
    for (unsigned i = 0; i < counters->count; i++) {
        const struct counter *counter = &counters->counter[i];
        if (counter->asked.type == PERF_TYPE_SOFTWARE)
            continue;
        count += !counter->refused.error;
        if (counter->refused.error && !*first)
            *first = counter;
    }
    return count;
}

/* To another CPU and back; false: there is none. */
static bool force_migration(void)
{
    cpu_set_t before, other;
    const int here = sched_getcpu();
    bool moved = false;
    if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof before, &before) < 0)
        return false;
    for (int cpu = 0; cpu < CPU_SETSIZE && !moved; cpu++) {
        if (cpu == here || !CPU_ISSET(cpu, &before))
            continue;
        CPU_ZERO(&other);
        CPU_SET(cpu, &other);
        moved = sched_setaffinity(0, sizeof other, &other) == 0;
    }
    if (moved)
        sched_setaffinity(0, sizeof before, &before);
    return moved;
}

/* One switch, one fault and more, branches that nobody foresees; a migration where there is a CPU for it. False: there
 * is none, or no memory. */
static bool counter_force(void)
{
    const struct timespec least = {.tv_nsec = 1};
    unsigned char *memory =
        mmap(NULL, WORK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uint32_t random = 1;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &least, NULL);
    if (memory == MAP_FAILED)
        return false;
    for (size_t at = 0; at < WORK_BYTES; at += STRIDE)
        memory[at] = 1;
    for (unsigned i = 0; i < WORK; i++) {
        random = random * 1664525u + 1013904223u; /* Numerical Recipes, 2nd edition, 7.1 */
        if (random >> 31)
            ((volatile unsigned char *)memory)[(random >> 8) % WORK_BYTES]++;
    }
    munmap(memory, WORK_BYTES);
    return force_migration();
}

static int event_open(const struct counter_asked *asked)
{
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = asked->type,
        .config = asked->config,
        .inherit = 1,
        .exclude_kernel = asked->user_only,
        .exclude_hv = asked->user_only,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
    };
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Where kernel and user cannot be had, the user's part alone. 0: it counts. */
static int counter_try(struct counter *counter, const struct known *k)
{
    int64_t value[3] = {0};
    int fd = event_open(&counter->asked);
    if (fd < 0 && (errno == EACCES || errno == EPERM)) {
        counter->asked.user_only = 1;
        fd = event_open(&counter->asked);
    }
    if (fd < 0)
        return switches_refuse(&counter->refused, "perf_event_open", errno);
    const bool moved = counter_force();
    const ssize_t got = read(fd, value, sizeof value);
    const int code = errno;
    close(fd);
    if (got != (ssize_t)sizeof value)
        return switches_refuse(&counter->refused, "read", got < 0 ? code : ENODATA);
    const bool is_migrations = k->type == PERF_TYPE_SOFTWARE && k->config == PERF_COUNT_SW_CPU_MIGRATIONS;
    const bool may_be_0 = k->is_sure ? is_migrations && !moved && !counter->asked.user_only : value[2] > 0;
    if (value[0] > 0 || may_be_0)
        return 0;
    return switches_refuse(&counter->refused, "counting", ENODATA);
}

/* ---- PMUs ---- */

struct pmu {
    char name[32];
    uint32_t type; /* 0: the only one, which the generic types mean */
};

/* Kinds of cores have a PMU each, which says its CPUs; those that are no core's have a cpumask. */
static unsigned pmus_find(struct pmu pmus[PMUS_MOST])
{
    DIR *devices = opendir(DEVICES);
    const struct dirent *entry;
    unsigned count = 0;
    while (devices && count < PMUS_MOST && (entry = readdir(devices))) {
        char path[sizeof DEVICES + sizeof entry->d_name + 8];
        snprintf(path, sizeof path, "%s/%s/cpus", DEVICES, entry->d_name);
        if (entry->d_name[0] == '.' || access(path, R_OK) < 0)
            continue;
        const int64_t type = sysfile_number("%s/%s/type", DEVICES, entry->d_name);
        if (type < 0)
            continue;
        snprintf(pmus[count].name, sizeof pmus[count].name, "%.31s", entry->d_name);
        pmus[count++].type = (uint32_t)type;
    }
    if (devices)
        closedir(devices);
    if (count < 2) { /* as perf does: a machine of one kind has one, whatever its name */
        pmus[0] = (struct pmu){"cpu", 0};
        count = 1;
    }
    return count;
}

static void counter_add(struct counters *counters, const struct known *k, const struct pmu *pmu, uint32_t group)
{
    if (counters->count == COUNTERS_FOUND)
        return;
    struct counter *counter = &counters->counter[counters->count++];
    *counter = (struct counter){.event = k->event, .group = k->group};
    /* the upper half of the config names the PMU (perf_event_open(2), PERF_TYPE_HARDWARE, since Linux 5.13) */
    counter->asked =
        (struct counter_asked){.type = k->type,
                               .config = k->config | (uint64_t)(pmu ? pmu->type : 0) << 32,
                               .group = group,
                               .is_split = !pmu}; /* a copy of the CPU's would take as many counters again */
    snprintf(counter->pmu, sizeof counter->pmu, "%s", pmu ? pmu->name : "software");
    counter_try(counter, k);
}

/* One that is counted in every trial. */
static bool is_constant(const struct counter *counter)
{
    return counter->asked.type == PERF_TYPE_SOFTWARE || !strcmp(counter->group, CORE);
}

/* Groups of all PMUs that have the same name are one turn. */
static unsigned turn_of(const struct counters *counters, unsigned at, unsigned *turns)
{
    const char *names[KNOWN];
    unsigned count = 0, turn = 0;
    for (unsigned i = 0; i < counters->count; i++) {
        const struct counter *counter = &counters->counter[i];
        unsigned n = 0;
        if (counter->refused.error || is_constant(counter))
            continue;
        while (n < count && strcmp(names[n], counter->group) != 0)
            n++;
        if (n == count)
            names[count++] = counter->group;
        if (i == at)
            turn = n;
    }
    *turns = count;
    return turn;
}

void counters_find(struct counters *counters)
{
    struct pmu pmus[PMUS_MOST];
    const unsigned pmu_count = pmus_find(pmus);
    uint32_t group = 0;
    *counters = (struct counters){0};
    for (size_t i = 0; i < KNOWN; i++) {
        group += i && strcmp(known[i].group, known[i - 1].group) != 0 ? PMUS_MOST : 0;
        const bool is_software = known[i].type == PERF_TYPE_SOFTWARE;
        for (unsigned p = 0; p < (is_software ? 1 : pmu_count); p++)
            counter_add(counters, &known[i], is_software ? NULL : &pmus[p], group + p);
    }
    turn_of(counters, 0, &counters->turns);
}

unsigned counters_choose(const struct counters *counters, unsigned turn, unsigned chosen[COUNTERS_MOST])
{
    unsigned count = 0, turns;
    for (unsigned i = 0; i < counters->count && count < COUNTERS_MOST; i++) {
        const struct counter *counter = &counters->counter[i];
        if (!counter->refused.error && (is_constant(counter) || turn_of(counters, i, &turns) == turn % counters->turns))
            chosen[count++] = i;
    }
    return count;
}
