/* The textbook transports of pthread and prefork: the contract through the trial program, more tasks than a pipe has
 * room for, usage again and again, and what is refused. What all pools share is asked of them in test_pools,
 * test_survive and test_kill, too. */
/* sanitizers: address undefined thread (pools of threads) */
#include "pools/parts/clock.h"
#include "pools/transport/transport.h"
#include "tests/pool_bench.h"
#include "tests/sample.h"
#include "tests/trials.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

static const struct way {
    const char *pool;
    unsigned at; /* of the parameter */
    enum transport_kind kind;
} ways[] = {
    {"prefork", 2, TRANSPORT_PIPE},   {"prefork", 2, TRANSPORT_SOCKET},  {"pthread", 1, TRANSPORT_PIPE},
    {"pthread", 1, TRANSPORT_SOCKET}, {"pthread", 1, TRANSPORT_CONDVAR},
};
enum { WAYS = sizeof ways / sizeof *ways };

static void cell_of(struct cell *cell, const struct way *way, const char *workload, unsigned workers, uint32_t tasks)
{
    cell_init(cell, way->pool, workload, workers, tasks);
    cell->pool_params[way->at] = way->kind;
}

/* Whatever the arrival and collection: each task once, and the same results as rings bring. */
static void each_task_once(void **state)
{
    (void)state;
    static const struct {
        enum arrival_kind kind;
        int64_t k;
        double rate;
    } arrivals[] = {{ARRIVAL_BURST, 0, 0}, {ARRIVAL_WAVE, 3, 0}, {ARRIVAL_WINDOW, 2, 0}, {ARRIVAL_RATE, 0, 50000}};
    const uint32_t tasks[] = {0, 1, 7, 600};
    struct cost cost = {1000, 300};
    struct cell cell;
    uint64_t sums[4];
    for (unsigned t = 0; t < 4; t++) {
        cell_init(&cell, "serial", "spin", 1, tasks[t]);
        sums[t] = run(&cell, &cost, 1).parts.report->result_sum;
    }
    struct matrix_sample sample;
    sample_begin(&sample, "cells of transports and arrivals", WAYS * 3 * 4 * 4, 1.5, 5);
    for (unsigned w = 0; w < WAYS; w++)
        for (unsigned workers = 1; workers <= 5; workers += 2)
            for (unsigned t = 0; t < 4; t++)
                for (unsigned a = 0; a < 4; a++) {
                    if (!sample_next(&sample))
                        continue;
                    cell_of(&cell, &ways[w], "spin", workers, tasks[t]);
                    cell.f.arrival.kind = arrivals[a].kind;
                    cell.f.arrival.k = arrivals[a].k;
                    cell.f.arrival.rate = arrivals[a].rate;
                    cell.f.collect = COLLECT_JOINED + (workers + t + a) % 3;
                    struct ran ran = run(&cell, &cost, 1);
                    assert_ended_well(&ran, &cell);
                    assert_samples(&ran, &cell);
                    assert_true(ran.parts.report->result_sum == sums[t]);
                }
    sample_end(&sample);
}

static void payload_goes_both_ways(void **state)
{
    (void)state;
    const struct cost costs[] = {{2000, 300}, {20000, 3000}};
    struct cell cell;
    cell_init(&cell, "serial", "spin", 1, 300);
    cell.f.payload.in = 1000;
    cell.f.payload.out = 333;
    uint64_t expected = run(&cell, costs, 2).parts.report->result_sum;
    for (unsigned w = 0; w < WAYS; w++) {
        cell_of(&cell, &ways[w], "spin", 3, 300);
        cell.f.payload.in = 1000;
        cell.f.payload.out = 333;
        struct ran ran = run(&cell, costs, 2);
        assert_ended_well(&ran, &cell);
        assert_samples(&ran, &cell);
        assert_true(ran.parts.report->result_sum == expected);
    }
}

static void many_workers_and_many_tasks(void **state)
{
    (void)state;
    struct cost cost = {0, 0};
    for (unsigned w = 0; w < WAYS; w++) {
        struct cell cell;
        cell_of(&cell, &ways[w], "empty", 100, 20000);
        struct ran ran = run(&cell, &cost, 1);
        assert_ended_well(&ran, &cell);
        assert_samples(&ran, &cell);
    }
}

/* Handed in until no more are taken, which nobody takes back meanwhile: nobody waits for ever, and all come back. */
static void full_is_no_deadlock(void **state)
{
    (void)state;
    for (unsigned w = 0; w < WAYS; w++) {
        struct bench bench;
        struct done done[64];
        bench_init(&bench, pool_find(ways[w].pool), workload_find("empty"), (struct cost){0, 0}, 3);
        bench.params[ways[w].at] = ways[w].kind;
        bench_open(&bench);
        for (unsigned round = 0; round < 3; round++) {
            uint32_t in = 0, back = 0;
            while (bench.ops->submit(bench.pool, &in, 1) == 1)
                in++;
            assert_true(in >= 512 && in <= 4096);
            struct timespec a_while = {.tv_nsec = 20000000};
            nanosleep(&a_while, NULL); /* all records are written, where they fit */
            while (back < in) {
                int got = bench.ops->reap(bench.pool, done, 64, 64, FOREVER);
                assert_true(got > 0);
                back += (uint32_t)got;
            }
            assert_int_equal(bench.ops->reap(bench.pool, done, 1, 64, FOREVER), 0);
        }
        bench_close(&bench);
    }
}

/* Everybody must hear the order, though all read one pipe; with workers that die between them, too. */
static void usage_is_told_again_and_again(void **state)
{
    (void)state;
    for (unsigned w = 0; w < WAYS; w++) {
        struct bench bench;
        struct usage usage;
        bench_init(&bench, pool_find(ways[w].pool), workload_find("spin"), (struct cost){1000, 300}, 7);
        bench.params[ways[w].at] = ways[w].kind;
        bench_open(&bench);
        for (uint32_t round = 0; round < 300; round++) {
            assert_int_equal(bench.ops->usage(bench.pool, false, &usage), 0);
            if (round % 10 == 0 && !strcmp(ways[w].pool, "prefork"))
                kill_child("pb-worker-");
            if (round % 3)
                continue;
            struct done done[8];
            submit_all(&bench, round * 8, 8);
            for (int got = 0; got < 8;) {
                int rc = bench.ops->reap(bench.pool, done, 8, 8, FOREVER);
                assert_true(rc > 0);
                got += rc;
            }
        }
        bench_close(&bench);
    }
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct pool_shape shape;
    const struct pool_ops *prefork = pool_find("prefork"), *pthread = pool_find("pthread");
    const int64_t condvar[PARAM_MAX] = {0, 0, TRANSPORT_CONDVAR}, pipe_spins[PARAM_MAX] = {WAIT_SPIN, TRANSPORT_PIPE};
    const int64_t pipe_blocks[PARAM_MAX] = {WAIT_BLOCK, TRANSPORT_PIPE}, ring_spins[PARAM_MAX] = {WAIT_SPIN};
    const int64_t sockets[PARAM_MAX] = {0, TRANSPORT_SOCKET};
    assert_non_null(prefork->shape(2, condvar, &shape));
    assert_non_null(pthread->shape(2, pipe_spins, &shape));
    assert_null(pthread->shape(2, pipe_blocks, &shape));
    assert_null(pthread->shape(2, ring_spins, &shape));
    assert_null(pthread->shape(1000, pipe_blocks, &shape));
    assert_non_null(pthread->shape(1001, pipe_blocks, &shape));
    assert_null(pthread->shape(5000, sockets, &shape));
    assert_ptr_equal(pool_chosen(pthread, ring_spins), pthread);
    assert_ptr_not_equal(pool_chosen(pthread, sockets), pthread);
}

static void *nothing(void *arg)
{
    return arg;
}

static int alone_setup(void **state)
{
    (void)state;
    clock_choose(20000000);
    /* ThreadSanitizer adds a thread of its own to the first, which is not the pool's to end */
    pthread_t first;
    return pthread_create(&first, NULL, nothing, NULL) || pthread_join(first, NULL);
}

int main(void)
{
    /* without the launcher, whose guard would be a child that is left behind */
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(full_is_no_deadlock),
        cmocka_unit_test(usage_is_told_again_and_again),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    const struct CMUnitTest trials[] = {
        cmocka_unit_test(each_task_once),
        cmocka_unit_test(payload_goes_both_ways),
        cmocka_unit_test(many_workers_and_many_tasks),
    };
    int failed = cmocka_run_group_tests(alone, alone_setup, NULL);
    return failed + cmocka_run_group_tests(trials, trials_setup, trials_teardown);
}
