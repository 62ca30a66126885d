/* Where our control groups lie. /proc/self/cgroup names our group in every hierarchy, /proc/self/mountinfo where a
 * hierarchy is mounted and which of its groups is the top of that mount. A hierarchy may be mounted several times,
 * whole or in part, over each other, and seen from a namespace whose own group is called "/": what lies above that is
 * written as "/..", without its name. So every mount is tried, and a directory is ours if its cgroup.procs names us. */
#include "bench/machine/cgroup.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEARCH_MOST = 20000 }; /* directories of others looked into for ours */

struct walk {
    const char *root;
    void (*visit)(const char *directory, void *data);
    void *data;
    unsigned searched;
    bool is_found, is_whole; /* our group; the top of the hierarchy */
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

static FILE *proc_open(const char *root, const char *name)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/proc/self/%s", root, name);
    return length > 0 && (size_t)length < sizeof path ? fopen(path, "re") : NULL;
}

/* The path of our group: in the v1 hierarchy that has the controller, or where none has it in that of v2. -ENOENT: in
 * no hierarchy, so nothing limits. */
static int path_find(const char *root, const char *controller, char *path, bool *is_v2)
{
    char *line = NULL;
    size_t room = 0;
    int rc = -ENOENT;
    FILE *file = proc_open(root, "cgroup"), *mounts = file ? NULL : proc_open(root, "mountinfo");
    if (mounts) /* a kernel without control groups */
        fclose(mounts);
    if (!file)
        return mounts ? -ENOENT : -EIO;
    *is_v2 = true;
    while (*is_v2 && getline(&line, &room, file) > 0) {
        char *controllers = strchr(line, ':');
        char *at = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!at)
            continue;
        *controllers++ = *at++ = '\0';
        at[strcspn(at, "\n")] = '\0';
        bool is_v1 = list_has(controllers, controller), is_unified = strcmp(line, "0") == 0 && !*controllers;
        if (!is_v1 && !is_unified)
            continue;
        *is_v2 = !is_v1;
        rc = snprintf(path, PATH_MAX, "%s", at) < PATH_MAX ? 0 : -ENAMETOOLONG;
    }
    free(line);
    fclose(file);
    return rc;
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

/* Where a mount of the hierarchy lies, and its top group; false: the line is of something else. */
static bool mount_parse(const char *line, const char *controller, bool is_v2, char *point, char *top)
{
    char type[32], options[512];
    const char *rest = strstr(line, " - ");
    /* PATH_MAX - 1 as a number: scanf takes no macro there. */
    if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", top, point) != 2 ||
        sscanf(rest + 3, "%31s %*s %511s", type, options) != 2)
        return false;
    octal_decode(top);
    octal_decode(point);
    return is_v2 ? strcmp(type, "cgroup2") == 0 : strcmp(type, "cgroup") == 0 && list_has(options, controller);
}

/* Steps a path over its leading "/..": levels above our namespace's group. */
static unsigned ups_skip(const char **path)
{
    unsigned ups = 0;
    for (; strncmp(*path, "/..", 3) == 0 && ((*path)[3] == '/' || !(*path)[3]); ups++)
        *path += 3;
    if (strcmp(*path, "/") == 0)
        ++*path;
    return ups;
}

/* How many levels without a name lie between top and what is left of path, -1: it does not lie below top. */
static int levels_between(const char *path, const char *top, const char **left)
{
    unsigned ups = ups_skip(&path), top_ups = ups_skip(&top);
    size_t length = strlen(top);
    *left = path + length;
    if (top_ups > ups) {
        *left = path;
        return *top ? -1 : (int)(top_ups - ups);
    }
    bool is_below = top_ups == ups && strncmp(path, top, length) == 0 && (path[length] == '/' || !path[length]);
    return is_below ? 0 : -1;
}

/* Whether the file of the group has our number. 0 or -errno. */
static int names_us(const char *directory, const char *file, long number, bool *does)
{
    char path[PATH_MAX + 32], *line = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    FILE *numbers = fopen(path, "re");
    *does = false;
    if (!numbers)
        return -errno;
    errno = 0;
    while (!*does && getline(&line, &room, numbers) > 0)
        *does = strtol(line, NULL, 10) == number;
    int rc = ferror(numbers) ? -errno : 0;
    free(line);
    fclose(numbers);
    return rc;
}

static bool is_ours(const char *directory)
{
    bool does;
    /* of groups that share a domain among threads only the threads are told */
    if (names_us(directory, "cgroup.procs", getpid(), &does) == -EOPNOTSUPP)
        names_us(directory, "cgroup.threads", gettid(), &does);
    return does;
}

/* The top one of all has no events to tell (v2), and whom to call when a group is empty (v1). */
static bool is_top(const char *directory, bool is_v2)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", directory, is_v2 ? "cgroup.events" : "release_agent");
    bool is_there = access(path, F_OK) == 0;
    return is_v2 ? !is_there && errno == ENOENT : is_there;
}

/* Our group and all above it up to the mount point, the first `length` characters. */
static void upwards(struct walk *walk, char *directory, size_t length, bool is_v2)
{
    walk->is_found = true;
    for (char *slash; walk->visit(directory, walk->data), strlen(directory) > length; *slash = '\0')
        slash = strrchr(directory, '/');
    walk->is_whole = walk->is_whole || is_top(directory, is_v2);
}

/* Our group, `left` below some directory that is `levels` below the one given, which has room for PATH_MAX. */
static bool group_search(struct walk *walk, char *directory, int levels, const char *left)
{
    size_t length = strlen(directory);
    bool found = false;
    if (levels == 0) {
        if (length + strlen(left) >= PATH_MAX)
            return false;
        strcpy(directory + length, left);
        if (is_ours(directory))
            return true;
        directory[length] = '\0';
        return false;
    }
    DIR *groups = opendir(directory);
    for (const struct dirent *entry; groups && !found && (entry = readdir(groups));) {
        size_t name = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || entry->d_type == DT_REG || length + 1 + name >= PATH_MAX ||
            walk->searched++ >= SEARCH_MOST)
            continue;
        directory[length] = '/';
        strcpy(directory + length + 1, entry->d_name);
        found = group_search(walk, directory, levels - 1, left);
        if (!found)
            directory[length] = '\0';
    }
    if (groups)
        closedir(groups);
    return found;
}

static void mount_walk(struct walk *walk, const char *path, const char *point, const char *top, bool is_v2)
{
    char directory[PATH_MAX];
    const char *left;
    int levels = levels_between(path, top, &left);
    int length = snprintf(directory, sizeof directory, "%s%s", walk->root, strcmp(point, "/") ? point : "");
    if (length < 0 || (size_t)length >= sizeof directory)
        return;
    /* where the names tell nothing, the mount may still begin at our group */
    if (group_search(walk, directory, levels < 0 ? 0 : levels, levels < 0 ? "" : left))
        upwards(walk, directory, (size_t)length, is_v2);
}

/* The top group of a hierarchy is called "/" in the first namespace, and nothing limits it. */
static bool is_unlimited(const char *root, const char *path)
{
    char name[PATH_MAX], space[64];
    snprintf(name, sizeof name, "%s/proc/self/ns/cgroup", root);
    ssize_t length = readlink(name, space, sizeof space - 1);
    space[length > 0 ? length : 0] = '\0';
    return strcmp(path, "/") == 0 && strcmp(space, "cgroup:[4026531835]") == 0;
}

const char *cgroup_walk(const char *root, const char *controller, void (*visit)(const char *directory, void *data),
                        void *data)
{
    struct walk walk = {.root = root, .visit = visit, .data = data};
    char path[PATH_MAX], point[PATH_MAX], top[PATH_MAX], *line = NULL;
    size_t room = 0;
    bool is_v2;
    int rc = path_find(root, controller, path, &is_v2);
    if (rc < 0)
        return rc == -ENOENT ? NULL : "/proc/self/cgroup cannot be read";
    FILE *mounts = proc_open(root, "mountinfo");
    while (mounts && getline(&line, &room, mounts) > 0)
        if (mount_parse(line, controller, is_v2, point, top))
            mount_walk(&walk, path, point, top, is_v2);
    free(line);
    if (mounts)
        fclose(mounts);
    if (walk.is_whole || is_unlimited(root, path))
        return NULL;
    return walk.is_found ? "control groups above ours cannot be seen from here"
                         : "our control group is mounted nowhere here";
}
