/* Who stands still. A worker that is stopped, rung for a task, and killed, where no process is to be had in its place:
 * the task is another one's. All of a pool and its submitter, longer than a task may take: that is nobody's time. */
/* sanitizers: none (processes that are stopped and killed: what is tested is what the kernel does with them) */
#include "pools/parts/clock.h"
#include "pools/parts/process.h"
#include "pools/transport/transport.h"
#include "tests/pool_bench.h"
#include "tests/sample.h"
#include "tests/skip.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum { WORKERS = 4 };
#define LIMIT_NS 60000000000ull /* the machine may do much else */

/* ---- a wake-up that dies ---- */

enum { SKIPPED = 77, ASLEEP_LOOKS = 20 };

static bool sleeps(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    const char *end = file && fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
    if (file)
        fclose(file);
    return end && end[1] && end[2] == 'S';
}

static pid_t find_asleep(const char *name)
{
    pid_t pid = 0;
    for (unsigned asleep = 0; asleep < ASLEEP_LOOKS; usleep(1000)) {
        pid = pid ? pid : find_child(name);
        asleep = pid && sleeps(pid) ? asleep + 1 : 0;
    }
    return pid;
}

/* Of two workers that sleep, the one that is rung for a task stands still and is killed, and there is no process to be
 * had in its place: the other must do it. */
static _Noreturn void rung_in_vain(int64_t transport)
{
    struct bench bench;
    struct done done[8];
    const struct rlimit none = {1, 1};
    if (geteuid() == 0 && setuid(3000000 + (uid_t)getpid() % 1000000) < 0) /* nothing is refused to root */
        _exit(SKIPPED);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bench_init(&bench, pool_find("prefork"), workload_find("spin"), (struct cost){1000000, 0}, 2);
    bench.params[2] = transport;
    bench_open(&bench);
    const pid_t rung = find_asleep("pb-worker-0"), other = find_asleep("pb-worker-1");
    kill(rung, SIGSTOP);
    while (!child_is_stopped(rung))
        usleep(1000);
    if (setrlimit(RLIMIT_NPROC, &none) < 0)
        _exit(SKIPPED);
    submit_all(&bench, 0, 1);
    kill(rung, SIGKILL);
    const int got = bench.ops->reap(bench.pool, done, 1, 8, clock_monotonic_ns() + LIMIT_NS);
    if (got != 1 || done[0].status != TASK_OK || done[0].pid != other) {
        fprintf(stderr, "transport %lld: %d came back\n", (long long)transport, got);
        _exit(1);
    }
    bench_close(&bench);
    _exit(0);
}

static void who_is_not_replaced_has_rung_in_vain(void **state)
{
    static const int64_t transports[] = {0, TRANSPORT_PIPE, TRANSPORT_SOCKET};
    (void)state;
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++) {
        int status;
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            rung_in_vain(transports[i]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
            skip_because("a worker that cannot be replaced", "the limit of processes cannot be set for another user");
        assert_int_equal(status, 0);
    }
}

/* ---- a stop of all ---- */

#define ALL_LIMIT_NS   1500000000u
#define ALL_STOPPED_US 2500000u

static _Atomic uint32_t *started; /* has any? */

/* A nap of a tenth of its limit: a stop adds nothing to it. One, as each may be late on a machine that does much else.
 */
static int napping_run(void *state, const struct task *task, uint64_t *result)
{
    const struct timespec nap = {.tv_nsec = ALL_LIMIT_NS / 10};
    (void)state;
    *result = mix64(5, task->index);
    atomic_store(started, 1);
    nanosleep(&nap, NULL);
    return 0;
}
static const struct workload_ops napping = {.name = "napping", .run = napping_run};

static _Noreturn void napper(const char *pool)
{
    struct bench bench;
    uint32_t back = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    bench_init(&bench, pool_find(pool), &napping, (struct cost){100000000, 0}, WORKERS);
    bench.config.task_limit_ns = ALL_LIMIT_NS;
    bench_open(&bench);
    submit_all(&bench, 0, 2 * WORKERS);
    while (back < 2 * WORKERS) {
        struct done done[WORKERS];
        int got = bench.ops->reap(bench.pool, done, 1, WORKERS, FOREVER);
        for (int i = 0; i < got; i++)
            if (done[i].status != TASK_OK)
                _exit(2);
        back += got > 0 ? (uint32_t)got : 0;
    }
    bench_close(&bench);
    _exit(0);
}

/* What stood still with its submitter for longer than its limit is not over it. */
static void nobody_ran_is_nobodys_time(void **state)
{
    (void)state;
    static const char *const stopped[] = {"prefork", "fork", "zygote", "pthread"};
    started = mmap(NULL, sizeof *started, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(started != MAP_FAILED);
    for (unsigned i = 0; i < sizeof stopped / sizeof *stopped; i++) {
        int status;
        atomic_store(started, 0);
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            napper(stopped[i]);
        while (!atomic_load(started))
            usleep(1000);
        assert_int_equal(kill(-pid, SIGSTOP), 0);
        usleep(ALL_STOPPED_US);
        assert_int_equal(kill(-pid, SIGCONT), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        test_progress();
    }
    munmap((void *)(uintptr_t)started, sizeof *started);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_not_replaced_has_rung_in_vain),
        cmocka_unit_test(nobody_ran_is_nobodys_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
