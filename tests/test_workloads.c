/* The workload contract, for every row of the table: results are the same in every repetition, thread and forked child,
 * depend on all of the work and agree with expect. Then what only one workload promises. No timing. */
/* sanitizers: address undefined (test_contract runs workloads in threads, for ThreadSanitizer to see) */
#include "tests/given.h"
#include "tests/scratch.h"
#include "workloads/line.h"
#include "workloads/sha256.h"
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

enum { TASKS = 50, THREADS = 4, ITERATIONS = 37, SIZE_NS = 20000 };

/* ------------------------------------------------------------------ a prepared workload, with its parameters */

struct bench {
    const struct workload_ops *ops;
    int64_t params[PARAM_MAX];
    void *state;
};

/* "50%" in the unit of its kind; -1 when it is not of the simple form: digits, then a unit. */
static int64_t preset_value(const struct param *param)
{
    static const struct unit {
        enum param_kind kind;
        const char *name;
        int64_t factor;
    } units[] = {{PARAM_COUNT, "", 1},          {PARAM_BYTES, "", 1},           {PARAM_BYTES, "KiB", 1 << 10},
                 {PARAM_BYTES, "MiB", 1 << 20}, {PARAM_DURATION, "ns", 1},      {PARAM_DURATION, "us", 1000},
                 {PARAM_SHARE, "%", 10000},     {PARAM_DURATION, "ms", 1000000}};
    char *end;
    int64_t digits = strtoll(param->preset, &end, 10);
    for (size_t i = 0; end != param->preset && i < sizeof units / sizeof *units; i++)
        if (units[i].kind == param->kind && !strcmp(units[i].name, end))
            return digits * units[i].factor;
    return -1;
}

/* The number of `word` among a|b|c, -1 when it is none of them. */
static int64_t choice_value(const char *choices, const char *word)
{
    size_t length = strlen(word);
    for (int64_t number = 0;; number++) {
        if (!strncmp(choices, word, length) && (choices[length] == '|' || !choices[length]))
            return number;
        choices = strchr(choices, '|');
        if (!choices)
            return -1;
        choices++;
    }
}

static int64_t *bench_param(struct bench *bench, const char *name)
{
    for (unsigned i = 0; bench->ops->params && bench->ops->params[i].name; i++)
        if (!strcmp(bench->ops->params[i].name, name))
            return &bench->params[i];
    fail_msg("%s has no parameter %s", bench->ops->name, name);
    return NULL;
}

/* An iteration takes a system call or a long loop, not some nanoseconds. */
static bool is_dear(const struct workload_ops *ops)
{
    return ops->unit && (!strcmp(ops->unit, "mapping") || !strcmp(ops->unit, "block"));
}

static struct bench bench_of(const struct workload_ops *ops)
{
    struct bench bench = {.ops = ops};
    for (unsigned i = 0; ops->params && ops->params[i].name; i++) {
        const struct param *param = &ops->params[i];
        if (given(param, &bench.params[i]))
            continue;
        bench.params[i] =
            param->kind == PARAM_CHOICE ? choice_value(param->choices, param->preset) : preset_value(param);
        /* enough, and quick under sanitizers, and where a page fault takes 50 us */
        const int64_t most = is_dear(ops) ? 1 << 13 : 1 << 16;
        if (param->kind == PARAM_BYTES && bench.params[i] > most)
            bench.params[i] = most;
    }
    return bench;
}

static int bench_prepare(struct bench *bench, uint64_t seed)
{
    struct workload_config config = {.params = bench->params, .seed = seed, .tasks = TASKS * (THREADS + 1)};
    return bench->ops->prepare(&config, &bench->state);
}

/* With one parameter set, or with all at their defaults (NULL). */
static struct bench bench_open(const char *name, const char *param, int64_t value)
{
    assert_non_null(workload_find(name));
    struct bench bench = bench_of(workload_find(name));
    if (param)
        *bench_param(&bench, param) = value;
    assert_int_equal(bench_prepare(&bench, 7), 0);
    return bench;
}

static struct task bench_task(const struct bench *bench, uint32_t index, uint64_t iterations)
{
    const struct workload_ops *ops = bench->ops;
    return (struct task){.index = index,
                         .class = ops->classify ? ops->classify(bench->state, index) : ops->class,
                         .size_ns = SIZE_NS,
                         .iterations = iterations};
}

static uint64_t bench_run(const struct bench *bench, uint32_t index, uint64_t iterations)
{
    struct task task = bench_task(bench, index, iterations);
    uint64_t result = 0;
    int code = bench->ops->run(bench->state, &task, &result);
    if (code) /* also called by threads and children, where cmocka's asserts do not work */
        abort();
    return result;
}

static void run_all(const struct bench *bench, uint64_t results[TASKS])
{
    for (uint32_t i = 0; i < TASKS; i++)
        results[i] = bench_run(bench, i, is_dear(bench->ops) ? 3 : ITERATIONS);
}

struct thread {
    const struct bench *bench;
    uint64_t *results;
};

static void *run_thread(void *arg)
{
    const struct thread *thread = arg;
    run_all(thread->bench, thread->results);
    return NULL;
}

static void run_threads(const struct bench *bench, uint64_t results[THREADS][TASKS])
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
static int64_t run_child(const struct bench *bench, uint64_t results[TASKS])
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
                assert_true(choice_value(param->choices, param->preset) >= 0);
                continue;
            }
            assert_true(param->min <= preset_value(param) && preset_value(param) <= param->max);
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
        struct bench first = bench_of(*row), second = first, other = first;
        assert_int_equal(bench_prepare(&first, 7) | bench_prepare(&second, 7) | bench_prepare(&other, 8), 0);
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

static void expect_agrees(const struct bench *bench)
{
    const uint64_t iterations[] = {0, 1, 2, 63, is_dear(bench->ops) ? 70 : 1000};
    for (uint32_t i = 0; bench->ops->expect && i < TASKS; i++) {
        struct task task = bench_task(bench, i, iterations[i % 5]);
        uint64_t expected = 0;
        if (bench->ops->expect(bench->state, &task, &expected))
            assert_true(expected == bench_run(bench, i, iterations[i % 5]));
    }
}

static void results_are_expected(void **unused)
{
    (void)unused;
    for (const struct workload_ops *const *row = workload_table; *row; row++) {
        struct bench bench = bench_open((*row)->name, NULL, 0);
        expect_agrees(&bench);
        (*row)->release(bench.state);
        for (unsigned i = 0; (*row)->params && (*row)->params[i].name; i++) {
            const struct param *param = &(*row)->params[i];
            if (param->kind != PARAM_CHOICE)
                continue;
            int64_t last = 0;
            for (const char *at = param->choices; (at = strchr(at, '|')); at++)
                last++;
            for (int64_t choice = 0; choice <= last; choice++) {
                bench = bench_open((*row)->name, param->name, choice);
                expect_agrees(&bench);
                (*row)->release(bench.state);
            }
        }
    }
}

static void results_depend_on_iterations(void **unused)
{
    (void)unused;
    for (const struct workload_ops *const *row = workload_table; *row; row++) {
        struct bench bench = bench_open((*row)->name, NULL, 0);
        uint32_t index = 0;
        while (bench_task(&bench, index, 0).class != TASK_CPU && (*row)->unit)
            index++;
        uint64_t results[64];
        for (uint64_t n = 0; n < 64; n++) {
            results[n] = bench_run(&bench, index, n);
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
    struct bench bench = bench_open("primes", NULL, 0);
    uint32_t number = 1u << 20 | 1 | ((uint32_t)work_start(7, 3) & 0xfffff);
    uint64_t sum = 0, divisions = 0;
    for (int decided = 0; decided < 300; decided++, number = number + 2 < 1u << 21 ? number + 2 : 1u << 20 | 1) {
        assert_true(bench_run(&bench, 3, divisions) == mix64(mix64(sum, number), 3));
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
        struct bench bench = bench_open("memory", "bytes", sizes[i]);
        uint64_t nodes = (uint64_t)sizes[i] / 64;
        bool *seen = calloc(nodes, sizeof *seen);
        assert_non_null(seen);
        for (uint64_t n = 0; n < nodes; n++) {
            uint64_t at = bench_run(&bench, 0, n);
            assert_true(at % 64 == 0 && at / 64 < nodes && !seen[at / 64]);
            seen[at / 64] = true;
        }
        assert_true(bench_run(&bench, 0, nodes) == bench_run(&bench, 0, 0));
        free(seen);
        bench.ops->release(bench.state);
    }
}

/* Where the machine gives no more address space, prepare says so and a task fails with a code; neither crashes. */
static void no_memory_is_an_error(void **unused)
{
    (void)unused;
    struct bench touch = bench_open("touch", "bytes", 1 << 20);
    struct bench memory = bench_of(workload_find("memory"));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit none = {0, 0};
        struct task task = bench_task(&touch, 0, 1);
        uint64_t result;
        bool is_right = !setrlimit(RLIMIT_AS, &none) && touch.ops->run(touch.state, &task, &result) == ENOMEM &&
                        bench_prepare(&memory, 7) == -ENOMEM && !memory.state;
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
        struct bench bench = bench_open("counter", "sync", sync);
        uint64_t results[TASKS], threads[THREADS][TASKS];
        assert_int_equal(run_child(&bench, results), one_worker);
        assert_int_equal(bench.ops->observe(bench.state), 0); /* the child counted a copy */
        bench_run(&bench, TASK_WARMUP_FIRST, ITERATIONS);
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
    struct bench bench = bench_open("append", NULL, 0);
    uint64_t results[TASKS], threads[THREADS][TASKS];
    assert_int_equal(run_child(&bench, results), TASKS);
    bench_run(&bench, TASK_WARMUP_FIRST, 0);
    bench_run(&bench, UINT32_MAX, 0);
    assert_int_equal(bench.ops->observe(bench.state), 0);
    run_threads(&bench, threads);
    assert_int_equal(bench.ops->observe(bench.state), TASKS * THREADS);
    assert_true(threads[0][49] == 50 * 50);
    run_all(&bench, results);
    assert_int_equal(bench.ops->observe(bench.state), TASKS * (THREADS + 1));
    assert_true(bench_run(&bench, UINT32_MAX - 1, 0) == 18446744065119617025u);
    struct task task = bench_task(&bench, 0, 0);
    uint64_t result;
    assert_int_equal(bench.ops->run(bench.state, &task, &result), ENOSPC); /* one task more than announced */
    bench.ops->release(bench.state);
}

/* The same address, two memories. */
static void append_tells_whose_list(void **unused)
{
    (void)unused;
    struct bench bench = bench_open("append", "witness", 1);
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
    struct bench bench = bench_open("sleep", "slack", 3000);
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
        struct bench bench = bench_open("mixed", "cpu_share", shares[i]);
        int64_t cpu = 0;
        for (uint32_t index = 0; index < 10000; index++)
            cpu += bench_task(&bench, index, 0).class == TASK_CPU;
        assert_in_range(cpu + 300, shares[i] / 100, shares[i] / 100 + 600);
        assert_true((shares[i] != 0 || cpu == 0) && (shares[i] != WORK_PPM || cpu == 10000));
        struct task task = bench_task(&bench, 1, 1000);
        assert_int_equal(bench.ops->cpu_ns(bench.state, &task), task.class == TASK_CPU ? SIZE_NS : 0);
        bench.ops->release(bench.state);
        bench = bench_of(workload_find("mixed"));
        *bench_param(&bench, "cpu_share") = shares[i];
        *bench_param(&bench, "cpu_then_sleep") = 1;
        assert_int_equal(bench_prepare(&bench, 7), 0);
        expect_agrees(&bench);
        for (uint32_t index = 0; index < 100; index++)
            assert_int_equal(bench_task(&bench, index, 0).class, shares[i] >= 500000 ? TASK_CPU : TASK_SLEEP);
        uint64_t sleep_ns = SIZE_NS - work_share(SIZE_NS, (uint64_t)shares[i]);
        task = bench_task(&bench, 1, 1000);
        assert_int_equal(bench.ops->cpu_ns(bench.state, &task), SIZE_NS - sleep_ns);
        uint64_t spun = spin_chain(work_start(7, 1), 1000 * (uint64_t)shares[i] / WORK_PPM);
        assert_true(bench_run(&bench, 1, 1000) == mix64(spun, sleep_ns));
        bench.ops->release(bench.state);
    }
}

/* ------------------------------------------------------------------ real work */

static int64_t text(const char *words)
{
    return (int64_t)(intptr_t)words;
}

/* The examples of FIPS 180-4: with the padding in the last chunk, and in one of its own. */
static void sha256_is_sha256(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        uint32_t first, last;
    } vectors[] = {
        {"", 0xe3b0c442, 0x7852b855},
        {"abc", 0xba7816bf, 0xf20015ad},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 0x248d6a61, 0x19db06c1},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
         "nopqrstu",
         0xcf5b16a7, 0x7afee9d1},
    };
    uint32_t digest[8];
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        sha256((const unsigned char *)vectors[i].bytes, strlen(vectors[i].bytes), digest);
        assert_int_equal(digest[0], vectors[i].first);
        assert_int_equal(digest[7], vectors[i].last);
    }
    unsigned char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    sha256(million, 1000000, digest);
    assert_int_equal(digest[0], 0xcdc76e5c);
    assert_int_equal(digest[7], 0xc7112cd0);
    free(million);
}

static void write_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

/* Task i has block i, and each block counts to its last byte, also the last, which is shorter. */
static void blocks_are_the_file(void **unused)
{
    (void)unused;
    static const char *const names[] = {"sha256", "deflate"};
    char path[SCRATCH_MAX], bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)mix64(1, i);
    int fd = scratch_file(path);
    assert_true(fd >= 0);
    close(fd);
    for (int k = 0; k < 2; k++) {
        struct bench bench = bench_of(workload_find(names[k]));
        *bench_param(&bench, "file") = text(path);
        *bench_param(&bench, "block") = 300;
        uint64_t results[6];
        for (int changed = -1; changed < 4; changed++) {
            char copy[1000];
            memcpy(copy, bytes, sizeof copy);
            if (changed >= 0)
                copy[changed < 3 ? changed * 300 + 299 : 999]++;
            write_file(path, copy, sizeof copy);
            assert_int_equal(bench_prepare(&bench, 7), 0);
            expect_agrees(&bench);
            for (uint32_t i = 0; i < 6; i++) {
                uint64_t result = bench_run(&bench, i, 1);
                if (changed < 0)
                    results[i] = result;
                else
                    assert_int_equal(result == results[i], (int)i % 4 != changed);
            }
            bench.ops->release(bench.state);
        }
    }
    unlink(path);
}

static void lines_become_words(void **unused)
{
    (void)unused;
    struct strings words = {0};
    assert_int_equal(line_split("  a \"b c\"d\t\\\"e \"\" 'f g' ", &words), 0);
    static const char *const expected[] = {"a", "b cd", "\"e", "", "'f", "g'"};
    assert_int_equal(words.count, 6);
    for (int i = 0; i < 6; i++)
        assert_string_equal(words.string[i], expected[i]);
    strings_release(&words);
    assert_int_equal(line_split("a \"b", &words), -EINVAL);
    assert_int_equal(line_split(" ", &words), 0);
    assert_int_equal(words.count, 0);
    struct fill fill = {.task = 12, .seed = 34, .file = "it's {task}"};
    char *plain = line_fill("{file}.{task}-{seed}{}{x}", &fill, false);
    assert_string_equal(plain, "it's {task}.12-34{}{x}");
    free(plain);
    char *quoted = line_fill("cat {file} >{task}", &fill, true);
    assert_string_equal(quoted, "cat 'it'\\''s {task}' >12");
    free(quoted);
}

static int cmd_code(const char *line, bool sh, uint32_t index)
{
    struct bench bench = bench_of(workload_find("cmd"));
    *bench_param(&bench, "line") = text(line);
    *bench_param(&bench, "sh") = sh;
    assert_int_equal(bench_prepare(&bench, 7), 0);
    struct task task = bench_task(&bench, index, 0);
    uint64_t result;
    int code = bench.ops->run(bench.state, &task, &result);
    bench.ops->release(bench.state);
    return code;
}

static void commands_say_how_they_ended(void **unused)
{
    (void)unused;
    assert_int_equal(cmd_code("true", false, 0), 0);
    assert_int_equal(cmd_code("false", false, 0), RUN_EXITED | 1);
    assert_int_equal(cmd_code("exit {task}", true, 7), RUN_EXITED | 7);
    assert_int_equal(cmd_code("kill -9 $$", true, 0), RUN_SIGNALLED | SIGKILL);
    assert_int_equal(cmd_code("false", false, TASK_WARMUP_FIRST), 0); /* runs nothing */
    assert_int_equal(cmd_code("./{task}", false, 3), ENOENT);
}

/* become() in a child does what run() does elsewhere, and what a task left is seen to its last byte. */
static void commands_leave_the_same(void **unused)
{
    (void)unused;
    char directory[SCRATCH_MAX], output[SCRATCH_MAX + 16], files[SCRATCH_MAX + 16], file[SCRATCH_MAX + 16],
        error[WORKLOAD_ERROR_MAX];
    assert_int_equal(scratch_directory(directory), 0);
    snprintf(output, sizeof output, "%s/{task}.out", directory);
    snprintf(files, sizeof files, "%s/*.in", directory);
    for (int i = 0; i < 3; i++) {
        snprintf(file, sizeof file, "%s/a b%d.in", directory, i);
        write_file(file, file, strlen(file) - (size_t)i);
    }
    struct bench bench = bench_of(workload_find("cmd"));
    *bench_param(&bench, "line") = text("cat {file}");
    *bench_param(&bench, "files") = text(files);
    *bench_param(&bench, "output") = text(output);
    uint32_t tasks = 0;
    assert_int_equal(bench.ops->check(bench.params, &tasks, error), 0);
    assert_int_equal(tasks, 3);
    assert_int_equal(bench_prepare(&bench, 7), 0);
    for (uint32_t i = 0; i < 3; i++) {
        struct task task = bench_task(&bench, i, 0);
        uint64_t result, left[2];
        assert_int_equal(bench.ops->run(bench.state, &task, &result), 0);
        assert_int_equal(bench.ops->left(bench.state, &task, &left[0], error), 1);
        snprintf(file, sizeof file, "%s/%u.out", directory, i);
        assert_int_equal(unlink(file), 0);
        assert_int_equal(bench.ops->left(bench.state, &task, &left[1], error), -ENOENT);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(bench.ops->become(bench.state, &task));
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(bench.ops->left(bench.state, &task, &left[1], error), 1);
        assert_true(left[0] == left[1]);
        write_file(file, "x", 1);
        assert_int_equal(bench.ops->left(bench.state, &task, &left[1], error), 1);
        assert_true(left[0] != left[1]);
    }
    bench.ops->release(bench.state);
    snprintf(file, sizeof file, "rm -r %s", directory);
    assert_int_equal(cmd_code(file, false, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_valid),
        cmocka_unit_test(results_repeat),
        cmocka_unit_test(results_are_expected),
        cmocka_unit_test(results_depend_on_iterations),
        cmocka_unit_test(skip_ahead_is_the_loop),
        cmocka_unit_test(primes_are_primes),
        cmocka_unit_test(memory_is_one_cycle),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(counter_shows_who_shares),
        cmocka_unit_test(append_shows_who_shares),
        cmocka_unit_test(append_tells_whose_list),
        cmocka_unit_test(sleep_survives_signals),
        cmocka_unit_test(mixed_keeps_its_share),
        cmocka_unit_test(sha256_is_sha256),
        cmocka_unit_test(blocks_are_the_file),
        cmocka_unit_test(lines_become_words),
        cmocka_unit_test(commands_say_how_they_ended),
        cmocka_unit_test(commands_leave_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
