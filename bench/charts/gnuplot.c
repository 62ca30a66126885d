/* Starts gnuplot, without a shell. */
#include "bench/charts/gnuplot.h"
#include "bench/refuse.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Ours, but with a locale of UTF-8: in that of C, gnuplot complains that it has no degree sign. NULL: no memory. */
static char **environment_make(void)
{
    static char locale[] = "LC_ALL=C.UTF-8";
    size_t count = 0, kept = 0;

    while (environ[count])
        count++;
    char **made = calloc(count + 2, sizeof *made);
    if (!made)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], locale, strlen("LC_ALL=")) != 0)
            made[kept++] = environ[i];
    made[kept] = locale;
    return made;
}

int gnuplot_run(const char *directory, const char *script, char *error)
{
    char program[] = "gnuplot", *copy = strdup(script), **environment = environment_make();
    char *const arguments[] = {program, copy, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int code = copy && environment ? posix_spawn_file_actions_init(&actions) : ENOMEM, status;
    pid_t pid;

    if (!code && (code = posix_spawnattr_init(&attributes)))
        posix_spawn_file_actions_destroy(&actions);
    if (!code) {
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGPIPE); /* which we ignore, and this */
        sigaddset(&defaults, SIGXFSZ);
        code = posix_spawnattr_setsigdefault(&attributes, &defaults);
        if (!code)
            code = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        if (!code)
            code = posix_spawn_file_actions_addchdir_np(&actions, directory);
        if (!code)
            code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (!code)
            code = posix_spawnp(&pid, program, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
    }
    free(copy);
    free(environment);
    if (code == ENOENT)
        refuse(error, "there is no gnuplot; install gnuplot-nox (Debian, Ubuntu) or gnuplot");
    else if (code)
        refuse(error, "gnuplot cannot be started: %s", strerror(code));
    if (code)
        return -code;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) {
            code = errno;
            refuse(error, "gnuplot was lost: %s", strerror(code));
            return -code;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    refuse(error, "'gnuplot %s' failed in %s", script, directory);
    return -EIO;
}
