/* The contract matrix: every pool x workers x tasks x arrival x collect, each a trial program of its own. Whatever the
 * pool, each task is reported exactly once, sums are those of the tasks, ordered is in order, times are monotone, and
 * nothing is left behind. */
/* sanitizers: address undefined thread (pools of threads, and the submitter beside them) */
#include "bench/base/spec.h"
#include "bench/measure/job.h"
#include "bench/model/cell.h"
#include "pools/parts/clock.h"
#include "pools/parts/group.h"
#include "tests/given.h"
#include "tests/sample.h"
#include "tests/skip.h"
#include "tests/trials.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h> /* after what it needs */

struct arriving {
    const char *name;
    enum arrival_kind kind;
    int64_t k;
    double rate;
    int64_t process;
};

static const struct arriving arrivals[] = {
    {"burst", ARRIVAL_BURST, 0, 0, 0},
    {"wave:3", ARRIVAL_WAVE, 3, 0, 0},
    {"window:2", ARRIVAL_WINDOW, 2, 0, 0},
    {"window:100", ARRIVAL_WINDOW, 100, 0, 0},
    {"rate:50000", ARRIVAL_RATE, 0, 50000, PROCESS_EVEN},
    {"rate:50000:poisson", ARRIVAL_RATE, 0, 50000, PROCESS_POISSON},
};
enum { ARRIVALS = sizeof arrivals / sizeof *arrivals, ROWS_MAX = 64 };

/* Which of its parameters is called so; -1: none. */
static int param_at(const struct pool_ops *pool, const char *name)
{
    for (int i = 0; pool->params && pool->params[i].name; i++)
        if (strcmp(pool->params[i].name, name) == 0)
            return i;
    return -1;
}

/* A row of the matrix: a pool there is, or its other route. */
struct row {
    char name[64];
    const struct pool_ops *pool;
    int64_t params[PARAM_MAX];
};

static void matrix(void **state)
{
    const struct row *row = *state;
    const unsigned workers[] = {1, 2, 5};
    const uint32_t tasks[] = {0, 1, 7, 1000};
    struct cost cost = {.size_ns = 1000, .iterations = 300};
    static uint64_t sums[4]; /* of all rows */
    struct matrix_sample sample;
    if (!can_run(row->pool))
        skip_because(row->name, CANNOT_RUN);
    sample_begin(&sample, row->name, 3 * 4 * ARRIVALS * 3, 1.5, row->pool->traits & POOL_TASK_IS_PROCESS ? 300 : 5);
    for (unsigned w = 0; w < 3; w++)
        for (unsigned t = 0; t < 4; t++)
            for (unsigned a = 0; a < ARRIVALS; a++)
                for (int collect = COLLECT_JOINED; collect <= COLLECT_ORDERED; collect++) {
                    struct cell cell;
                    const bool is_waited_for = arrivals[a].kind == ARRIVAL_WINDOW || arrivals[a].kind == ARRIVAL_RATE;
                    if (!sample_next(&sample) || (collect == COLLECT_JOINED && is_waited_for))
                        continue;
                    cell_init(&cell, row->pool->name, "spin", workers[w], tasks[t]);
                    memcpy(cell.pool_params, row->params, sizeof cell.pool_params);
                    if (tasks[t] == 1000 && cell.pool->traits & POOL_TASK_IS_PROCESS && (a % 2 || SANITIZED))
                        cell.f.tasks = 60; /* a thousand forks in half of the arrivals are enough */
                    cell.f.arrival.kind = arrivals[a].kind;
                    cell.f.arrival.k = arrivals[a].k;
                    cell.f.arrival.rate = arrivals[a].rate;
                    cell.f.arrival.process = arrivals[a].process;
                    cell.f.collect = (enum collect_kind)collect;
                    struct ran ran = run(&cell, &cost, 1);
                    assert_ended_well(&ran, &cell);
                    assert_samples(&ran, &cell);
                    if (cell.f.tasks != tasks[t])
                        continue;
                    /* the same tasks, the same results, whoever ran them in whatever order */
                    if (sums[t] == 0)
                        sums[t] = ran.parts.report->result_sum;
                    assert_true(sums[t] == ran.parts.report->result_sum);
                }
    sample_end(&sample);
}

/* A test for each row, with its name; how many. */
static unsigned matrix_tests(struct CMUnitTest *tests, unsigned max)
{
    static struct row rows[ROWS_MAX];
    unsigned count = 0;
    for (const struct pool_ops *const *pool = pool_table; *pool; pool++) {
        int route = param_at(*pool, "route");
        for (int64_t choice = 0; choice <= (route >= 0 ? 1 : 0) && count < max; choice++, count++) {
            struct row *row = &rows[count];
            row->pool = *pool;
            row->params[route >= 0 ? route : 0] = choice;
            snprintf(row->name, sizeof row->name, "cells of %s%s", (*pool)->name, choice ? ", its other route" : "");
            tests[count] = (struct CMUnitTest){.name = row->name, .test_func = matrix, .initial_state = row};
        }
    }
    return count;
}

static bool floor_runs(const struct pool_ops *floor, unsigned workers)
{
    static const int64_t none[PARAM_MAX];
    struct pool_shape shape;
    return can_run(floor) && !floor->shape(workers, none, &shape); /* a ping-pong has one worker */
}

/* Floors are pools without payload: each task once, whatever the arrival. */
static void floors_run_each_task_once(void **state)
{
    (void)state;
    struct cost cost = {.size_ns = 1000, .iterations = 300};
    struct matrix_sample sample;
    size_t rows = 0;
    for (const struct pool_ops *const *floor = floor_table; *floor; floor++)
        for (unsigned workers = 1; workers <= 5; workers += 2)
            rows += floor_runs(*floor, workers);
    sample_begin(&sample, "cells of floors and arrivals", rows * ARRIVALS, 1.5, 20);
    for (const struct pool_ops *const *floor = floor_table; *floor; floor++)
        for (unsigned a = 0; a < ARRIVALS; a++)
            for (unsigned workers = 1; workers <= 5; workers += 2) {
                struct cell cell;
                if (!floor_runs(*floor, workers) || !sample_next(&sample))
                    continue;
                cell_init(&cell, (*floor)->name, "spin", workers,
                          (*floor)->traits & POOL_TASK_IS_PROCESS ? 40
                          : a                                     ? 1000
                                                                  : 9000);
                if (cell.pool->params) /* wait=adaptive and block (spin takes a CPU a thread); threads and processes */
                    cell.pool_params[0] = strcmp(cell.pool->params[0].name, "wait") == 0 ? a % 2 * WAIT_BLOCK : a % 2;
                cell.f.arrival.kind = arrivals[a].kind;
                cell.f.arrival.k = arrivals[a].k;
                cell.f.arrival.rate = arrivals[a].rate;
                cell.f.arrival.process = arrivals[a].process;
                cell.f.timing = a % 2;
                struct ran ran = run(&cell, &cost, 1);
                assert_ended_well(&ran, &cell);
                assert_int_equal(ran.parts.report->tasks_ok, cell.f.tasks);
                if (cell.f.timing)
                    assert_samples(&ran, &cell);
            }
    sample_end(&sample);
}

/* Who joins is woken for the last, or where the pool is full: not for each, however long its tasks take. Each sleep and
 * wake-up of anybody is a voluntary switch; workers that find nothing to do have a few. */
static void who_joins_sleeps_until_the_end(void **state)
{
    static const char *const pools[] = {"static", "prefork", "pthread", "hybrid", "floor-claim", "floor-ring"};
    const struct cost cost = {.size_ns = 100000, .iterations = 30000};
    (void)state;
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        struct cell cell;
        cell_init(&cell, pools[i], "spin", 2, 400);
        struct ran ran = run(&cell, &cost, 1);
        assert_ended_well(&ran, &cell);
        if (ran.parts.report->usage.nvcsw >= cell.f.tasks / 8)
            fail_msg("%s: %lld voluntary switches for %lld tasks", pools[i], (long long)ran.parts.report->usage.nvcsw,
                     (long long)cell.f.tasks);
    }
}

/* All pools give the sum of serial, for every workload, with payload both ways, whatever the sizes are. */
static void sums_agree_across_pools(void **state)
{
    (void)state;
    const struct cost costs[] = {{2000, 300}, {20000, 3000}, {5000, 800}, {100000, 20000}}, one = {20000, 1};
    struct matrix_sample sample;
    size_t pools = 0, workloads = 0;
    for (const struct pool_ops *const *p = pool_table; *p; p++)
        pools += can_run(*p);
    while (workload_table[workloads])
        workloads++;
    sample_begin(&sample, "cells of pools and workloads", pools * workloads, 3, SANITIZED ? 1600 : 400);
    for (const struct workload_ops *const *w = workload_table; *w; w++) {
        uint64_t expected = 0;
        for (const struct pool_ops *const *p = pool_table; *p; p++) {
            struct cell cell;
            bool is_first = p == pool_table; /* serial, what the others are compared with */
            if (!can_run(*p) || (!sample_next(&sample) && !is_first))
                continue;
            cell_init(&cell, (*p)->name, (*w)->name, 3, (*w)->become ? 40 : 200); /* programs take long to start */
            if (!strcmp((*w)->name, "memory"))
                cell.workload_params[0] = 1 << 16;
            if ((*w)->unit && (!strcmp((*w)->name, "touch") || !strcmp((*w)->name, "memory")))
                cell.workload_params[0] = 1 << 14;
            cell.f.payload.in = 1000;
            cell.f.payload.out = 333;
            const char *unit = (*w)->unit ? (*w)->unit : "";
            bool is_dear = !strcmp(unit, "block") || !strcmp(unit, "mapping");
            struct ran ran = is_dear ? run(&cell, &one, 1) : run(&cell, costs, !strcmp((*w)->name, "alloc") ? 1 : 4);
            assert_ended_well(&ran, &cell);
            assert_samples(&ran, &cell);
            if (is_first)
                expected = ran.parts.report->result_sum;
            assert_true(ran.parts.report->result_sum == expected);
        }
    }
    sample_end(&sample);
}

static void errors_fail_their_task_alone(void **state)
{
    (void)state;
    struct cost cost = {1000, 300};
    for (const struct pool_ops *const *p = pool_table; *p; p++) {
        struct cell cell;
        if (!can_run(*p))
            continue;
        cell_init(&cell, (*p)->name, "spin", 2, 50);
        cell.faults = (struct faults){1, {{FAULT_ERROR, 0, 7}}};
        struct ran ran = run(&cell, &cost, 1);
        assert_ended_well(&ran, &cell);
        assert_int_equal(ran.parts.report->tasks_failed, 1);
        assert_int_equal(ran.parts.report->tasks_ok, 49);
        for (unsigned i = 0; i < 50; i++)
            assert_int_equal(ran.parts.samples[i].status == TASK_ERROR, ran.parts.samples[i].task == 7);
    }
}

/* Who sees what the tasks left in memory: everybody in one address space, nobody across two. */
static void address_spaces(void **state)
{
    (void)state;
    struct cost cost = {0, 0};
    for (const struct pool_ops *const *p = pool_table; *p; p++) {
        struct cell cell;
        if (!can_run(*p))
            continue;
        cell_init(&cell, (*p)->name, "append", 2, 100);
        struct ran ran = run(&cell, &cost, 1);
        assert_ended_well(&ran, &cell);
        assert_true(ran.parts.report->observed);
        /* its tasks are of class cpu, which hybrid hands to processes too */
        assert_int_equal(ran.parts.report->parent_sees, cell.shape.processes ? 0 : 100);
    }
}

static void ballast_is_written_by_tasks(void **state)
{
    (void)state;
    struct cost cost = {1000, 300};
    for (const struct pool_ops *const *p = pool_table; *p; p++) {
        struct cell cell;
        if (!can_run(*p))
            continue;
        cell_init(&cell, (*p)->name, "spin", 2, 20);
        cell.f.ballast.bytes = 16 << 20;
        cell.f.ballast.write_ppm = 100000;
        struct ran ran = run(&cell, &cost, 1);
        assert_ended_well(&ran, &cell);
        /* 20 tasks x 409 pages: copied in every child that inherits them, in place elsewhere */
        if (cell.pool->traits & POOL_TASK_IS_PROCESS && !cell.pool->early)
            assert_true(ran.parts.report->usage.minflt > 20 * 400);
        assert_true(ran.parts.report->usage.pss_bytes >= 16 << 20);
    }
}

static void waiting_modes(void **state)
{
    (void)state;
    struct cost cost = {1000, 300};
    for (const struct pool_ops *const *p = pool_table; *p; p++) {
        int at = param_at(*p, "wait");
        for (int wait = WAIT_ADAPTIVE; at >= 0 && wait <= WAIT_BLOCK; wait++) {
            struct cell cell;
            cell_init(&cell, (*p)->name, "spin", 2, 300);
            cell.pool_params[at] = wait;
            struct ran ran = run(&cell, &cost, 1);
            assert_ended_well(&ran, &cell);
            assert_samples(&ran, &cell);
        }
    }
}

/* Untimed trials have sums and no times of tasks. */
static void untimed(void **state)
{
    (void)state;
    struct cost cost = {0, 0};
    for (const struct pool_ops *const *p = pool_table; *p; p++) {
        struct cell cell;
        if (!can_run(*p))
            continue;
        cell_init(&cell, (*p)->name, "empty", 2, 500);
        cell.f.timing = false;
        struct ran ran = run(&cell, &cost, 1);
        assert_ended_well(&ran, &cell);
        assert_int_equal(ran.parts.report->tasks_ok, 500);
        assert_int_equal(ran.parts.samples[0].start_ns, -1);
        assert_true(ran.parts.report->wall_ns > 0);
    }
}

/* Places of ended children are filled at once, also when their output is still to be read. */
static void fork_keeps_its_places_filled(void **state)
{
    (void)state;
    const struct cost costs[] = {{40000000, 0}, {60000000, 0}};
    struct cell cell;
    if (!can_run(pool_find("fork")))
        skip_because("fork's places", CANNOT_RUN);
    cell_init(&cell, "fork", "sleep", 2, 16);
    cell.f.payload.out = 64;
    bool filled = false;
    for (unsigned tries = 0; tries < 10 && !filled; tries++) { /* whoever competes for the CPUs may keep them from it */
        struct ran ran = run(&cell, costs, 2);
        int64_t served = 0;
        assert_ended_well(&ran, &cell);
        assert_samples(&ran, &cell);
        for (unsigned i = 0; i < 16; i++)
            served += ran.parts.samples[i].end_ns - ran.parts.samples[i].start_ns;
        /* sleepers do not compete: near 2 at a time, and never more than 1 where a place stays empty */
        filled = served * 10 > ran.parts.report->wall_ns * 13;
    }
    assert_true(filled);
}

static void many_workers_and_many_tasks(void **state)
{
    (void)state;
    struct cost cost = {0, 0};
    /* static wakes each worker for its share: where that is dear, as a process is, so is every task */
    unsigned many = sample_process_us() > 1500 && !sample_all() ? 10000 : 100000;
    printf("%u tasks a trial\n", many);
    for (const struct pool_ops *const *p = pool_table; *p; p++) {
        struct cell cell;
        if (!can_run(*p))
            continue;
        cell_init(&cell, (*p)->name, "empty", 200, (*p)->traits & POOL_TASK_IS_PROCESS ? 500 : many);
        struct ran ran = run(&cell, &cost, 1);
        assert_ended_well(&ran, &cell);
        assert_samples(&ran, &cell);
    }
}

static void the_limit_ends_the_whole_group(void **state)
{
    (void)state;
    struct cost cost = {60000000000u, 0};
    for (const struct pool_ops *const *p = pool_table; *p; p++) {
        struct cell cell;
        if (!can_run(*p))
            continue;
        cell_init(&cell, (*p)->name, "sleep", 2, 4);
        struct ran ran = run_limited(&cell, &cost, 1, 200000000);
        assert_true(ran.outcome.timed_out);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* the guard lives, and is the only child */
    }
}

/* CPU work takes as much longer as its CPUs are slower than those that sizes are labelled for, waiting takes as long.
 */
static void ideal_times_know_the_speed(void **state)
{
    (void)state;
    static const struct {
        double speed;
        int64_t ideal_ns; /* of 8 tasks of 10 us, on one CPU */
    } cases[] = {{1, 80000}, {0.5, 160000}, {NAN, -1}};
    struct cost cost = {10000, 10};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cell cell;
        cell_init(&cell, "pthread", "spin", 2, 8);
        cell.speed = cases[i].speed;
        struct ran ran = run(&cell, &cost, 1);
        assert_ended_well(&ran, &cell);
        assert_int_equal(ran.parts.report->ideal_ns, cases[i].ideal_ns);
    }
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(floors_run_each_task_once),
        cmocka_unit_test(who_joins_sleeps_until_the_end),
        cmocka_unit_test(sums_agree_across_pools),
        cmocka_unit_test(errors_fail_their_task_alone),
        cmocka_unit_test(address_spaces),
        cmocka_unit_test(ballast_is_written_by_tasks),
        cmocka_unit_test(waiting_modes),
        cmocka_unit_test(untimed),
        cmocka_unit_test(fork_keeps_its_places_filled),
        cmocka_unit_test(many_workers_and_many_tasks),
        cmocka_unit_test(the_limit_ends_the_whole_group),
        cmocka_unit_test(ideal_times_know_the_speed),
    };
    struct CMUnitTest tests[ROWS_MAX + sizeof others / sizeof *others];
    unsigned count = matrix_tests(tests, ROWS_MAX);
    memcpy(tests + count, others, sizeof others);
    count += sizeof others / sizeof *others;
    return _cmocka_run_group_tests("contract", tests, count, trials_setup, trials_teardown);
}
