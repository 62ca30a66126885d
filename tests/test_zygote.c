/* Pool zygote: what a forker that is killed takes with it, and a child of it; the limit of a task. */
/* sanitizers: address undefined (ThreadSanitizer holds SIGCHLD back and adds a thread of its own) */
#include "pools/parts/clock.h"
#include "pools/parts/task_run.h"
#include "tests/pool_bench.h"
#include "tests/sample.h"
#include "tests/skip.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum { WORKERS = 3, TASKS = 6, ROUNDS_MOST = 50 };

/* Reaps all tasks, at most one of which has that status and code, and no other a status but ok. Returns how many have:
 * none where the task was done before it was struck, as on a machine that does much else. */
static unsigned reap_all(struct bench *bench, enum task_status status, int code)
{
    struct done done[TASKS];
    unsigned ok = 0, lost = 0;
    while (ok + lost < TASKS) {
        int rc = bench->ops->reap(bench->pool, done, 1, TASKS, FOREVER);
        if (rc <= 0)
            fail_msg("reap: %s", strerror(-rc));
        for (int i = 0; i < rc; i++) {
            ok += done[i].status == TASK_OK;
            if (done[i].status == TASK_OK)
                continue;
            assert_int_equal(done[i].status, status);
            assert_int_equal(done[i].code, code);
            lost++;
        }
    }
    assert_in_range(lost, 0, 1);
    return lost;
}

/* A forker or its child: only the task that it is on fails, and the pool has as many workers as before. */
static void a_killed_process_is_one_task(void **state)
{
    (void)state;
    for (int child = 0; child < 2; child++) {
        struct traces before = traces();
        struct bench bench;
        struct usage usage;
        bench_init(&bench, pool_find("zygote"), workload_find("sleep"), (struct cost){200000000, 0}, WORKERS);
        bench_open(&bench);
        const volatile uint64_t *pids = pids_of(&bench);
        uint32_t rounds = 0;
        for (unsigned lost = 0; lost < 3; rounds++) {
            pid_t pid = 0;
            assert_in_range(rounds, 0, ROUNDS_MOST);
            submit_all(&bench, rounds * TASKS, TASKS);
            while (!pid) {
                pid = child ? (pid_t)pids[0] : find_child("pb-worker-0");
                pid = pids[0] ? pid : 0; /* while it is on a task */
                sched_yield();
            }
            kill(pid, SIGKILL);
            lost += reap_all(&bench, TASK_SIGNALLED, SIGKILL);
        }
        assert_int_equal(bench.ops->usage(bench.pool, true, &usage), 0);
        assert_int_equal(usage.workers_lost, child ? 0 : rounds);
        submit_all(&bench, ROUNDS_MOST * TASKS + TASKS, 64);
        for (unsigned i = 0; i < 500 && !(pids[0] && pids[1] && pids[2]); i++)
            usleep(1000);
        assert_true(pids[0] && pids[1] && pids[2]);
        bench_close(&bench);
        assert_no_new_traces(before);
    }
}

/* When all forkers and the spawner are gone, the pool says so instead of waiting for ever. */
static void nobody_left_is_an_error(void **state)
{
    (void)state;
    struct traces before = traces();
    struct bench bench;
    struct done done[TASKS];
    int rc = 0;
    bench_init(&bench, pool_find("zygote"), workload_find("sleep"), (struct cost){60000000000, 0}, WORKERS);
    bench_open(&bench);
    const volatile uint64_t *pids = pids_of(&bench);
    submit_all(&bench, 0, TASKS);
    while (!(pids[0] && pids[1] && pids[2])) /* all are on a task, so that nobody makes another spawner */
        sched_yield();
    assert_int_equal(kill_child("pb-spawner"), 0);
    for (unsigned got = 0; rc >= 0 && got < TASKS; got += (unsigned)rc) {
        pid_t forker = find_child("pb-worker-");
        if (forker)
            kill(forker, SIGKILL);
        rc = bench.ops->reap(bench.pool, done, 1, TASKS, FOREVER);
        for (int i = 0; i < rc; i++)
            assert_true(done[i].status == TASK_OK || done[i].status == TASK_SIGNALLED);
    }
    assert_int_equal(rc, -EOWNERDEAD);
    bench_close(&bench);
    assert_no_new_traces(before);
}

/* Spawner and forkers that end between early and open, in every combination. */
static void who_dies_before_open_is_replaced(void **state)
{
    (void)state;
    enum { PROCESSES = WORKERS + 1, NOBODY_LEFT = (1 << PROCESSES) - 1 };
    static const char *const names[PROCESSES] = {"pb-spawner", "pb-worker-0", "pb-worker-1", "pb-worker-2"};
    for (unsigned dead = 1; dead <= NOBODY_LEFT; dead++) {
        struct bench bench;
        struct usage usage;
        struct done done[TASKS];
        bench_init(&bench, pool_find("zygote"), workload_find("empty"), (struct cost){0, 0}, WORKERS);
        struct traces before = traces();
        assert_int_equal(bench.ops->early(&bench.config), 0);
        for (unsigned i = 0; i < PROCESSES; i++) {
            pid_t pid = 0;
            while (dead & 1u << i && !(pid = find_child(names[i])))
                usleep(1000); /* each names itself */
            if (pid)
                assert_int_equal(kill(pid, SIGKILL), 0);
        }
        int rc = bench.ops->open(&bench.config, &bench.job, &bench.pool);
        assert_int_equal(rc, dead == NOBODY_LEFT ? -EOWNERDEAD : 0);
        if (rc == 0) {
            submit_all(&bench, 0, TASKS);
            for (unsigned back = 0; back < TASKS; back += (unsigned)rc) {
                rc = bench.ops->reap(bench.pool, done, 1, TASKS, FOREVER);
                if (rc <= 0)
                    fail_msg("reap: %s", strerror(-rc));
                for (int i = 0; i < rc; i++)
                    assert_int_equal(done[i].status, TASK_OK);
            }
            assert_int_equal(bench.ops->usage(bench.pool, true, &usage), 0);
            assert_int_equal(usage.workers_lost, __builtin_popcount(dead >> 1));
            bench.ops->close(bench.pool);
        }
        assert_no_new_traces(before);
    }
}

static void a_task_over_the_limit_is_ended(void **state)
{
    (void)state;
    struct bench bench;
    struct done done[4];
    unsigned got = 0;
    bench_init(&bench, pool_find("zygote"), workload_find("sleep"), (struct cost){60000000000, 0}, WORKERS);
    bench.config.task_limit_ns = (uint64_t)fmax(20e6, 100e3 * sample_process_us());
    bench_open(&bench);
    submit_all(&bench, 0, 4);
    while (got < 4) {
        int rc = bench.ops->reap(bench.pool, done, 1, 4, FOREVER);
        if (rc <= 0)
            fail_msg("reap: %s", strerror(-rc));
        for (int i = 0; i < rc; i++) {
            assert_int_equal(done[i].status, TASK_TIMEOUT);
            assert_int_equal(done[i].code, SIGKILL);
        }
        got += (unsigned)rc;
    }
    bench_close(&bench);
}

static int setup(void **state)
{
    (void)state;
    clock_choose(20000000);
    return 0;
}

static int long_or_short_run(void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    *result = task->index;
    if (task->index == 1)
        usleep(500000);
    return 0;
}

/* Kills the forkers that have nothing to do, as soon as that is all but one of them. */
static void *kill_the_idle(void *pids_at)
{
    const volatile uint64_t *pids = pids_at;
    usleep(200000);
    for (unsigned i = 0; i < WORKERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "pb-worker-%u", i);
        pid_t forker = pids[i] ? 0 : find_child(name);
        if (forker)
            kill(forker, SIGKILL);
    }
    return NULL;
}

/* A reap that waits for more has a task already, and its forker dies then: the task stays what it was, reported once.
 */
static void who_dies_after_its_task_takes_nothing(void **state)
{
    (void)state;
    static const struct workload_ops long_or_short = {.name = "long-or-short", .run = long_or_short_run};
    struct traces before = traces();
    struct bench bench;
    struct done done[TASKS];
    struct usage usage;
    pthread_t killer;
    unsigned reported[2] = {0};
    bench_init(&bench, pool_find("zygote"), &long_or_short, (struct cost){1000, 0}, WORKERS);
    bench_open(&bench);
    submit_all(&bench, 0, 2);
    usleep(100000); /* the short one is back */
    assert_int_equal(pthread_create(&killer, NULL, kill_the_idle, (void *)(uintptr_t)pids_of(&bench)), 0);
    for (int got = 0; got < 2;) {
        int rc = bench.ops->reap(bench.pool, done, 2, TASKS, FOREVER);
        if (rc <= 0)
            fail_msg("reap: %s", strerror(-rc));
        for (int i = 0; i < rc; i++) {
            assert_int_equal(done[i].status, TASK_OK);
            reported[done[i].task]++;
        }
        got += rc;
    }
    assert_int_equal(pthread_join(killer, NULL), 0);
    assert_int_equal(reported[0], 1);
    assert_int_equal(reported[1], 1);
    assert_int_equal(bench.ops->reap(bench.pool, done, 1, TASKS, 0), 0);
    assert_int_equal(bench.ops->usage(bench.pool, false, &usage), 0);
    assert_true(usage.workers_lost >= 1);
    bench_close(&bench);
    assert_no_new_traces(before);
}

/* The submitter hears of a death, and writes to no descriptor but its own. */
static void a_death_writes_nothing_to_standard_input(void **state)
{
    (void)state;
    struct bench bench;
    int ends[2], saved = dup(STDIN_FILENO), written = -1;
    assert_true(saved >= 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDIN_FILENO), STDIN_FILENO);
    bench_init(&bench, pool_find("zygote"), workload_find("sleep"), (struct cost){20000000, 0}, WORKERS);
    bench_open(&bench);
    submit_all(&bench, 0, TASKS);
    assert_int_equal(kill_child("pb-worker-0"), 0);
    reap_all(&bench, TASK_SIGNALLED, SIGKILL);
    bench_close(&bench);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(ioctl(ends[0], FIONREAD, &written), 0);
    assert_int_equal(written, 0);
    close(saved);
    close(ends[0]);
    close(ends[1]);
}

/* ---- every task once, whatever becomes of the forkers ---- */

enum { MANY = 40, DEATHS = 12 }; /* more than there are slots */

static unsigned count_standing(void)
{
    unsigned count = 0;
    find_standing("pb-", &count);
    return count;
}

static bool three_stand(void)
{
    return count_standing() >= 3;
}

static bool all_stand(void)
{
    bool stand = find_standing("pb-spawner", NULL) != 0;
    for (unsigned worker = 0; worker < WORKERS && stand; worker++) {
        char name[16];
        snprintf(name, sizeof name, "pb-worker-%u", worker);
        stand = find_standing(name, NULL) != 0;
    }
    return stand;
}

static void strike(pid_t pid, int signal_number)
{
    assert_int_equal(kill(pid, signal_number), 0);
    while (signal_number == SIGSTOP && stands(pid)) /* it takes a moment */
        usleep(100);
}

/* Takes back all of MANY tasks and strikes a process whenever there is one to be struck; none is told twice. Returns
 * how many did not end well. */
static unsigned all_come_back(struct bench *bench, pid_t (*choose)(const struct bench *bench), int signal_number,
                              unsigned strikes)
{
    bool seen[MANY] = {false};
    uint32_t next = 0, back = 0;
    unsigned bad = 0;
    while (back < MANY) {
        struct done done[8];
        uint32_t taken = 1;
        while (next < MANY && taken) {
            int rc = bench->ops->submit(bench->pool, &next, 1);
            assert_in_range(rc, 0, 1);
            next += taken = (uint32_t)rc;
        }
        /* one that goes on is enough; who stops that, too, leaves nobody to make others */
        pid_t pid = strikes && (signal_number != SIGSTOP || count_standing() > 1) ? choose(bench) : 0;
        if (pid) {
            strike(pid, signal_number);
            strikes--;
        }
        int got = bench->ops->reap(bench->pool, done, 1, 8, FOREVER);
        assert_true(got > 0);
        for (int i = 0; i < got; i++) {
            assert_in_range(done[i].task, 0, MANY - 1);
            assert_false(seen[done[i].task]);
            seen[done[i].task] = true;
            bad += done[i].status != TASK_OK;
            if (done[i].status == TASK_OK && done[i].out)
                assert_true(task_output_check(done[i].out, bench->job.out_bytes, done[i].result));
        }
        back += (uint32_t)got;
    }
    return bad;
}

static pid_t any_forker(const struct bench *bench)
{
    (void)bench;
    return find_standing("pb-worker-", NULL);
}

static pid_t busy_forker(const struct bench *bench)
{
    const volatile uint64_t *pids = pids_of(bench);
    for (unsigned i = 0; i < WORKERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "pb-worker-%u", i);
        const pid_t forker = pids[i] ? find_standing(name, NULL) : 0;
        if (forker)
            return forker;
    }
    return 0;
}

static pid_t spawner(const struct bench *bench)
{
    (void)bench;
    return find_standing("pb-spawner", NULL);
}

/* The spawner first, then the forkers. */
static pid_t whoever(const struct bench *bench)
{
    (void)bench;
    return find_standing("pb-", NULL);
}

/* Where there are few slots, each of which a dead forker has held. */
static void what_the_dead_held_is_used_again(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, pool_find("zygote"), workload_find("sleep"), (struct cost){5000000, 0}, WORKERS);
    bench.job.out_bytes = 32 << 20;
    bench_open(&bench);
    assert_in_range(all_come_back(&bench, busy_forker, SIGKILL, DEATHS), 0, DEATHS);
    bench_close(&bench);
}

/* Looks after the pool, as nothing is in flight. */
static void await(struct bench *bench, bool (*is_so)(void))
{
    for (unsigned looks = 0; !is_so(); looks++) {
        struct done done;
        assert_in_range(looks, 0, 60000);
        assert_int_equal(bench->ops->reap(bench->pool, &done, 1, 1, 0), 0);
        usleep(1000);
    }
}

/* As long as one of spawner and forkers goes on, whoever stands still is replaced, and every task comes back. */
static void who_stands_still_is_replaced(void **state)
{
    (void)state;
    static pid_t (*const chosen[])(const struct bench *bench) = {any_forker, busy_forker, spawner, whoever};
    for (unsigned i = 0; i < sizeof chosen / sizeof *chosen; i++) {
        struct bench bench;
        struct usage usage;
        bench_init(&bench, pool_find("zygote"), workload_find("sleep"), (struct cost){2000000, 0}, WORKERS);
        bench.config.task_limit_ns = (uint64_t)fmax(100e6, 300e3 * sample_process_us());
        bench_open(&bench);
        assert_in_range(all_come_back(&bench, chosen[i], SIGSTOP, 4), 0, 4);
        /* nobody is on a task; of those that stand two are struck, and may be all that were replaced so far */
        for (unsigned round = 0; round < 2; round++) {
            await(&bench, three_stand);
            const pid_t forker = any_forker(&bench), its_spawner = spawner(&bench);
            if (forker)
                strike(forker, SIGSTOP);
            if (its_spawner)
                strike(its_spawner, round ? SIGKILL : SIGSTOP);
            submit_all(&bench, MANY + round * TASKS, TASKS);
            assert_int_equal(reap_all(&bench, TASK_TIMEOUT, SIGKILL), 0);
            assert_int_equal(bench.ops->usage(bench.pool, false, &usage), 0);
        }
        bench_close(&bench);
    }
}

/* Killed again and again, while the pool works and while it does not. */
static void the_spawner_is_made_anew(void **state)
{
    (void)state;
    struct bench bench;
    struct usage usage;
    bench_init(&bench, pool_find("zygote"), workload_find("sleep"), (struct cost){2000000, 0}, WORKERS);
    bench_open(&bench);
    assert_int_equal(all_come_back(&bench, spawner, SIGKILL, DEATHS), 0);
    for (unsigned i = 0; i < DEATHS; i++) {
        pid_t pid = spawner(&bench);
        if (pid)
            kill(pid, SIGKILL);
        submit_all(&bench, MANY + i * TASKS, TASKS);
        pid = any_forker(&bench);
        if (pid)
            kill(pid, SIGKILL);
        reap_all(&bench, TASK_SIGNALLED, SIGKILL);
        await(&bench, all_stand); /* who kills faster than processes are made leaves nobody to make others */
    }
    assert_int_equal(bench.ops->usage(bench.pool, false, &usage), 0);
    assert_int_equal(usage.workers_lost, DEATHS);
    bench_close(&bench);
}

/* In a child that is a user of its own, who may have `room` processes beside submitter, spawner and forkers. */
static void where_processes_are_short(unsigned room)
{
    struct bench bench;
    struct done done;
    uid_t nobody = 3000000 + (uid_t)getpid() % 1000000;
    rlim_t most = 2 + WORKERS + room;
    struct rlimit limit = {most, most};
    bench_init(&bench, pool_find("zygote"), workload_find("sleep"), (struct cost){5000000, 0}, WORKERS);
    if (setuid(nobody) < 0 || setrlimit(RLIMIT_NPROC, &limit) < 0)
        _exit(77);
    bench_open(&bench);
    int rc = 0;
    if (room)
        rc = all_come_back(&bench, spawner, 0, 0) ? -EIO : 0;
    else {
        submit_all(&bench, 0, 1);
        rc = bench.ops->reap(bench.pool, &done, 1, 1, FOREVER) == -EAGAIN ? 0 : -EIO;
    }
    bench_close(&bench);
    _exit(rc < 0);
}

/* A task waits until there is room for its process; where there never is, the pool ends with the reason. */
static void processes_that_are_refused_are_tried_again(void **state)
{
    (void)state;
    for (unsigned room = 0; room < 3; room++) {
        int status;
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            where_processes_are_short(room);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
            skip_because("processes that are refused", "not root: the limit cannot be set for another user");
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_dead_held_is_used_again),
        cmocka_unit_test(who_stands_still_is_replaced),
        cmocka_unit_test(the_spawner_is_made_anew),
        cmocka_unit_test(processes_that_are_refused_are_tried_again),
        cmocka_unit_test(a_killed_process_is_one_task),
        cmocka_unit_test(nobody_left_is_an_error),
        cmocka_unit_test(who_dies_before_open_is_replaced),
        cmocka_unit_test(a_task_over_the_limit_is_ended),
        cmocka_unit_test(who_dies_after_its_task_takes_nothing),
        cmocka_unit_test(a_death_writes_nothing_to_standard_input),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
