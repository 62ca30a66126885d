/* See inside.h. */
#include "bench/base/inside.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORY_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

int inside_directory(const char *directory, const char *below)
{
    int fd = open(directory, DIRECTORY_FLAGS);
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

bool inside_is_there(const char *directory, const char *name)
{
    struct stat status;
    int parent = parent_open(directory, name, &name);
    if (parent < 0)
        return false;
    bool is_there = fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    close(parent);
    return is_there;
}

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

FILE *inside_create(const char *directory, const char *name)
{
    int parent = parent_open(directory, name, &name), fd = -1;
    if (parent >= 0) {
        unlinkat(parent, name, 0);
        fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    int code = parent < 0 ? -parent : errno;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    code = fd < 0 ? code : errno;
    if (!file && fd >= 0)
        close(fd);
    if (parent >= 0)
        close(parent);
    errno = code;
    return file;
}

int inside_replace(const char *directory, const char *draft, const char *name, int rc)
{
    int parent = parent_open(directory, draft, &draft);
    if (parent < 0)
        return rc ? rc : parent;
    if (!rc && renameat(parent, draft, parent, name) != 0)
        rc = -errno;
    if (rc)
        unlinkat(parent, draft, 0);
    close(parent);
    return rc;
}
