/* Failures on purpose, see strike.h. */
#include "pools/parts/strike.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define OOM_STEP_BYTES (16ull << 20)
#define OOM_CAP_BYTES  (256ull << 20) /* a machine must not go down for a benchmark */
#define STACK_CAP      (8ull << 20)   /* nor where stacks have no limit */
#define STACK_FRAME    1024           /* below a guard page, so that none is stepped over */
#define LEAK_CAP       1024           /* descriptors: where the limit is a million, each process would hold 256 MiB */

/* A limit no higher than `cap`: failing to lower it only means that the fault takes longer. */
static void limit_lower(int resource, rlim_t cap)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) == 0 && limit.rlim_cur > cap) {
        limit.rlim_cur = cap;
        setrlimit(resource, &limit);
    }
}

static void die_by(int number)
{
    signal(number, SIG_DFL); /* nobody's handler is asked */
    kill(getpid(), number);
}

static void segv(void)
{
    volatile char *page = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    signal(SIGSEGV, SIG_DFL);
    if (page != MAP_FAILED)
        *page = 1;
    die_by(SIGSEGV);
}

__attribute__((noinline)) static uint64_t descend(uint64_t depth)
{
    volatile char frame[STACK_FRAME];
    frame[0] = (char)depth;
    uint64_t below = depth ? descend(depth - 1) : 0;
    return below + (uint64_t)frame[0]; /* used after the call: no tail call */
}

static void overflow(void)
{
    limit_lower(RLIMIT_STACK, STACK_CAP);
    signal(SIGSEGV, SIG_DFL);
    descend(UINT64_MAX);
}

static void exhaust_memory(void)
{
    /* should memory be short indeed, this process is the one to go */
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t written = write(fd, "1000", 4);
        (void)written; /* then the kernel chooses by size */
        close(fd);
    }
    for (uint64_t had = 0; had < OOM_CAP_BYTES; had += OOM_STEP_BYTES) {
        char *map = mmap(NULL, OOM_STEP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED)
            break;
        memset(map, 1, OOM_STEP_BYTES);
    }
    die_by(SIGKILL);
}

static void leak_descriptors(void)
{
    limit_lower(RLIMIT_NOFILE, LEAK_CAP);
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
        ;
}

void fault_strike(enum fault_kind kind, struct done *done)
{
    if (!fault_kinds[kind].fatal) {
        if (kind == FAULT_FDLEAK) {
            leak_descriptors();
            done->end = done->end ? clock_ticks() : 0; /* the leaking is part of the task */
        }
        if (kind == FAULT_WRONG)
            done->result ^= 1; /* an output holds the right one: there, too, it can be seen */
        else {
            done->status = TASK_ERROR;
            done->code = kind == FAULT_FDLEAK ? EMFILE : EIO;
        }
        return;
    }
    if (kind == FAULT_ABORT || kind == FAULT_SEGV || kind == FAULT_STACK)
        /* a core file would be most of what a crash costs, and RLIMIT_CORE does not stop one that goes to a pipe */
        prctl(PR_SET_DUMPABLE, 0);
    done->end = clock_ticks();
    done->status = TASK_LOST;                /* its last words (pool.h) */
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* stamped before, whatever is done next */
    if (kind == FAULT_EXIT)
        _exit(FAULT_EXIT_STATUS);
    if (kind == FAULT_ABORT)
        die_by(SIGABRT);
    if (kind == FAULT_SEGV)
        segv();
    if (kind == FAULT_STACK)
        overflow();
    if (kind == FAULT_KILL)
        die_by(SIGKILL);
    if (kind == FAULT_STOP)
        kill(getpid(), SIGSTOP);
    if (kind == FAULT_OOM)
        exhaust_memory();
    for (;;) /* hang; stop, when continued */
        pause();
}
