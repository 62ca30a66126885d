/* Programs as tasks, see program.h. */
#include "workloads/program.h"
#include "workloads/children.h"
#include "workloads/workload.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000u

int program_become(const struct program *program)
{
    int out = program->out;
    if (program->out_path)
        out = open(program->out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool is_set = (out < 0 ? !program->out_path : dup2(out, STDOUT_FILENO) >= 0) &&
                  (program->err < 0 || dup2(program->err, STDERR_FILENO) >= 0);
    if (is_set && program->path)
        execv(program->path, program->words);
    else if (is_set)
        execvp(program->words[0], program->words);
    return errno;
}

/* As posix_spawn(3) does, which cannot have the program die with the thread that started it. One that may have to be
 * killed with all that it started has a group of its own. 0 or errno. */
static int program_start(const struct program *program, pid_t *pid)
{
    volatile int code = 0; /* the child writes it: they have one memory until it is the program */
    pid_t worker = getpid();
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* handlers are not for the child */
    *pid = vfork();
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (getppid() == worker)
            code = program->timeout_ns && setpgid(0, 0) < 0 ? errno : program_become(program);
        _exit(127);
    }
    if (*pid < 0)
        code = errno;
    else if (code)
        TEMP_FAILURE_RETRY(waitpid(*pid, NULL, 0));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static int64_t monotonic_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Until it has ended, which is left to be waited for. 1: its time was over before, 0, or -errno. */
static int program_await(pid_t pid, uint64_t timeout_ns)
{
    const int64_t until_ns = monotonic_ns() + (int64_t)timeout_ns;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0), ready = -1;
    if (fd < 0)
        return -errno;
    do {
        int64_t left_ns = until_ns - monotonic_ns();
        struct timespec left = {left_ns > 0 ? left_ns / NS_PER_S : 0, left_ns > 0 ? left_ns % NS_PER_S : 0};
        struct pollfd has_ended = {.fd = fd, .events = POLLIN};
        ready = ppoll(&has_ended, 1, &left, NULL);
    } while (ready < 0 && errno == EINTR);
    int rc = ready < 0 ? -errno : ready == 0;
    close(fd);
    return rc;
}

int program_run(const struct program *program)
{
    struct rusage rusage;
    pid_t pid;
    int status = 0, over = 0, code = program_start(program, &pid);
    if (code)
        return code;
    if (program->timeout_ns)
        over = program_await(pid, program->timeout_ns);
    if (over)
        kill(-pid, SIGKILL); /* nobody has waited for it, so the number is still that of its group */
    if (TEMP_FAILURE_RETRY(wait4(pid, &status, 0, &rusage)) < 0)
        return errno;
    children_add(&rusage);
    if (over)
        return over < 0 ? -over : RUN_TIMEOUT | SIGKILL;
    if (WIFSIGNALED(status))
        return RUN_SIGNALLED | WTERMSIG(status);
    return WEXITSTATUS(status) ? RUN_EXITED | WEXITSTATUS(status) : 0;
}
