/* Starts gnuplot, without a shell. */
#include "bench/charts/gnuplot.h"
#include "bench/refuse.h"
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int gnuplot_run(const char *directory, const char *script, char *error)
{
    char program[] = "gnuplot", *copy = strdup(script);
    char *const arguments[] = {program, copy, NULL};
    posix_spawn_file_actions_t actions;
    int code = copy ? posix_spawn_file_actions_init(&actions) : ENOMEM, status;
    pid_t pid;

    if (!code) {
        code = posix_spawn_file_actions_addchdir_np(&actions, directory);
        if (!code)
            code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (!code)
            code = posix_spawnp(&pid, program, &actions, NULL, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    free(copy);
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
