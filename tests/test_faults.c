/* Failures on purpose: the same tasks fail under every pool; each kind ends as docs/RESULTS.md says, whoever runs it;
 * and whatever a task does, nothing is left behind. */
/* sanitizers: address (workers die by signals here, which ThreadSanitizer holds back) */
#include "pools/parts/clock.h"
#include "pools/parts/faults.h"
#include "tests/sample.h"
#include "tests/scratch.h"
#include "tests/trials.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define SEED          42          /* of tests/trials.c */
#define TASK_LIMIT_NS 1000000000u /* long beside a task of ours, also where others are at work */
#define STUCK_NS      2500000000u /* a trial that will not end by itself */
#define LIMIT_NS      150000000000u

enum { TASKS = 60, FAULTY = 7 };

static const struct cost cost = {100000, 30000};

static struct faults one(enum fault_kind kind, int64_t task, uint32_t rate_ppm)
{
    return (struct faults){1, {{.kind = kind, .rate_ppm = rate_ppm, .task = task}}};
}

/* ---- which ---- */

static void shares(void **state)
{
    (void)state;
    const uint32_t tasks = 100000;
    struct faults faults = one(FAULT_SEGV, 3, 20000);
    unsigned hit = 0, other_seed = 0;
    for (uint32_t i = 0; i < tasks; i++) {
        enum fault_kind kind = fault_find(&faults, SEED, i);
        assert_true(kind == FAULT_NONE || kind == FAULT_SEGV);
        hit += kind != FAULT_NONE;
        other_seed += kind != fault_find(&faults, SEED + 1, i);
    }
    assert_in_range(hit, 1800, 2200);
    assert_true(other_seed > 3000); /* of two draws of 2 % each, nearly all differ */
    assert_int_equal(fault_find(&faults, SEED, 3), FAULT_SEGV);
    assert_int_equal(fault_find(&faults, SEED, TASK_WARMUP_FIRST + 3), FAULT_NONE);
}

static void kinds_share_one_draw(void **state)
{
    (void)state;
    struct faults segv = one(FAULT_SEGV, FAULT_NO_TASK, 30000), hang = one(FAULT_HANG, FAULT_NO_TASK, 30000);
    struct faults both = {2, {segv.fault[0], {FAULT_EXIT, 20000, 11}}};
    unsigned exits = 0;
    for (uint32_t i = 0; i < 50000; i++) {
        enum fault_kind alone = fault_find(&segv, SEED, i), kind = fault_find(&both, SEED, i);
        assert_int_equal(alone == FAULT_SEGV, fault_find(&hang, SEED, i) == FAULT_HANG);
        if (i == 11)
            assert_int_equal(kind, FAULT_EXIT);
        else if (alone)
            assert_int_equal(kind, FAULT_SEGV);
        exits += kind == FAULT_EXIT;
    }
    assert_in_range(exits, 800, 1200);
}

static void the_same_tasks_under_every_pool(void **state)
{
    (void)state;
    for (const struct pool_ops *const *p = pool_table; *p; p++) {
        struct cell cell;
        if (!can_run(*p))
            continue;
        cell_init(&cell, (*p)->name, "spin", 2, 300);
        cell.faults = one(FAULT_ERROR, 5, 100000);
        struct ran ran = run(&cell, &cost, 1);
        assert_int_equal(ran.parts.report->stage, STAGE_DONE);
        assert_int_equal(ran.parts.report->samples_count, 300);
        for (unsigned i = 0; i < 300; i++) {
            const struct sample *s = &ran.parts.samples[i];
            bool asked_for = fault_find(&cell.faults, SEED, s->task) != FAULT_NONE;
            assert_int_equal(s->status, asked_for ? TASK_ERROR : TASK_OK);
        }
    }
}

/* ---- how ---- */

static const struct ending {
    enum fault_kind kind;
    enum task_status status; /* where a worker is a process */
    int code, signal;        /* what ends that process: a signal, else 0 */
} endings[] = {
    {FAULT_ERROR, TASK_ERROR, EIO, 0},
    {FAULT_EXIT, TASK_EXITED, FAULT_EXIT_STATUS, 0},
    {FAULT_ABORT, TASK_SIGNALLED, SIGABRT, SIGABRT},
    {FAULT_SEGV, TASK_SIGNALLED, SIGSEGV, SIGSEGV},
    {FAULT_STACK, TASK_SIGNALLED, SIGSEGV, SIGSEGV},
    {FAULT_KILL, TASK_SIGNALLED, SIGKILL, SIGKILL},
    {FAULT_OOM, TASK_SIGNALLED, SIGKILL, SIGKILL},
    {FAULT_STOP, TASK_TIMEOUT, SIGKILL, 0},
    {FAULT_HANG, TASK_TIMEOUT, SIGKILL, 0},
    {FAULT_FDLEAK, TASK_ERROR, EMFILE, 0},
    {FAULT_WRONG, TASK_WRONG, -1, 0},
};

/* The one task has failed as it must, all others are well. */
static void assert_one_failed(const struct ran *ran, const struct cell *cell, const struct ending *ending)
{
    const struct trial_report *report = ran->parts.report;
    const char *kind = fault_kinds[ending->kind].name;
    if (report->stage != STAGE_DONE || ran->outcome.wait_status != 0)
        fail_msg("%s, %s: stage %u, status %x: %s", cell->pool->name, kind, report->stage, ran->outcome.wait_status,
                 report->reason);
    assert_false(ran->outcome.left_processes);
    assert_int_equal(report->tasks_ok, TASKS - 1);
    assert_int_equal(report->tasks_failed, 1);
    assert_int_equal(report->tasks_by[ending->status], 1);
    assert_int_equal(report->samples_count, TASKS);
    uint64_t seen = 0, sum = 0;
    for (unsigned i = 0; i < TASKS; i++) {
        const struct sample *s = &ran->parts.samples[i];
        assert_in_range(s->task, 0, TASKS - 1);
        assert_false(seen >> s->task & 1);
        seen |= 1ull << s->task;
        if (s->task == FAULTY) {
            assert_int_equal(s->status, ending->status);
            if (ending->code >= 0)
                assert_int_equal(s->code, ending->code);
            continue;
        }
        assert_int_equal(s->status, TASK_OK);
        sum += mix64(s->task, s->result);
    }
    assert_true(report->result_sum == sum);
}

/* The trial has ended with the task; what was reported before is there. */
static void assert_trial_ended(const struct ran *ran, const struct cell *cell, const struct ending *ending)
{
    const struct trial_report *report = ran->parts.report;
    const char *kind = fault_kinds[ending->kind].name;
    int status = ran->outcome.wait_status;
    if (ending->status == TASK_TIMEOUT) { /* at its own limit, or at the trial's */
        if (!ran->outcome.timed_out && report->error != ETIME)
            fail_msg("%s, %s: it ended with %x: %s", cell->pool->name, kind, status, report->reason);
    } else if (ending->signal ? !WIFSIGNALED(status) || WTERMSIG(status) != ending->signal
                              : !WIFEXITED(status) || WEXITSTATUS(status) != ending->code) {
        fail_msg("%s, %s: it ended with %x: %s", cell->pool->name, kind, status, report->reason);
    }
    assert_false(ran->outcome.left_processes);
    assert_int_equal(report->stage, STAGE_RUN);
    assert_int_equal(report->samples_count, report->tasks_ok);
    assert_int_equal(report->tasks_failed, 0);
    assert_true(report->tasks_ok < TASKS);
    for (unsigned i = 0; i < report->samples_count; i++) {
        assert_int_equal(ran->parts.samples[i].status, TASK_OK);
        assert_int_not_equal(ran->parts.samples[i].task, FAULTY);
    }
}

/* Looking for leaks of memory takes descriptors: then a leak of all of them cannot be had in the trial itself. */
static bool ending_can_be(const struct pool_ops *pool, const struct ending *ending)
{
    static const int64_t none[PARAM_MAX];
    struct pool_shape shape;
    assert_null(pool->shape(2, none, &shape));
    return can_run(pool) && !(SANITIZED && ending->kind == FAULT_FDLEAK && !shape.processes);
}

static void every_kind_under_every_pool(void **state)
{
    (void)state;
    enum { ENDINGS = sizeof endings / sizeof *endings };
    struct matrix_sample sample;
    size_t cells = 0;
    for (const struct pool_ops *const *p = pool_table; *p; p++)
        for (size_t e = 0; e < ENDINGS; e++)
            cells += ending_can_be(*p, &endings[e]);
    sample_begin(&sample, "kinds of failure under pools", cells, 4, 20);
    for (const struct pool_ops *const *p = pool_table; *p; p++)
        for (size_t e = 0; e < ENDINGS; e++) {
            const struct ending *ending = &endings[e];
            struct cell cell;
            if (!ending_can_be(*p, ending) || !sample_next(&sample))
                continue;
            cell_init(&cell, (*p)->name, "spin", 2, TASKS);
            cell.faults = one(ending->kind, FAULTY, 0);
            cell.task_limit_ns = ending->status == TASK_TIMEOUT ? TASK_LIMIT_NS : 0;
            assert_null(cell.pool->shape(2, cell.pool_params, &cell.shape));
            bool stuck = ending->status == TASK_TIMEOUT && !cell.shape.processes;
            struct ran ran = run_limited(&cell, &cost, 1, stuck ? STUCK_NS : LIMIT_NS);
            if (cell.shape.processes || !fault_kinds[ending->kind].fatal)
                assert_one_failed(&ran, &cell, ending);
            else
                assert_trial_ended(&ran, &cell, ending);
            assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* the guard lives, and is the only child */
        }
    sample_end(&sample);
}

/* A wrong output is found when it is reaped, a wrong result by the checks afterwards; of workloads that can tell a
 * result without the work, and of those that must do it again. */
static void wrong_results_are_found(void **state)
{
    (void)state;
    static const char *const workloads[] = {"spin", "primes", "sleep"};
    for (unsigned w = 0; w < 3; w++)
        for (unsigned bytes = 0; bytes <= 100; bytes += 100) {
            struct cost small = {1000, 50};
            struct cell cell;
            cell_init(&cell, "pthread", workloads[w], 2, 500);
            cell.faults = one(FAULT_WRONG, 0, 200000);
            cell.f.payload.in = cell.f.payload.out = bytes;
            struct ran ran = run(&cell, &small, 1);
            unsigned asked_for = 0;
            for (uint32_t i = 0; i < 500; i++)
                asked_for += fault_find(&cell.faults, SEED, i) != FAULT_NONE;
            if (ran.parts.report->stage != STAGE_DONE)
                fail_msg("%s, %u bytes: %s", workloads[w], bytes, ran.parts.report->reason);
            assert_int_equal(ran.parts.report->tasks_by[TASK_WRONG], asked_for);
            assert_int_equal(ran.parts.report->tasks_ok, 500 - asked_for);
        }
}

/* No one can end a thread that hangs: the trial ends, at the limit of the task. */
static void a_thread_that_hangs_ends_the_trial(void **state)
{
    (void)state;
    static const char *const pools[] = {"static", "pthread"};
    for (unsigned p = 0; p < 2; p++) {
        struct cell cell;
        cell_init(&cell, pools[p], "spin", 2, TASKS);
        cell.faults = one(FAULT_HANG, FAULTY, 0);
        cell.task_limit_ns = TASK_LIMIT_NS;
        struct ran ran = run_limited(&cell, &cost, 1, LIMIT_NS);
        assert_false(ran.outcome.timed_out);
        assert_int_equal(ran.parts.report->error, ETIME);
        assert_int_equal(ran.parts.report->stage, STAGE_RUN);
        assert_int_not_equal(ran.parts.report->reason[0], '\0');
    }
}

/* hybrid: by the class of the task, its process goes down or the whole trial. */
static void by_class(void **state)
{
    (void)state;
    struct cell cell;
    cell_init(&cell, "hybrid", "sleep", 2, TASKS);
    cell.faults = one(FAULT_SEGV, FAULTY, 0);
    struct ran ran = run(&cell, &cost, 1);
    assert_true(WIFSIGNALED(ran.outcome.wait_status));
    cell_init(&cell, "hybrid", "spin", 2, TASKS);
    cell.faults = one(FAULT_SEGV, FAULTY, 0);
    ran = run(&cell, &cost, 1);
    assert_int_equal(ran.parts.report->stage, STAGE_DONE);
    assert_int_equal(ran.parts.report->tasks_failed, 1);
}

/* Threads of one process go down together: every task is reported once all the same, and only collateral ones fail that
 * were not to. */
static void nested_threads_go_down_together(void **state)
{
    (void)state;
    enum { ROUTE, NESTED = 1 };
    struct cell cell;
    cell_init(&cell, "hybrid", "spin", 4, 500);
    cell.pool_params[ROUTE] = NESTED;
    cell.faults = one(FAULT_SEGV, 5, 30000);
    struct ran ran = run(&cell, &cost, 1);
    if (ran.parts.report->stage != STAGE_DONE)
        fail_msg("%s", ran.parts.report->reason);
    assert_int_equal(ran.parts.report->samples_count, 500);
    char seen[500] = {0};
    for (unsigned i = 0; i < 500; i++) {
        const struct sample *s = &ran.parts.samples[i];
        bool asked_for = fault_find(&cell.faults, SEED, s->task) != FAULT_NONE;
        assert_false(seen[s->task]);
        seen[s->task] = 1;
        assert_true(s->status == TASK_COLLATERAL || s->status == (asked_for ? TASK_SIGNALLED : TASK_OK));
    }
    int64_t lost = ran.parts.report->usage.workers_lost;
    assert_true(lost > 0);
    assert_true(ran.parts.report->tasks_failed <= 2 * lost); /* threads of a process */
}

static unsigned children(void)
{
    char text[4096], path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (const char *c = text; *c; c++)
        count += *c == ' ';
    return count;
}

/* Of a task that starts processes of its own and hangs, nobody is left: here all of the trial is one. */
static void grandchildren_end_with_the_trial(void **state)
{
    (void)state;
    char script[SCRATCH_MAX], program[sizeof launcher.program];
    int fd = scratch_file(script);
    assert_true(fd >= 0);
    assert_true(dprintf(fd, "#!/bin/sh\n(sleep 300 & exec sleep 300) &\nexec sleep 300\n") > 0);
    assert_int_equal(fchmod(fd, 0700), 0);
    close(fd);
    memcpy(program, launcher.program, sizeof program);
    snprintf(launcher.program, sizeof launcher.program, "%s", script);
    struct cell cell;
    cell_init(&cell, "serial", "spin", 1, 1);
    struct ran ran = run_limited(&cell, &cost, 1, 300000000u);
    memcpy(launcher.program, program, sizeof program);
    unlink(script);
    assert_true(ran.outcome.timed_out);
    assert_int_equal(children(), 1); /* the guard */
}

/* Several kinds in one trial, with rates, so that workers die close to one another. */
static void many_failures(void **state)
{
    (void)state;
    const unsigned tasks = SANITIZED ? 100 : 500; /* a sanitizer says at length what a task died of */
    for (const struct pool_ops *const *p = pool_table; *p; p++) {
        struct cell cell;
        cell_init(&cell, (*p)->name, "spin", 3, tasks);
        assert_null(cell.pool->shape(3, cell.pool_params, &cell.shape));
        if (!can_run(*p) || !cell.shape.processes)
            continue; /* the first failure would be the end of the trial */
        cell.faults = (struct faults){4,
                                      {{FAULT_SEGV, 100000, FAULT_NO_TASK},
                                       {FAULT_EXIT, 100000, 0},
                                       {FAULT_ERROR, 100000, FAULT_NO_TASK},
                                       {FAULT_HANG, 0, tasks - 1}}};
        cell.task_limit_ns = 5ull * TASK_LIMIT_NS; /* of one task alone: the others may be slow */
        struct ran ran = run(&cell, &cost, 1);
        if (ran.parts.report->stage != STAGE_DONE)
            fail_msg("%s: %s", cell.pool->name, ran.parts.report->reason);
        static const enum task_status as[FAULT_KINDS] = {
            [FAULT_SEGV] = TASK_SIGNALLED,
            [FAULT_EXIT] = TASK_EXITED,
            [FAULT_ERROR] = TASK_ERROR,
            [FAULT_HANG] = TASK_TIMEOUT,
        };
        assert_int_equal(ran.parts.report->samples_count, tasks);
        for (unsigned i = 0; i < tasks; i++) {
            const struct sample *s = &ran.parts.samples[i];
            assert_int_equal(s->status, as[fault_find(&cell.faults, SEED, s->task)]);
        }
    }
}

/* ---- from outside ---- */

static _Atomic bool storm_over;

/* The children of a process whose names begin with `name`; how many. */
static unsigned children_called(pid_t pid, const char *name, pid_t *children, unsigned max)
{
    char path[64], comm[32];
    unsigned count = 0;
    pid_t child;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *list = fopen(path, "re");
    while (list && count < max && fscanf(list, "%d", &child) == 1) {
        snprintf(path, sizeof path, "/proc/%d/comm", child);
        FILE *file = fopen(path, "re");
        if (file && fgets(comm, sizeof comm, file) && !strncmp(comm, name, strlen(name)))
            children[count++] = child;
        if (file)
            fclose(file);
    }
    if (list)
        fclose(list);
    return count;
}

/* Kills a worker of our trial every 2 ms, from the first moment on; returns how many. */
static void *storm(void *arg)
{
    uintptr_t kills = 0;
    (void)arg;
    while (!atomic_load(&storm_over)) {
        pid_t guard, trial, workers[16];
        unsigned count = children_called(launcher.guard.pid, "pb-guard", &guard, 1);
        count = count ? children_called(guard, "pb-trial", &trial, 1) : 0;
        count = count ? children_called(trial, "pb-worker", workers, 16) : 0;
        if (count)
            kills += kill(workers[kills % count], SIGKILL) == 0;
        usleep(2000);
    }
    return (void *)kills;
}

/* Whenever the kills begin, in the warm-up too: every task is reported, and no more of them fail than kills have hit.
 */
static void workers_are_killed_from_the_first_moment(void **state)
{
    (void)state;
    static const struct {
        const char *pool;
        int64_t params[3];
        unsigned threads; /* that one kill hits */
    } pools[] = {{"fork", {0}, 1}, {"prefork", {0}, 1}, {"hybrid", {0}, 1}, {"hybrid", {1, 2, 2}, 2}};
    for (size_t p = 0; p < sizeof pools / sizeof *pools; p++) {
        struct cell cell;
        pthread_t killer;
        void *kills;
        uint32_t tasks = SANITIZED ? 300 : 1000, failed = 0;
        unsigned char seen[1000] = {0};
        cell_init(&cell, pools[p].pool, "spin", 4, tasks);
        memcpy(cell.pool_params, pools[p].params, sizeof pools[p].params);
        atomic_store(&storm_over, false);
        assert_int_equal(pthread_create(&killer, NULL, storm, NULL), 0);
        struct ran ran = run(&cell, &cost, 1);
        atomic_store(&storm_over, true);
        assert_int_equal(pthread_join(killer, &kills), 0);
        const struct trial_report *report = ran.parts.report;
        if (report->stage != STAGE_VERIFY && report->stage != STAGE_DONE)
            fail_msg("%s: stage %u, status %x: %s", pools[p].pool, report->stage, ran.outcome.wait_status,
                     report->reason);
        assert_false(ran.outcome.left_processes);
        assert_true((uintptr_t)kills > 0);
        assert_int_equal(report->samples_count, tasks);
        for (uint32_t i = 0; i < tasks; i++) {
            const struct sample *s = &ran.parts.samples[i];
            assert_int_equal(seen[s->task]++, 0);
            assert_true(s->status == TASK_OK || s->status == TASK_SIGNALLED);
            failed += s->status != TASK_OK;
        }
        assert_int_equal(report->tasks_failed, failed);
        assert_true(failed <= (uintptr_t)kills * pools[p].threads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares),
        cmocka_unit_test(kinds_share_one_draw),
        cmocka_unit_test(the_same_tasks_under_every_pool),
        cmocka_unit_test(every_kind_under_every_pool),
        cmocka_unit_test(wrong_results_are_found),
        cmocka_unit_test(a_thread_that_hangs_ends_the_trial),
        cmocka_unit_test(by_class),
        cmocka_unit_test(nested_threads_go_down_together),
        cmocka_unit_test(many_failures),
        cmocka_unit_test(grandchildren_end_with_the_trial),
        cmocka_unit_test(workers_are_killed_from_the_first_moment),
    };
    return cmocka_run_group_tests(tests, trials_setup, trials_teardown);
}
