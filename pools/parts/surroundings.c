/* See surroundings.h. */
#include "pools/parts/surroundings.h"
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

/* Started with a standard stream closed, the next file opened would take its place. What fills the place of standard
 * output takes nothing: that nothing can be said is an error, not a success. */
static int streams_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
            return -1;
    return 0;
}

/* By these a user or a terminal stops and ends programs, and may have said not to. */
static bool is_meant(int signal_number)
{
    static const int meant[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
        if (meant[i] == signal_number)
            return true;
    return false;
}

/* With SIGCHLD ignored nobody could be waited for; blocked, no pool would hear of a task that has ended. */
static void signals_default(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        if (!is_meant(number))
            signal(number, SIG_DFL); /* refused for SIGKILL, SIGSTOP and those of the C library */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int surroundings_reset(void)
{
    signals_default();
    mode_t mask = umask(0);
    umask(mask & ~(mode_t)S_IRWXU);
    return streams_open();
}
