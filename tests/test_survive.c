/* Pools whose workers die: every task is reported exactly once and started at most once, only what the dead were
 * running has failed, and nothing stays behind. By tasks that end their process, by signals from outside. */
/* sanitizers: address undefined (ThreadSanitizer holds signals back and cannot follow forks of threads) */
#include "pools/parts/clock.h"
#include "pools/parts/process.h"
#include "tests/deadly.h"
#include "tests/prepared.h"
#include "tests/sample.h"
#include "tests/scratch.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static void only_the_deadly_tasks_fail(void **state)
{
    static const struct {
        enum deed deed;
        enum task_status status;
        int code;
    } fates[] = {
        {KILL, TASK_SIGNALLED, SIGKILL},
        {ABORT, TASK_SIGNALLED, SIGABRT},
        {SEGV, TASK_SIGNALLED, SIGSEGV},
        {EXIT, TASK_EXITED, 3},
    };
    (void)state;
    for (unsigned v = 0; v < VARIANTS; v++) {
        deeds_clear();
        struct traces before = traces();
        struct bench bench;
        struct done all[TASKS];
        struct usage usage;
        unsigned deadly_count = 0, collateral = 0;
        for (unsigned i = 3; i < TASKS; i += 10, deadly_count++)
            deeds[i] = fates[deadly_count % 4].deed;
        open_variant(&bench, &variants[v]);
        bench_open(&bench);
        run_all(&bench, all);
        for (unsigned i = 0, nth = 0; i < TASKS; i++) {
            if (deeds[i] != NOTHING) {
                /* two threads of a process may both be about to die, and the first takes the other with it */
                if (variants[v].threads == 1 || all[i].status != TASK_COLLATERAL) {
                    assert_true(all[i].status == fates[nth % 4].status || variants[v].threads > 1);
                    assert_true(all[i].code == fates[nth % 4].code || variants[v].threads > 1);
                }
                nth++;
            } else if (all[i].status != TASK_OK) {
                assert_true(variants[v].threads > 1);
                collateral++;
            }
        }
        assert_true(collateral <= deadly_count * (variants[v].threads - 1));
        assert_int_equal(bench.ops->usage(bench.pool, true, &usage), 0);
        if (strcmp(variants[v].pool, "fork") != 0) {
            assert_true(usage.workers_lost > 0 && usage.workers_lost <= deadly_count);
            assert_true(usage.replace_ns > 0);
        }
        bench_close(&bench);
        assert_no_new_traces(before);
    }
}

/* A process of two threads: the one whose task aborts is named, what the other ran is collateral. */
static void the_culprit_is_known(void **state)
{
    (void)state;
    struct bench bench;
    struct done done[2];
    for (unsigned round = 0; round < 20; round++) {
        deeds_clear();
        deeds[0] = HANG;
        bench_init(&bench, pool_find("hybrid"), &deadly, (struct cost){1000, 0}, 2);
        memcpy(bench.params, (int64_t[]){1, 1, 2}, 3 * sizeof(int64_t));
        bench_open(&bench);
        submit_all(&bench, 0, 1);
        while (!atomic_load(&starts[0]))
            usleep(100);
        deeds[1] = ABORT; /* in vain: the workers have the deeds of when they were made */
        submit_all(&bench, 1, 1);
        assert_int_equal(bench.ops->reap(bench.pool, done, 1, 2, FOREVER), 1);
        assert_int_equal(done[0].status, TASK_OK);
        bench_close(&bench); /* with a task that hangs */
        deeds[1] = ABORT;
        atomic_store(&starts[0], 0);
        bench_open(&bench);
        submit_all(&bench, 0, 1);
        while (!atomic_load(&starts[0]))
            usleep(100);
        submit_all(&bench, 1, 1);
        unsigned got = 0;
        while (got < 2) {
            int rc = bench.ops->reap(bench.pool, done + got, 2, 2 - got, FOREVER);
            assert_true(rc > 0);
            got += (unsigned)rc;
        }
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(done[i].status, done[i].task == 1 ? TASK_SIGNALLED : TASK_COLLATERAL);
            assert_int_equal(done[i].code, SIGABRT);
        }
        bench_close(&bench);
    }
}

static void workers_retire(void **state)
{
    (void)state;
    for (unsigned v = 1; v < VARIANTS; v++) {
        struct traces before = traces();
        struct bench bench;
        struct done all[TASKS];
        struct usage usage;
        int32_t pids[TASKS] = {0};
        unsigned distinct = 0;
        deeds_clear();
        open_variant(&bench, &variants[v]);
        bench.params[!strcmp(variants[v].pool, "prefork") ? 1 : 4] = 5;
        bench_open(&bench);
        run_all(&bench, all);
        for (unsigned i = 0; i < TASKS; i++) {
            unsigned known = 0;
            assert_int_equal(all[i].status, TASK_OK);
            while (known < distinct && pids[known] != all[i].pid)
                known++;
            if (known == distinct)
                pids[distinct++] = all[i].pid;
        }
        /* each worker runs 5 and then waits for those beside it */
        assert_true(distinct >= TASKS / (5 * 2 * variants[v].threads));
        assert_int_equal(bench.ops->usage(bench.pool, false, &usage), 0);
        assert_int_equal(usage.workers_lost, 0);
        bench_close(&bench);
        assert_no_new_traces(before);
    }
}

/* Where every task kills its worker, there is still one task a death, and an end. */
static void all_tasks_may_be_deadly(void **state)
{
    (void)state;
    for (unsigned v = 0; v < VARIANTS; v++) {
        struct bench bench;
        struct done all[TASKS];
        deeds_clear();
        for (unsigned i = 0; i < TASKS; i++)
            deeds[i] = KILL;
        open_variant(&bench, &variants[v]);
        bench_open(&bench);
        run_all(&bench, all);
        for (unsigned i = 0; i < TASKS; i++)
            assert_int_equal(all[i].status, TASK_SIGNALLED);
        bench_close(&bench);
    }
}

static void polling_notices_too(void **state)
{
    (void)state;
    struct bench bench;
    struct done done[4];
    int rc = 0;
    deeds_clear();
    deeds[0] = HANG;
    bench_init(&bench, pool_find("prefork"), &deadly, (struct cost){1000, 0}, 1);
    bench_open(&bench);
    submit_all(&bench, 0, 2);
    while (!atomic_load(&starts[0]))
        usleep(100);
    assert_int_equal(kill_child("pb-worker-"), 0);
    unsigned got = 0;
    for (long i = 0; i < 100000000 && got < 2; i++) {
        rc = bench.ops->reap(bench.pool, done + got, 1, 4, 0);
        assert_true(rc >= 0);
        got += (unsigned)rc;
    }
    assert_int_equal(got, 2);
    assert_int_equal(done[0].status, TASK_SIGNALLED);
    assert_int_equal(done[1].status, TASK_OK);
    bench_close(&bench);
}

/* While the submitter waits for answers of workers: a successor that is on a task which hangs gives none. */
struct killer {
    pthread_t thread;
    uint64_t patience_ns;
    _Atomic bool ends;
};

static void *killer_main(void *arg)
{
    struct killer *killer = arg;
    for (uint64_t waited_ns = 0; !atomic_load(&killer->ends); waited_ns += 1000000) {
        usleep(1000);
        if (waited_ns >= killer->patience_ns) {
            kill_all_workers();
            waited_ns = 0;
        }
    }
    return NULL;
}

/* Looks after the dead, as reap does, and reports nothing. */
static void look_after_the_dead(const struct bench *bench, uint64_t patience_ns)
{
    struct killer killer = {.patience_ns = patience_ns};
    struct usage usage;
    assert_int_equal(pthread_create(&killer.thread, NULL, killer_main, &killer), 0);
    int rc = bench->ops->usage(bench->pool, false, &usage);
    atomic_store(&killer.ends, true);
    pthread_join(killer.thread, NULL);
    assert_int_equal(rc, 0);
}

/* Workers that die, and their successors, and theirs, before anything is reaped: each task that one of them was running
 * is reported once, none is run again, and more of them than there are workers wait until there is room. */
static void generations_die_before_a_reap(void **state)
{
    (void)state;
    enum { GENERATIONS = 4, EACH = 2, ALL = GENERATIONS * EACH };
    static const unsigned chosen[] = {1, 2, 4, 5}; /* of variants: groups of processes */
    const uint64_t patience_ns = 20000000 + (uint64_t)(4000 * WORKERS * sample_process_us());
    for (unsigned v = 0; v < sizeof chosen / sizeof *chosen; v++) {
        struct bench bench;
        struct done done[64];
        unsigned reported[ALL + 1] = {0}, got = 0;
        deeds_clear();
        for (unsigned i = 0; i < ALL; i++)
            deeds[i] = HANG;
        open_variant(&bench, &variants[chosen[v]]);
        bench.cost.size_ns = 1000000; /* long ones wake somebody at once, whether or not anybody reaps */
        bench_open(&bench);
        for (uint32_t first = 0; first < ALL; first += EACH) {
            submit_all(&bench, first, EACH);
            for (uint32_t i = first; i < first + EACH && first + EACH <= WORKERS; i++)
                while (!atomic_load(&starts[i]))
                    usleep(100);
            kill_all_workers();
            look_after_the_dead(&bench, patience_ns);
        }
        while (got <= ALL) {
            if (got == ALL)
                submit_all(&bench, ALL, 1);
            int rc = bench.ops->reap(bench.pool, done, 1, 64, got < ALL ? clock_monotonic_ns() + patience_ns : FOREVER);
            assert_true(rc >= 0);
            for (int i = 0; i < rc; i++, got++) {
                assert_true(done[i].task <= ALL);
                assert_int_equal(done[i].status, done[i].task < ALL ? TASK_SIGNALLED : TASK_OK);
                reported[done[i].task]++;
            }
            if (rc == 0)
                kill_all_workers(); /* who hang since there is room again */
        }
        assert_int_equal(bench.ops->reap(bench.pool, done, 1, 64, 0), 0);
        for (unsigned i = 0; i <= ALL; i++) {
            assert_int_equal(reported[i], 1);
            assert_in_range(atomic_load(&starts[i]), i == ALL, 1); /* one may die with a task that it has not begun */
        }
        bench_close(&bench);
    }
}

/* What a task has started does not outlive its worker, and its successor works. */
static void a_command_goes_with_its_worker(void **state)
{
    (void)state;
    static const char *const pools[] = {"prefork", "hybrid", "zygote"}; /* of fork, it is the worker */
    for (unsigned i = 0; i < sizeof pools / sizeof *pools; i++) {
        char path[SCRATCH_MAX], line[SCRATCH_MAX + 64];
        struct prepared cmd = prepared_of(workload_find("cmd"));
        struct bench bench;
        struct done done[2];
        int program = 0, fd = scratch_file(path);
        assert_true(fd >= 0);
        snprintf(line, sizeof line, "test {task} = 1 || { echo $$ >%s; exec sleep 1000; }", path);
        *prepared_param(&cmd, "line") = (int64_t)(uintptr_t)line;
        *prepared_param(&cmd, "sh") = 1;
        assert_int_equal(prepared_make(&cmd, 7), 0);
        bench_init(&bench, pool_find(pools[i]), &deadly, (struct cost){0, 0}, 2);
        bench.job.workload = cmd.ops;
        bench.job.workload_params = cmd.params;
        bench.job.state = cmd.state;
        if (bench.ops->early) /* it prepares by itself */
            assert_int_equal(bench.ops->early(&bench.config), 0);
        bench_open(&bench);
        submit_all(&bench, 0, 1);
        for (char text[16] = ""; sscanf(text, "%d\n", &program) != 1 || !strchr(text, '\n'); usleep(1000)) {
            ssize_t got = pread(fd, text, sizeof text - 1, 0);
            text[got > 0 ? got : 0] = '\0';
        }
        kill_all_workers();
        assert_int_equal(bench.ops->reap(bench.pool, done, 1, 2, FOREVER), 1);
        assert_int_equal(done[0].status, TASK_SIGNALLED);
        assert_true(process_has_ended(program, 60000000000u));
        submit_all(&bench, 1, 1);
        assert_int_equal(bench.ops->reap(bench.pool, done, 1, 2, FOREVER), 1);
        assert_int_equal(done[0].status, TASK_OK);
        assert_int_equal(bench.ops->close(bench.pool), 0);
        cmd.ops->release(cmd.state);
        close(fd);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_goes_with_its_worker), cmocka_unit_test(only_the_deadly_tasks_fail),
        cmocka_unit_test(the_culprit_is_known),           cmocka_unit_test(workers_retire),
        cmocka_unit_test(all_tasks_may_be_deadly),        cmocka_unit_test(polling_notices_too),
        cmocka_unit_test(generations_die_before_a_reap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
