/* Reading usage, see usage.h. */
#include "pools/parts/usage.h"
#include "workloads/children.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* A small file of /proc in one read; without stdio, whose buffers would be memory of the worker. */
static ssize_t read_small(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    if (got >= 0)
        text[got] = '\0';
    return got;
}

/* schedstat: ns on a CPU, ns waiting for one, slices (Documentation/scheduler/sched-stats.rst of Linux). */
static int64_t runqueue_ns(void)
{
    char text[128];
    char *second;
    if (read_small("/proc/thread-self/schedstat", text, sizeof text) <= 0 || !(second = strchr(text, ' ')))
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
    usage->runqueue_ns = runqueue_ns();
    if (children_waited.count) {
        struct usage children;
        usage_from_rusage(&children_waited.used, &children);
        children.runqueue_ns = -1; /* went with them */
        usage_add(usage, &children);
    }
}

/* -1: it is not told. */
static int64_t smaps_field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoll(at + strlen(name), NULL, 10) * 1024 : -1;
}

void usage_read_memory(struct usage *usage)
{
    char text[2048];
    if (read_small("/proc/self/smaps_rollup", text, sizeof text) <= 0)
        return;
    usage->pss_bytes = smaps_field(text, "\nPss:");
    int64_t clean = smaps_field(text, "\nPrivate_Clean:"), dirty = smaps_field(text, "\nPrivate_Dirty:");
    usage->private_bytes = clean < 0 || dirty < 0 ? -1 : clean + dirty;
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
    sum->workers_lost += part->workers_lost;
    sum->replace_ns += part->replace_ns;
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
