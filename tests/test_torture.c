/* Every death and every stop at every stage: kill -9 of a worker, a forker, the spawner, a task's process or the
 * submitter, and stop and continue of one of them or of all, while a pool opens, warms up, stands at the gate, runs, is
 * asked for usage and closes. Seeded; over all pools that have processes, and all their transports. What must hold: no
 * task is lost, none is reported or started twice, none hangs, nothing is wrong without a word, nothing is left behind.
 * How many tasks are in flight at most, and how many are taken back at once, is drawn too: with one in flight nobody
 * but the dead could wake the submitter, with one taken at a time successors die before all that was lost is told. A
 * few rounds in a check, KILLS=N kills in `make torture`, which says how many of what there were; POOL=zygote: of that
 * one.
 *
 * A child that is born while its whole group is stopped and let go on may stay stopped, seen on Linux 6.18 in 3 of some
 * 30,000 rounds, and before it has asked to die with its parent: so a group is let go on again and again. In trials
 * SIGCONT has a handler (bench/trial/stops.c), and the guard ends what is left of them.
 *
 * Pools made wrong on purpose, and who finds them. SIGCHLD that does not wake the submitter (event.c): a round with one
 * in flight hangs. What the dead have sent (transport.c) and whose slot is not SLOT_RETURNED: a round tells a task
 * twice. A task that was told as lost whose slot is not (queue.c): successors have to die before anything is reaped,
 * which is in test_survive.c. No ring to the others after a death (survive.c, look_who_fell): no round can, for the
 * successor looks for tasks before it sleeps; it shows where there is none to be had, and that is in test_halts.c.
 * Without that ring in zygote.c (forker_lost) nothing is lost: a successor looks, too, and where no process is to be
 * had the task could have none either, which ends the pool. */
/* sanitizers: none (forks of processes that are killed: what is tested is what the kernel does with them) */
#include "pools/parts/clock.h"
#include "pools/transport/transport.h"
#include "tests/pool_bench.h"
#include "tests/sample.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum { TASKS = 240, MOST = 16, WARMUPS = 8, WORKERS = 4, CHILDREN_MOST = 64, KILLS_SHORT = 200, STRIKES_MOST = 4 };
enum { GENERATIONS = 4, GENERATION_LOOKS = 2000 };
#define HANG_NS 60000000000ull /* without anything reported: the machine may do much else */

enum stage { BORN, OPENING, WARMING, GATE, RUNNING, ASKING, CLOSING, STAGES };
static const char *const stage_names[STAGES] = {"born", "open", "warm-up", "gate", "run", "usage", "close"};
enum verdict { GOOD, TOLD, LOST, DOUBLED, HUNG, SILENT, VERDICTS };

static struct shared {
    _Atomic uint32_t stage, starts[TASKS], reported[TASKS], failed, back, late;
    _Atomic uint32_t verdict, strikes;
    uint32_t depth, most; /* tasks in flight, and taken back at once; set before the submitter is made */
} * shared;

static int tortured_run(void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    *result = mix64(5, task->index);
    if (task->index < TASKS)
        atomic_fetch_add(&shared->starts[task->index], 1);
    for (uint64_t until = clock_monotonic_ns() + 20000; clock_monotonic_ns() < until;)
        ;
    return 0;
}
static enum task_class odd_sleep(const void *state, uint32_t index)
{
    (void)state;
    return index % 2 ? TASK_SLEEP : TASK_CPU;
}
static const struct workload_ops tortured = {.name = "tortured", .run = tortured_run};
static const struct workload_ops tortured_both = {.name = "both", .run = tortured_run, .classify = odd_sleep};

static const struct victim_pool {
    const char *name, *pool;
    int64_t params[PARAM_MAX];
    const struct workload_ops *workload;
    unsigned threads; /* that one death may hit */
    bool ends;        /* who loses all that can make others ends with an error */
    uint64_t limit_ns;
} pools[] = {
    {"prefork", "prefork", .workload = &tortured, .threads = 1},
    {"prefork, retiring", "prefork", {0, 5}, .workload = &tortured, .threads = 1},
    {"pipe", "prefork", {0, 0, TRANSPORT_PIPE}, .workload = &tortured, .threads = 1},
    {"socket", "prefork", {0, 0, TRANSPORT_SOCKET}, .workload = &tortured, .threads = 1},
    {"route=class", "hybrid", {0, 3, 2}, .workload = &tortured_both, .threads = 1},
    {"route=nested", "hybrid", {1, 2, 2}, .workload = &tortured, .threads = 2},
    {"fork", "fork", .workload = &tortured, .threads = 1},
    {"zygote", "zygote", .workload = &tortured, .threads = 1, .ends = true},
    {"prefork, limit", "prefork", .workload = &tortured, .threads = 1, .limit_ns = 20000000000},
    {"zygote, limit", "zygote", .workload = &tortured, .threads = 1, .ends = true, .limit_ns = 20000000000},
};

/* ---- the submitter, in a process of its own ---- */

static void stage_is(enum stage stage)
{
    atomic_store(&shared->stage, stage);
}

static _Noreturn void verdict(enum verdict verdict, const char *words, long number)
{
    if (verdict != GOOD)
        fprintf(stderr, "%s: %ld (%s)\n", words, number, stage_names[atomic_load(&shared->stage)]);
    atomic_store(&shared->verdict, verdict);
    _exit(0);
}

static void take(const struct done *done, uint32_t first, uint32_t next)
{
    const uint32_t task = done->task;
    if (task < first || task >= next)
        verdict(SILENT, "invented", task);
    atomic_fetch_add(&shared->back, 1);
    atomic_fetch_add(&shared->failed, done->status != TASK_OK);
    if (first)
        return;
    const uint32_t started = atomic_load(&shared->starts[task]);
    if (atomic_fetch_add(&shared->reported[task], 1) || started > 1)
        verdict(DOUBLED, "twice", task);
    if (done->status == TASK_OK && (started != 1 || done->result != mix64(5, task)))
        verdict(SILENT, "ok and not right", task);
    if (done->status != TASK_OK && done->status != TASK_SIGNALLED)
        verdict(SILENT, "another end than the one it had", task);
}

static void tasks_run(struct bench *bench, uint32_t first, uint32_t count)
{
    for (uint32_t next = first, back = first; back < first + count;) {
        struct done done[MOST];
        uint32_t batch[8];
        unsigned n = 0;
        for (; n < 8 && next + n < first + count && next + n - back < shared->depth; n++)
            batch[n] = next + n;
        int taken = n ? bench->ops->submit(bench->pool, batch, n) : 0;
        if (taken < 0)
            verdict(TOLD, strerror(-taken), taken);
        next += (uint32_t)taken;
        int got = bench->ops->reap(bench->pool, done, 1, shared->most, FOREVER);
        if (got < 0)
            verdict(TOLD, strerror(-got), got);
        for (int i = 0; i < got; i++)
            take(&done[i], first, next);
        back += (uint32_t)got;
    }
}

static _Noreturn void submitter(const struct victim_pool *of)
{
    struct bench bench;
    struct usage usage;
    int rc = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    bench_init(&bench, pool_find(of->pool), of->workload, (struct cost){20000, 0}, WORKERS);
    memcpy(bench.params, of->params, sizeof bench.params);
    bench.config.task_limit_ns = of->limit_ns;
    bench.ops = pool_chosen(bench.ops, bench.params);
    stage_is(OPENING);
    if (bench.ops->early)
        rc = bench.ops->early(&bench.config);
    if (rc == 0)
        rc = bench.ops->open(&bench.config, &bench.job, &bench.pool);
    if (rc < 0)
        verdict(of->ends || rc == -EOWNERDEAD ? TOLD : SILENT, strerror(-rc), rc);
    stage_is(WARMING);
    tasks_run(&bench, TASK_WARMUP_FIRST, WARMUPS);
    stage_is(GATE);
    if ((rc = bench.ops->usage(bench.pool, false, &usage)) < 0)
        verdict(of->ends ? TOLD : SILENT, strerror(-rc), rc);
    stage_is(RUNNING);
    tasks_run(&bench, 0, TASKS);
    stage_is(ASKING);
    if ((rc = bench.ops->usage(bench.pool, true, &usage)) < 0)
        verdict(of->ends ? TOLD : SILENT, strerror(-rc), rc);
    stage_is(CLOSING);
    if ((rc = bench.ops->close(bench.pool)) < 0)
        verdict(SILENT, strerror(-rc), rc);
    for (uint32_t task = 0; task < TASKS; task++)
        if (atomic_load(&shared->reported[task]) != 1)
            verdict(LOST, "never reported", task);
    if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
        verdict(SILENT, "children are left", 0);
    const uint32_t failed = atomic_load(&shared->failed), most = atomic_load(&shared->strikes) * of->threads;
    verdict(failed > most ? SILENT : GOOD, "more failed than were killed", failed);
}

/* ---- who strikes ---- */

static uint64_t drawn;
static uint64_t draw(uint64_t below)
{
    static uint64_t count;
    return mix64(drawn, count++) % below;
}

/* As the kernel says it ('S': sleeps); 0: it has ended. */
static char state_of(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    const char *end = file && fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
    if (file)
        fclose(file);
    return end && end[1] && end[2] != 'Z' && end[2] != 'X' ? end[2] : '\0';
}

/* Those that live. */
static unsigned children_of(pid_t pid, pid_t *children)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *file = fopen(path, "re");
    while (file && count < CHILDREN_MOST && fscanf(file, "%d", &children[count]) == 1)
        count += state_of(children[count]) != '\0';
    if (file)
        fclose(file);
    return count;
}

/* One of the pool's processes, or of their children: forkers have tasks' processes. 0: there is none just now. */
static pid_t process_choose(pid_t submitter, unsigned spared)
{
    pid_t children[CHILDREN_MOST], below[CHILDREN_MOST];
    unsigned count = children_of(submitter, children);
    if (count <= spared)
        return 0;
    pid_t chosen = children[draw(count)];
    unsigned more = draw(3) ? 0 : children_of(chosen, below);
    return more ? below[draw(more)] : chosen;
}

static struct tally {
    unsigned rounds, kills, submitters, generations, stops, in_waits, by_stage[STAGES], verdicts[VERDICTS];
} tally;

/* Stops it, in a wait if it comes to one soon, and lets it go on. */
static void stop_for_a_while(pid_t pid)
{
    for (unsigned i = 0; i < 20 && state_of(pid > 0 ? pid : -pid) != 'S'; i++)
        sched_yield();
    tally.in_waits += state_of(pid > 0 ? pid : -pid) == 'S';
    if (kill(pid, SIGSTOP) < 0)
        return;
    tally.stops++;
    usleep((useconds_t)draw(2000));
    kill(pid, SIGCONT);
}

static void end(pid_t pid)
{
    atomic_fetch_add(&shared->strikes, 1); /* before: its report may be quicker */
    tally.kills += kill(pid, SIGKILL) == 0;
}

/* Or the same would be taken for one more. */
static void await_end(pid_t pid)
{
    while (state_of(pid))
        sched_yield();
}

/* All of them at once, and their successors as soon as they are there, and theirs. */
static void generations_end(const struct victim_pool *of, pid_t submitter)
{
    const unsigned generations = 1 + (unsigned)draw(GENERATIONS), spared = of->ends ? 2 : 0;
    for (unsigned gone = 0, looks = 0; gone < generations && looks < GENERATION_LOOKS; looks++) {
        pid_t children[CHILDREN_MOST];
        const unsigned count = children_of(submitter, children);
        for (unsigned i = spared; i < count; i++)
            end(children[i]);
        for (unsigned i = spared; i < count; i++)
            await_end(children[i]);
        gone += count > spared;
    }
    tally.generations++;
}

static bool stopped_all; /* in this round */

/* True: it was the submitter that was killed. */
static bool strike(const struct victim_pool *of, pid_t submitter)
{
    const unsigned what = (unsigned)draw(16);
    if (what == 0) {
        kill(submitter, SIGKILL);
        tally.kills++, tally.submitters++;
        return true;
    }
    if (what < 4) {
        stopped_all |= what == 1;
        stop_for_a_while(what == 1 ? -submitter : submitter);
        return false;
    }
    if (what < 6) {
        generations_end(of, submitter);
        return false;
    }
    pid_t pid = process_choose(submitter, of->ends ? 2 : 0);
    if (!pid || what < 9) {
        if (pid)
            stop_for_a_while(pid);
        return false;
    }
    end(pid);
    await_end(pid);
    return false;
}

/* Who they are, and in which state. */
static void children_say(const struct victim_pool *of, pid_t parent)
{
    pid_t children[CHILDREN_MOST];
    for (unsigned count = children_of(parent, children); count; count--) {
        char path[64], line[64] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", children[count - 1]);
        FILE *file = fopen(path, "re");
        const char *text = file ? fgets(line, sizeof line, file) : NULL;
        fprintf(stderr, "%s: %.40s\n", of->name, text ? text : "");
        if (file)
            fclose(file);
    }
}

/* Until the process has ended, or nothing was reported for too long; strikes meanwhile. */
static enum verdict round_watch(const struct victim_pool *of, pid_t pid)
{
    const enum stage from = (enum stage)draw(STAGES);
    unsigned strikes = 1 + (unsigned)draw(STRIKES_MOST);
    uint64_t since = clock_monotonic_ns();
    uint32_t seen = 0;
    bool killed = false;
    for (int status; waitpid(pid, &status, WNOHANG) == 0;) {
        if (stopped_all)
            kill(-pid, SIGCONT);
        const uint32_t moved = atomic_load(&shared->back) + atomic_load(&shared->stage);
        since = moved != seen ? clock_monotonic_ns() : since;
        seen = moved;
        if (clock_monotonic_ns() - since > HANG_NS) {
            fprintf(stderr, "%s: %u are back, %s, %u in flight at most\n", of->name, atomic_load(&shared->back),
                    stage_names[atomic_load(&shared->stage)], shared->depth);
            children_say(of, pid);
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return HUNG;
        }
        const enum stage stage = (enum stage)atomic_load(&shared->stage);
        if (strikes && !killed && stage >= from) {
            for (uint64_t i = draw(30); i; i--)
                sched_yield();
            tally.by_stage[atomic_load(&shared->stage)]++;
            strikes--;
            killed = strike(of, pid);
        } else if (!strikes) {
            usleep(200);
        }
    }
    return killed ? GOOD : (enum verdict)atomic_load(&shared->verdict);
}

/* We are the subreaper of all that is left: with the pool, or the submitter, gone nothing may live. */
static bool all_end(pid_t group)
{
    for (uint64_t since = clock_monotonic_ns(); clock_monotonic_ns() - since < HANG_NS; usleep(100)) {
        pid_t ended;
        if (stopped_all)
            kill(-group, SIGCONT);
        while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (ended < 0)
            return true;
    }
    return false;
}

static enum verdict round_run(const struct victim_pool *of)
{
    static const uint32_t depths[] = {1, WORKERS, TASKS};
    memset(shared, 0, sizeof *shared);
    atomic_store(&shared->verdict, SILENT); /* should it end in another way */
    shared->depth = depths[draw(sizeof depths / sizeof *depths)];
    shared->most = draw(2) ? 1 : MOST;
    stopped_all = false;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        submitter(of);
    enum verdict found = round_watch(of, pid);
    if (!all_end(pid)) {
        fprintf(stderr, "%s: processes are left behind\n", of->name);
        children_say(of, getpid());
        found = SILENT;
    }
    return found;
}

static void nothing_is_lost(void **state)
{
    (void)state;
    const char *asked = getenv("KILLS"), *only = getenv("POOL");
    const unsigned kills = asked && atoi(asked) > 0 ? (unsigned)atoi(asked) : KILLS_SHORT;
    const size_t count = sizeof pools / sizeof *pools;
    drawn = sample_seed();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    while (tally.kills < kills || tally.rounds < count) {
        const struct victim_pool *of = &pools[tally.rounds++ % count];
        if (only && *only && strcmp(only, of->name) != 0)
            continue;
        const enum verdict found = round_run(of);
        tally.verdicts[found]++;
        if (found > TOLD)
            fprintf(stderr, "%s, seed %llu, round %u\n", of->name, (unsigned long long)drawn, tally.rounds);
        test_progress();
    }
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    printf("\n%u rounds of %zu pools: %u kills (%u of submitters, %u times all at once), %u stops (%u in a wait), seed "
           "%llu\n",
           tally.rounds, count, tally.kills, tally.submitters, tally.generations, tally.stops, tally.in_waits,
           (unsigned long long)drawn);
    for (unsigned i = 0; i < STAGES; i++)
        printf("%s %u%s", stage_names[i], tally.by_stage[i], i + 1 < STAGES ? ", " : " strikes\n");
    printf("%u ended with an error that says so; lost %u, doubled %u, hung %u, silent %u\n", tally.verdicts[TOLD],
           tally.verdicts[LOST], tally.verdicts[DOUBLED], tally.verdicts[HUNG], tally.verdicts[SILENT]);
    assert_int_equal(tally.verdicts[LOST] + tally.verdicts[DOUBLED] + tally.verdicts[HUNG] + tally.verdicts[SILENT], 0);
    munmap(shared, sizeof *shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
