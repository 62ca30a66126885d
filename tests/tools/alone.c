/* Runs a test, ends it when it makes no progress, and sees to it that it leaves nothing: no process, whoever its parent
 * was, and no file in a TMPDIR made for it alone.
 *
 *   alone SILENCE LIMIT COMMAND [ARGUMENT ...]
 *
 * Progress is that its output, a file, grows: after SILENCE seconds without, or LIMIT seconds in all, its process group
 * is ended, and the exit status is 124. Otherwise it is the command's; 1 after a line where it passed and left
 * something behind. */
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DYING_MS 1000 /* what was killed takes a moment to be gone */
#define GRACE_S  5    /* to end by itself after SIGTERM */

static volatile pid_t command;

static void pass_on(int number)
{
    if (command > 0)
        kill(-command, number);
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    if (walk->level == 1)
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

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Whether the command has ended, or does so in that time. SIGCHLD is blocked: none is missed. */
static bool command_ended(int *status, double within_s)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (double until = now_s() + within_s;;) {
        pid_t ended = waitpid(command, status, WNOHANG);
        if (ended == command || (ended < 0 && errno != EINTR))
            return true;
        double left = until - now_s();
        if (left <= 0)
            return false;
        struct timespec nap = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
        sigtimedwait(&child, NULL, &nap);
    }
}

/* Waits for the command; false after a line, when it had to be ended. */
static bool command_wait(int *status, double silence_s, double limit_s)
{
    double began = now_s(), grew = began;
    off_t seen = 0;
    while (!command_ended(status, 1)) {
        struct stat output;
        double now = now_s();
        if (fstat(STDOUT_FILENO, &output) < 0 || !S_ISREG(output.st_mode) || output.st_size != seen) {
            seen = output.st_size;
            grew = now;
        }
        if (now - grew < silence_s && now - began < limit_s)
            continue;
        if (now - grew >= silence_s)
            printf("ended: no progress for %.0f s\n", silence_s);
        else
            printf("ended: not done after %.0f s\n", limit_s);
        fflush(stdout);
        kill(-command, SIGTERM);
        if (!command_ended(status, GRACE_S)) {
            kill(-command, SIGKILL);
            waitpid(command, status, 0);
        }
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP};
    const char *parent = getenv("TMPDIR");
    char directory[PATH_MAX];
    int status = 0;
    double silence_s = argc > 3 ? strtod(argv[1], NULL) : 0, limit_s = argc > 3 ? strtod(argv[2], NULL) : 0;
    if (!(silence_s > 0) || !(limit_s > 0)) {
        fputs("alone: expected SILENCE LIMIT COMMAND, in seconds\n", stderr);
        return 2;
    }
    snprintf(directory, sizeof directory, "%s/poolbench-test-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(directory) || setenv("TMPDIR", directory, 1) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        perror("alone");
        return 2;
    }
    sigset_t none, child;
    sigemptyset(&none);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    command = fork();
    if (command == 0) {
        setpgid(0, 0);
        for (int i = 1; i < NSIG; i++) /* what `nohup make check &` ignores, tests send to what they start */
            signal(i, SIG_DFL);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(argv[3], argv + 3);
        perror(argv[3]);
        _exit(127);
    }
    if (command < 0) {
        perror("alone: fork");
        rmdir(directory);
        return 2;
    }
    setpgid(command, command); /* whoever is first */
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        signal(passed_on[i], pass_on);
    bool by_itself = command_wait(&status, silence_s, limit_s);
    bool left_process = children_end(), left_file = files_end(directory);
    if (!by_itself)
        return 124;
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
        return 128 + WTERMSIG(status);
    }
    fflush(stdout);
    return WEXITSTATUS(status) ? WEXITSTATUS(status) : left_process || left_file;
}
