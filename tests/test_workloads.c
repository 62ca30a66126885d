/* The workload contract, for every row of the table: results are the same in every repetition, thread and forked child,
 * depend on all of the work and agree with expect. Then what only one workload promises. No timing. */
/* sanitizers: address undefined (test_contract runs workloads in threads, for ThreadSanitizer to see) */
#include "tests/prepared.h"
#include "workloads/work.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

/* Threads, and the one that makes them, have all the tasks that were announced. */
enum { TASKS = 50, THREADS = PREPARED_TASKS / TASKS - 1, ITERATIONS = 37 };

static void run_all(const struct prepared *bench, uint64_t results[TASKS])
{
    for (uint32_t i = 0; i < TASKS; i++)
        results[i] = prepared_run(bench, i, prepared_is_dear(bench->ops) ? 3 : ITERATIONS);
}

struct thread {
    const struct prepared *bench;
    uint64_t *results;
};

static void *run_thread(void *arg)
{
    const struct thread *thread = arg;
    run_all(thread->bench, thread->results);
    return NULL;
}

static void run_threads(const struct prepared *bench, uint64_t results[THREADS][TASKS])
{
    struct thread thread[THREADS];
    pthread_t ids[THREADS];
    for (int i = 0; i < THREADS; i++) {
        thread[i].bench = bench;
        thread[i].results = results[i];
        assert_int_equal(pthread_create(&ids[i], NULL, run_thread, &thread[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(ids[i], NULL), 0);
}

/* What the child observes at its end, where the workload observes anything. */
static int64_t run_child(const struct prepared *bench, uint64_t results[TASKS])
{
    size_t bytes = (TASKS + 1) * sizeof(uint64_t);
    uint64_t *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_all(bench, shared);
        if (bench->ops->observe)
            shared[TASKS] = (uint64_t)bench->ops->observe(bench->state);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    memcpy(results, shared, TASKS * sizeof *results);
    int64_t observed = (int64_t)shared[TASKS];
    munmap(shared, bytes);
    return observed;
}

/* ------------------------------------------------------------------ every row of the table */

static void table_is_valid(void **unused)
{
    (void)unused;
    for (const struct workload_ops *const *row = workload_table; *row; row++) {
        const struct workload_ops *ops = *row;
        assert_ptr_equal(workload_find(ops->name), ops); /* names are unique */
        assert_true(ops->summary && ops->prepare && ops->run && ops->release);
        assert_int_equal(!!(ops->traits & WORKLOAD_OBSERVED), ops->observe != NULL);
        if (ops->calibrate_as)
            assert_string_equal(workload_find(ops->calibrate_as)->unit, ops->unit);
        if (ops->traits & WORKLOAD_SIZED && ops->class == TASK_CPU)
            assert_non_null(ops->unit);
        if (ops->become)
            assert_non_null(ops->expect);
        unsigned count = 0;
        for (; ops->params && ops->params[count].name; count++) {
            const struct param *param = &ops->params[count];
            assert_true(param->help && *param->help);
            if (param->kind == PARAM_TEXT) {
                assert_non_null(param->preset);
                continue;
            }
            if (param->kind == PARAM_CHOICE) {
                assert_true(prepared_preset(param) >= 0);
                continue;
            }
            assert_true(param->min <= prepared_preset(param) && prepared_preset(param) <= param->max);
        }
        assert_true(count <= PARAM_MAX);
    }
    assert_null(workload_find("spim"));
    assert_null(workload_find(""));
}

static void results_repeat(void **unused)
{
    (void)unused;
    for (const struct workload_ops *const *row = workload_table; *row; row++) {
        struct prepared first = prepared_of(*row), second = first, other = first;
        assert_int_equal(prepared_make(&first, 7) | prepared_make(&second, 7) | prepared_make(&other, 8), 0);
        uint64_t results[4][TASKS], threads[THREADS][TASKS];
        run_all(&first, results[0]);
        run_all(&second, results[1]);
        run_all(&other, results[2]);
        assert_memory_equal(results[0], results[1], sizeof results[0]);
        bool is_seeded = strcmp((*row)->name, "empty") && strcmp((*row)->name, "append");
        assert_int_equal(memcmp(results[0], results[2], sizeof results[0]) != 0, is_seeded);
        assert_true(results[0][0] != results[0][1]);
        run_child(&second, results[3]);
        assert_memory_equal(results[0], results[3], sizeof results[0]);
        run_threads(&second, threads);
        for (int i = 0; i < THREADS; i++)
            assert_memory_equal(results[0], threads[i], sizeof results[0]);
        (*row)->release(first.state);
        (*row)->release(second.state);
        (*row)->release(other.state);
    }
}

static void results_are_expected(void **unused)
{
    (void)unused;
    for (const struct workload_ops *const *row = workload_table; *row; row++) {
        struct prepared bench = prepared_open((*row)->name, NULL, 0);
        prepared_agrees(&bench);
        (*row)->release(bench.state);
        for (unsigned i = 0; (*row)->params && (*row)->params[i].name; i++) {
            const struct param *param = &(*row)->params[i];
            if (param->kind != PARAM_CHOICE)
                continue;
            int64_t last = 0;
            for (const char *at = param->choices; (at = strchr(at, '|')); at++)
                last++;
            for (int64_t choice = 0; choice <= last; choice++) {
                bench = prepared_open((*row)->name, param->name, choice);
                prepared_agrees(&bench);
                (*row)->release(bench.state);
            }
        }
    }
}

static void results_depend_on_iterations(void **unused)
{
    (void)unused;
    for (const struct workload_ops *const *row = workload_table; *row; row++) {
        struct prepared bench = prepared_open((*row)->name, NULL, 0);
        uint32_t index = 0;
        while (prepared_task(&bench, index, 0).class != TASK_CPU && (*row)->unit)
            index++;
        uint64_t results[64];
        for (uint64_t n = 0; n < 64; n++) {
            results[n] = prepared_run(&bench, index, n);
            for (uint64_t i = 0; (*row)->unit && i < n; i++)
                assert_true(results[i] != results[n]);
        }
        (*row)->release(bench.state);
    }
}

/* ------------------------------------------------------------------ one workload each */

static void skip_ahead_is_the_loop(void **unused)
{
    (void)unused;
    uint64_t x = 12345;
    for (uint64_t n = 0; n <= 5000; n++, x = lcg_next(x))
        assert_true(lcg_skip(12345, n) == x);
    assert_true(lcg_skip(1, 1000003) == spin_chain(1, 1000003));
    static const uint64_t large[] = {1ull << 32, (1ull << 40) + 1, 1ull << 63, UINT64_MAX};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++) /* the period is 2^64: lengths may wrap */
            assert_true(lcg_skip(lcg_skip(99, large[i]), large[k]) == lcg_skip(99, large[i] + large[k]));
    assert_true(lcg_skip(lcg_skip(5, UINT64_MAX), 1) == 5);
    assert_true(lcg_skip(5, 1ull << 63) != 5);
}

/* The same divisions, counted from the numbers they decide. */
static void primes_are_primes(void **unused)
{
    (void)unused;
    struct prepared bench = prepared_open("primes", NULL, 0);
    uint32_t number = 1u << 20 | 1 | ((uint32_t)work_start(7, 3) & 0xfffff);
    uint64_t sum = 0, divisions = 0;
    for (int decided = 0; decided < 300; decided++, number = number + 2 < 1u << 21 ? number + 2 : 1u << 20 | 1) {
        assert_true(prepared_run(&bench, 3, divisions) == mix64(mix64(sum, number), 3));
        uint32_t divisor = 3;
        while (divisor < 1449 && number % divisor && divisor * divisor <= number)
            divisor += 2;
        divisions += (divisor - 1) / 2;
        if (number % divisor)
            sum += number;
    }
    assert_true(sum > 0);
    bench.ops->release(bench.state);
}

/* From any node the chase comes back after as many loads as there are nodes, and not before. */
static void memory_is_one_cycle(void **unused)
{
    (void)unused;
    static const int64_t sizes[] = {4096, 4096 + 63, 64 << 10};
    for (int i = 0; i < 3; i++) {
        struct prepared bench = prepared_open("memory", "bytes", sizes[i]);
        uint64_t nodes = (uint64_t)sizes[i] / 64;
        bool *seen = calloc(nodes, sizeof *seen);
        assert_non_null(seen);
        for (uint64_t n = 0; n < nodes; n++) {
            uint64_t at = prepared_run(&bench, 0, n);
            assert_true(at % 64 == 0 && at / 64 < nodes && !seen[at / 64]);
            seen[at / 64] = true;
        }
        assert_true(prepared_run(&bench, 0, nodes) == prepared_run(&bench, 0, 0));
        free(seen);
        bench.ops->release(bench.state);
    }
}

/* Where the machine gives no more address space, prepare says so and a task fails with a code; neither crashes. */
static void no_memory_is_an_error(void **unused)
{
    (void)unused;
    struct prepared touch = prepared_open("touch", "bytes", 1 << 20);
    struct prepared memory = prepared_of(workload_find("memory"));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit none = {0, 0};
        struct task task = prepared_task(&touch, 0, 1);
        uint64_t result;
        bool is_right = !setrlimit(RLIMIT_AS, &none) && touch.ops->run(touch.state, &task, &result) == ENOMEM &&
                        prepared_make(&memory, 7) == -ENOMEM && !memory.state;
        _exit(is_right ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    touch.ops->release(touch.state);
}

static void counter_shows_who_shares(void **unused)
{
    (void)unused;
    const int64_t one_worker = TASKS * ITERATIONS;
    for (int64_t sync = 0; sync < 3; sync++) {
        struct prepared bench = prepared_open("counter", "sync", sync);
        uint64_t results[TASKS], threads[THREADS][TASKS];
        assert_int_equal(run_child(&bench, results), one_worker);
        assert_int_equal(bench.ops->observe(bench.state), 0); /* the child counted a copy */
        prepared_run(&bench, TASK_WARMUP_FIRST, ITERATIONS);
        assert_int_equal(bench.ops->observe(bench.state), 0);
        run_all(&bench, results);
        assert_int_equal(bench.ops->observe(bench.state), one_worker);
        run_threads(&bench, threads);
        int64_t count = bench.ops->observe(bench.state), exact = one_worker * (THREADS + 1);
        if (sync == 0)
            assert_true(0 < count && count <= exact);
        else
            assert_int_equal(count, exact);
        bench.ops->release(bench.state);
    }
}

static void append_shows_who_shares(void **unused)
{
    (void)unused;
    struct prepared bench = prepared_open("append", NULL, 0);
    uint64_t results[TASKS], threads[THREADS][TASKS];
    assert_int_equal(run_child(&bench, results), TASKS);
    prepared_run(&bench, TASK_WARMUP_FIRST, 0);
    prepared_run(&bench, UINT32_MAX, 0);
    assert_int_equal(bench.ops->observe(bench.state), 0);
    run_threads(&bench, threads);
    assert_int_equal(bench.ops->observe(bench.state), TASKS * THREADS);
    assert_true(threads[0][49] == 50 * 50);
    run_all(&bench, results);
    assert_int_equal(bench.ops->observe(bench.state), TASKS * (THREADS + 1));
    assert_true(prepared_run(&bench, UINT32_MAX - 1, 0) == 18446744065119617025u);
    struct task task = prepared_task(&bench, 0, 0);
    uint64_t result;
    assert_int_equal(bench.ops->run(bench.state, &task, &result), ENOSPC); /* one task more than announced */
    bench.ops->release(bench.state);
}

/* The same address, two memories. */
static void append_tells_whose_list(void **unused)
{
    (void)unused;
    struct prepared bench = prepared_open("append", "witness", 1);
    uint64_t results[TASKS];
    struct view views[VIEWS_MAX];
    assert_int_equal(run_child(&bench, results), TASKS);
    assert_int_equal(bench.ops->views(bench.state, views), 2);
    assert_int_equal(views[0].pid, getpid());
    assert_int_equal(views[0].count, 0);
    assert_int_not_equal(views[1].pid, getpid());
    assert_true(views[1].address == views[0].address);
    assert_true(views[1].count > 1 && views[1].items[0] == 1 && views[1].items[1] == 4);
    run_all(&bench, results);
    assert_int_equal(bench.ops->views(bench.state, views), 2);
    assert_int_equal(views[1].pid, getpid());
    assert_int_equal(views[0].count, TASKS);
    bench.ops->release(bench.state);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Never shorter than asked for, also when signals interrupt it. How much longer is the machine's. */
static void sleep_survives_signals(void **unused)
{
    (void)unused;
    struct prepared bench = prepared_open("sleep", "slack", 3000);
    struct sigaction action = {.sa_handler = on_alarm}, before;
    struct itimerval every_ms = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every_ms, NULL), 0);
    struct task task = {.class = TASK_SLEEP, .size_ns = 15000000};
    uint64_t result, start = now_ns();
    assert_int_equal(bench.ops->run(bench.state, &task, &result), 0);
    uint64_t slept_ns = now_ns() - start;
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_true(slept_ns >= task.size_ns);
    int slack_ns = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    assert_true(slack_ns == 3000 || slack_ns <= 0); /* <= 0: a sandbox without the call */
    bench.ops->release(bench.state);
}

static void mixed_keeps_its_share(void **unused)
{
    (void)unused;
    static const int64_t shares[] = {0, 100000, 500000, WORK_PPM};
    for (int i = 0; i < 4; i++) {
        struct prepared bench = prepared_open("mixed", "cpu_share", shares[i]);
        int64_t cpu = 0;
        for (uint32_t index = 0; index < 10000; index++)
            cpu += prepared_task(&bench, index, 0).class == TASK_CPU;
        for (uint32_t index = 0; index < 100; index++)
            assert_int_equal(bench.ops->class_of(bench.params, 7, index), prepared_task(&bench, index, 0).class);
        assert_in_range(cpu + 300, shares[i] / 100, shares[i] / 100 + 600);
        assert_true((shares[i] != 0 || cpu == 0) && (shares[i] != WORK_PPM || cpu == 10000));
        struct task task = prepared_task(&bench, 1, 1000);
        assert_int_equal(bench.ops->cpu_ns(bench.state, &task), task.class == TASK_CPU ? PREPARED_SIZE_NS : 0);
        bench.ops->release(bench.state);
        bench = prepared_of(workload_find("mixed"));
        *prepared_param(&bench, "cpu_share") = shares[i];
        *prepared_param(&bench, "cpu_then_sleep") = 1;
        assert_int_equal(prepared_make(&bench, 7), 0);
        prepared_agrees(&bench);
        for (uint32_t index = 0; index < 100; index++)
            assert_int_equal(prepared_task(&bench, index, 0).class, shares[i] >= 500000 ? TASK_CPU : TASK_SLEEP);
        uint64_t sleep_ns = PREPARED_SIZE_NS - work_share(PREPARED_SIZE_NS, (uint64_t)shares[i]);
        task = prepared_task(&bench, 1, 1000);
        assert_int_equal(bench.ops->cpu_ns(bench.state, &task), PREPARED_SIZE_NS - sleep_ns);
        uint64_t spun = spin_chain(work_start(7, 1), 1000 * (uint64_t)shares[i] / WORK_PPM);
        assert_true(prepared_run(&bench, 1, 1000) == mix64(spun, sleep_ns));
        bench.ops->release(bench.state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_valid),           cmocka_unit_test(results_repeat),
        cmocka_unit_test(results_are_expected),     cmocka_unit_test(results_depend_on_iterations),
        cmocka_unit_test(skip_ahead_is_the_loop),   cmocka_unit_test(primes_are_primes),
        cmocka_unit_test(memory_is_one_cycle),      cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(counter_shows_who_shares), cmocka_unit_test(append_shows_who_shares),
        cmocka_unit_test(append_tells_whose_list),  cmocka_unit_test(sleep_survives_signals),
        cmocka_unit_test(mixed_keeps_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
