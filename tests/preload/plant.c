/* Causes that no file of a run tells of, loaded with LD_PRELOAD before a trial program: PLANT=KIND=N[,KIND=N]. What a
 * worker does besides, it does once a task, when it writes its record (transport=pipe):
 *
 *   burn=NS     a worker uses so much CPU time        serve=NS   the submitter does, when it writes a task
 *   touch=N     a worker touches N new pages          slack=NS   the kernel may wake workers so late
 *   tables=MIB  memory that each fork has to copy the page tables of
 *   late=NS     the submitter oversleeps by so much, once, at its twentieth sleep
 *
 * tests/tools/causes makes runs with it and looks at what explain says. */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static ssize_t (*next_write)(int, const void *, size_t);
static int (*next_prctl)(int, ...);
static int (*next_sleep)(clockid_t, int, const struct timespec *, struct timespec *);
static long burn_ns, serve_ns, pages, slack_ns, late_ns;

static long planted(const char *kind)
{
    const char *at = getenv("PLANT"), *found = at ? strstr(at, kind) : NULL;
    return found ? strtol(found + strlen(kind), NULL, 10) : 0;
}

__attribute__((constructor)) static void plant(void)
{
    const size_t bytes = (size_t)planted("tables=") << 20;
    *(void **)&next_write = dlsym(RTLD_NEXT, "write");
    *(void **)&next_prctl = dlsym(RTLD_NEXT, "prctl");
    *(void **)&next_sleep = dlsym(RTLD_NEXT, "clock_nanosleep");
    late_ns = planted("late=");
    burn_ns = planted("burn=");
    serve_ns = planted("serve=");
    pages = planted("touch=");
    slack_ns = planted("slack=");
    char *memory = bytes ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
    if (memory != MAP_FAILED) {
        madvise(memory, bytes, MADV_NOHUGEPAGE);
        memset(memory, 1, bytes);
    }
}

static int is_worker(void)
{
    static _Thread_local int known; /* 1: no, 2: yes; a thread is named before its first task */
    char name[16] = "";
    if (!known && next_prctl(PR_GET_NAME, name, 0, 0, 0) == 0)
        known = 1 + !strncmp(name, "pb-worker", 9);
    return known == 2;
}

static long cpu_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void burn(long ns)
{
    const long until = ns > 0 ? cpu_ns() + ns : 0;
    while (ns > 0 && cpu_ns() < until)
        ;
}

static void touch(void)
{
    const size_t bytes = (size_t)pages * PAGE;
    char *memory =
        pages > 0 ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
    if (memory == MAP_FAILED)
        return;
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < bytes; i += PAGE)
        ((volatile char *)memory)[i] = 1;
    munmap(memory, bytes);
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (burn_ns || serve_ns || pages) {
        const int worker = is_worker();
        burn(worker ? burn_ns : serve_ns);
        if (worker)
            touch();
    }
    return next_write(fd, data, size);
}

int prctl(int option, ...)
{
    unsigned long argument[4];
    va_list arguments;
    va_start(arguments, option);
    for (int i = 0; i < 4; i++)
        argument[i] = va_arg(arguments, unsigned long);
    va_end(arguments);
    if (option == PR_SET_TIMERSLACK && slack_ns && is_worker())
        argument[0] = (unsigned long)slack_ns;
    return next_prctl(option, argument[0], argument[1], argument[2], argument[3]);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *remain)
{
    static int sleeps;
    int rc = next_sleep(clock, flags, request, remain);
    if (late_ns && !is_worker() && ++sleeps == 20)
        next_sleep(CLOCK_MONOTONIC, 0, &(struct timespec){late_ns / 1000000000, late_ns % 1000000000}, NULL);
    return rc;
}
