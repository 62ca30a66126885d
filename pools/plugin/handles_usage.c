/* What the workers of a plug-in have used, as far as it can be seen from outside: getrusage for this process and the
 * children it has waited for, /proc for processes that live. */
#include "pools/plugin/handles_usage.h"
#include "pools/parts/numa.h"
#include "pools/parts/proc.h"
#include "pools/parts/usage.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One thread of a process: time on and waiting for a CPU, switches. */
static void add_thread(pid_t pid, const char *tid, struct usage *sum, int64_t *cpu_ns)
{
    char path[96], text[4096], *second;
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/schedstat", (int)pid, tid);
    if (proc_read(path, text, sizeof text) > 0 && (second = strchr(text, ' '))) {
        *cpu_ns += strtoll(text, NULL, 10);
        if (sum->runqueue_ns >= 0)
            sum->runqueue_ns += strtoll(second, NULL, 10);
    } else {
        sum->runqueue_ns = -1;
    }
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/status", (int)pid, tid);
    if (proc_read(path, text, sizeof text) > 0) {
        sum->nvcsw += proc_field(text, "\nvoluntary_ctxt_switches:", 0);
        sum->nivcsw += proc_field(text, "\nnonvoluntary_ctxt_switches:", 0);
    }
}

static void add_threads(pid_t pid, struct usage *sum, int64_t *cpu_ns)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        if (entry->d_name[0] != '.')
            add_thread(pid, entry->d_name, sum, cpu_ns);
    if (tasks)
        closedir(tasks);
}

/* A part of it is not the memory: it is known of all, or not at all. */
static void add_memory(pid_t pid, struct usage *sum)
{
    char text[16];
    struct usage one;
    usage_clear(&one);
    snprintf(text, sizeof text, "%d", (int)pid);
    usage_read_memory_of(text, &one);
    bool is_known = one.pss_bytes >= 0 && sum->pss_bytes >= 0;
    sum->pss_bytes = is_known ? sum->pss_bytes + one.pss_bytes : -1;
    sum->private_bytes = is_known ? sum->private_bytes + one.private_bytes : -1;
}

/* Another process: /proc/PID/stat has faults, and times in ticks too coarse to be added up, so they only tell how the
 * exact time on CPUs is split between user and system; unless there is no exact time. */
static void add_process(pid_t pid, bool with_memory, struct usage *sum)
{
    char path[64], text[1024];
    long long minflt, majflt, user, sys;
    int64_t cpu_ns = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (proc_read(path, text, sizeof text) <= 0)
        return; /* it has ended meanwhile: its parent was told */
    const char *behind_name = strrchr(text, ')');
    if (!behind_name || sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %*u %lld %*u %lld %*u %lld %lld", &minflt,
                               &majflt, &user, &sys) != 4)
        return;
    add_threads(pid, sum, &cpu_ns);
    long ticks_per_s = sysconf(_SC_CLK_TCK);
    if (sum->runqueue_ns < 0 && cpu_ns == 0 && ticks_per_s > 0) /* a kernel without schedstat */
        cpu_ns = (user + sys) * (1000000000 / ticks_per_s);
    int64_t sys_ns = user + sys ? (int64_t)((double)cpu_ns * (double)sys / (double)(user + sys)) : 0;
    sum->minflt += minflt;
    sum->majflt += majflt;
    sum->sys_ns += sys_ns;
    sum->user_ns += cpu_ns - sys_ns;
    if (with_memory)
        add_memory(pid, sum);
}

static bool is_known(const struct handles *handles, unsigned number)
{
    const struct handle_worker *worker = handles->shared->worker;
    for (unsigned i = 0; i < number; i++)
        if (worker[i].pid == worker[number].pid)
            return true;
    return false;
}

int handles_usage(const struct handles *handles, bool with_memory, struct usage *usage)
{
    const struct handle_worker *worker = handles->shared->worker;
    int64_t cpu_ns = 0; /* known better */
    int rc = usage_read_process(usage);
    if (rc < 0)
        return rc;
    int64_t nvcsw = usage->nvcsw, nivcsw = usage->nivcsw;
    usage->runqueue_ns = 0;
    add_threads(getpid(), usage, &cpu_ns);
    usage->nvcsw = nvcsw;
    usage->nivcsw = nivcsw;
    if (with_memory) {
        usage->pss_bytes = usage->private_bytes = 0;
        add_memory(getpid(), usage);
        numa_look(usage);
    }
    for (unsigned i = 0; i < handles->workers; i++) {
        moves_add(&worker[i].moves, usage);
        if (worker[i].pid && worker[i].pid != getpid() && !is_known(handles, i))
            add_process(worker[i].pid, with_memory, usage);
    }
    return 0;
}
