/* Tasks that run over their limit, and workers that stand still: who is ended for them, and what of their tasks
 * becomes. */
/* sanitizers: address undefined (ThreadSanitizer holds signals back and cannot follow forks of threads) */
#include "tests/deadly.h"
#include "tests/sample.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

/* Long enough for a task that has to wait for its CPU, where that is slow. */
static uint64_t limit_ns(void)
{
    return (uint64_t)fmax(100e6, 300e3 * sample_process_us());
}

static void a_limit_ends_one_task(void **state)
{
    (void)state;
    for (unsigned v = 0; v < VARIANTS; v++) {
        struct traces before = traces();
        struct bench bench;
        struct done all[TASKS];
        deeds_clear();
        deeds[5] = deeds[100] = HANG;
        deeds[200] = STOP;
        open_variant(&bench, &variants[v]);
        bench.config.task_limit_ns = limit_ns();
        bench_open(&bench);
        run_all(&bench, all);
        unsigned over = 0, collateral = 0;
        for (unsigned i = 0; i < TASKS; i++) {
            over += all[i].status == TASK_TIMEOUT && deeds[i] != NOTHING;
            collateral += all[i].status == TASK_COLLATERAL;
            if (deeds[i] == NOTHING && all[i].status != TASK_OK)
                assert_true(all[i].status == TASK_COLLATERAL && variants[v].threads > 1);
        }
        /* in a process of several threads two that hang may go in one */
        assert_true(over == 3 || (variants[v].threads > 1 && over >= 2));
        assert_true(collateral <= 3 * (variants[v].threads - 1));
        bench_close(&bench);
        assert_no_new_traces(before);
    }
}

/* Nothing can end one thread: the pool says so, and the process has to go. */
static void a_thread_over_the_limit_is_an_error(void **state)
{
    (void)state;
    const char *const pools[] = {"pthread", "static", "hybrid"};
    for (unsigned i = 0; i < 3; i++) {
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct bench bench;
            struct done done[4];
            static const struct workload_ops sleepy = {.name = "sleepy", .run = deadly_run, .class = TASK_SLEEP};
            deeds_clear();
            deeds[1] = HANG;
            bench_init(&bench, pool_find(pools[i]), &sleepy, (struct cost){1000, 0}, 2);
            bench.config.task_limit_ns = 50000000;
            bench_open(&bench);
            submit_all(&bench, 0, 4);
            int rc = 0;
            for (unsigned got = 0; rc >= 0 && got<4; got += rc> 0 ? (unsigned)rc : 0)
                rc = bench.ops->reap(bench.pool, done, 1, 4, FOREVER);
            _exit(rc == -ETIME ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

/* Whoever is stopped for a look is continued by somebody else, over and over: each task has an end all the same. */
static void a_stop_may_be_taken_back(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t group = getpgrp(), continuer = fork();
    assert_true(continuer >= 0);
    while (continuer == 0 && getppid() > 1)
        kill(-group, SIGCONT);
    for (unsigned v = 0; v < VARIANTS; v++) {
        struct bench bench;
        struct done all[TASKS];
        unsigned over = 0;
        deeds_clear();
        for (unsigned i = 5; i < TASKS; i += 60)
            deeds[i] = HANG;
        open_variant(&bench, &variants[v]);
        bench.config.task_limit_ns = limit_ns();
        bench_open(&bench);
        run_all(&bench, all);
        for (unsigned i = 0; i < TASKS; i++)
            over += all[i].status == TASK_TIMEOUT;
        assert_true(over > 0);
        assert_int_equal(bench.ops->close(bench.pool), 0);
    }
    kill(continuer, SIGKILL);
    assert_int_equal(waitpid(continuer, NULL, 0), continuer);
}

/* In one process: it is ended for both. */
static void two_threads_over_the_limit_are_both(void **state)
{
    (void)state;
    struct bench bench;
    struct done done[4];
    unsigned got = 0;
    deeds_clear();
    deeds[0] = deeds[1] = HANG;
    bench_init(&bench, pool_find("hybrid"), &deadly, (struct cost){1000, 0}, 2);
    memcpy(bench.params, (int64_t[]){1, 1, 2}, 3 * sizeof(int64_t));
    bench.config.task_limit_ns = limit_ns();
    bench.cost.size_ns = 1000000; /* long ones wake somebody at once, whether or not anybody reaps */
    bench_open(&bench);
    const pid_t worker = find_child("pb-worker-");
    /* A look is due before they begin, and comes when both run: the time until then is nobody's, and they are over the
     * limit at one moment. */
    usleep((useconds_t)(bench.config.task_limit_ns / 1000) / 2);
    for (uint32_t i = 0; i < 2; i++) {
        submit_all(&bench, i, 1);
        while (!atomic_load(&starts[i]))
            usleep(100);
    }
    while (got < 2) {
        int rc = bench.ops->reap(bench.pool, done + got, 2, 2, FOREVER);
        assert_true(rc > 0);
        got += (unsigned)rc;
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(done[i].status, TASK_TIMEOUT);
        assert_int_equal(done[i].pid, worker);
    }
    bench_close(&bench);
}

/* Workers that stand still without a task: they are replaced, and what they were called for is done by others. */
static void the_idle_that_stand_still_are_replaced(void **state)
{
    (void)state;
    for (unsigned v = 1; v < VARIANTS; v++) {
        for (unsigned stopped = 1; stopped <= WORKERS; stopped += WORKERS - 1) {
            struct bench bench;
            struct usage usage;
            struct done done[WORKERS];
            unsigned got = 0, ended = 0;
            deeds_clear();
            open_variant(&bench, &variants[v]);
            bench.config.task_limit_ns = limit_ns();
            bench_open(&bench);
            for (unsigned i = 0; i < stopped; i++) {
                char name[16];
                snprintf(name, sizeof name, "pb-worker-%u", i);
                pid_t pid = find_child(name);
                ended += pid && kill(pid, SIGSTOP) == 0;
            }
            assert_true(ended > 0);
            submit_all(&bench, 0, WORKERS);
            while (got < WORKERS) {
                int rc = bench.ops->reap(bench.pool, done, WORKERS, WORKERS, FOREVER);
                assert_true(rc > 0);
                for (int i = 0; i < rc; i++)
                    assert_true(done[i].status == TASK_OK || done[i].status == TASK_TIMEOUT);
                got += (unsigned)rc;
            }
            assert_int_equal(bench.ops->usage(bench.pool, true, &usage), 0);
            assert_int_equal(usage.workers_lost, ended);
            bench_close(&bench);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_may_be_taken_back),
        cmocka_unit_test(two_threads_over_the_limit_are_both),
        cmocka_unit_test(the_idle_that_stand_still_are_replaced),
        cmocka_unit_test(a_limit_ends_one_task),
        cmocka_unit_test(a_thread_over_the_limit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
