/* Causes that no file of a run tells of, loaded with LD_PRELOAD before a trial program: PLANT=KIND=N[,KIND=N]. What a
 * worker does besides, it does once a task, when it writes its record (transport=pipe):
 *
 *   burn=NS     a worker uses so much CPU time        serve=NS   the submitter does, when it writes a task
 *   touch=N     a worker touches N new pages          slack=NS   the kernel may wake workers so late
 *   tables=MIB  memory that each fork has to copy the page tables of
 *   late=NS     the submitter oversleeps by so much, once, at its twentieth sleep
 *   share=N     a worker adds so often to a word in a cache line that the others add to, too; apart=N: in one of its
 * own lock=NS     a worker uses so much CPU time under a lock that all have hold=NS     a worker sleeps for so long
 *   wake=N      a worker wakes a thread of its own and waits for it, so often
 *   cow=N       a process that was forked writes to so many pages that it shares with its maker
 *   beside=C    all but the submitter are pinned to CPU C - 1
 *
 * tests/tools/causes makes runs with it and looks at what explain says. */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
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
static long (*next_syscall)(long, ...);
static pid_t (*next_fork)(void);
static long burn_ns, serve_ns, pages, slack_ns, late_ns, adds, is_apart, lock_ns, hold_ns, wakes, cow_pages, beside,
    has_plants;
static char *forked_bytes;
static pid_t trial; /* the submitter's thread */
/* Of all processes. */
static struct planted_shared {
    _Atomic long word[64 * 8];
    pthread_mutex_t lock;
} * shared;

static long planted(const char *kind)
{
    const char *at = getenv("PLANT"), *found = at ? strstr(at, kind) : NULL;
    return found ? strtol(found + strlen(kind), NULL, 10) : 0;
}

static void plant_shared(void)
{
    pthread_mutexattr_t attributes;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        _exit(125);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->lock, &attributes);
    if (!cow_pages)
        return;
    forked_bytes = mmap(NULL, (size_t)cow_pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (forked_bytes == MAP_FAILED)
        _exit(125);
    madvise(forked_bytes, (size_t)cow_pages * PAGE, MADV_NOHUGEPAGE);
    memset(forked_bytes, 1, (size_t)cow_pages * PAGE);
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
    *(void **)&next_syscall = dlsym(RTLD_NEXT, "syscall");
    *(void **)&next_fork = dlsym(RTLD_NEXT, "fork");
    is_apart = planted("apart=");
    adds = is_apart ? is_apart : planted("share=");
    lock_ns = planted("lock=");
    hold_ns = planted("hold=");
    wakes = planted("wake=");
    cow_pages = planted("cow=");
    beside = planted("beside=");
    has_plants = burn_ns || serve_ns || pages || adds || lock_ns || hold_ns || wakes;
    trial = gettid();
    plant_shared();
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

/* In a line that all share, or 64 words apart. */
static void add(void)
{
    const size_t own = (size_t)gettid() % 8;
    for (long i = 0; i < adds; i++)
        atomic_fetch_add_explicit(&shared->word[is_apart ? 64 * own : own], 1, memory_order_relaxed);
}

static void hold(void)
{
    static _Thread_local int is_exact;
    if (!is_exact)
        is_exact = next_prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0) == 0 || 1;
    next_sleep(CLOCK_MONOTONIC, 0, &(struct timespec){hold_ns / 1000000000, hold_ns % 1000000000}, NULL);
}

static void *answer(void *arg)
{
    const int *ends = arg;
    char byte;
    while (read(ends[0], &byte, 1) == 1 && next_write(ends[3], &byte, 1) == 1)
        ;
    return NULL;
}

/* To a thread and back. */
static void wake(void)
{
    static _Thread_local int ends[4], is_there;
    pthread_t helper;
    char byte = 0;
    if (!is_there && (pipe(ends) < 0 || pipe(ends + 2) < 0 || pthread_create(&helper, NULL, answer, ends)))
        _exit(125);
    is_there = 1;
    for (long i = 0; i < wakes; i++)
        if (next_write(ends[1], &byte, 1) != 1 || read(ends[2], &byte, 1) != 1)
            _exit(125);
}

static void worker_does(void)
{
    burn(burn_ns);
    touch();
    if (adds)
        add();
    if (lock_ns) {
        pthread_mutex_lock(&shared->lock);
        burn(lock_ns);
        pthread_mutex_unlock(&shared->lock);
    }
    if (hold_ns)
        hold();
    if (wakes)
        wake();
}

pid_t fork(void)
{
    const pid_t pid = next_fork();
    for (long i = 0; pid == 0 && i < cow_pages; i++)
        ((volatile char *)forked_bytes)[i * PAGE]++;
    return pid;
}

long syscall(long number, ...)
{
    unsigned long argument[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        argument[i] = va_arg(arguments, unsigned long);
    va_end(arguments);
    if (number == SYS_sched_setaffinity && beside && gettid() != trial) {
        cpu_set_t only;
        CPU_ZERO(&only);
        CPU_SET((size_t)beside - 1, &only);
        return next_syscall(number, 0, sizeof only, &only);
    }
    return next_syscall(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (has_plants && is_worker())
        worker_does();
    else if (has_plants)
        burn(serve_ns);
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
