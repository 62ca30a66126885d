/* What others do while a trial runs, see outside.h. Where the kernel tells: Documentation/scheduler/sched-stats.rst,
 * accounting/psi.rst, admin-guide/cgroup-v1/cpuacct.rst; proc(5). */
#include "bench/machine/outside.h"
#include "bench/base/sysfile.h"
#include "bench/machine/own.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APART_NS 1000000 /* of sources in ns: what one short wake-up of another program takes is no disturbance */

static int64_t tick_ns(void)
{
    long per_s = sysconf(_SC_CLK_TCK);
    return per_s > 0 ? 1000000000 / per_s : 10000000;
}

struct put_off {
    unsigned cpu;
    pid_t thread;
};

static bool is_watched(const struct outside_watch *watch, unsigned cpu)
{
    return hwloc_bitmap_isset(watch->cpus, cpu);
}

static unsigned watched(const struct outside_watch *watch)
{
    return (unsigned)hwloc_bitmap_weight(watch->cpus);
}

/* A number a CPU, of all that may be there. -1: some that are watched are not told. */
static int64_t group_used_ns(const struct outside_watch *watch)
{
    char *text = malloc(1 << 16), *rest = text, *end;
    int64_t sum = 0;
    unsigned seen = 0;
    if (!text || sysfile_read(text, 1 << 16, "%s", watch->group) < 0)
        seen = UINT_MAX;
    for (unsigned cpu = 0; text && seen != UINT_MAX; cpu++, rest = end) {
        long long ns = strtoll(rest, &end, 10);
        if (end == rest)
            break;
        sum += is_watched(watch, cpu) ? ns : 0;
        seen += is_watched(watch, cpu);
    }
    free(text);
    return seen == watched(watch) ? sum : -1;
}

/* "cpu0 " and nine numbers: the seventh is the time that tasks have run there. */
static int64_t schedstat_used_ns(const struct outside_watch *watch)
{
    char path[PATH_MAX], line[512];
    int64_t sum = 0, ns;
    unsigned seen = 0, cpu;
    snprintf(path, sizeof path, "%s/proc/schedstat", watch->root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "cpu%u %*s %*s %*s %*s %*s %*s %" SCNd64, &cpu, &ns) == 2 && is_watched(watch, cpu)) {
            sum += ns;
            seen++;
        }
    if (file)
        fclose(file);
    return seen == watched(watch) ? sum : -1;
}

static int64_t put_off_ns(const struct outside_watch *watch)
{
    char text[128];
    int64_t sum = 0, ns;
    for (size_t i = 0; i < watch->put_off_count; i++)
        if (is_watched(watch, watch->put_off[i].cpu) &&
            sysfile_read(text, sizeof text, "%s/proc/%d/schedstat", watch->root, (int)watch->put_off[i].thread) > 0 &&
            sscanf(text, "%" SCNd64, &ns) == 1)
            sum += ns;
    return sum;
}

/* Steal, and what tasks used: interrupts are nobody's. */
static void stat_read(const struct outside_watch *watch, struct moment *moment)
{
    char path[PATH_MAX], line[512];
    long long used = 0, stolen = 0, user, nice, system, steal;
    unsigned seen = 0, cpu;
    moment->steal_ns = moment->stolen_ns = moment->used_ns = -1;
    snprintf(path, sizeof path, "%s/proc/stat", watch->root);
    FILE *file = fopen(path, "re");
    while (file && seen < watched(watch) && fgets(line, sizeof line, file)) { /* its later lines are long */
        bool is_sum = !strncmp(line, "cpu ", 4); /* of all: scanning for a number passes over blanks */
        if (is_sum && sscanf(line, "cpu %*s %*s %*s %*s %*s %*s %*s %lld", &steal) == 1)
            moment->steal_ns = steal * tick_ns();
        if (is_sum ||
            sscanf(line, "cpu%u %lld %lld %lld %*s %*s %*s %*s %lld", &cpu, &user, &nice, &system, &steal) != 5 ||
            !is_watched(watch, cpu))
            continue;
        used += user + nice + system;
        stolen += steal;
        seen++;
    }
    if (file)
        fclose(file);
    if (seen == watched(watch)) { /* a container may show a part, or number them anew */
        moment->used_ns = used * tick_ns();
        moment->stolen_ns = stolen * tick_ns();
    }
}

static int64_t pressure_ns(const struct outside_watch *watch, const char *what)
{
    char text[256];
    int64_t us;
    int length = sysfile_read(text, sizeof text, "%s/proc/pressure/%s", watch->root, what);
    return length > 0 && sscanf(text, "some avg10=%*s avg60=%*s avg300=%*s total=%" SCNd64, &us) == 1 ? us * 1000 : -1;
}

/* Version 2 tells it in us, version 1 in ns (admin-guide/cgroup-v2.rst, scheduler/sched-bwc.rst). */
static int64_t throttled_ns(const struct outside_watch *watch)
{
    const int64_t us = watch->quota[0] ? sysfile_value(watch->quota, "throttled_usec") : -1;
    return us >= 0 ? us * 1000 : watch->quota[0] ? sysfile_value(watch->quota, "throttled_time") : -1;
}

void outside_read(const struct outside_watch *watch, struct moment *moment)
{
    char text[128];
    stat_read(watch, moment);
    moment->memory_pressure_ns = pressure_ns(watch, "memory");
    moment->io_pressure_ns = pressure_ns(watch, "io");
    moment->throttled_ns = throttled_ns(watch);
    moment->load = NAN;
    sysfile_read(text, sizeof text, "%s/proc/loadavg", watch->root);
    sscanf(text, "%lf", &moment->load);
    moment->own_ns = own_cpu_ns(); /* it brings up to date what groups say of us, so it comes first */
    if (watch->source == USAGE_GROUP)
        moment->used_ns = group_used_ns(watch);
    else if (watch->source == USAGE_SCHEDSTAT)
        moment->used_ns = schedstat_used_ns(watch);
    if (moment->used_ns >= 0)
        moment->used_ns -= put_off_ns(watch);
    moment->at_ns = clock_monotonic_ns();
}

/* cgroup_walk() goes upwards. */
static void group_see(const char *directory, void *data)
{
    struct outside_watch *watch = data;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/cpuacct.usage_percpu", directory) < (int)sizeof path && access(path, R_OK) == 0)
        memcpy(watch->group, path, sizeof path);
}

/* In a container they are not to be seen. */
static void put_off_find(struct outside_watch *watch)
{
    char path[PATH_MAX];
    struct process_stat stat;
    unsigned cpu;
    snprintf(path, sizeof path, "%s/proc", watch->root);
    DIR *proc = opendir(path);
    watch->put_off = calloc(watched(watch) + 1, sizeof *watch->put_off);
    for (pid_t pid; watch->put_off && proc && watch->put_off_count < watched(watch) && (pid = process_next(proc));)
        if (process_stat_read(&stat, "%s/%d/stat", path, (int)pid) == 0 &&
            sscanf(stat.name, "ksoftirqd/%u", &cpu) == 1 && is_watched(watch, cpu))
            watch->put_off[watch->put_off_count++] = (struct put_off){cpu, pid};
    if (proc)
        closedir(proc);
}

void outside_unwatch(struct outside_watch *watch)
{
    free(watch->put_off);
    hwloc_bitmap_free(watch->cpus);
    *watch = (struct outside_watch){0};
}

int outside_watch(struct outside_watch *watch, const struct machine *machine, const char *root)
{
    struct moment moment;
    *watch = (struct outside_watch){.cpus = hwloc_bitmap_dup(machine->allowed), .root = root};
    if (!watch->cpus)
        return -ENOMEM;
    cgroup_walk(root, "cpuacct", group_see, watch);
    cgroup_quota_stat(root, watch->quota, sizeof watch->quota);
    put_off_find(watch);
    for (; watch->source < USAGE_UNKNOWN; watch->source++) {
        outside_read(watch, &moment);
        if (moment.used_ns >= 0)
            break;
    }
    return 0;
}

void outside_watch_place(struct outside_watch *watch, const struct placement *placement)
{
    hwloc_bitmap_zero(watch->cpus);
    for (unsigned row = 0; row <= placement->workers; row++) {
        const uint64_t *mask =
            row < placement->workers ? placement->masks + (size_t)row * placement->words : placement->main_mask;
        for (unsigned cpu = 0; cpu < placement->words * 64; cpu++)
            if (mask[cpu / 64] >> cpu % 64 & 1)
                hwloc_bitmap_set(watch->cpus, cpu);
    }
}

const char *outside_source(const struct outside_watch *watch)
{
    static const char *const names[] = {[USAGE_GROUP] = "cpuacct",
                                        [USAGE_SCHEDSTAT] = "/proc/schedstat",
                                        [USAGE_STAT] = "/proc/stat",
                                        [USAGE_UNKNOWN] = NULL};
    return names[watch->source];
}

static int64_t difference(int64_t from, int64_t to)
{
    return from < 0 || to < 0 ? -1 : to > from ? to - from : 0;
}

struct outside outside_between(const struct outside_watch *watch, const struct moment *from, const struct moment *to)
{
    struct outside outside = {.steal_ns = difference(from->steal_ns, to->steal_ns),
                              .stolen_ns = difference(from->stolen_ns, to->stolen_ns),
                              .others_ns = difference(from->used_ns, to->used_ns),
                              .memory_pressure_ns = difference(from->memory_pressure_ns, to->memory_pressure_ns),
                              .io_pressure_ns = difference(from->io_pressure_ns, to->io_pressure_ns),
                              .throttled_ns = difference(from->throttled_ns, to->throttled_ns)};
    const int64_t cpus = watched(watch), span_ns = (int64_t)(to->at_ns - from->at_ns) * cpus;
    const double limit_ns = OUTSIDE_SHARE * (double)span_ns;
    /* each of a CPU's numbers is rounded down to a tick: steal is one, use are three, and a tick that found us running
     * may have been another's */
    const double stolen_apart_ns = (double)(tick_ns() * cpus),
                 others_apart_ns = watch->source == USAGE_STAT ? 4 * (double)(tick_ns() * cpus) : APART_NS;
    if (outside.others_ns >= 0)
        outside.others_ns = difference(to->own_ns - from->own_ns, outside.others_ns);
    if (outside.others_ns > span_ns) /* what ran before is counted when it ends */
        outside.others_ns = span_ns;
    outside.disturbs = (double)outside.stolen_ns > fmax(limit_ns, stolen_apart_ns) ||
                       (double)outside.others_ns > fmax(limit_ns, others_apart_ns);
    if (outside.stolen_ns < 0 && outside.others_ns < 0)
        outside.disturbs = -1;
    return outside;
}

int64_t outside_frequency_khz(const struct outside_watch *watch, int cpu)
{
    return sysfile_number("%s/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", watch->root, cpu);
}
