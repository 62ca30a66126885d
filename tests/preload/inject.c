/* Makes one call of a libc function fail, for tests: INJECT=NAME:N:ERRNO:PROGRAM fails the N-th call of NAME that the
 * code of PROGRAM itself makes (not a library on its behalf) with that errno. Children that it forks count on with it.
 * INJECT_HIT names a file that is made when that happened; while it exists, nothing fails any more.
 *
 * Loaded with LD_PRELOAD. Calls are told apart by where they return to. Allocation goes to glibc's own names, because
 * dlsym() itself allocates. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static char name[64];
static int error_wanted;
static long fails_at;
static long *calls; /* shared with forked children */
static uintptr_t program_from, program_to;

static int program_find(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, to = from + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X))
            continue;
        program_from = from;
        program_to = to;
    }
    return 1; /* the first object is the program */
}

__attribute__((constructor)) static void inject_read(void)
{
    const char *text = getenv("INJECT"), *hit = getenv("INJECT_HIT");
    char program[64];
    if (!text || sscanf(text, "%63[^:]:%ld:%d:%63s", name, &fails_at, &error_wanted, program) != 4 ||
        strcmp(program, program_invocation_short_name) != 0 ||
        (hit && syscall(SYS_faccessat, AT_FDCWD, hit, F_OK) == 0))
        return;
    dl_iterate_phdr(program_find, NULL);
    long page = syscall(SYS_mmap, 0L, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page > 0)
        calls = (long *)page;
}

static bool fails(const char *called, const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    if (!calls || at < program_from || at >= program_to || strcmp(name, called) != 0 ||
        __atomic_add_fetch(calls, 1, __ATOMIC_SEQ_CST) != fails_at)
        return false;
    const char *hit = getenv("INJECT_HIT");
    long fd = hit ? syscall(SYS_openat, AT_FDCWD, hit, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (fd >= 0)
        syscall(SYS_close, fd);
    errno = error_wanted;
    return true;
}

/* The next function of that name, found once. */
#define NEXT(called)                                                                                                   \
    static __typeof__(called) *next;                                                                                   \
    if (!next)                                                                                                         \
        *(void **)&next = dlsym(RTLD_NEXT, #called);

#define WRAP(type, called, parameters, arguments, failure)                                                             \
    type called parameters                                                                                             \
    {                                                                                                                  \
        NEXT(called)                                                                                                   \
        if (fails(#called, __builtin_return_address(0)))                                                               \
            return failure;                                                                                            \
        return next arguments;                                                                                         \
    }

void *malloc(size_t size)
{
    return fails("malloc", __builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails("calloc", __builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails("realloc", __builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

WRAP(pid_t, fork, (void), (), -1)

/* A function between the caller and vfork cannot return twice; what vfork promises, fork keeps. */
pid_t vfork(void)
{
    NEXT(fork)
    return fails("vfork", __builtin_return_address(0)) ? -1 : next();
}

WRAP(int, pthread_create, (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg),
     (thread, attributes, run, arg), error_wanted)
WRAP(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset), MAP_FAILED)
WRAP(int, madvise, (void *at, size_t size, int advice), (at, size, advice), -1)
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)
WRAP(FILE *, open_memstream, (char **text, size_t *size), (text, size), NULL)
WRAP(int, fclose, (FILE * file), (file), (next(file), errno = error_wanted, EOF))
WRAP(ssize_t, write, (int fd, const void *bytes, size_t count), (fd, bytes, count), -1)
WRAP(ssize_t, read, (int fd, void *bytes, size_t count), (fd, bytes, count), -1)
WRAP(ssize_t, pread, (int fd, void *bytes, size_t count, off_t at), (fd, bytes, count, at), -1)
WRAP(ssize_t, send, (int fd, const void *bytes, size_t count, int flags), (fd, bytes, count, flags), -1)
WRAP(int, rename, (const char *from, const char *to), (from, to), -1)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL)
WRAP(int, renameat, (int in, const char *from, int out, const char *to), (in, from, out, to), -1)
WRAP(int, mkdirat, (int in, const char *path, mode_t mode), (in, path, mode), -1)
WRAP(int, unlink, (const char *path), (path), -1)
WRAP(int, symlink, (const char *to, const char *path), (to, path), -1)
WRAP(ssize_t, readlink, (const char *path, char *text, size_t size), (path, text, size), -1)
WRAP(int, flock, (int fd, int how), (fd, how), -1)
WRAP(off_t, lseek, (int fd, off_t to, int from), (fd, to, from), -1)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), -1)
WRAP(pid_t, waitpid, (pid_t pid, int *status, int flags), (pid, status, flags), -1)
WRAP(pid_t, wait4, (pid_t pid, int *status, int flags, struct rusage *usage), (pid, status, flags, usage), -1)
WRAP(int, sched_setaffinity, (pid_t pid, size_t size, const cpu_set_t *set), (pid, size, set), -1)
WRAP(int, sched_getaffinity, (pid_t pid, size_t size, cpu_set_t *set), (pid, size, set), -1)
WRAP(int, memfd_create, (const char *title, unsigned flags), (title, flags), -1)
WRAP(int, socketpair, (int domain, int type, int protocol, int ends[2]), (domain, type, protocol, ends), -1)
WRAP(int, pipe2, (int ends[2], int flags), (ends, flags), -1)
WRAP(int, dup, (int fd), (fd), -1)
WRAP(int, dup2, (int fd, int to), (fd, to), -1)
WRAP(int, execv, (const char *path, char *const arguments[]), (path, arguments), -1)
WRAP(int, ppoll, (struct pollfd * fds, nfds_t count, const struct timespec *limit, const sigset_t *mask),
     (fds, count, limit, mask), -1)
WRAP(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags), -1)
WRAP(int, sigaction, (int number, const struct sigaction *action, struct sigaction *before), (number, action, before),
     -1)
WRAP(int, getrusage, (__rusage_who_t who, struct rusage *usage), (who, usage), -1)

int open(const char *path, int flags, ...)
{
    NEXT(open)
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fails("open", __builtin_return_address(0)) ? -1 : next(path, flags, mode);
}

int openat(int in, const char *path, int flags, ...)
{
    NEXT(openat)
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fails("openat", __builtin_return_address(0)) ? -1 : next(in, path, flags, mode);
}

/* Descriptors of processes; futexes and all else pass. */
long syscall(long number, ...)
{
    static long (*next)(long, ...);
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "syscall");
    if (number == SYS_pidfd_open && fails("pidfd_open", __builtin_return_address(0)))
        return -1;
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
