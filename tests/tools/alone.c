/* Runs a test and sees to it that it leaves nothing: no process, whoever its parent was, and no file in a TMPDIR made
 * for it alone.
 *
 *   alone COMMAND [ARGUMENT ...]
 *
 * Exits as the command does; with 1 after a line where it passed and left something behind. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DYING_MS 1000 /* what was killed takes a moment to be gone */

static volatile pid_t command;

static void pass_on(int number)
{
    if (command > 0)
        kill(command, number);
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    if (walk->level)
        printf("left behind: file %s\n", path);
    return remove(path);
}

/* Whose parent is this process now; says which. */
static bool children_end(void)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    for (int waited_ms = 0; waited_ms < DYING_MS; waited_ms += 10) {
        pid_t ended;
        while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (ended < 0 && errno == ECHILD)
            return false;
        nanosleep(&moment, NULL);
    }
    char path[64], line[4096] = "";
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    FILE *children = fopen(path, "re");
    if (!children || !fgets(line, sizeof line, children))
        snprintf(line, sizeof line, "(unknown)");
    if (children)
        fclose(children);
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
        char name[64] = "?";
        snprintf(path, sizeof path, "/proc/%.20s/comm", word);
        FILE *comm = fopen(path, "re");
        if (comm && fgets(name, sizeof name, comm))
            name[strcspn(name, "\n")] = '\0';
        if (comm)
            fclose(comm);
        printf("left behind: process %s %s\n", word, name);
        kill((pid_t)atol(word), SIGKILL);
    }
    return true;
}

static bool files_end(const char *directory)
{
    DIR *dir = opendir(directory);
    unsigned entries = 0;
    while (dir && readdir(dir))
        entries++;
    if (dir)
        closedir(dir);
    nftw(directory, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    return entries > 2; /* . and .. */
}

int main(int argc, char **argv)
{
    static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP};
    const char *parent = getenv("TMPDIR");
    char directory[PATH_MAX];
    int status;
    snprintf(directory, sizeof directory, "%s/poolbench-test-XXXXXX", parent && *parent ? parent : "/tmp");
    if (argc < 2 || !mkdtemp(directory) || setenv("TMPDIR", directory, 1) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        perror("alone");
        return 2;
    }
    command = fork();
    if (command == 0) {
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        signal(passed_on[i], pass_on);
    while (command > 0 && waitpid(command, &status, 0) < 0)
        if (errno != EINTR)
            return 2;
    if (command < 0) {
        perror("fork");
        return 2;
    }
    bool left_process = children_end(), left_file = files_end(directory);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
        return 128 + WTERMSIG(status);
    }
    fflush(stdout);
    return WEXITSTATUS(status) ? WEXITSTATUS(status) : left_process || left_file;
}
