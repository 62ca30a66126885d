/* How long each call takes that tests/preload/slow.c slows: a line "NAME MICROSECONDS" for each, the shortest of five,
 * so that another's turn on the CPU does not count. What is around the call is made in ways that are not slowed. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5 };

extern char **environ;
static char self[] = "/proc/self/exe", nothing[] = "nothing";
static char *words[] = {self, nothing, NULL};

static pid_t (*quiet_fork)(void);

static void *thread_run(void *arg)
{
    return arg;
}

static void ended(pid_t pid, const char *what)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "slowed: %s failed\n", what);
        exit(1);
    }
}

/* Makes a process that ends by a call that is not slowed. */
#define MAKES(name, call)                                                                                              \
    static void by_##name(void)                                                                                        \
    {                                                                                                                  \
        pid_t child = call;                                                                                            \
        if (child == 0)                                                                                                \
            syscall(SYS_exit_group, 0);                                                                                \
        ended(child, #name);                                                                                           \
    }

/* The call, in a process made by a call that is not slowed: that of libc itself, whatever is loaded before it. */
#define IN_CHILD(name, call)                                                                                           \
    static void by_##name(void)                                                                                        \
    {                                                                                                                  \
        pid_t child = quiet_fork();                                                                                    \
        if (child == 0) {                                                                                              \
            call;                                                                                                      \
            syscall(SYS_exit_group, 1);                                                                                \
        }                                                                                                              \
        ended(child, #name);                                                                                           \
    }

MAKES(fork, fork())
MAKES(clone, (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L))
MAKES(vfork, vfork())
IN_CHILD(execv, execv(self, words))
IN_CHILD(execve, execve(self, words, environ))
IN_CHILD(execvp, execvp(self, words))
IN_CHILD(execvpe, execvpe(self, words, environ))
IN_CHILD(execl, execl(self, self, nothing, NULL))
IN_CHILD(execlp, execlp(self, self, nothing, NULL))
IN_CHILD(execle, execle(self, self, nothing, NULL, environ))
IN_CHILD(fexecve, fexecve((int)syscall(SYS_openat, -100L, self, 0L, 0L), words, environ))
IN_CHILD(_exit, _exit(0))
IN_CHILD(_Exit, _Exit(0))

static void by_posix_spawn(void)
{
    pid_t child;
    ended(posix_spawn(&child, self, NULL, NULL, words, environ) ? -1 : child, "posix_spawn");
}

static void by_posix_spawnp(void)
{
    pid_t child;
    ended(posix_spawnp(&child, self, NULL, NULL, words, environ) ? -1 : child, "posix_spawnp");
}

static void by_system(void)
{
    if (system(":") != 0)
        ended(-1, "system");
}

static void by_popen(void)
{
    FILE *pipe = popen(":", "r");
    if (!pipe || pclose(pipe) != 0)
        ended(-1, "popen");
}

static void by_pthread_create(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_run, NULL) || pthread_join(thread, NULL))
        ended(-1, "pthread_create");
}

static void by_futex(void)
{
    static unsigned word;
    syscall(SYS_futex, &word, 1 /* wake */, 1L, NULL, NULL, 0L);
}

#define ROW(name)                                                                                                      \
    {                                                                                                                  \
#name, by_##name                                                                                               \
    }
static const struct {
    const char *name;
    void (*call)(void);
} calls[] = {
    ROW(fork),           ROW(clone), ROW(vfork),  ROW(posix_spawn), ROW(posix_spawnp), ROW(system), ROW(popen),
    ROW(pthread_create), ROW(execv), ROW(execve), ROW(execvp),      ROW(execvpe),      ROW(execl),  ROW(execlp),
    ROW(execle),         ROW(_exit), ROW(_Exit),  ROW(fexecve),     ROW(futex),
};

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) /* as the program that is run by the others */
        return 0;
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (libc)
        *(void **)&quiet_fork = dlsym(libc, "fork");
    if (!quiet_fork) {
        puts("libc's own fork is not found: this libc is not glibc");
        return 77;
    }
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        double least_us = 1e12;
        for (unsigned round = 0; round < ROUNDS; round++) {
            double began = now_us();
            calls[i].call();
            double us = now_us() - began;
            least_us = us < least_us ? us : least_us;
        }
        printf("%s %.0f\n", calls[i].name, least_us);
        fflush(stdout);
    }
    return 0;
}
