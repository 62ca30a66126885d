/* CPU time of this machine and of its processes. */
#include "bench/machine/busy.h"
#include "bench/base/sysfile.h"
#include "bench/machine/own.h"
#include "pools/parts/clock.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
    pid_t pid;
    struct process_stat stat;
};

struct busy_watch {
    uint64_t at_ns;
    long long busy_ticks, steal_ticks;
    double own_s;
    struct process *processes; /* in ascending order of pid */
    size_t count;
};

/* Of the CPUs we may use. -1: not known. */
static void cpus_read(const struct machine *machine, struct busy_watch *watch)
{
    char line[512];
    FILE *file = fopen("/proc/stat", "re");
    unsigned seen = 0;
    watch->busy_ticks = watch->steal_ticks = 0;
    while (file && fgets(line, sizeof line, file)) {
        long long user, nice, system, idle, iowait, irq, softirq, steal;
        unsigned cpu;
        if (line[3] == ' ' || /* the sum, which starts with a number as well */
            sscanf(line, "cpu%u %lld %lld %lld %lld %lld %lld %lld %lld", &cpu, &user, &nice, &system, &idle, &iowait,
                   &irq, &softirq, &steal) != 9 ||
            !hwloc_bitmap_isset(machine->allowed, cpu))
            continue;
        watch->busy_ticks += user + nice + system + irq + softirq;
        watch->steal_ticks += steal;
        seen++;
    }
    if (file)
        fclose(file);
    /* no such file, no such lines, or CPUs that a container shows in part or has numbered anew: a part is not the whole
     */
    if ((int)seen < hwloc_bitmap_weight(machine->allowed))
        watch->busy_ticks = watch->steal_ticks = -1;
}

static int pid_compare(const void *a, const void *b)
{
    pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;
    return (x > y) - (x < y);
}

static void processes_read(struct busy_watch *watch)
{
    DIR *proc = opendir("/proc");
    size_t room = 0;
    for (pid_t pid; proc && (pid = process_next(proc));) {
        if (pid == getpid())
            continue;
        if (watch->count == room) {
            struct process *grown = realloc(watch->processes, (room ? 2 * room : 128) * sizeof *grown);
            if (!grown)
                break;
            watch->processes = grown;
            room = room ? 2 * room : 128;
        }
        watch->processes[watch->count].pid = pid;
        watch->count += process_stat_read(&watch->processes[watch->count].stat, "/proc/%d/stat", (int)pid) == 0;
    }
    if (proc)
        closedir(proc);
    if (watch->count)
        qsort(watch->processes, watch->count, sizeof *watch->processes, pid_compare);
}

struct busy_watch *busy_begin(const struct machine *machine)
{
    struct busy_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    processes_read(watch);
    cpus_read(machine, watch);
    watch->own_s = 1e-9 * (double)own_cpu_ns();
    watch->at_ns = clock_monotonic_ns();
    return watch;
}

/* Among the busiest, if it is one of them. */
static void process_show(struct busy *busy, const struct process *process, double cpus)
{
    unsigned at = busy->shown;
    while (at && busy->process[at - 1].cpus < cpus)
        at--;
    if (at == BUSY_SHOWN)
        return;
    busy->shown += busy->shown < BUSY_SHOWN;
    for (unsigned i = busy->shown - 1; i > at; i--)
        busy->process[i] = busy->process[i - 1];
    busy->process[at].pid = process->pid;
    busy->process[at].cpus = cpus;
    memcpy(busy->process[at].name, process->stat.name, sizeof process->stat.name);
    for (char *c = busy->process[at].name; *c; c++)
        *c = isprint((unsigned char)*c) ? *c : '?';
}

void busy_end(struct busy_watch *watch, const struct machine *machine, struct busy *busy)
{
    struct busy_watch *now = watch ? busy_begin(machine) : NULL;
    double ticks_per_s = (double)sysconf(_SC_CLK_TCK);
    *busy = (struct busy){.others_cpus = NAN, .steal_cpus = NAN};
    double elapsed_s = now ? 1e-9 * (double)(now->at_ns - watch->at_ns) : 0;
    if (elapsed_s > 0 && ticks_per_s > 0 && watch->busy_ticks >= 0 && now->busy_ticks >= 0) {
        double busy_s = (double)(now->busy_ticks - watch->busy_ticks) / ticks_per_s;
        busy->others_cpus = fmax(0, busy_s - (now->own_s - watch->own_s)) / elapsed_s;
        busy->steal_cpus = (double)(now->steal_ticks - watch->steal_ticks) / ticks_per_s / elapsed_s;
        for (size_t i = 0; i < now->count; i++) {
            const struct process *process = &now->processes[i];
            const struct process *before =
                bsearch(process, watch->processes, watch->count, sizeof *process, pid_compare);
            long long ticks = process->stat.ticks;
            if (before && before->stat.started == process->stat.started) /* a pid may be given again */
                ticks -= before->stat.ticks;
            if (ticks > 0)
                process_show(busy, process, (double)ticks / ticks_per_s / elapsed_s);
        }
    }
    busy_drop(now);
    busy_drop(watch);
}

void busy_drop(struct busy_watch *watch)
{
    if (watch)
        free(watch->processes);
    free(watch);
}
