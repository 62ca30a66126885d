/* See process.h. */
#include "pools/parts/process.h"
#include "pools/parts/clock.h"
#include "pools/parts/numa.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_BYTES = 256 * 1024 }; /* a task needs little; explicit, so that thousands of threads are no surprise */

const char *shape_of_threads(unsigned workers, const int64_t *params, struct pool_shape *shape)
{
    (void)params;
    *shape = (struct pool_shape){.workers = workers, .threads = workers};
    return NULL;
}

const char *shape_of_processes(unsigned workers, const int64_t *params, struct pool_shape *shape)
{
    (void)params;
    *shape = (struct pool_shape){.workers = workers, .processes = workers};
    return NULL;
}

int place_apply(const struct places *places, unsigned worker)
{
    const size_t words = places->words;
    if (words && syscall(SYS_sched_setaffinity, 0, words * 8, places->masks + worker * words) < 0)
        return -errno;
    return places->nodes ? numa_near(places->nodes[worker]) : 0;
}

void worker_name(unsigned number)
{
    char name[16];
    snprintf(name, sizeof name, "pb-worker-%u", number % 100000);
    prctl(PR_SET_NAME, name);
}

int thread_make(pthread_t *thread, void *(*run)(void *argument), void *argument)
{
    pthread_attr_t attributes;
    int rc = pthread_attr_init(&attributes);
    if (rc == 0)
        rc = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (rc == 0)
        rc = pthread_create(thread, &attributes, run, argument);
    pthread_attr_destroy(&attributes);
    return -rc;
}

/* By hand: where a process is made for a task, every page of the C library that is run or written is a page fault. */
void child_begin(pid_t parent)
{
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (syscall(SYS_getppid) != parent) /* it died before the line above */
        _exit(1);
}

int child_await(pid_t pid)
{
    int status = 0;
    TEMP_FAILURE_RETRY(waitpid(pid, &status, 0));
    return status;
}

bool child_is_stopped(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

bool child_stopped_for(pid_t pid, uint64_t limit_ns, uint64_t *since_ns)
{
    uint64_t now = clock_monotonic_ns();
    if (!child_is_stopped(pid))
        *since_ns = 0;
    else if (!*since_ns)
        *since_ns = now;
    return *since_ns && now - *since_ns >= limit_ns;
}

bool process_has_ended(pid_t pid, uint64_t limit_ns)
{
    struct pollfd process = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    if (process.fd < 0)
        return errno == ESRCH;
    uint64_t until = clock_monotonic_ns() + limit_ns, now;
    int rc;
    do {
        now = clock_monotonic_ns();
        struct timespec left = clock_timespec(until > now ? until - now : 0);
        rc = ppoll(&process, 1, &left, NULL);
    } while (rc < 0 && errno == EINTR);
    close(process.fd);
    return rc > 0;
}
