/* Starts gnuplot, without a shell, and ends it when it does not end by itself. */
#include "bench/show/charts/gnuplot.h"
#include "bench/base/program_path.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "pools/parts/clock.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What finding and starting a program takes, and nothing else: pictures are not to depend on what the user has set for
 * gnuplot, its fonts or its language (GNUTERM, GNUPLOT_LIB, GDFONTPATH, HOME, XDG_CONFIG_HOME, LC_NUMERIC ...). In the
 * locale of C without UTF-8, gnuplot complains that it has no degree sign. */
static const char *const passed_on[] = {"PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "TMPDIR"};
enum { PASSED_ON = sizeof passed_on / sizeof passed_on[0] };

static void environment_make(char *environment[PASSED_ON + 2])
{
    static char locale[] = "LC_ALL=C.UTF-8";
    size_t kept = 0;
    for (size_t i = 0; i < PASSED_ON; i++) {
        char *value = getenv(passed_on[i]);
        if (value)
            environment[kept++] = value - strlen(passed_on[i]) - 1; /* where NAME=VALUE begins */
    }
    environment[kept++] = locale;
    environment[kept] = NULL;
}

/* Between vfork and exec, in the memory of the harness, which stands still: system calls alone, and nothing written
 * that it would read but `code`. A group of its own: all of it is ended when it takes too long. */
static _Noreturn void become_gnuplot(int directory, char *const *arguments, char **environment, pid_t harness,
                                     volatile int *code)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever ends us ends what we started */
    signal(SIGPIPE, SIG_DFL);         /* which we ignore, and this */
    signal(SIGXFSZ, SIG_DFL);
    setpgid(0, 0);
    int null = open("/dev/null", O_RDONLY);
    if (getppid() == harness && null >= 0 && dup2(null, STDIN_FILENO) >= 0 && fchdir(directory) == 0) {
        if (null > STDERR_FILENO)
            close(null);
        execve(arguments[0], arguments, environment);
    }
    *code = errno;
    _exit(127);
}

/* By vfork: fork would copy the page tables of all that the summary holds. The caller's variables are kept apart from
 * what the child may overwrite. */
static __attribute__((noinline)) pid_t gnuplot_spawn(int directory, char *const *arguments, char **environment,
                                                     volatile int *code)
{
    pid_t harness = getpid(), pid = vfork();
    if (pid == 0)
        become_gnuplot(directory, arguments, environment, harness, code);
    if (pid < 0)
        *code = errno;
    return pid;
}

/* Its pid, or -errno. */
static pid_t gnuplot_start(int directory, char *script)
{
    char program[PATH_MAX], defaults_only[] = "-d" /* reads no ~/.gnuplot, no gnuplotrc */;
    char *const arguments[] = {program, defaults_only, script, NULL};
    char *environment[PASSED_ON + 2];
    volatile int code = 0;
    if (program_path("gnuplot", program, sizeof program))
        return -ENOENT;
    environment_make(environment);
    pid_t pid = gnuplot_spawn(directory, arguments, environment, &code);
    if (pid > 0 && code)
        waitpid(pid, NULL, 0);
    return code ? -code : pid;
}

/* Whether it has ended within the limit. It may stand still for ever: of a wrapper, of a font server, of a file system
 * that is gone. */
static bool has_ended(pid_t pid, uint64_t limit_ns)
{
    const uint64_t until = clock_monotonic_ns() + limit_ns;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    bool ended = fd < 0; /* a kernel before 5.3, on which nothing is measured: then without a limit */
    for (uint64_t now = 0; !ended && (now = clock_monotonic_ns()) < until;) {
        struct pollfd end = {.fd = fd, .events = POLLIN};
        struct timespec left = {.tv_sec = (time_t)((until - now) / 1000000000u),
                                .tv_nsec = (long)((until - now) % 1000000000u)};
        ended = ppoll(&end, 1, &left, NULL) > 0;
    }
    if (fd >= 0)
        close(fd);
    return ended;
}

int gnuplot_run(int directory, char *script, uint64_t limit_ns, char *error)
{
    pid_t pid = gnuplot_start(directory, script);
    int status;
    if (pid == -ENOENT)
        refuse(error, "there is no gnuplot; install gnuplot-nox (Debian, Ubuntu) or gnuplot");
    else if (pid < 0)
        refuse(error, "gnuplot cannot be started: %s", strerror(-pid));
    if (pid < 0)
        return pid;
    const bool ended = has_ended(pid, limit_ns);
    if (!ended)
        kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) {
            int code = errno;
            refuse(error, "gnuplot was lost: %s", strerror(code));
            return -code;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (ended) {
        refuse(error, "gnuplot failed");
        return -ECHILD;
    }
    char limit[32];
    refuse(error, "gnuplot did not end within %s", format_duration(limit, sizeof limit, (double)limit_ns));
    return -ETIMEDOUT;
}
