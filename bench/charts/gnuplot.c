/* Starts gnuplot, without a shell. */
#include "bench/charts/gnuplot.h"
#include "bench/refuse.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What finding and starting a program takes, and nothing else: pictures are not to depend on what the user has set for
 * gnuplot, its fonts or its language (GNUTERM, GNUPLOT_LIB, GDFONTPATH, HOME, XDG_CONFIG_HOME, LC_NUMERIC ...). */
static bool is_passed_on(const char *variable)
{
    static const char *const names[] = {"PATH=", "LD_LIBRARY_PATH=", "LD_PRELOAD=", "TMPDIR="};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strncmp(variable, names[i], strlen(names[i])))
            return true;
    return false;
}

/* In the locale of C without UTF-8, gnuplot complains that it has no degree sign. NULL: no memory. */
static char **environment_make(void)
{
    static char locale[] = "LC_ALL=C.UTF-8";
    size_t count = 0, kept = 0;

    while (environ && environ[count])
        count++;
    char **made = calloc(count + 2, sizeof *made);
    if (!made)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (is_passed_on(environ[i]))
            made[kept++] = environ[i];
    made[kept] = locale;
    return made;
}

int gnuplot_run(const char *directory, const char *script, char *error)
{
    char program[] = "gnuplot", defaults_only[] = "-d" /* reads no ~/.gnuplot, no gnuplotrc */;
    char *copy = strdup(script), **environment = environment_make();
    char *const arguments[] = {program, defaults_only, copy, NULL};
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
    refuse(error, "gnuplot failed");
    return -EIO;
}
