/* Workers killed from outside, at any moment: at instructions all along the path from claim to completion, and in
 * storms of SIGKILL at random moments, from the first of open on. After each: every task reported once, started at most
 * once, at most one lost a kill and thread, what the others returned right, nothing left behind.
 *
 * TORTURE=N: N times as many kills. ALL=1: every single instruction, else a sample. SEED=7 repeats the moments of
 * storms, as far as the machine is the same. What dies while its pool opens is test_births.c. */
/* sanitizers: none (each instruction is a stop of the tracer, and they add many; test_survive kills under them) */
#include "pools/parts/clock.h"
#include "pools/parts/zygote.h"
#include "pools/transport/transport.h"
#include "tests/pool_bench.h"
#include "tests/sample.h"
#include "tests/skip.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum { KILLS = 550, STRIDE = 8 };
enum { MOST_TASKS = 4000000, LEAST_TASKS = 55000 };

/* Shared between the killer and the process whose children it kills. */
struct shared {
    _Atomic uint32_t kills; /* signals sent that hit */
    _Atomic uint32_t round, handed_in, reported, lost;
    _Atomic uint8_t starts[MOST_TASKS];
};
static struct shared *shared;

static int counted_run(void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    if (task->index < MOST_TASKS)
        atomic_fetch_add_explicit(&shared->starts[task->index], 1, memory_order_relaxed);
    uint64_t until = task->size_ns ? clock_monotonic_ns() + task->size_ns : 0;
    while (until && clock_monotonic_ns() < until)
        ;
    *result = mix64(9, task->index);
    return 0;
}

static enum task_class odd_sleep(const void *state, uint32_t index)
{
    (void)state;
    return index % 2 ? TASK_SLEEP : TASK_CPU;
}

static const struct workload_ops counted = {.name = "counted", .run = counted_run};
static const struct workload_ops counted_both = {.name = "counted-both", .run = counted_run, .classify = odd_sleep};

static unsigned torture(void)
{
    const char *times = getenv("TORTURE");
    return times && atoi(times) > 0 ? (unsigned)atoi(times) : 1;
}

static void shared_new(void)
{
    if (shared)
        munmap(shared, sizeof *shared);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(shared != MAP_FAILED);
}

static bool is_alive(pid_t pid)
{
    char path[64], line[128] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    const char *end = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (file)
        fclose(file);
    return end && end[1] && end[2] != 'Z' && end[2] != 'X';
}

/* Living children of the process, by the kernel's own list; how many. */
static unsigned children_of(pid_t pid, pid_t *children, unsigned max)
{
    char path[64], text[4096], *at = text;
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *file = fopen(path, "re");
    size_t got = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[got] = '\0';
    for (char *end; count < max; at = end) {
        long child = strtol(at, &end, 10);
        if (end == at)
            break;
        if (is_alive((pid_t)child))
            children[count++] = (pid_t)child;
    }
    return count;
}

/* In the process of the submitter: what a driver checks, as an exit status with words on stderr. */
static int complain(const char *words, uint32_t task)
{
    fprintf(stderr, "%s: task %u\n", words, task);
    return 1;
}

/* ---- storms ---- */

struct storm {
    const char *name, *pool;
    int64_t params[PARAM_MAX];
    const struct workload_ops *workload;
    bool is_short;    /* tasks take so little that a slot holds several */
    unsigned threads; /* that one kill may hit */
    unsigned share;   /* of the tasks and kills, in percent */
    unsigned most;    /* kills that it can stand; 0: any number */
    unsigned spared;  /* as many are left alive, as they alone can make others */
};

static int weather(const struct storm *storm, unsigned kills, uint32_t least)
{
    struct bench bench;
    static bool seen[MOST_TASKS];
    uint32_t next = 0, back = 0, failed = 0;
    struct traces before = traces();
    bench_init(&bench, pool_find(storm->pool), storm->workload, (struct cost){storm->is_short ? 100 : 2000, 0}, 4);
    memcpy(bench.params, storm->params, sizeof bench.params);
    bench_open(&bench);
    while (back < next || next < least || (atomic_load(&shared->kills) < kills && next < MOST_TASKS)) {
        struct done done[256];
        uint32_t batch[64];
        bool more = next < MOST_TASKS && (next < least || atomic_load(&shared->kills) < kills);
        unsigned n = 0;
        for (; more && n < 64 && next + n < MOST_TASKS && next + n - back < 300; n++)
            batch[n] = next + n;
        int taken = n ? bench.ops->submit(bench.pool, batch, n) : 0;
        if (taken < 0)
            return complain("submit failed", next);
        next += (uint32_t)taken;
        int got = bench.ops->reap(bench.pool, done, 1 + next % 50, 256, FOREVER);
        if (got < 0)
            return complain(strerror(-got), next);
        for (int i = 0; i < got; i++) {
            uint32_t task = done[i].task;
            if (task >= next || seen[task])
                return complain(task >= next ? "invented" : "reported twice", task);
            seen[task] = true;
            unsigned started = atomic_load(&shared->starts[task]);
            if (done[i].status == TASK_OK && (started != 1 || done[i].result != mix64(9, task)))
                return complain("ok and not right", task);
            if (started > 1)
                return complain("started twice", task);
            if (done[i].status != TASK_OK && (done[i].status != TASK_SIGNALLED || done[i].code != SIGKILL))
                return complain("another end than the one it had", task);
            failed += done[i].status != TASK_OK;
        }
        back += (uint32_t)got;
    }
    uint32_t hit = atomic_load(&shared->kills);
    if (failed > hit * storm->threads)
        return complain("more were lost than killed", failed);
    struct usage usage;
    if (bench.ops->usage(bench.pool, true, &usage) < 0)
        return complain("usage", 0);
    bench_close(&bench);
    assert_no_new_traces(before);
    printf("%-14s %6u tasks, %4u kills, %4u tasks lost with them\n", storm->name, next, hit, failed);
    return 0;
}

#define STORM_US 1000000 /* killing with births in between takes several times as long, where processes are slow */

static const struct storm table[] = {
    {"prefork", "prefork", .workload = &counted, .threads = 1, .share = 100},
    {"prefork, short", "prefork", .workload = &counted, .is_short = true, .threads = 1, .share = 100},
    {"prefork, retiring", "prefork", {0, 50}, .workload = &counted, .threads = 1, .share = 100},
    {"prefork, pipe", "prefork", {0, 0, TRANSPORT_PIPE}, .workload = &counted, .threads = 1, .share = 100},
    {"pipe, retiring", "prefork", {0, 50, TRANSPORT_PIPE}, .workload = &counted, .threads = 1, .share = 100},
    {"prefork, socket", "prefork", {0, 0, TRANSPORT_SOCKET}, .workload = &counted, .threads = 1, .share = 100},
    {"socket, retiring", "prefork", {0, 50, TRANSPORT_SOCKET}, .workload = &counted, .threads = 1, .share = 100},
    {"route=class", "hybrid", {0, 3, 2}, .workload = &counted_both, .threads = 1, .share = 100},
    {"route=nested", "hybrid", {1, 2, 2}, .workload = &counted, .threads = 2, .share = 100},
    {"nested, short", "hybrid", {1, 2, 2}, .workload = &counted, .is_short = true, .threads = 2, .share = 100},
    {"fork", "fork", .workload = &counted, .threads = 1, .share = 5},
    {"zygote", "zygote", .workload = &counted, .threads = 1, .share = 5, .most = FORKER_SPARES / 2, .spared = 1},
};

static void storms(void **state)
{
    (void)state;
    unsigned seed = (unsigned)test_seed(), random = seed;
    /* who kills faster than processes can be made sees the pool give up, as it should */
    double births_us = 6 * sample_process_us();
    unsigned pace_us = births_us > 2000 ? (unsigned)births_us : 2000;
    printf("seed %u\n", seed);
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned kills = KILLS * torture() * (table[i].share > 50 ? 100 : 30) / 100;
        kills = table[i].most && kills > table[i].most ? table[i].most : kills;
        uint32_t least = LEAST_TASKS / 100 * table[i].share;
        if (!sample_all() && kills > STORM_US / pace_us) {
            least = least * (STORM_US / pace_us) / kills; /* a wake-up may cost as much as a birth */
            kills = STORM_US / pace_us;
        }
        shared_new();
        fflush(NULL);
        pid_t submitter = fork();
        assert_true(submitter >= 0);
        if (submitter == 0)
            exit(prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || weather(&table[i], kills, least));
        int status = 0;
        while (waitpid(submitter, &status, WNOHANG) == 0) {
            pid_t children[64];
            unsigned count = children_of(submitter, children, 64);
            random = random * 1103515245u + 12345u;
            pid_t victim = count > table[i].spared ? children[random / 65536 % count] : 0;
            if (victim && atomic_load(&shared->kills) < kills && kill(victim, SIGKILL) == 0) {
                atomic_fetch_add(&shared->kills, 1);
                while (table[i].spared && is_alive(victim)) /* or it would be taken for the one that is spared */
                    sched_yield();
            }
            usleep((useconds_t)(random / 65536 % pace_us));
        }
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

/* ---- every instruction ---- */

static void go_to_cpu(unsigned cpu)
{
    go_to_cpus(&cpu, 1);
}

enum { SEVERAL = 24 }; /* the last eight are in one slot */

/* What came back of a round whose tasks are first .. first + count - 1. An exit status, as complain. */
static int round_take(struct bench *bench, uint32_t first, unsigned count)
{
    bool seen[SEVERAL] = {false};
    unsigned back = 0, lost = 0;
    while (back < count) {
        struct done done[SEVERAL];
        int got = bench->ops->reap(bench->pool, done, 1, SEVERAL, FOREVER);
        if (got < 0)
            return complain(strerror(-got), first);
        for (int i = 0; i < got; i++, back++) {
            uint32_t task = done[i].task;
            if (task < first || task >= first + count || seen[task - first])
                return complain("another task, or one twice", task);
            seen[task - first] = true;
            unsigned started = atomic_load(&shared->starts[task]);
            if (started > 1 || (done[i].status == TASK_OK && (!started || done[i].result != mix64(9, task))))
                return complain("started twice, or not right", task);
            if (done[i].status != TASK_OK && done[i].status != TASK_SIGNALLED)
                return complain("another end than the one it had", task);
            lost += done[i].status != TASK_OK;
        }
    }
    if (lost > 1)
        return complain("more than one was lost", first);
    atomic_fetch_add(&shared->lost, lost);
    return 0;
}

/* `count` tasks at a time, handed in when the tracer says so, for one worker. */
static int serve(enum transport_kind transport, unsigned count)
{
    struct bench bench;
    unsigned cpus[2] = {0};
    unsigned allowed = allowed_cpus(cpus, 2), words = cpus[0] / 64 + 1;
    uint64_t *mask = calloc(words, sizeof *mask);
    go_to_cpu(cpus[allowed - 1]); /* apart from worker and tracer where there are two; else it is slower */
    mask[words - 1] = 1ull << (cpus[0] % 64);
    bench_init(&bench, pool_find("prefork"), &counted, (struct cost){0, 0}, 1);
    bench.config.places = (struct places){mask, words, NULL, NULL, 0};
    bench.params[2] = transport;
    bench_open(&bench);
    for (uint32_t round = 1;; round++) {
        struct done done;
        while (atomic_load(&shared->round) != round) {
            if (atomic_load(&shared->round) == UINT32_MAX) {
                bench_close(&bench);
                free(mask);
                return 0;
            }
            if (bench.ops->reap(bench.pool, &done, 1, 1, 0) != 0) /* fills the place of who died with nothing to do */
                return complain("returned a task that it has not", done.task);
            usleep(50);
        }
        uint32_t tasks[SEVERAL];
        for (unsigned i = 0; i < count; i++)
            tasks[i] = round * count + i;
        if (bench.ops->submit(bench.pool, tasks, count) != (int)count)
            return complain("not taken", tasks[0]);
        atomic_store(&shared->handed_in, round);
        if (round_take(&bench, tasks[0], count) != 0)
            return 1;
        atomic_store(&shared->reported, round);
    }
}

static bool sleeps(pid_t worker)
{
    char where[32] = "", path[64];
    snprintf(path, sizeof path, "/proc/%d/wchan", worker);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    static const char *const beds[] = {"futex", "pipe_read", "skb_wait"};
    bool asleep = false, known = fgets(where, sizeof where, file);
    for (unsigned i = 0; i < sizeof beds / sizeof *beds && known; i++)
        asleep |= strstr(where, beds[i]) != NULL;
    fclose(file);
    return asleep;
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

/* One step of the stopped worker; false: it went to sleep, and the path is at its end. Waits without polling: the two
 * share a CPU. An alarm now and then ends the wait that would not end by itself. */
static bool step(pid_t worker)
{
    int status;
    if (ptrace(PTRACE_SINGLESTEP, worker, NULL, NULL) < 0)
        return false;
    for (;;) {
        if (waitpid(worker, &status, 0) == worker)
            return WIFSTOPPED(status);
        if (errno != EINTR || sleeps(worker))
            return false;
    }
}

/* Stops the one worker, which sleeps; its pid, 0 when it cannot be traced. */
static pid_t catch_worker(pid_t submitter)
{
    pid_t worker = 0;
    int status;
    for (unsigned i = 0; i < 20000; i++) {
        if (children_of(submitter, &worker, 1) == 1 && sleeps(worker))
            break;
        usleep(100);
    }
    if (ptrace(PTRACE_SEIZE, worker, NULL, NULL) < 0 || ptrace(PTRACE_INTERRUPT, worker, NULL, NULL) < 0)
        return 0;
    while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSTOPPED(status) ? worker : 0;
}

static void kill_worker(pid_t worker)
{
    int status;
    kill(worker, SIGKILL);
    for (pid_t got = 0; got != worker || !WIFSIGNALED(status);) {
        got = waitpid(worker, &status, 0);
        if (got < 0 && errno != EINTR)
            break;
    }
}

static void await_report(pid_t submitter, uint32_t round)
{
    for (unsigned i = 0; atomic_load(&shared->reported) != round; i++) {
        assert_true(i < 100000);
        assert_int_equal(waitpid(submitter, NULL, WNOHANG), 0);
        usleep(50);
    }
}

static void kill_at_every_instruction(enum transport_kind transport, unsigned tasks)
{
    unsigned cpus[CPUS_MAX], count = allowed_cpus(cpus, CPUS_MAX);
    shared_new();
    fflush(NULL);
    pid_t submitter = fork();
    assert_true(submitter >= 0);
    if (submitter == 0)
        exit(prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || serve(transport, tasks));
    go_to_cpu(cpus[0]); /* with the worker: a step is then a switch and no wake-up across CPUs */
    struct sigaction alarmed = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 100000}, {0, 100000}};
    sigaction(SIGALRM, &alarmed, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    uint32_t round = 0;
    unsigned at = 0;
    uint64_t seed = test_seed();
    bool every = sample_all() || getenv("TORTURE");
    printf("seed %llu\n", (unsigned long long)seed);
    for (bool more = true; more; at += every ? 1 : 1 + mix64(seed, round) % (2 * STRIDE * tasks - 1)) {
        pid_t worker = catch_worker(submitter);
        if (!worker && round == 0) {
            kill(submitter, SIGKILL);
            waitpid(submitter, NULL, 0);
            skip_because("workers that are killed at any step", strerror(errno));
        }
        if (!worker)
            fail_msg("no worker to kill after %u rounds: %s", round, strerror(errno));
        atomic_store(&shared->round, ++round);
        while (atomic_load(&shared->handed_in) != round)
            usleep(50); /* the worker is rung while it is stopped, and finds the task when it goes on */
        for (unsigned i = 0; i < at && more; i++)
            more = step(worker);
        kill_worker(worker);
        await_report(submitter, round);
    }
    atomic_store(&shared->round, UINT32_MAX);
    int status;
    while (waitpid(submitter, &status, 0) < 0 && errno == EINTR)
        ;
    assert_int_equal(status, 0);
    often = (struct itimerval){{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    go_to_cpus(cpus, count);
    unsigned lost = atomic_load(&shared->lost);
    printf("killed after %u of %u instructions: a task was lost %u times\n", round, at, lost);
    assert_true(lost > 0 && lost < round); /* else the path was not walked */
}

static void at_every_instruction(void **state)
{
    (void)state;
    kill_at_every_instruction(TRANSPORT_RING, 1);
}

static void at_every_instruction_of_several(void **state)
{
    (void)state;
    kill_at_every_instruction(TRANSPORT_RING, SEVERAL);
}

static void at_every_instruction_with_pipes(void **state)
{
    (void)state;
    kill_at_every_instruction(TRANSPORT_PIPE, 1);
}

static void at_every_instruction_with_sockets(void **state)
{
    (void)state;
    kill_at_every_instruction(TRANSPORT_SOCKET, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_every_instruction),
        cmocka_unit_test(at_every_instruction_of_several),
        cmocka_unit_test(at_every_instruction_with_pipes),
        cmocka_unit_test(at_every_instruction_with_sockets),
        cmocka_unit_test(storms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
