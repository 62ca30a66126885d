/* The calls that not every kernel or container has, in one table; see needs.h. Each is made once in a way that changes
 * nothing, as only the kernel knows: neither its version nor a header tells of filters and of kernels built without. */
#include "bench/machine/needs.h"
#include "bench/base/refuse.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Those that make a descriptor. */
static int closed(int fd)
{
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static int affinity_ask(void)
{
    uint64_t mask[1024]; /* hwloc would ask for ever where this is refused */
    return syscall(SYS_sched_getaffinity, 0, sizeof mask, mask) < 0 ? -errno : 0;
}

static int memfd_ask(void)
{
    return closed(memfd_create("poolbench-needs", MFD_CLOEXEC));
}

static int subreaper_ask(void)
{
    int before = 0;
    if (prctl(PR_GET_CHILD_SUBREAPER, &before) < 0)
        return -errno;
    return prctl(PR_SET_CHILD_SUBREAPER, before) < 0 ? -errno : 0;
}

static int signalfd_ask(void)
{
    sigset_t none;
    sigemptyset(&none);
    return closed(signalfd(-1, &none, SFD_CLOEXEC | SFD_NONBLOCK));
}

static int pidfd_ask(void)
{
    return closed((int)syscall(SYS_pidfd_open, getpid(), 0));
}

static int madvise_ask(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *map = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int rc = map == MAP_FAILED || madvise(map, page, MADV_DONTFORK) < 0 ? -errno : 0;
    if (map != MAP_FAILED)
        munmap(map, page);
    return rc;
}

static int futex_ask(void)
{
    uint32_t word = 0; /* not 1, so it does not sleep */
    if (syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 1, NULL, NULL, FUTEX_BITSET_MATCH_ANY) < 0 && errno != EAGAIN)
        return -errno;
    return 0;
}

static int eventfd_ask(void)
{
    return closed(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

static int epoll_ask(void)
{
    return closed(epoll_create1(EPOLL_CLOEXEC));
}

enum { NEED_AFFINITY = 13 };

static int ppoll_ask(void)
{
    const struct timespec none = {0};
    return ppoll(NULL, 0, &none, NULL) < 0 ? -errno : 0;
}

static int pipe_ask(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static int socketpair_ask(void)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static int waitid_ask(void)
{
    siginfo_t info;
    if (waitid(P_PID, (id_t)getpid(), &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno != ECHILD)
        return -errno;
    return 0; /* nobody is a child of itself */
}

/* The C library makes threads and programs by it, and does without where it is not there, but not where it is
 * forbidden. */
static int clone_ask(void)
{
#if defined SYS_clone3 && defined __GLIBC__ && __GLIBC_PREREQ(2, 34)
    if (syscall(SYS_clone3, NULL, (size_t)0) < 0 && errno != EINVAL && errno != ENOSYS)
        return -errno;
#endif
    return 0;
}

/* The youngest first. */
static const struct need {
    const char *call, *kernel, *purpose;
    int (*ask)(void);
} needs[] = {
    {"pidfd_open", "5.3", "wait for a trial no longer than its limit", pidfd_ask},
    {"clone3", "5.3", "make threads and programs", clone_ask},
    {"memfd_create", "3.17", "hand a trial its job", memfd_ask},
    {"prctl(PR_SET_CHILD_SUBREAPER)", "3.4", "end what a trial leaves behind", subreaper_ask},
    {"signalfd4", "2.6.27", "end in order when interrupted", signalfd_ask},
    {"eventfd2", "2.6.27", "wait for tasks and for time at once", eventfd_ask},
    {"epoll_create1", "2.6.27", "wait for many workers at once", epoll_ask},
    {"pipe2", "2.6.27", "hear from workers", pipe_ask},
    {"futex(FUTEX_WAIT_BITSET)", "2.6.25", "let workers sleep", futex_ask},
    {"ppoll", "2.6.16", "wait for two things at once", ppoll_ask},
    {"madvise(MADV_DONTFORK)", "2.6.16", "keep its records out of forked tasks", madvise_ask},
    {"waitid", "2.6.9", "see which worker has ended", waitid_ask},
    {"socketpair", "2.2", "hand tasks to workers by sockets (transport=socket)", socketpair_ask},
    [NEED_AFFINITY] = {"sched_getaffinity", "2.5.8", "know which CPUs may be used", affinity_ask},
};

static int need_check(const struct need *need, char *error)
{
    int rc = need->ask();
    if (rc < 0)
        refuse(error,
               "the kernel refuses %s (%s), which poolbench needs to %s; Linux has it from %s on, and a container's "
               "filter (seccomp) may hide it",
               need->call, strerror(-rc), need->purpose, need->kernel);
    return rc;
}

/* What a container may not have mounted, or may have from elsewhere. */
static int files_check(char *error)
{
    char self[32];
    int rc = closed(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (rc < 0)
        return refuse_as(rc, error, "/dev/null: %s; trials have it for their standard input", strerror(-rc));
    ssize_t length = readlink("/proc/self", self, sizeof self - 1);
    if (length < 0)
        return refuse_as(-errno, error, "/proc/self: %s; what trials leave behind and use is read from /proc: mount it",
                         strerror(errno));
    self[length] = '\0';
    if (strtol(self, NULL, 10) == (long)getpid())
        return 0;
    return refuse_as(-ESRCH, error,
                     "/proc shows the processes of another PID namespace (this one is %ld there, not %ld): mount it "
                     "anew, as `unshare --mount-proc` does",
                     strtol(self, NULL, 10), (long)getpid());
}

int needs_check(char *error)
{
    int rc = files_check(error);
    for (size_t i = 0; i < sizeof needs / sizeof *needs && rc == 0; i++)
        rc = need_check(&needs[i], error);
    return rc;
}

int needs_check_machine(char *error)
{
    return need_check(&needs[NEED_AFFINITY], error);
}
