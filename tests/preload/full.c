/* A disk that is full for one file: FULL=NAME:N fails the N-th and all later writes to it with ENOSPC, in the program
 * FULL_OF: write(2), the closing of a file of stdio, of which half is there then, and what makes sure that it is on the
 * disk. Names are compared without what drafts have around them: ".host.json.123" is host.json. FULL_HIT names a file
 * that is made when that happened.
 *
 * Loaded with LD_PRELOAD. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WRAPPED(X)    X(write) X(fdatasync) X(fclose)
#define DECLARE(name) static __typeof__(name) *next_##name;
WRAPPED(DECLARE)
static void next_find(void)
{
#define FIND(name) *(void **)&next_##name = dlsym(RTLD_NEXT, #name);
    WRAPPED(FIND)
}
#define NEXT(name) (next_##name ? next_##name : (next_find(), next_##name))

static bool is_full(int fd)
{
    static long calls;
    const char *of = getenv("FULL_OF"), *full = getenv("FULL"), *hit = getenv("FULL_HIT");
    const char *count = full ? strchr(full, ':') : NULL;
    char link[32], path[PATH_MAX];
    if (!of || !count || strcmp(of, program_invocation_short_name) != 0)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    const char *name = strrchr(path, '/');
    name = name ? name + 1 + (name[1] == '.') : path;
    if (strncmp(name, full, (size_t)(count - full)) != 0 || ++calls < atol(count + 1))
        return false;
    int made = hit ? open(hit, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (made >= 0)
        close(made);
    errno = ENOSPC;
    return true;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    return is_full(fd) ? -1 : NEXT(write)(fd, bytes, count);
}

int fdatasync(int fd)
{
    return is_full(fd) ? -1 : NEXT(fdatasync)(fd);
}

int fclose(FILE *file)
{
    int fd = fileno(file);
    struct stat status;
    bool writes = fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
    if (!writes || !is_full(fd))
        return NEXT(fclose)(file);
    if (fflush(file) == 0 && fstat(fd, &status) == 0 && ftruncate(fd, status.st_size / 2) == 0)
        NEXT(fclose)(file);
    errno = ENOSPC;
    return EOF;
}
