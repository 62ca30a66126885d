/* Pools without driver or trial program: what stays behind when they close, with tasks in flight, with a worker killed
 * under them, after a failed open; and the small pieces they are made of. */
/* sanitizers: address undefined (ThreadSanitizer holds SIGCHLD back and adds a thread of its own) */
#include "pools/parts/clock.h"
#include "pools/parts/process.h"
#include "pools/parts/task_run.h"
#include "pools/pool.h"
#include "pools/transport/transport.h"
#include "tests/pool_bench.h"
#include "tests/skip.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

#ifndef PR_FUTEX_HASH
#define PR_FUTEX_HASH 78 /* since Linux 6.16 */
#endif

/* Every pool there is, and the other transports of those that have some. */
struct given_pool {
    const struct pool_ops *ops;
    int64_t params[PARAM_MAX];
};
static struct given_pool given_pools[32];

static void give_pools(void)
{
    unsigned count = 0;
    for (const struct pool_ops *const *ops = pool_table; *ops; ops++) {
        unsigned at = 0;
        given_pools[count++].ops = *ops;
        while ((*ops)->params && (*ops)->params[at].name && strcmp((*ops)->params[at].name, "transport") != 0)
            at++;
        for (int64_t kind = TRANSPORT_PIPE; (*ops)->params && (*ops)->params[at].name && kind <= TRANSPORT_CONDVAR;
             kind++) {
            struct given_pool *given = &given_pools[count];
            struct pool_shape shape;
            *given = (struct given_pool){.ops = *ops};
            given->params[at] = kind;
            count += !(*ops)->shape(3, given->params, &shape);
        }
    }
    given_pools[count].ops = NULL;
}

static void bench_given(struct bench *bench, const struct given_pool *pool, const struct workload_ops *workload,
                        struct cost cost, unsigned workers)
{
    bench_init(bench, pool->ops, workload, cost, workers);
    memcpy(bench->params, pool->params, sizeof bench->params);
}

static unsigned reap_all(struct bench *bench, unsigned count)
{
    struct done done[64];
    unsigned got = 0;
    while (got < count) {
        int rc = bench->ops->reap(bench->pool, done, count - got, 64, FOREVER);
        assert_true(rc > 0);
        for (int i = 0; i < rc; i++)
            assert_int_equal(done[i].status, TASK_OK);
        got += (unsigned)rc;
    }
    return got;
}

/* Tasks that are counted when they begin, and last for their size from when they may end: no test depends on how fast
 * somebody is. Their size is not 0, for workers are woken late for the shortest. */
static struct {
    _Atomic uint32_t begun;
    _Atomic bool may_end;
} * gate;

static int gated_run(void *state, const struct task *task, uint64_t *result)
{
    (void)state, (void)task;
    atomic_fetch_add(&gate->begun, 1);
    while (!atomic_load(&gate->may_end))
        usleep(1000);
    usleep((useconds_t)(task->size_ns / 1000));
    *result = 0;
    return 0;
}

static const struct workload_ops gated = {.name = "gated", .run = gated_run, .class = TASK_SLEEP};

static void gate_set(bool may_end)
{
    atomic_store(&gate->begun, 0);
    atomic_store(&gate->may_end, may_end);
}

static void closing_leaves_nothing(void **state)
{
    (void)state;
    for (const struct given_pool *pool = given_pools; pool->ops; pool++) {
        struct traces before = traces();
        for (int round = 0; round < 5; round++) {
            struct bench bench;
            struct usage usage;
            bench_given(&bench, pool, workload_find("spin"), (struct cost){1000, 500}, 3);
            bench_open(&bench);
            submit_all(&bench, 0, 40);
            assert_int_equal(reap_all(&bench, 40), 40);
            assert_int_equal(bench.ops->usage(bench.pool, true, &usage), 0);
            assert_true(usage.user_ns >= 0 && usage.sys_ns >= 0 && usage.user_ns + usage.sys_ns > 0);
            assert_true(usage.pss_bytes > 0 && usage.private_bytes > 0);
            submit_all(&bench, 40, 5);
            assert_int_equal(reap_all(&bench, 5), 5);
            bench_close(&bench);
        }
        assert_no_new_traces(before);
    }
}

/* What runs may end, what only waits is not begun any more. */
static void closing_with_tasks_in_flight(void **state)
{
    (void)state;
    enum { HANDED_IN = 64 };
    for (const struct given_pool *pool = given_pools; pool->ops; pool++) {
        struct traces before = traces();
        struct bench bench;
        bench_given(&bench, pool, &gated, (struct cost){100000000, 0}, 3);
        bench_open(&bench);
        gate_set(true);
        submit_all(&bench, 0, HANDED_IN);
        bench_close(&bench);
        assert_true(atomic_load(&gate->begun) < HANDED_IN);
        assert_no_new_traces(before);
    }
}

/* Who is on what, read as another process would. */
static void peeks_tell_who_is_on_what(void **state)
{
    (void)state;
    enum { WORKERS = 3, ROUNDS = 60000 };
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    assert_true(memory >= 0);
    for (const struct given_pool *pool = given_pools; pool->ops; pool++) {
        struct bench bench;
        struct peek peeks[PEEKS_MAX] = {{0}};
        uint32_t tasks[WORKERS] = {0};
        uint64_t seen = 0;
        if (!pool->ops->peek)
            continue;
        bench_given(&bench, pool, &gated, (struct cost){1000000, 0}, WORKERS);
        gate_set(false);
        bench_open(&bench);
        bench.ops->peek(bench.pool, peeks);
        unsigned row = peeks[1].workers != 0; /* hybrid: the second team sleeps */
        assert_int_equal(peeks[row].workers, WORKERS);
        assert_int_equal(peek_read(&peeks[row], memory, tasks), 0);
        for (unsigned i = 0; i < WORKERS; i++)
            assert_int_equal(tasks[i], PEEK_IDLE);
        submit_all(&bench, 7, WORKERS);
        for (unsigned round = 0; seen != 7 && round < ROUNDS; round++) { /* until all have claimed one */
            usleep(1000);
            seen = 0;
            assert_int_equal(peek_read(&peeks[row], memory, tasks), 0);
            for (unsigned i = 0; i < WORKERS; i++)
                seen |= tasks[i] >= 7 && tasks[i] < 7 + WORKERS ? 1ull << (tasks[i] - 7) : 0;
        }
        assert_int_equal(seen, 7);
        gate_set(true);
        reap_all(&bench, WORKERS);
        unsigned idle = 0;
        for (unsigned round = 0; idle != WORKERS && round < ROUNDS; round++) { /* a record may be back before its end */
            usleep(round ? 1000 : 0);
            assert_int_equal(peek_read(&peeks[row], memory, tasks), 0);
            idle = 0;
            for (unsigned i = 0; i < WORKERS; i++)
                idle += tasks[i] == PEEK_IDLE;
        }
        assert_int_equal(idle, WORKERS);
        peeks[row].at = 0;
        assert_true(peek_read(&peeks[row], memory, tasks) < 0);
        assert_int_equal(tasks[WORKERS - 1], PEEK_UNKNOWN);
        bench_close(&bench);
    }
    close(memory);
}

static void nothing_in_flight_is_nothing_to_wait_for(void **state)
{
    (void)state;
    for (const struct given_pool *pool = given_pools; pool->ops; pool++) {
        struct bench bench;
        struct done done[4];
        bench_given(&bench, pool, workload_find("empty"), (struct cost){0, 0}, 2);
        bench_open(&bench);
        assert_int_equal(bench.ops->reap(bench.pool, done, 1, 4, FOREVER), 0);
        assert_int_equal(bench.ops->reap(bench.pool, done, 1, 4, 0), 0);
        bench_close(&bench);
    }
}

static void reap_keeps_its_time(void **state)
{
    (void)state;
    for (const struct given_pool *pool = given_pools; pool->ops; pool++) {
        struct bench bench;
        struct done done[4];
        if (pool->ops->traits & POOL_IGNORES_WORKERS)
            continue; /* the submitter works: it cannot come back before the task has */
        bench_given(&bench, pool, &gated, (struct cost){1000000, 0}, 2);
        gate_set(false);
        bench_open(&bench);
        submit_all(&bench, 0, 1);
        uint64_t start = clock_monotonic_ns();
        assert_int_equal(bench.ops->reap(bench.pool, done, 1, 4, start + 5000000), 0);
        assert_true(clock_monotonic_ns() >= start + 5000000);
        gate_set(true);
        assert_int_equal(reap_all(&bench, 1), 1);
        bench_close(&bench);
    }
}

/* Also where SIGCHLD is blocked to begin with, as some supervisors leave it. */
static void a_killed_child_is_one_task(void **state)
{
    (void)state;
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    assert_int_equal(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
    struct bench bench;
    struct done done[8];
    unsigned ok = 0, signalled = 0;
    bench_init(&bench, pool_find("fork"), &gated, (struct cost){1000000, 0}, 6);
    gate_set(false);
    bench_open(&bench);
    submit_all(&bench, 0, 6);
    pid_t child = find_child("pb-worker-");
    for (int i = 0; !child && i < 60000; i++) { /* named by itself, a moment after fork */
        usleep(1000);
        child = find_child("pb-worker-");
    }
    assert_true(child > 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    gate_set(true);
    while (ok + signalled < 6) {
        int rc = bench.ops->reap(bench.pool, done, 1, 8, FOREVER);
        assert_true(rc > 0);
        for (int i = 0; i < rc; i++) {
            ok += done[i].status == TASK_OK;
            if (done[i].status == TASK_SIGNALLED) {
                assert_int_equal(done[i].code, SIGKILL);
                signalled++;
            }
        }
    }
    assert_int_equal(signalled, 1);
    bench_close(&bench);
}

/* Where processes or threads are refused, open says so and leaves nothing. In a child that is not root. */
static void scarcity_is_an_error(void **state)
{
    (void)state;
    for (const struct given_pool *pool = given_pools; pool->ops; pool++) {
        struct pool_shape shape;
        assert_null(pool->ops->shape(4, pool->params, &shape));
        if (shape.threads + shape.processes < 2 || pool->ops->traits & POOL_TASK_IS_PROCESS)
            continue;
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct bench bench;
            struct rlimit limit = {1, 1};
            bench_given(&bench, pool, workload_find("empty"), (struct cost){0, 0}, 4);
            if (setuid(65534) < 0 || setrlimit(RLIMIT_NPROC, &limit) < 0)
                _exit(77);
            bench.ops = pool_chosen(pool->ops, pool->params);
            int rc = bench.ops->open(&bench.config, &bench.job, &bench.pool);
            struct traces after = traces();
            _exit(rc == -EAGAIN && after.children == 0 && after.threads == 1 ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77)
            skip_because("processes that are refused", "not root: the limit cannot be set for another user");
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static void workers_go_where_they_are_sent(void **state)
{
    (void)state;
    unsigned cpus[2], count = allowed_cpus(cpus, 2), words = cpus[count - 1] / 64 + 1;
    if (count < 2) {
        skip_because("places of workers", "one CPU is allowed: everybody goes there");
    }
    for (const struct given_pool *pool = given_pools; pool->ops; pool++) {
        struct bench bench;
        struct done done[64];
        if (pool->ops->traits & POOL_IGNORES_WORKERS)
            continue; /* would pin this test */
        bench_given(&bench, pool, workload_find("spin"), (struct cost){1000, 1000}, 2);
        struct pool_shape shape;
        assert_null(pool->ops->shape(2, pool->params, &shape));
        uint64_t *masks = calloc((size_t)shape.workers * words, sizeof *masks);
        for (unsigned i = 0; i < shape.workers; i++)
            masks[i * words + cpus[i % 2] / 64] = 1ull << (cpus[i % 2] % 64);
        bench.config.places = (struct places){masks, words, NULL, NULL, 0};
        bench_open(&bench);
        submit_all(&bench, 0, 64);
        for (unsigned got = 0; got < 64;) {
            int rc = bench.ops->reap(bench.pool, done, 1, 64, FOREVER);
            assert_true(rc > 0);
            for (int i = 0; i < rc; i++)
                assert_int_equal(done[i].cpu, cpus[done[i].worker % 2]);
            got += (unsigned)rc;
        }
        bench_close(&bench);
        free(masks);
    }
}

extern const struct pool_ops pool_hybrid;

static void shapes(void **state)
{
    (void)state;
    const struct pool_ops *hybrid = pool_find("hybrid");
    struct pool_shape shape;
    const int64_t class[PARAM_MAX] = {0}, class_2_8[PARAM_MAX] = {0, 2, 8};
    const int64_t nested[PARAM_MAX] = {1}, nested_3[PARAM_MAX] = {1, 3}, nested_bad[PARAM_MAX] = {1, 3, 3};
    assert_null(hybrid->shape(4, class, &shape));
    assert_int_equal(shape.workers, 4);
    assert_null(hybrid->shape(4, class_2_8, &shape));
    assert_int_equal(shape.workers, 10);
    assert_int_equal(shape.processes, 2);
    assert_null(hybrid->shape(6, nested, &shape));
    assert_int_equal(shape.processes, 2);
    assert_int_equal(shape.threads, 6);
    assert_null(hybrid->shape(6, nested_3, &shape));
    assert_int_equal(shape.processes, 3);
    assert_non_null(hybrid->shape(6, nested_bad, &shape));
    assert_non_null(hybrid->shape(7, nested_3, &shape));
}

/* As many workers as were asked for, whatever tasks there are; which of them, by the time that tasks take. */
static void hybrid_has_as_many_as_asked_for(void **state)
{
    (void)state;
    static const struct {
        unsigned asked;
        double cpu_held;
        int64_t processes, threads; /* given; 0: open */
        unsigned workers;           /* 0: too few */
        int64_t of_processes, of_threads;
    } rows[] = {
        {4, 1, 0, 0, 4, 4, 0},    {4, 0, 0, 0, 4, 0, 4},    {4, 0.5, 0, 0, 4, 2, 2}, {4, 0.9, 0, 0, 4, 3, 1},
        {4, 0.01, 0, 0, 4, 1, 3}, {5, 0.5, 0, 0, 5, 3, 2},  {1, 1, 0, 0, 1, 1, 0},   {1, 0.5, 0, 0, 0, 0, 0},
        {2, 0.99, 0, 0, 2, 1, 1}, {4, 0.5, 2, 8, 10, 2, 8}, {4, 0.5, 3, 0, 4, 3, 1}, {4, 0.5, 0, 1, 4, 3, 1},
        {4, 0.5, 9, 0, 9, 9, 0},  {1, 0.5, 1, 1, 2, 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t params[PARAM_MAX] = {0, rows[i].processes, rows[i].threads};
        struct pool_shape shape;
        unsigned workers = pool_hybrid.staff(rows[i].asked, rows[i].cpu_held, params);
        assert_int_equal(workers, rows[i].workers);
        if (!workers)
            continue;
        assert_int_equal(params[1], rows[i].of_processes);
        assert_int_equal(params[2], rows[i].of_threads);
        assert_null(pool_hybrid.shape(workers, params, &shape));
        assert_int_equal(shape.workers, workers);
        assert_int_equal(shape.processes, rows[i].of_processes);
        assert_int_equal(shape.threads, rows[i].of_threads);
    }
    int64_t nested[PARAM_MAX] = {1};
    assert_int_equal(pool_hybrid.staff(6, 0.5, nested), 6);
}

static void payload_is_checked_to_the_byte(void **state)
{
    (void)state;
    unsigned char out[64];
    for (size_t bytes = 1; bytes <= sizeof out; bytes++) {
        task_output_fill(out, bytes, 12345);
        assert_true(task_output_check(out, bytes, 12345));
        assert_false(task_output_check(out, bytes, 12346));
        for (size_t i = 0; i < bytes; i++) {
            uint64_t hash = task_input_hash(out, bytes);
            out[i] ^= 1;
            assert_false(task_output_check(out, bytes, 12345));
            assert_true(task_input_hash(out, bytes) != hash);
            out[i] ^= 1;
        }
    }
    assert_int_equal(task_input_hash(NULL, 0), 0);
}

static int setup(void **state)
{
    (void)state;
    clock_choose(20000000);
    give_pools();
    gate = mmap(NULL, sizeof *gate, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return gate == MAP_FAILED ? -1 : 0;
}

/* In a child, as the table stays with the process. */
static void many_sleepers_have_room_in_the_kernel(void **state)
{
    enum { GET_SLOTS = 2, SLEEPERS = 100 };
    (void)state;
    if (prctl(PR_FUTEX_HASH, GET_SLOTS, 0, 0, 0) < 0)
        skip_because("slots for private futexes", strerror(errno));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct bench bench;
        bench_init(&bench, pool_find("pthread"), workload_find("empty"), (struct cost){0}, SLEEPERS);
        bench_open(&bench);
        int slots = prctl(PR_FUTEX_HASH, GET_SLOTS, 0, 0, 0);
        bench_close(&bench);
        _exit(slots < SLEEPERS);
    }
    assert_int_equal(child_await(child), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closing_leaves_nothing),
        cmocka_unit_test(closing_with_tasks_in_flight),
        cmocka_unit_test(peeks_tell_who_is_on_what),
        cmocka_unit_test(nothing_in_flight_is_nothing_to_wait_for),
        cmocka_unit_test(reap_keeps_its_time),
        cmocka_unit_test(a_killed_child_is_one_task),
        cmocka_unit_test(scarcity_is_an_error),
        cmocka_unit_test(workers_go_where_they_are_sent),
        cmocka_unit_test(shapes),
        cmocka_unit_test(hybrid_has_as_many_as_asked_for),
        cmocka_unit_test(payload_is_checked_to_the_byte),
        cmocka_unit_test(many_sleepers_have_room_in_the_kernel),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
