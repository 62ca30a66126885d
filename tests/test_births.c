/* Processes that are killed while their pool opens: workers, forkers and those that make them, after every instruction
 * from their birth to the moment that open returns, one or several in the same open. They are replaced: open succeeds,
 * every task is run once, usage counts the dead, nothing is left behind.
 *
 * Whoever is born is followed from its first instruction by a tracer. Its path is long, and steps are slow, so a sample
 * is drawn: a number of system calls that it enters and leaves at full speed, and one of instructions after that.
 * SEED=7 repeats one; ALL=1 takes every single instruction. */
/* sanitizers: none (every instruction is a stop of the tracer, and they add several times as many) */
#include "pools/parts/clock.h"
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum { WORKERS = 4, TASKS = 24, BIRTHS_MAX = 600, SAMPLE = 12, SAMPLE_STEPS = 200, UNNAMED_MAX = 16 };
#define NEVER UINT64_MAX

/* Births are counted from the opening of the pool. */
struct scenario {
    const char *name, *pool;
    int64_t params[PARAM_MAX];
    unsigned first, count; /* births that are killed */
    unsigned unlisted;     /* of those are no workers, and not counted as lost */
    unsigned held;         /* this one stands still until as many were born as HELD_UNTIL; 0: none */
    bool sleeper; /* they are killed when they go to sleep, or wake the submitter: both come when one is ready */
    int error;    /* what open is to end with */
};
enum { ALL_BIRTHS = BIRTHS_MAX, HELD_UNTIL = 300 };

static const struct scenario scenarios[] = {
    {"prefork, the first", "prefork", .count = 1},
    {"prefork, the last", "prefork", .first = WORKERS - 1, .count = 1},
    {"prefork, all and all that follow them", "prefork", .count = 2 * WORKERS},
    {"prefork, pipe", "prefork", {0, 0, TRANSPORT_PIPE}, .first = 1, .count = 3},
    {"prefork, socket", "prefork", {0, 0, TRANSPORT_SOCKET}, .first = 1, .count = 3},
    {"hybrid, route=class", "hybrid", {0, 3, 2}, .first = 1, .count = 3},
    {"hybrid, route=nested", "hybrid", {1, 2, 2}, .count = 3},
    {"zygote, a forker", "zygote", .first = 1, .count = 1},
    {"zygote, the spawner", "zygote", .count = 1, .unlisted = 1},
    {"zygote, spawner and forkers", "zygote", .count = 3, .unlisted = 1},
    {"zygote, forkers and who follows them", "zygote", .first = 2, .count = 4},
};

/* Nobody lives long enough: an error, and soon. */
static const struct scenario hopeless[] = {
    {"prefork", "prefork", .count = ALL_BIRTHS, .error = -EOWNERDEAD},
    {"prefork, pipe", "prefork", {0, 0, TRANSPORT_PIPE}, .count = ALL_BIRTHS, .error = -EOWNERDEAD},
    {"prefork, socket", "prefork", {0, 0, TRANSPORT_SOCKET}, .count = ALL_BIRTHS, .error = -EOWNERDEAD},
    {"hybrid, route=class", "hybrid", {0, 3, 2}, .count = ALL_BIRTHS, .error = -EOWNERDEAD},
    {"hybrid, route=nested", "hybrid", {1, 2, 2}, .count = ALL_BIRTHS, .error = -EOWNERDEAD},
    {"zygote", "zygote", .count = ALL_BIRTHS, .unlisted = 1, .error = -EOWNERDEAD},
    {"floor-zygote, the last of them", "floor-zygote", .first = WORKERS - 1, .count = 1, .error = -EOWNERDEAD},
    {"floor-wake, the first of them", "floor-wake", {1}, .count = 1, .error = -EOWNERDEAD},
};

/* All but one come and go, and go on doing so, while open waits for that one. */
static const struct scenario slow = {"prefork, one slow", "prefork", .count = ALL_BIRTHS, .held = WORKERS - 1,
                                     .sleeper = true};

static int run(void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    *result = mix64(5, task->index);
    return 0;
}

static const struct workload_ops quick = {.name = "quick", .run = run};

/* Between the submitter, which stops at the end of open and of each round, and its tracer. */
struct shared {
    _Atomic bool ends;
    _Atomic uint32_t killed; /* in this round, workers alone */
};
static struct shared *shared;

/* ---- the submitter ---- */

static int complain(const char *words, int number)
{
    fprintf(stderr, "%s: %d\n", words, number);
    return 1;
}

static int open_and_close(const struct scenario *scenario)
{
    struct bench bench;
    struct done done[TASKS];
    struct usage usage;
    bool seen[TASKS] = {false};
    unsigned cpu;
    bench_init(&bench, pool_find(scenario->pool), &quick, (struct cost){0, 0}, WORKERS);
    memcpy(bench.params, scenario->params, sizeof bench.params);
    struct pool_shape shape;
    uint64_t *masks = NULL;
    bench.ops->shape(WORKERS, bench.params, &shape);
    allowed_cpus(&cpu, 1);
    bench.config.places =
        (struct places){masks = calloc(shape.workers, (cpu / 64 + 1) * 8), cpu / 64 + 1, NULL, NULL, 0};
    for (unsigned i = 0; i < shape.workers; i++)
        masks[i * (cpu / 64 + 1) + cpu / 64] = 1ull << (cpu % 64);
    bench.ops = pool_chosen(bench.ops, bench.params);
    struct traces before = traces();
    int rc = bench.ops->open(&bench.config, &bench.job, &bench.pool);
    raise(SIGSTOP);
    if (rc != scenario->error)
        return complain(strerror(-rc), rc);
    if (rc < 0) {
        assert_no_new_traces(before);
        return 0;
    }
    submit_all(&bench, 0, TASKS);
    for (unsigned back = 0; back < TASKS; back += (unsigned)rc) {
        rc = bench.ops->reap(bench.pool, done, 1, TASKS, FOREVER);
        if (rc <= 0)
            return complain("reap", rc);
        for (int i = 0; i < rc; i++) {
            if (done[i].status != TASK_OK || done[i].result != mix64(5, done[i].task) || seen[done[i].task])
                return complain("not ok, or twice: task", (int)done[i].task);
            seen[done[i].task] = true;
        }
    }
    rc = bench.ops->usage(bench.pool, false, &usage);
    if (rc < 0 || usage.workers_lost != atomic_load(&shared->killed))
        return complain("workers_lost", rc < 0 ? rc : (int)usage.workers_lost);
    bench.ops->close(bench.pool);
    assert_no_new_traces(before);
    free(masks);
    return 0;
}

static int submitter_main(const struct scenario *scenario)
{
    int rc = prctl(PR_SET_PDEATHSIG, SIGKILL);
    raise(SIGSTOP); /* the tracer seizes it here */
    while (rc == 0 && !atomic_load(&shared->ends)) {
        rc = open_and_close(scenario);
        raise(SIGSTOP);
    }
    return rc != 0;
}

/* ---- the tracer ---- */

struct traced {
    pid_t pid;
    bool dies, killed, dead;
    uint64_t calls, steps; /* done: system calls entered and left; instructions after those */
};

struct tracer {
    const struct scenario *scenario;
    pid_t submitter;
    uint64_t calls, steps;           /* after which the chosen are killed; NEVER: they are only counted */
    uint64_t most_calls, most_steps; /* that one of them has done before open returned */
    bool opened;
    unsigned births;
    struct traced born[BIRTHS_MAX];
    pid_t unnamed[UNNAMED_MAX]; /* stopped, and not yet told of by their parents; 0: free */
};

static struct traced *find(struct tracer *tracer, pid_t pid)
{
    for (unsigned i = tracer->births; i-- > 0;)
        if (tracer->born[i].pid == pid && !tracer->born[i].dead)
            return &tracer->born[i];
    return NULL;
}

static int signal_of(int status)
{
    return status >> 16 ? 0 : WSTOPSIG(status); /* an event of ptrace is no signal */
}

/* Enters it that call? */
static bool enters(pid_t pid, long call)
{
    struct __ptrace_syscall_info info;
    return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY &&
           info.entry.nr == (uint64_t)call;
}

/* A process that is not the submitter has stopped: one step on, its end, or off it goes. */
static void go_on(struct tracer *tracer, struct traced *one, int status)
{
    const struct scenario *scenario = tracer->scenario;
    int signal_number = signal_of(status);
    bool call = signal_number == (SIGTRAP | 0x80); /* entered or left */
    one->calls += call;
    if (call || signal_number == SIGTRAP)
        signal_number = 0;
    if (!one->dies || tracer->opened) {
        ptrace(PTRACE_CONT, one->pid, NULL, signal_number);
    } else if (one->calls < tracer->calls && !(call && scenario->sleeper && enters(one->pid, SYS_futex))) {
        ptrace(PTRACE_SYSCALL, one->pid, NULL, signal_number);
    } else if (one->steps < tracer->steps && one->calls >= tracer->calls) {
        one->steps++;
        ptrace(PTRACE_SINGLESTEP, one->pid, NULL, signal_number);
    } else {
        kill(one->pid, SIGKILL);
        one->killed = true;
    }
}

/* A process has forked, and stands still: births are counted here, as each parent has them in its own order. The child
 * stops before its first instruction, and that may have been heard of before. */
static void born(struct tracer *tracer, pid_t parent)
{
    const struct scenario *scenario = tracer->scenario;
    unsigned number = tracer->births++, i = 0;
    unsigned long pid;
    int status = SIGTRAP << 8 | 0x7f;
    assert_true(number < BIRTHS_MAX);
    assert_int_equal(ptrace(PTRACE_GETEVENTMSG, parent, NULL, &pid), 0);
    bool dies = !tracer->opened && number >= scenario->first && number - scenario->first < scenario->count &&
                !(scenario->held && number == scenario->held);
    tracer->born[number] = (struct traced){.pid = (pid_t)pid, .dies = dies};
    while (i < UNNAMED_MAX && tracer->unnamed[i] != (pid_t)pid)
        i++;
    if (i < UNNAMED_MAX)
        tracer->unnamed[i] = 0;
    else
        assert_int_equal(waitpid((pid_t)pid, &status, __WALL), pid);
    if (!WIFSTOPPED(status))
        tracer->born[number].dead = true; /* killed by its parent's end */
    else if (!scenario->held || number != scenario->held)
        go_on(tracer, &tracer->born[number], status);
    if (scenario->held && number == HELD_UNTIL)
        go_on(tracer, &tracer->born[scenario->held], SIGTRAP << 8 | 0x7f);
}

/* A process that no parent has told of yet: it waits. */
static void unnamed(struct tracer *tracer, pid_t pid)
{
    for (unsigned i = 0; i < UNNAMED_MAX; i++)
        if (!tracer->unnamed[i]) {
            tracer->unnamed[i] = pid;
            return;
        }
    fail_msg("more than %d processes that nobody has told of", UNNAMED_MAX);
}

/* Open has returned: those that were to die and have not go on, and all that were killed have been waited for. */
static void opened(struct tracer *tracer)
{
    uint32_t killed = 0;
    tracer->opened = true;
    for (unsigned i = 0; i < tracer->births; i++) {
        struct traced *one = &tracer->born[i];
        int status;
        if (!one->dies)
            continue;
        tracer->most_calls = one->calls > tracer->most_calls ? one->calls : tracer->most_calls;
        tracer->most_steps = one->steps > tracer->most_steps ? one->steps : tracer->most_steps;
        if (!one->killed)
            continue; /* it runs, or stops once more and is sent on */
        while (!one->dead && waitpid(one->pid, &status, __WALL) == one->pid)
            one->dead = WIFSIGNALED(status) || WIFEXITED(status);
        killed += i >= tracer->scenario->first + tracer->scenario->unlisted;
    }
    atomic_store(&shared->killed, killed);
}

/* Until the submitter stops by itself; its wait status. */
static int follow(struct tracer *tracer)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        assert_true(pid > 0);
        struct traced *one = pid == tracer->submitter ? NULL : find(tracer, pid);
        if (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_FORK)
            born(tracer, pid);
        if (one && WIFSTOPPED(status))
            go_on(tracer, one, status);
        else if (one)
            one->dead = true;
        else if (pid != tracer->submitter)
            unnamed(tracer, pid);
        else if (!WIFSTOPPED(status) || signal_of(status) == SIGSTOP)
            return status;
        else
            ptrace(PTRACE_CONT, pid, NULL, signal_of(status));
    }
}

/* One round: open, with those killed after so many calls and steps, and close. */
static void round_run(struct tracer *tracer, uint64_t calls, uint64_t steps)
{
    tracer->calls = calls;
    tracer->steps = steps;
    tracer->births = 0;
    tracer->opened = false;
    for (unsigned stop = 0; stop < 2; stop++) {
        assert_int_equal(ptrace(PTRACE_CONT, tracer->submitter, NULL, NULL), 0);
        int status = follow(tracer);
        if (!WIFSTOPPED(status))
            fail_msg("%s, killed after %llu calls and %llu steps: wait status %x", tracer->scenario->name,
                     (unsigned long long)calls, (unsigned long long)steps, status);
        if (stop == 0)
            opened(tracer);
    }
}

/* The stopped submitter, traced; skips the test where nobody may trace. */
static void begin(struct tracer *tracer, const struct scenario *scenario)
{
    int status;
    *tracer = (struct tracer){.scenario = scenario};
    *shared = (struct shared){false};
    fflush(NULL);
    tracer->submitter = fork();
    assert_true(tracer->submitter >= 0);
    if (tracer->submitter == 0)
        exit(submitter_main(scenario));
    assert_int_equal(waitpid(tracer->submitter, &status, WUNTRACED), tracer->submitter);
    assert_true(WIFSTOPPED(status));
    if (ptrace(PTRACE_SEIZE, tracer->submitter, NULL, PTRACE_O_TRACEFORK | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) <
        0) {
        int why = errno;
        kill(tracer->submitter, SIGKILL);
        waitpid(tracer->submitter, &status, 0);
        skip_because("births that are seen", strerror(why));
    }
    kill(tracer->submitter, SIGCONT);
    while (waitpid(tracer->submitter, &status, __WALL) == tracer->submitter && signal_of(status) != SIGCONT)
        ptrace(PTRACE_CONT, tracer->submitter, NULL, NULL);
}

static void end(struct tracer *tracer)
{
    atomic_store(&shared->ends, true);
    assert_int_equal(ptrace(PTRACE_CONT, tracer->submitter, NULL, NULL), 0);
    assert_int_equal(follow(tracer), 0);
    assert_int_equal(waitpid(-1, NULL, __WALL), -1);
}

static void killed_at_birth(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    bool every = sample_all();
    printf("seed %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct tracer tracer;
        begin(&tracer, &scenarios[i]);
        round_run(&tracer, every ? 0 : NEVER, NEVER);
        uint64_t calls = tracer.most_calls, steps = tracer.most_steps, kills = every ? steps : SAMPLE;
        assert_true(every ? steps > 100 : calls > 4); /* else nobody was followed */
        for (uint64_t n = 0; n < kills; n++) {
            uint64_t drawn = mix64(seed, i * SAMPLE + n);
            test_progress();
            if (every)
                round_run(&tracer, 0, n);
            else
                round_run(&tracer, drawn % calls, drawn / calls % SAMPLE_STEPS);
        }
        end(&tracer);
        printf("%-36s killed at %llu places of a path of %llu %s\n", scenarios[i].name, (unsigned long long)kills,
               (unsigned long long)(every ? steps : calls), every ? "instructions" : "calls and returns");
    }
}

static void nobody_lives(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof hopeless / sizeof *hopeless; i++) {
        struct tracer tracer;
        begin(&tracer, &hopeless[i]);
        round_run(&tracer, 0, 0);
        end(&tracer);
        printf("%-36s gave up after %u births\n", hopeless[i].name, tracer.births);
    }
}

static void others_die_while_one_is_slow(void **state)
{
    (void)state;
    struct tracer tracer;
    begin(&tracer, &slow);
    round_run(&tracer, NEVER, 0);
    assert_true(tracer.births > HELD_UNTIL);
    end(&tracer);
}

static int setup(void **state)
{
    (void)state;
    clock_choose(20000000);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_birth),
        cmocka_unit_test(nobody_lives),
        cmocka_unit_test(others_die_while_one_is_slow),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
