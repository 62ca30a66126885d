/* A plug-in's side of the pool contract, without a shared object around it: a table defined here, with threads that
 * take tasks from a list, goes through handles as a plug-in does. */
/* sanitizers: address undefined thread (tasks in threads) */
#include "pools/parts/clock.h"
#include "pools/plugin/adapter.h"
#include "pools/plugin/handles_run.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 3, TASKS = 20000, NOBODY = -1 };

/* ---- the plug-in ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct poolbench_task *list[8192];
    unsigned first, count, most, refuse_after;
    bool stopping;
    int64_t drop, twice; /* tasks; NOBODY */
    pthread_t thread[THREADS];
} it = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

static void *work(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&it.lock);
    while (it.count || !it.stopping) {
        if (!it.count) {
            pthread_cond_wait(&it.work, &it.lock);
            continue;
        }
        struct poolbench_task *task = it.list[it.first++ % 8192];
        it.count--;
        pthread_mutex_unlock(&it.lock);
        uint32_t number = task->number;
        if (number != it.drop)
            poolbench_task_run(task);
        if (number == it.twice)
            task->work(task, NULL, NULL);
        pthread_mutex_lock(&it.lock);
    }
    pthread_mutex_unlock(&it.lock);
    return NULL;
}

static int it_open(const struct poolbench_host *host, const struct poolbench_config *config, void **pool)
{
    if (config->workers != THREADS)
        return host->refuse(host, "expected %d workers", THREADS);
    assert_true(POOLBENCH_HAS(host, now_ns));
    it.first = it.count = it.most = 0;
    it.stopping = false;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&it.thread[i], NULL, work, NULL), 0);
    *pool = &it;
    return 0;
}

/* Takes only a part now and then: what is left must come again. */
static int it_submit(void *pool, struct poolbench_task *const *tasks, unsigned n)
{
    (void)pool;
    unsigned take = it.refuse_after && n > it.refuse_after ? it.refuse_after : n;
    pthread_mutex_lock(&it.lock);
    for (unsigned i = 0; i < take; i++)
        it.list[(it.first + it.count++) % 8192] = tasks[i];
    it.most = it.count > it.most ? it.count : it.most;
    pthread_cond_broadcast(&it.work);
    pthread_mutex_unlock(&it.lock);
    return (int)take;
}

static int it_close(void *pool)
{
    (void)pool;
    pthread_mutex_lock(&it.lock);
    it.stopping = true;
    pthread_cond_broadcast(&it.work);
    pthread_mutex_unlock(&it.lock);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(it.thread[i], NULL);
    return 0;
}

static const struct poolbench_pool plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof plugin,
    .name = "it",
    .summary = "threads of a test",
    .open = it_open,
    .submit = it_submit,
    .close = it_close,
};

/* ---- its host ---- */

struct bench {
    struct job job;
    struct pool_config config;
    struct cost cost;
    const struct pool_ops *ops;
    struct pool *pool;
};

static void bench_init(struct bench *bench, unsigned workers)
{
    static const int64_t params[PARAM_MAX];
    *bench = (struct bench){.ops = adapter_pool(&plugin), .cost = {1000, 100}};
    bench->job = (struct job){.workload = workload_find("spin"), .tasks = TASKS, .timed = true};
    bench->job.sequence = (struct sequence){.seed = 1, .costs = &bench->cost, .count = 1, .warmup = bench->cost};
    bench->config = (struct pool_config){.workers = workers, .params = params};
    const struct workload_config config = {params, 1, TASKS, NULL};
    assert_int_equal(bench->job.workload->prepare(&config, &bench->job.state), 0);
    it.drop = it.twice = NOBODY;
    it.refuse_after = 0;
}

static void bench_release(struct bench *bench)
{
    bench->job.workload->release(bench->job.state);
}

/* Runs tasks 0 .. count - 1; what went wrong, or how many came back. */
static int drive(struct bench *bench, uint32_t count, unsigned min)
{
    char *seen = calloc(count, 1);
    uint32_t next = 0, back = 0;
    int rc = 0;
    assert_non_null(seen);
    while (back < count && rc >= 0) {
        uint32_t tasks[64];
        struct done done[100];
        unsigned n = 0;
        for (; n < 64 && next + n < count; n++)
            tasks[n] = next + n;
        rc = n ? bench->ops->submit(bench->pool, tasks, n) : 0;
        if (rc < 0)
            break;
        next += (uint32_t)rc;
        rc = bench->ops->reap(bench->pool, done, min, 100, rc ? 0 : UINT64_MAX);
        for (int i = 0; i < rc; i++) {
            assert_true(done[i].task < next);
            assert_false(seen[done[i].task]++);
            assert_int_equal(done[i].status, TASK_OK);
            assert_true(done[i].worker < THREADS);
            assert_int_equal(done[i].pid, getpid());
        }
        back += rc > 0 ? (uint32_t)rc : 0;
    }
    free(seen);
    return rc < 0 ? rc : (int)back;
}

static void every_task_comes_back_once(void **state)
{
    (void)state;
    static const unsigned mins[] = {1, 7, 5000};
    for (unsigned i = 0; i < 3; i++) {
        struct bench bench;
        struct usage usage;
        bench_init(&bench, THREADS);
        it.refuse_after = i == 1 ? 5 : 0;
        assert_int_equal(bench.ops->open(&bench.config, &bench.job, &bench.pool), 0);
        assert_int_equal(drive(&bench, TASKS, mins[i]), TASKS);
        assert_int_equal(bench.ops->usage(bench.pool, true, &usage), 0);
        assert_true(usage.user_ns + usage.sys_ns > 0);
        assert_true(usage.pss_bytes > 0);
        assert_int_equal(bench.ops->close(bench.pool), 0);
        assert_int_equal(adapter_strangers(), 0);
        bench_release(&bench);
    }
}

static void reap_keeps_its_time(void **state)
{
    (void)state;
    struct bench bench;
    struct done done[1];
    bench_init(&bench, THREADS);
    assert_int_equal(bench.ops->open(&bench.config, &bench.job, &bench.pool), 0);
    assert_int_equal(bench.ops->reap(bench.pool, done, 1, 1, UINT64_MAX), 0); /* nothing to wait for */
    it.drop = 0;
    uint32_t task = 0;
    assert_int_equal(bench.ops->submit(bench.pool, &task, 1), 1);
    assert_int_equal(bench.ops->reap(bench.pool, done, 1, 1, 0), 0);
    uint64_t until = clock_monotonic_ns() + 20000000;
    assert_int_equal(bench.ops->reap(bench.pool, done, 1, 1, until), 0);
    assert_true(clock_monotonic_ns() >= until);
    assert_int_equal(bench.ops->close(bench.pool), 0); /* with a task in flight */
    bench_release(&bench);
}

static void a_task_run_twice_is_named(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, THREADS);
    assert_int_equal(bench.ops->open(&bench.config, &bench.job, &bench.pool), 0);
    it.twice = 500;
    int rc = drive(&bench, 1000, 1);
    int closed = bench.ops->close(bench.pool); /* at the latest now */
    assert_true(rc == -EPROTO || closed == -EPROTO);
    assert_non_null(strstr(adapter_reason(), "task 500"));
    bench_release(&bench);
}

/* ---- processes that die with a task, at every point of its way ---- */

static struct {
    const struct poolbench_host *host;
    struct poolbench_task *task[64];
    unsigned count;
} dying;

static int dying_open(const struct poolbench_host *host, const struct poolbench_config *config, void **pool)
{
    (void)config;
    dying.host = host;
    *pool = &dying;
    return 0;
}

static int dying_submit(void *pool, struct poolbench_task *const *tasks, unsigned n)
{
    (void)pool;
    dying.count = n;
    memcpy(dying.task, tasks, n * sizeof *tasks);
    return (int)n;
}

static int dying_reap(void *pool, struct poolbench_task **tasks, unsigned min, unsigned max, uint64_t until_ns)
{
    (void)pool, (void)tasks, (void)min, (void)max, (void)until_ns;
    return 0; /* all have died */
}

static int dying_close(void *pool)
{
    (void)pool;
    return 0;
}

/* As far as that, by this process, which then says that it has died. */
static void die_at(struct poolbench_task *task, unsigned point)
{
    struct handle *handle = (struct handle *)task;
    if (point == RUNNING)
        assert_true(handle_move(handle, HANDED, RUNNING));
    if (point >= RAN)
        task->work(task, task->in, task->out);
    if (point == FINISHED) /* and not on the list */
        assert_true(handle_move(handle, RAN, FINISHED));
    if (point > FINISHED)
        task->finish(task);
    dying.host->died(dying.host, task, SIGKILL);
}

static void a_death_loses_no_task(void **state)
{
    (void)state;
    enum { POINTS = FINISHED + 2 - HANDED, ROUNDS = 20 };
    static struct poolbench_pool table = {.abi = POOLBENCH_ABI,
                                          .size = sizeof table,
                                          .name = "dying",
                                          .open = dying_open,
                                          .submit = dying_submit,
                                          .close = dying_close};
    for (unsigned own = 0; own < 2; own++) { /* with completions of its own, nothing is on the list otherwise */
        struct bench bench;
        table.reap = own ? dying_reap : NULL;
        bench_init(&bench, THREADS);
        bench.ops = adapter_pool(&table);
        assert_int_equal(bench.ops->open(&bench.config, &bench.job, &bench.pool), 0);
        for (uint32_t round = 0; round < ROUNDS; round++) {
            uint32_t tasks[POINTS];
            struct done done[POINTS + 1];
            unsigned seen[POINTS] = {0}, back = 0;
            for (uint32_t i = 0; i < POINTS; i++)
                tasks[i] = round * POINTS + i;
            assert_int_equal(bench.ops->submit(bench.pool, tasks, POINTS), POINTS);
            for (unsigned i = 0; i < POINTS; i++)
                die_at(dying.task[i], HANDED + (i + round) % POINTS);
            for (unsigned tries = 0; tries < 10; tries++) {
                int rc = bench.ops->reap(bench.pool, done, POINTS, POINTS + 1, 0);
                assert_in_range(rc, 0, POINTS);
                for (int i = 0; i < rc; i++, back++) {
                    unsigned at = done[i].task - round * POINTS, point = HANDED + (at + round) % POINTS;
                    assert_in_range(at, 0, POINTS - 1);
                    assert_int_equal(seen[at]++, 0);
                    assert_int_equal(done[i].status, point < RAN ? TASK_SIGNALLED : TASK_OK);
                }
            }
            assert_int_equal(back, POINTS);
        }
        assert_int_equal(bench.ops->close(bench.pool), 0);
        bench_release(&bench);
    }
}

static void open_says_why_not(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, THREADS + 1);
    assert_int_equal(bench.ops->open(&bench.config, &bench.job, &bench.pool), -EINVAL);
    assert_string_equal(adapter_reason(), "expected 3 workers");
    bench_release(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_comes_back_once), cmocka_unit_test(reap_keeps_its_time),
        cmocka_unit_test(a_task_run_twice_is_named),  cmocka_unit_test(a_death_loses_no_task),
        cmocka_unit_test(open_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
