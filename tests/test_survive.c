/* Pools whose workers die: every task is reported exactly once and started at most once, only what the dead were
 * running has failed, and nothing stays behind. By tasks that end their process, by signals from outside, by limits. */
/* sanitizers: address undefined (ThreadSanitizer holds signals back and cannot follow forks of threads) */
#include "pools/parts/clock.h"
#include "pools/parts/process.h"
#include "pools/transport/transport.h"
#include "tests/pool_bench.h"
#include "tests/prepared.h"
#include "tests/sample.h"
#include "tests/scratch.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum { TASKS = 300, WORKERS = 4 };

/* ---- a workload whose tasks end their process ---- */

enum deed { NOTHING, KILL, ABORT, SEGV, EXIT, HANG, STOP };

static enum deed deeds[TASKS];
static _Atomic uint32_t *starts; /* shared: how often each task was started */

static int deadly_run(void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    *result = mix64(7, task->index);
    if (task->index >= TASKS)
        return 0;
    atomic_fetch_add_explicit(&starts[task->index], 1, memory_order_relaxed);
    switch (deeds[task->index]) {
    case NOTHING:
        break;
    case KILL:
        raise(SIGKILL);
        break;
    case ABORT:
        abort();
    case SEGV:
        signal(SIGSEGV, SIG_DFL); /* a sanitizer would turn it into an exit */
        raise(SIGSEGV);
        break;
    case EXIT:
        _exit(3);
    case HANG:
        for (;;)
            pause();
    case STOP:
        raise(SIGSTOP);
        break;
    }
    return 0;
}

static const struct workload_ops deadly = {.name = "deadly", .run = deadly_run};

static void deeds_clear(void)
{
    if (!starts)
        starts = mmap(NULL, TASKS * sizeof *starts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(starts != MAP_FAILED);
    memset(deeds, 0, sizeof deeds);
    for (unsigned i = 0; i < TASKS; i++)
        atomic_store_explicit(&starts[i], 0, memory_order_relaxed);
}

struct variant {
    const char *pool;
    int64_t
        params[PARAM_MAX]; /* hybrid: route, processes, threads, wait, max_tasks; prefork: wait, max_tasks, transport */
    unsigned threads;      /* beside each other in a process */
};

static const struct variant variants[] = {
    {.pool = "fork", .threads = 1},
    {.pool = "prefork", .threads = 1},
    {.pool = "hybrid", .params = {0, 3, 2}, .threads = 1},
    {.pool = "hybrid", .params = {1, 2, 2}, .threads = 2},
    {.pool = "prefork", .params = {0, 0, TRANSPORT_PIPE}, .threads = 1},
    {.pool = "prefork", .params = {0, 0, TRANSPORT_SOCKET}, .threads = 1},
};
enum { VARIANTS = sizeof variants / sizeof *variants, NESTED = 3 };

static void open_variant(struct bench *bench, const struct variant *variant)
{
    bench_init(bench, pool_find(variant->pool), &deadly, (struct cost){1000, 0}, WORKERS);
    memcpy(bench->params, variant->params, sizeof bench->params);
}

/* Runs all tasks, a window of them at a time; what came of each goes to `all`. */
static void run_all(struct bench *bench, struct done *all)
{
    bool seen[TASKS] = {0};
    uint32_t next = 0, back = 0;
    while (back < TASKS) {
        struct done done[64];
        uint32_t batch[16];
        unsigned n = 0;
        for (; n < 16 && next + n < TASKS && next + n - back < 40; n++)
            batch[n] = next + n;
        int taken = n ? bench->ops->submit(bench->pool, batch, n) : 0;
        assert_true(taken >= 0);
        next += (uint32_t)taken;
        int got = bench->ops->reap(bench->pool, done, 1, 64, FOREVER);
        assert_true(got > 0);
        for (int i = 0; i < got; i++) {
            assert_true(done[i].task < next);
            assert_false(seen[done[i].task]);
            seen[done[i].task] = true;
            all[done[i].task] = done[i];
            if (done[i].status == TASK_OK)
                assert_int_equal(done[i].result, mix64(7, done[i].task));
        }
        back += (uint32_t)got;
    }
    for (unsigned i = 0; i < TASKS; i++)
        assert_true(atomic_load(&starts[i]) == 1 || (all[i].status != TASK_OK && atomic_load(&starts[i]) == 0));
}

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
        /* long enough for a task that has to wait for its CPU, where that is slow */
        bench.config.task_limit_ns = (uint64_t)fmax(100e6, 300e3 * sample_process_us());
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
    assert_int_equal(kill(find_child("pb-worker-"), SIGKILL), 0);
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

static void kill_all_workers(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "pb-worker-%u", i);
        pid_t worker = find_child(name);
        if (worker)
            kill(worker, SIGKILL); /* one that has gone meanwhile has not to be killed */
    }
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

static uint64_t limit_ns(void)
{
    return (uint64_t)fmax(100e6, 300e3 * sample_process_us());
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
    for (uint32_t i = 0; i < 2; i++) {
        submit_all(&bench, i, 1);
        while (!atomic_load(&starts[i]))
            usleep(100);
    }
    usleep((useconds_t)(bench.config.task_limit_ns / 1000) * 2); /* nobody looks meanwhile: both are over it */
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
        cmocka_unit_test(a_command_goes_with_its_worker),
        cmocka_unit_test(a_stop_may_be_taken_back),
        cmocka_unit_test(two_threads_over_the_limit_are_both),
        cmocka_unit_test(the_idle_that_stand_still_are_replaced),
        cmocka_unit_test(only_the_deadly_tasks_fail),
        cmocka_unit_test(the_culprit_is_known),
        cmocka_unit_test(a_limit_ends_one_task),
        cmocka_unit_test(a_thread_over_the_limit_is_an_error),
        cmocka_unit_test(workers_retire),
        cmocka_unit_test(all_tasks_may_be_deadly),
        cmocka_unit_test(polling_notices_too),
        cmocka_unit_test(generations_die_before_a_reap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
