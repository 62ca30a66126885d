/* See process.h. */
#include "pools/parts/process.h"
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int place_apply(const struct places *places, unsigned worker)
{
    if (!places->words)
        return 0;
    const uint64_t *mask = places->masks + (size_t)worker * places->words;
    return syscall(SYS_sched_setaffinity, 0, (size_t)places->words * 8, mask) < 0 ? -errno : 0;
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
