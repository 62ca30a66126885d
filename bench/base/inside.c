/* See inside.h. */
#include "bench/base/inside.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIRECTORY_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

#define DELETED " (deleted)" /* what the kernel says behind the path, proc_pid_fd(5) */

/* ---- what is held ---- */

/* A name of a directory that is held; the newest first. */
struct held {
    struct held *next;
    int fd;
    char name[];
};
static struct held *held;

static const struct held *held_find(const char *directory)
{
    const struct held *at = held;
    while (at && strcmp(at->name, directory) != 0)
        at = at->next;
    return at;
}

static int held_add(const char *name, int fd)
{
    size_t size = strlen(name) + 1;
    struct held *added = malloc(sizeof *added + size);
    if (!added)
        return -ENOMEM;
    memcpy(added->name, name, size);
    added->fd = fd;
    added->next = held;
    held = added;
    return 0;
}

int inside_hold(const char *directory)
{
    int fd = inside_directory(directory, ""), rc = fd < 0 ? fd : held_add(directory, fd);
    if (rc && fd >= 0)
        close(fd);
    return rc ? rc : fd;
}

void inside_let_go(int fd)
{
    for (struct held **at = &held; *at && fd >= 0;) {
        struct held *this = *at;
        if (this->fd == fd) {
            *at = this->next;
            free(this);
        } else {
            at = &this->next;
        }
    }
    if (fd >= 0)
        close(fd);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int inside_follow(const char *directory, char *path, size_t size)
{
    const struct held *of = held_find(directory);
    char link[32], found[PATH_MAX], here[PATH_MAX];
    struct stat own, other;
    if (!of || fstat(of->fd, &own) < 0)
        return of ? -errno : 0;
    if (stat(directory, &other) == 0 && is_same(&own, &other))
        return 0;
    if (own.st_nlink == 0)
        return -ENOENT;
    snprintf(link, sizeof link, "/proc/self/fd/%d", of->fd);
    ssize_t length = readlink(link, found, sizeof found - 1);
    found[length < 0 ? 0 : length] = '\0';
    if (stat(found, &other) < 0 || !is_same(&own, &other)) /* not each file system counts the links of directories */
        return length > (ssize_t)strlen(DELETED) && !strcmp(found + length - strlen(DELETED), DELETED) ? -ENOENT
                                                                                                       : -ESTALE;
    size_t above = getcwd(here, sizeof here) ? strlen(here) : 0; /* as it would be named here */
    bool is_below = above > 1 && !strncmp(found, here, above) && found[above] == '/';
    const char *name = is_below ? found + above + 1 : found;
    if (strlen(name) >= size)
        return -ENAMETOOLONG;
    strcpy(path, name);
    int rc = held_find(path) == of ? 0 : held_add(path, of->fd);
    return rc ? rc : 1;
}

/* ---- directories ---- */

/* What is held has directories, too: RUN/profile is that of RUN. */
static int directory_open(const char *directory)
{
    for (const struct held *at = held; at; at = at->next) {
        const size_t length = strlen(at->name);
        if (!strncmp(at->name, directory, length) && directory[length] == '/' && !strchr(directory + length + 1, '/'))
            return openat(at->fd, directory + length + 1, DIRECTORY_FLAGS | O_NOFOLLOW);
        if (!strcmp(at->name, directory))
            return openat(at->fd, ".", DIRECTORY_FLAGS);
    }
    return open(directory, DIRECTORY_FLAGS);
}

int inside_make_directory(const char *directory, const char *name)
{
    int parent = inside_directory(directory, "");
    if (parent < 0)
        return parent;
    int rc = mkdirat(parent, name, 0777) < 0 && errno != EEXIST ? -errno : inside_sync_fd(parent);
    close(parent);
    return rc;
}

int inside_directory(const char *directory, const char *below)
{
    int fd = directory_open(directory);
    if (fd < 0)
        return -errno;
    if (!*below)
        return fd;
    int inner = openat(fd, below, DIRECTORY_FLAGS | O_NOFOLLOW), rc = inner < 0 ? -errno : inner;
    close(fd);
    return rc;
}

/* The directory of the file, and in *file its name there. */
static int parent_open(const char *directory, const char *name, const char **file)
{
    char below[NAME_MAX + 1];
    const char *slash = strchr(name, '/');
    size_t length = slash ? (size_t)(slash - name) : 0;
    if (length >= sizeof below)
        return -ENAMETOOLONG;
    memcpy(below, name, length);
    below[length] = '\0';
    *file = slash ? slash + 1 : name;
    return inside_directory(directory, below);
}

int inside_stat(const char *directory, const char *name, struct stat *status)
{
    int parent = parent_open(directory, name, &name);
    if (parent < 0)
        return parent;
    int rc = fstatat(parent, name, status, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
    close(parent);
    return rc;
}

bool inside_is_there(const char *directory, const char *name)
{
    struct stat status;
    return inside_stat(directory, name, &status) == 0;
}

/* ---- reading ---- */

int inside_fd(const char *directory, const char *name)
{
    int parent = parent_open(directory, name, &name);
    if (parent < 0)
        return parent;
    int fd = text_file_fd_at(parent, name);
    close(parent);
    return fd;
}

int inside_read(const char *directory, const char *name, size_t max, struct text_lines *lines)
{
    return text_fd_open(inside_fd(directory, name), max, lines);
}

/* ---- writing ---- */

int inside_open(const char *directory, const char *name, int flags)
{
    struct stat status;
    int parent = parent_open(directory, name, &name);
    if (parent < 0)
        return parent;
    int fd = openat(parent, name, flags | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0666), rc = fd < 0 ? -errno : fd;
    if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))) {
        rc = -ENOTSUP;
        close(fd);
    }
    close(parent);
    return rc;
}

void inside_remove(const char *directory, const char *name)
{
    int parent = parent_open(directory, name, &name);
    if (parent < 0)
        return;
    unlinkat(parent, name, 0);
    close(parent);
}

int inside_create_fd(const char *directory, const char *name)
{
    inside_remove(directory, name);
    return inside_open(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
}

FILE *inside_create(const char *directory, const char *name)
{
    int fd = inside_create_fd(directory, name);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    int code = fd < 0 ? -fd : errno;
    if (!file && fd >= 0)
        close(fd);
    errno = code;
    return file;
}

int inside_sync_fd(int fd)
{
    struct stat status;
    int rc = fstat(fd, &status);
    if (rc == 0)
        rc = S_ISDIR(status.st_mode) ? fsync(fd) : fdatasync(fd);
    bool cannot = rc < 0 && (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP || errno == EROFS);
    return rc < 0 && !cannot ? -errno : 0;
}

/* Of what has that name in an open directory. */
static int sync_at(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    int rc = inside_sync_fd(fd);
    close(fd);
    return rc;
}

int inside_sync(const char *directory, const char *name)
{
    int parent = parent_open(directory, name, &name);
    if (parent < 0)
        return parent;
    int rc = *name ? sync_at(parent, name) : inside_sync_fd(parent);
    close(parent);
    return rc;
}

/* A draft whose directory cannot be opened any more. */
static void draft_remove(const char *directory, const char *draft)
{
    const struct held *of = held_find(directory);
    char path[PATH_MAX];
    int length = of ? 0 : snprintf(path, sizeof path, "%s/%s", directory, draft);
    if (of)
        unlinkat(of->fd, draft, 0);
    else if (length < (int)sizeof path)
        unlink(path);
}

int inside_replace(const char *directory, const char *draft, const char *name, int rc)
{
    const char *whole = draft;
    int parent = parent_open(directory, draft, &draft);
    if (parent < 0) {
        draft_remove(directory, whole);
        return rc ? rc : parent;
    }
    rc = rc ? rc : sync_at(parent, draft);
    if (!rc && renameat(parent, draft, parent, name) != 0)
        rc = -errno;
    if (rc)
        unlinkat(parent, draft, 0);
    else
        rc = inside_sync_fd(parent);
    close(parent);
    return rc;
}
