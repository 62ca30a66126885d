/* Reading usage, see usage.h. */
#include "pools/parts/usage.h"
#include "pools/parts/numa.h"
#include "pools/parts/proc.h"
#include "workloads/children.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void usage_clear(struct usage *usage)
{
    *usage = (struct usage){.pss_bytes = -1, .private_bytes = -1, .maxrss_bytes = -1};
}

static int64_t timeval_ns(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000000 + (int64_t)t.tv_usec * 1000;
}

void usage_from_rusage(const struct rusage *rusage, struct usage *usage)
{
    usage_clear(usage);
    usage->user_ns = timeval_ns(rusage->ru_utime);
    usage->sys_ns = timeval_ns(rusage->ru_stime);
    usage->nvcsw = rusage->ru_nvcsw;
    usage->nivcsw = rusage->ru_nivcsw;
    usage->minflt = rusage->ru_minflt;
    usage->majflt = rusage->ru_majflt;
    usage->maxrss_bytes = (int64_t)rusage->ru_maxrss * 1024;
}

/* schedstat: ns on a CPU, ns waiting for one, slices (Documentation/scheduler/sched-stats.rst of Linux). */
int64_t usage_waited_ns(void)
{
    char text[128];
    char *second;
    if (proc_read("/proc/thread-self/schedstat", text, sizeof text) <= 0 || !(second = strchr(text, ' ')))
        return -1;
    return strtoll(second, NULL, 10);
}

void usage_read_thread(struct usage *usage)
{
    struct rusage rusage;
    if (getrusage(RUSAGE_THREAD, &rusage) < 0) { /* only for a bad argument */
        usage_clear(usage);
        return;
    }
    usage_from_rusage(&rusage, usage);
    usage->runqueue_ns = usage_waited_ns();
    if (children_waited.count)
        usage_add_programs(usage, &children_waited.used, (int64_t)children_waited.count);
}

void usage_read_own(struct usage *usage, bool with_memory)
{
    usage_read_thread(usage);
    if (with_memory)
        usage_read_memory(usage);
}

void usage_add_ended(struct usage *sum, const struct rusage *rusage)
{
    struct usage used;
    usage_from_rusage(rusage, &used);
    used.runqueue_ns = -1;
    usage_add(sum, &used);
}

void usage_add_programs(struct usage *sum, const struct rusage *rusage, int64_t count)
{
    struct rusage own;
    usage_add_ended(sum, rusage);
    sum->program_user_ns += timeval_ns(rusage->ru_utime);
    sum->program_sys_ns += timeval_ns(rusage->ru_stime);
    sum->programs += count;
    /* a program begins with the largest set of who started it (setmax_mm_hiwater_rss in exec of Linux) */
    if (getrusage(RUSAGE_SELF, &own) == 0 && rusage->ru_maxrss > own.ru_maxrss &&
        (int64_t)rusage->ru_maxrss * 1024 > sum->program_maxrss_bytes)
        sum->program_maxrss_bytes = (int64_t)rusage->ru_maxrss * 1024;
}

int usage_read_process(struct usage *usage)
{
    struct rusage own, children;
    if (getrusage(RUSAGE_SELF, &own) < 0 || getrusage(RUSAGE_CHILDREN, &children) < 0)
        return -errno;
    usage_from_rusage(&own, usage);
    usage_add_ended(usage, &children);
    return 0;
}

void usage_add_memory(struct usage *sum)
{
    struct usage own;
    usage_clear(&own);
    usage_read_memory(&own);
    usage_add(sum, &own);
}

void usage_read_memory_of(const char *pid, struct usage *usage)
{
    char path[64], text[2048];
    snprintf(path, sizeof path, "/proc/%.32s/smaps_rollup", pid);
    if (proc_read(path, text, sizeof text) <= 0)
        return;
    int64_t pss = proc_field(text, "\nPss:", -1);
    int64_t clean = proc_field(text, "\nPrivate_Clean:", -1), dirty = proc_field(text, "\nPrivate_Dirty:", -1);
    usage->pss_bytes = pss < 0 ? -1 : pss * 1024;
    usage->private_bytes = clean < 0 || dirty < 0 ? -1 : (clean + dirty) * 1024;
}

void usage_read_memory(struct usage *usage)
{
    usage_read_memory_of("self", usage);
    numa_look(usage);
}

void usage_add(struct usage *sum, const struct usage *part)
{
    sum->user_ns += part->user_ns;
    sum->sys_ns += part->sys_ns;
    sum->nvcsw += part->nvcsw;
    sum->nivcsw += part->nivcsw;
    sum->minflt += part->minflt;
    sum->majflt += part->majflt;
    sum->migrations += part->migrations;
    sum->kind_migrations += part->kind_migrations;
    sum->program_user_ns += part->program_user_ns;
    sum->program_sys_ns += part->program_sys_ns;
    sum->programs += part->programs;
    if (part->program_maxrss_bytes > sum->program_maxrss_bytes)
        sum->program_maxrss_bytes = part->program_maxrss_bytes;
    sum->workers_lost += part->workers_lost;
    sum->replace_ns += part->replace_ns;
    sum->pages_seen += part->pages_seen;
    sum->pages_meant += part->pages_meant;
    if (part->runqueue_ns < 0 || sum->runqueue_ns < 0)
        sum->runqueue_ns = -1;
    else
        sum->runqueue_ns += part->runqueue_ns;
    if (part->pss_bytes >= 0)
        sum->pss_bytes = (sum->pss_bytes < 0 ? 0 : sum->pss_bytes) + part->pss_bytes;
    if (part->private_bytes >= 0)
        sum->private_bytes = (sum->private_bytes < 0 ? 0 : sum->private_bytes) + part->private_bytes;
    if (part->maxrss_bytes > sum->maxrss_bytes)
        sum->maxrss_bytes = part->maxrss_bytes;
}
