/* A machine on which processes cost more: SLOW=2ms delays by that time each call that makes a process or a thread, runs
 * a program, ends a process, or waits on a futex: fork, vfork, posix_spawn, system, popen, pthread_create, exec, _exit
 * and syscall(SYS_futex).
 *
 * Loaded with LD_PRELOAD, so it sees what programs and libraries call by name; not what libc does inside, which is why
 * posix_spawn, system and popen are here although they, too, end in clone and execve. tests/tools/slowed.c has the same
 * list, and measures each. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 256 };

void slow_delay(void);
void *slow_vfork_next;
static struct timespec delay;

/* What a wrapped function is called next; all are found before main, as dlsym() allocates and may not be called by a
 * child of vfork. */
#define WRAPPED(X)                                                                                                     \
    X(fork)                                                                                                            \
    X(vfork)                                                                                                           \
    X(posix_spawn)                                                                                                     \
    X(posix_spawnp)                                                                                                    \
    X(system) X(popen) X(pthread_create) X(execv) X(execve) X(execvp) X(execvpe) X(fexecve) X(_exit) X(_Exit) X(syscall)
#define DECLARE(name) static __typeof__(name) *next_##name;
WRAPPED(DECLARE)

static void slow_find(void)
{
#define FIND(name) *(void **)&next_##name = dlsym(RTLD_NEXT, #name);
    WRAPPED(FIND)
    slow_vfork_next = dlsym(RTLD_NEXT, "vfork");
}

__attribute__((constructor)) static void slow_read(void)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    const char *text = getenv("SLOW");
    char *unit = NULL;
    double ns = text ? strtod(text, &unit) : 0;
    slow_find();
    if (!text || !*text)
        return;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0 && ns >= 0 && ns < 60e9) {
            ns *= units[i].ns;
            delay.tv_sec = (time_t)(ns / 1e9);
            delay.tv_nsec = (long)(ns - (double)delay.tv_sec * 1e9);
            return;
        }
    fprintf(stderr, "SLOW: expected a time such as 2ms, found '%s'\n", text);
    next__exit(2);
}

void slow_delay(void)
{
    int error = errno;
    struct timespec left = delay;
    if (!next_syscall) /* constructors of other libraries may come before ours */
        slow_find();
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        ;
    errno = error;
}

#define WRAP(type, name, parameters, arguments)                                                                        \
    type name parameters                                                                                               \
    {                                                                                                                  \
        slow_delay();                                                                                                  \
        return next_##name arguments;                                                                                  \
    }

WRAP(pid_t, fork, (void), ())
WRAP(int, posix_spawn,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
      char *const words[], char *const environment[]),
     (pid, path, actions, attributes, words, environment))
WRAP(int, posix_spawnp,
     (pid_t * pid, const char *file, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
      char *const words[], char *const environment[]),
     (pid, file, actions, attributes, words, environment))
WRAP(int, system, (const char *command), (command))
WRAP(FILE *, popen, (const char *command, const char *mode), (command, mode))
WRAP(int, pthread_create, (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg),
     (thread, attributes, run, arg))
WRAP(int, execv, (const char *path, char *const words[]), (path, words))
WRAP(int, execve, (const char *path, char *const words[], char *const environment[]), (path, words, environment))
WRAP(int, execvp, (const char *file, char *const words[]), (file, words))
WRAP(int, execvpe, (const char *file, char *const words[], char *const environment[]), (file, words, environment))
WRAP(int, fexecve, (int fd, char *const words[], char *const environment[]), (fd, words, environment))

/* The child of vfork runs on the stack of its parent: a frame of a wrapper would be gone when the parent goes on. So
 * the delay comes first, and then a jump, with the stack as the caller left it. */
#if defined(__x86_64__)
__asm__(".globl vfork\n.type vfork, @function\nvfork:\n"
        "    subq $8, %rsp\n    call slow_delay@PLT\n    addq $8, %rsp\n"
        "    movq slow_vfork_next@GOTPCREL(%rip), %rax\n    jmp *(%rax)\n"
        ".size vfork, .-vfork\n");
#elif defined(__aarch64__)
__asm__(".globl vfork\n.type vfork, %function\nvfork:\n"
        "    stp x29, x30, [sp, -16]!\n    bl slow_delay\n    ldp x29, x30, [sp], 16\n"
        "    adrp x16, :got:slow_vfork_next\n    ldr x16, [x16, :got_lo12:slow_vfork_next]\n"
        "    ldr x16, [x16]\n    br x16\n"
        ".size vfork, .-vfork\n");
#else
pid_t vfork(void) /* which POSIX lets be a fork */
{
    return fork();
}
#endif

/* Collects the words behind `first`; what stands behind them is left in the list. */
static void words_collect(char **words, const char *first, va_list list)
{
    size_t count = 0;
    for (const char *word = first; word; word = va_arg(list, const char *)) {
        if (count == WORDS_MAX) {
            fputs("slow: too many words for execl\n", stderr);
            abort();
        }
        words[count++] = (char *)word;
    }
    words[count] = NULL;
}

#define WRAP_LIST(name, ends_in, before)                                                                               \
    int name(const char *path, const char *first, ...)                                                                 \
    {                                                                                                                  \
        char *words[WORDS_MAX + 1];                                                                                    \
        va_list list;                                                                                                  \
        slow_delay();                                                                                                  \
        va_start(list, first);                                                                                         \
        words_collect(words, first, list);                                                                             \
        before;                                                                                                        \
        va_end(list);                                                                                                  \
        return ends_in;                                                                                                \
    }

WRAP_LIST(execl, next_execv(path, words), )
WRAP_LIST(execlp, next_execvp(path, words), )
WRAP_LIST(execle, next_execve(path, words, environment), char *const *environment = va_arg(list, char *const *))

__attribute__((noreturn)) void _exit(int status)
{
    slow_delay();
    next__exit(status);
    __builtin_unreachable();
}

__attribute__((noreturn)) void _Exit(int status)
{
    slow_delay();
    next__Exit(status);
    __builtin_unreachable();
}

long syscall(long number, ...)
{
    long arg[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) /* as many as a call can have: what was not given is not looked at */
        arg[i] = va_arg(list, long);
    va_end(list);
    switch (number) {
    case SYS_futex:
    case SYS_clone:
#ifdef SYS_clone3
    case SYS_clone3:
#endif
        slow_delay();
        break;
    default:
        break;
    }
    if (!next_syscall)
        slow_find();
    return next_syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
