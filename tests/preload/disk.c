/* Writes down all that a program does to the files below a directory, for tests that take some of it away again, as a
 * crash of the machine would: DISK_LOG=FILE gets a record of each creation, write, truncation, renaming, removal and
 * synchronisation below DISK_ROOT=DIRECTORY, and first of what is there already. Of a file that was changed a record
 * has all that is in it then. Of the program DISK_OF alone, not of its children; charts are left out.
 *
 * Loaded with LD_PRELOAD. What stdio writes by itself is seen when the file is closed or synchronised. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* kind, directory, name, directory and name it had, inode and bytes: tests/test_crash.c reads them. */
struct record {
    uint64_t kind, parent, inode, parent_before, bytes;
    char name[64], name_before[64];
};
enum { DIRECTORIES_MAX = 64 };

static pid_t owner;
static int out = -1;
static uint64_t directories[DIRECTORIES_MAX]; /* below the root, by inode */
static size_t directory_count;

#define WRAPPED(X)                                                                                                     \
    X(open)                                                                                                            \
    X(openat)                                                                                                          \
    X(write)                                                                                                           \
    X(ftruncate)                                                                                                       \
    X(fsync) X(fdatasync) X(fclose) X(rename) X(renameat) X(unlink) X(unlinkat) X(mkdir) X(mkdirat) X(rmdir) X(linkat)
#define DECLARE(name) static __typeof__(name) *next_##name;
WRAPPED(DECLARE)

/* Libraries call before we are begun. */
static void next_find(void)
{
#define FIND(name) *(void **)&next_##name = dlsym(RTLD_NEXT, #name);
    WRAPPED(FIND)
}
#define NEXT(name) (next_##name ? next_##name : (next_find(), next_##name))

static bool is_ours(uint64_t directory)
{
    for (size_t i = 0; i < directory_count; i++)
        if (directories[i] == directory)
            return true;
    return false;
}

static void put(const void *bytes, size_t count)
{
    for (const char *at = bytes; count;) {
        ssize_t n = NEXT(write)(out, at, count);
        if (n <= 0)
            _exit(99);
        at += n;
        count -= (size_t)n;
    }
}

static void note(char kind, uint64_t parent, const char *name, uint64_t inode, int content)
{
    struct record record = {.kind = (unsigned char)kind, .parent = parent, .inode = inode};
    struct stat status;
    snprintf(record.name, sizeof record.name, "%s", name);
    record.bytes = content >= 0 && fstat(content, &status) == 0 ? (uint64_t)status.st_size : 0;
    char *bytes = malloc(record.bytes + 1);
    if (!bytes || (record.bytes && pread(content, bytes, record.bytes, 0) != (ssize_t)record.bytes))
        _exit(99);
    put(&record, sizeof record);
    put(bytes, record.bytes);
    put("\0\0\0\0\0\0\0", -record.bytes % 8); /* records stand at multiples of 8 */
    free(bytes);
}

/* The directory that has this name in it, and the name there; 0: none of ours. */
static uint64_t parent_of(int at, const char *path, char name[64])
{
    char parent[PATH_MAX];
    struct stat status;
    const char *slash = strrchr(path, '/');
    if (owner != getpid() || out < 0)
        return 0;
    snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) + !(slash - path) : 1, slash ? path : ".");
    snprintf(name, 64, "%s", slash ? slash + 1 : path);
    return fstatat(at, parent, &status, 0) == 0 && is_ours(status.st_ino) ? status.st_ino : 0;
}

/* All that is in a regular file of ours: by a descriptor of our own, as theirs may only write. */
static void content_note(char kind, int fd)
{
    char path[32];
    struct stat status;
    if (owner != getpid() || out < 0 || fstat(fd, &status) < 0)
        return;
    if (S_ISDIR(status.st_mode) && is_ours(status.st_ino))
        note(kind, 0, "", status.st_ino, -1);
    if (!S_ISREG(status.st_mode))
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = NEXT(open)(path, O_RDONLY | O_CLOEXEC);
    if (own < 0)
        return;
    note(kind, 0, "", status.st_ino, own);
    close(own);
}

static void tree_note(const char *path)
{
    char below[PATH_MAX];
    struct stat status;
    DIR *directory = opendir(path);
    if (!directory || stat(path, &status) < 0 || directory_count == DIRECTORIES_MAX)
        _exit(99);
    const uint64_t parent = status.st_ino;
    directories[directory_count++] = parent;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.' && (!entry->d_name[1] || entry->d_name[1] == '.'))
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (lstat(below, &status) < 0)
            _exit(99);
        note(S_ISDIR(status.st_mode) ? 'D' : 'C', parent, entry->d_name, status.st_ino, -1);
        int fd = S_ISREG(status.st_mode) ? NEXT(open)(below, O_RDONLY | O_CLOEXEC) : -1;
        if (fd >= 0) {
            content_note('S', fd);
            close(fd);
        }
        if (S_ISDIR(status.st_mode) && strcmp(entry->d_name, "charts") != 0)
            tree_note(below);
    }
    closedir(directory);
    note('S', 0, "", parent, -1);
}

__attribute__((constructor)) static void disk_begin(void)
{
    const char *log = getenv("DISK_LOG"), *root = getenv("DISK_ROOT"), *of = getenv("DISK_OF");
    struct stat status;
    if (!log || !root || !of || strcmp(of, program_invocation_short_name) != 0)
        return;
    owner = getpid();
    out = NEXT(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (out < 0 || stat(root, &status) < 0)
        _exit(99);
    note('/', 0, "", status.st_ino, -1); /* the root */
    tree_note(root);
    note('.', 0, "", 0, -1); /* that was there */
}

int openat(int at, const char *path, int flags, ...)
{
    va_list arguments;
    char name[64];
    struct stat status;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    uint64_t parent = flags & O_CREAT ? parent_of(at, path, name) : 0;
    bool is_new = parent && fstatat(at, path, &status, AT_SYMLINK_NOFOLLOW) < 0;
    int fd = NEXT(openat)(at, path, flags, mode);
    if (is_new && fd >= 0 && fstat(fd, &status) == 0)
        note('C', parent, name, status.st_ino, -1);
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return openat(AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    ssize_t n = NEXT(write)(fd, bytes, count);
    if (n > 0)
        content_note('W', fd);
    return n;
}

int ftruncate(int fd, off_t size)
{
    int rc = NEXT(ftruncate)(fd, size);
    if (rc == 0)
        content_note('W', fd);
    return rc;
}

int fsync(int fd)
{
    int rc = NEXT(fsync)(fd);
    if (rc == 0)
        content_note('S', fd);
    return rc;
}

int fdatasync(int fd)
{
    int rc = NEXT(fdatasync)(fd);
    if (rc == 0)
        content_note('S', fd);
    return rc;
}

int fclose(FILE *file)
{
    int fd = fileno(file);
    if (fd >= 0 && owner == getpid() && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY && fflush(file) == 0)
        content_note('W', fd);
    return NEXT(fclose)(file);
}

int renameat(int from, const char *before, int to, const char *after)
{
    struct record record = {.kind = 'R'};
    struct stat status;
    record.parent_before = parent_of(from, before, record.name_before);
    record.parent = parent_of(to, after, record.name);
    int rc = NEXT(renameat)(from, before, to, after);
    if (rc == 0 && record.parent && fstatat(to, after, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        record.inode = status.st_ino;
        put(&record, sizeof record);
    }
    return rc;
}

int rename(const char *before, const char *after)
{
    return renameat(AT_FDCWD, before, AT_FDCWD, after);
}

int unlinkat(int at, const char *path, int flags)
{
    char name[64];
    uint64_t parent = parent_of(at, path, name);
    int rc = NEXT(unlinkat)(at, path, flags);
    if (rc == 0 && parent)
        note('U', parent, name, 0, -1);
    return rc;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int linkat(int from, const char *before, int to, const char *after, int flags)
{
    char name[64];
    struct stat status;
    uint64_t parent = parent_of(to, after, name);
    int rc = NEXT(linkat)(from, before, to, after, flags);
    if (rc == 0 && parent && fstatat(to, after, &status, AT_SYMLINK_NOFOLLOW) == 0)
        note('L', parent, name, status.st_ino, -1);
    return rc;
}

int mkdirat(int at, const char *path, mode_t mode)
{
    char name[64];
    struct stat status;
    uint64_t parent = parent_of(at, path, name);
    int rc = NEXT(mkdirat)(at, path, mode);
    if (rc == 0 && parent && strcmp(name, "charts") != 0 && directory_count < DIRECTORIES_MAX &&
        fstatat(at, path, &status, 0) == 0) {
        directories[directory_count++] = status.st_ino;
        note('D', parent, name, status.st_ino, -1);
    }
    return rc;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}
