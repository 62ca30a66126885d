/* Limits of the control groups we are in. Where they lie: /proc/self/cgroup names our group in every hierarchy,
 * /proc/self/mountinfo where the hierarchy is mounted and which of its groups is the top of that mount. Both versions
 * may be there at once, so every hierarchy is walked and every level is asked for the files of both versions. */
#include "bench/cgroup.h"
#include "bench/sysfile.h"
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A group as a directory; its first `top` characters are the mount point, where a walk upwards ends. */
struct group {
    char directory[PATH_MAX];
    size_t top;
};

static bool list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; (at = strstr(at, word)); at += length) {
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* The path of our group; controller NULL: the v2 hierarchy. */
static int path_find(const char *root, const char *controller, char *path, size_t size)
{
    char name[PATH_MAX], *line = NULL;
    size_t room = 0;
    int status = -ENOENT;

    snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
    FILE *file = fopen(name, "re");
    if (!file)
        return -errno;
    while (status != 0 && getline(&line, &room, file) > 0) {
        char *controllers = strchr(line, ':');
        char *at = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!at)
            continue;
        *controllers++ = *at++ = '\0';
        at[strcspn(at, "\n")] = '\0';
        bool wanted = controller ? list_has(controllers, controller) : strcmp(line, "0") == 0 && !*controllers;
        if (wanted && (size_t)snprintf(path, size, "%s", at) < size)
            status = 0;
    }
    free(line);
    fclose(file);
    return status;
}

/* mountinfo writes blanks, backslashes and newlines of a path as \ooo. */
static void octal_decode(char *text)
{
    char *to = text;

    for (const char *from = text; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Where a hierarchy is mounted, and the group at the top of that mount (not "/" in containers without a namespace). */
static int mount_find(const char *root, const char *controller, char *point, char *top)
{
    char name[PATH_MAX], *line = NULL;
    size_t room = 0;
    int status = -ENOENT;

    snprintf(name, sizeof name, "%s/proc/self/mountinfo", root);
    FILE *file = fopen(name, "re");
    if (!file)
        return -errno;
    while (status != 0 && getline(&line, &room, file) > 0) {
        char type[32], options[512];
        const char *rest = strstr(line, " - ");
        /* PATH_MAX - 1 as a number: scanf takes no macro there. */
        if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", top, point) != 2 ||
            sscanf(rest + 3, "%31s %*s %511s", type, options) != 2)
            continue;
        if (controller ? strcmp(type, "cgroup") == 0 && list_has(options, controller) : strcmp(type, "cgroup2") == 0)
            status = 0;
    }
    free(line);
    fclose(file);
    octal_decode(top);
    octal_decode(point);
    return status;
}

static int group_find(const char *root, const char *controller, struct group *group)
{
    char path[PATH_MAX], point[PATH_MAX] = "", top[PATH_MAX] = "";
    int status = path_find(root, controller, path, sizeof path);

    if (status == 0)
        status = mount_find(root, controller, point, top);
    if (status != 0)
        return status;
    size_t skip = strcmp(top, "/") == 0 ? 0 : strlen(top);
    bool mounted = strncmp(path, top, skip) == 0 && (path[skip] == '/' || path[skip] == '\0');
    const char *below = mounted ? path + skip : "";
    /* A group outside of what is mounted ("/../other"): only the top of the mount can be read. */
    if (strncmp(below, "/..", 3) == 0 || strcmp(below, "/") == 0)
        below = "";
    int length = snprintf(group->directory, sizeof group->directory, "%s%s%s", root, point, below);
    if (length < 0 || (size_t)length >= sizeof group->directory)
        return -ENAMETOOLONG;
    group->top = strlen(root) + strlen(point);
    return 0;
}

/* One level up; false at the top of the mount. */
static bool group_up(struct group *group)
{
    char *slash = strrchr(group->directory, '/');

    if (!slash || (size_t)(slash - group->directory) < group->top)
        return false;
    *slash = '\0';
    return true;
}

static void lower(int64_t *limit, int64_t value)
{
    if (*limit < 0 || value < *limit)
        *limit = value > 0 ? value : 0;
}

static void quota_read(const char *directory, struct cgroup_limits *limits)
{
    char text[64];
    long long quota = -1, period = 0;

    if (sysfile_read(text, sizeof text, "%s/cpu.max", directory) > 0) {
        if (sscanf(text, "%lld %lld", &quota, &period) != 2)
            return;
    } else {
        quota = sysfile_number("%s/cpu.cfs_quota_us", directory);
        period = sysfile_number("%s/cpu.cfs_period_us", directory);
    }
    if (quota <= 0 || period <= 0)
        return;
    double cpus = (double)quota / (double)period;
    if (limits->quota_cpus <= 0 || cpus < limits->quota_cpus)
        limits->quota_cpus = cpus;
}

static void memory_read(const char *directory, struct cgroup_limits *limits)
{
    char stat[PATH_MAX + 16];
    int64_t limit = sysfile_number("%s/memory.max", directory);
    bool v1 = limit < 0;

    if (v1)
        limit = sysfile_number("%s/memory.limit_in_bytes", directory);
    /* v1 writes "no limit" as the largest number of pages. */
    if (limit < 0 || limit > INT64_MAX / 2)
        return;
    int64_t used = sysfile_number("%s/%s", directory, v1 ? "memory.usage_in_bytes" : "memory.current");
    snprintf(stat, sizeof stat, "%s/memory.stat", directory);
    int64_t cache = sysfile_value(stat, v1 ? "total_inactive_file" : "inactive_file");
    lower(&limits->memory_bytes, limit);
    lower(&limits->memory_free_bytes, limit - (used > 0 ? used : 0) + (cache > 0 ? cache : 0));
}

static void tasks_read(const char *directory, struct cgroup_limits *limits)
{
    int64_t limit = sysfile_number("%s/pids.max", directory);
    int64_t current = sysfile_number("%s/pids.current", directory);

    if (limit >= 0)
        lower(&limits->tasks_left, limit - (current > 0 ? current : 0));
}

void cgroup_limits_read(const char *root, struct cgroup_limits *limits)
{
    static const char *const controllers[] = {"cpu", "memory", "pids", NULL};
    struct group group;

    *limits = (struct cgroup_limits){.memory_bytes = -1, .memory_free_bytes = -1, .tasks_left = -1};
    for (unsigned i = 0; i < sizeof controllers / sizeof *controllers; i++) {
        if (group_find(root, controllers[i], &group) != 0)
            continue;
        do {
            quota_read(group.directory, limits);
            memory_read(group.directory, limits);
            tasks_read(group.directory, limits);
        } while (group_up(&group));
    }
}

int cgroup_file_read(const char *root, const char *controller, const char *file, char *text, size_t size)
{
    const char *const controllers[] = {controller, NULL};
    struct group group;

    for (unsigned i = 0; i < 2; i++) {
        if (group_find(root, controllers[i], &group) != 0)
            continue;
        do {
            if (sysfile_read(text, size, "%s/%s", group.directory, file) >= 0)
                return 0;
        } while (group_up(&group));
    }
    return -ENOENT;
}
