/* Limits of the control groups we are in. Both versions may be there at once, so every level is asked for the files of
 * both. A file that is missing sets no limit: its controller is not switched on at that level. One that is there and
 * cannot be read, or not understood, is no reason to say that there is none. */
#include "bench/machine/cgroup.h"
#include "bench/base/sysfile.h"
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_LIMIT INT64_MAX

static const char unread[] = "a limit of a control group cannot be read";

static void lower(int64_t *limit, int64_t value)
{
    if (*limit < 0 || value < *limit)
        *limit = value > 0 ? value : 0;
}

/* A number, or NO_LIMIT: "max", what version 1 writes for it (-1, the largest number of pages), or no such file. */
static int limit_parse(const char *text, int64_t *limit)
{
    char *end;
    *limit = NO_LIMIT;
    if (strcmp(text, "max") == 0)
        return 0;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        return -EBADMSG;
    if (value >= 0 && value < INT64_MAX / 2)
        *limit = value;
    return 0;
}

static int limit_read(const char *directory, const char *file, int64_t *limit)
{
    char text[64];
    int length = sysfile_read(text, sizeof text, "%s/%s", directory, file);
    *limit = NO_LIMIT;
    return length == -ENOENT ? 0 : length < 0 ? length : limit_parse(text, limit);
}

static void quota_see(const char *directory, void *data)
{
    struct cgroup_limits *limits = data;
    int64_t quota = NO_LIMIT, period = NO_LIMIT;
    char text[64];
    int rc = sysfile_read(text, sizeof text, "%s/cpu.max", directory);
    if (rc >= 0) {
        char *blank = strchr(text, ' ');
        if (blank)
            *blank++ = '\0';
        rc = limit_parse(text, &quota);
        if (rc == 0 && quota != NO_LIMIT)
            rc = blank ? limit_parse(blank, &period) : -EBADMSG;
    } else if (rc == -ENOENT) {
        rc = limit_read(directory, "cpu.cfs_quota_us", &quota);
        if (rc == 0 && quota != NO_LIMIT)
            rc = limit_read(directory, "cpu.cfs_period_us", &period);
    }
    if (rc < 0 || (quota != NO_LIMIT && (quota == 0 || period == 0 || period == NO_LIMIT))) {
        limits->unseen[LIMIT_CPU] = unread;
    } else if (quota != NO_LIMIT) {
        double cpus = (double)quota / (double)period;
        if (limits->quota_cpus <= 0 || cpus < limits->quota_cpus)
            limits->quota_cpus = cpus;
    }
}

struct tightest {
    struct cgroup_limits limits;
    char *path;
    size_t size;
};

static void tightest_see(const char *directory, void *data)
{
    struct tightest *tightest = data;
    const double before = tightest->limits.quota_cpus;
    quota_see(directory, &tightest->limits);
    if (tightest->limits.quota_cpus != before) /* the first one that there is, or a tighter one */
        snprintf(tightest->path, tightest->size, "%s/cpu.stat", directory);
}

void cgroup_quota_stat(const char *root, char *path, size_t size)
{
    struct tightest tightest = {.path = path, .size = size};
    *path = '\0';
    cgroup_walk(root, "cpu", tightest_see, &tightest);
}

static void memory_see(const char *directory, void *data)
{
    struct cgroup_limits *limits = data;
    int64_t most, high = NO_LIMIT, most_v1, used = 0;
    char stat[PATH_MAX + 16];
    int rc = limit_read(directory, "memory.max", &most);
    if (rc == 0)
        rc = limit_read(directory, "memory.high", &high); /* above it a process is slowed down until it gives back */
    if (rc == 0)
        rc = limit_read(directory, "memory.limit_in_bytes", &most_v1);
    if (rc < 0) {
        limits->unseen[LIMIT_MEMORY] = unread;
        return;
    }
    snprintf(stat, sizeof stat, "%s/memory.stat", directory);
    /* the tightest of all groups above, also of those that cannot be seen from here */
    int64_t above = sysfile_value(stat, "hierarchical_memory_limit");
    bool v1 = most_v1 != NO_LIMIT || above >= 0;
    most = most < high ? most : high;
    most = most < most_v1 ? most : most_v1;
    if (above >= 0 && above < most && above < INT64_MAX / 2)
        most = above;
    if (most == NO_LIMIT)
        return;
    if (limit_read(directory, v1 ? "memory.usage_in_bytes" : "memory.current", &used) < 0 || used == NO_LIMIT) {
        limits->unseen[LIMIT_MEMORY] = "how much memory a control group uses cannot be read";
        used = 0;
    }
    int64_t cache = sysfile_value(stat, v1 ? "total_inactive_file" : "inactive_file");
    lower(&limits->memory_bytes, most);
    lower(&limits->memory_free_bytes, most - used + (cache > 0 ? cache : 0));
}

/* Version 1 tells of the groups above in ours. */
static void memory_above_see(const char *directory, void *data)
{
    char stat[PATH_MAX + 16];
    bool *is_told = data;
    snprintf(stat, sizeof stat, "%s/memory.stat", directory);
    *is_told = *is_told || sysfile_value(stat, "hierarchical_memory_limit") >= 0;
}

static void tasks_see(const char *directory, void *data)
{
    struct cgroup_limits *limits = data;
    int64_t most, current;
    if (limit_read(directory, "pids.max", &most) < 0) {
        limits->unseen[LIMIT_TASKS] = unread;
    } else if (most != NO_LIMIT) {
        if (limit_read(directory, "pids.current", &current) < 0 || current == NO_LIMIT) {
            limits->unseen[LIMIT_TASKS] = "how many processes a control group has cannot be read";
            current = 0;
        }
        lower(&limits->tasks_left, most - current);
    }
}

void cgroup_limits_read(const char *root, struct cgroup_limits *limits)
{
    static const struct {
        const char *controller;
        void (*see)(const char *directory, void *limits);
    } kinds[LIMIT_KINDS] = {
        [LIMIT_CPU] = {"cpu", quota_see}, [LIMIT_MEMORY] = {"memory", memory_see}, [LIMIT_TASKS] = {"pids", tasks_see}};
    bool is_told = false;
    *limits = (struct cgroup_limits){.memory_bytes = -1, .memory_free_bytes = -1, .tasks_left = -1};
    for (unsigned i = 0; i < LIMIT_KINDS; i++) {
        const char *hidden = cgroup_walk(root, kinds[i].controller, kinds[i].see, limits);
        if (hidden && i == LIMIT_MEMORY)
            cgroup_walk(root, "memory", memory_above_see, &is_told);
        if (hidden && !(i == LIMIT_MEMORY && is_told))
            limits->unseen[i] = hidden;
    }
}

struct search {
    const char *file;
    char *text;
    size_t size;
    bool is_found;
};

static void file_see(const char *directory, void *data)
{
    struct search *search = data;
    if (!search->is_found)
        search->is_found = sysfile_read(search->text, search->size, "%s/%s", directory, search->file) > 0;
}

int cgroup_file_read(const char *root, const char *controller, const char *file, char *text, size_t size)
{
    struct search search = {.file = file, .text = text, .size = size};
    cgroup_walk(root, controller, file_see, &search);
    return search.is_found ? 0 : -ENOENT;
}
