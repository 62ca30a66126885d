/* The steady state of a trial under rate: warm-ups that were planted are cut, what never settles is told, and what a
 * trial writes down adds up. */
/* sanitizers: address undefined */
#include "bench/job/histogram.h"
#include "bench/trial/steady.h"
#include "tests/trials.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

enum { SEEDS = 200, TASKS = 4000 };

static double uniform(uint64_t seed, uint32_t i)
{
    return ((double)(mix64(seed, i) >> 11) + 1) * 0x1p-53;
}

/* Latencies of a queue of one server, first come, first served, with exponential gaps of mean 1 and exponential
 * services, that finds so much work before it. */
static void queue_run(uint64_t seed, double utilisation, double backlog, double *latency, size_t count)
{
    double work = backlog;
    for (uint32_t i = 0; i < count; i++) {
        const double service = -log(uniform(seed, 2 * i)) * utilisation;
        latency[i] = work + service;
        work = fmax(work + service + log(uniform(seed, 2 * i + 1)), 0);
    }
}

/* How many of the seeds end without a steady state. */
static unsigned never(double utilisation, double backlog)
{
    double latency[TASKS];
    unsigned count = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        queue_run(seed, utilisation, backlog, latency, TASKS);
        count += steady_find(latency, TASKS).cut == TASKS;
    }
    return count;
}

static void queues_that_grow_are_told(void **state)
{
    (void)state;
    assert_int_equal(never(1.2, 0), SEEDS);
    assert_true(never(0.5, 0) <= SEEDS / 20);
    assert_true(never(0.7, 0) <= SEEDS / 5);
    print_message("never steady, of %d: %u at 0.5, %u at 0.7, %u at 0.9, %u at 1.2\n", SEEDS, never(0.5, 0),
                  never(0.7, 0), never(0.9, 0), never(1.2, 0));
}

/* A backlog of 200 gaps is worked off in about 400 tasks at 0.5: the cut is there, and not much further on. */
static void a_backlog_is_cut(void **state)
{
    (void)state;
    double latency[TASKS];
    unsigned good = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        queue_run(seed, 0.5, 200, latency, TASKS);
        const struct steady steady = steady_find(latency, TASKS);
        good += steady.cut >= 300 && steady.cut <= 1200;
    }
    assert_true(good >= SEEDS * 9 / 10);
}

/* Of an autoregression of first order with coefficient a, n values tell as much as n (1 - a) / (1 + a). */
static void correlation_is_found(void **state)
{
    (void)state;
    static const double coefficients[] = {0, 0.5, 0.9};
    for (size_t k = 0; k < 3; k++) {
        const double a = coefficients[k];
        double x[TASKS], lag1 = 0, effective = 0;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            double value = 0;
            for (uint32_t i = 0; i < TASKS; i++)
                x[i] = value = a * value + uniform(seed, i) - 0.5;
            const struct steady steady = steady_find(x, TASKS);
            if (steady.cut == TASKS)
                continue;
            lag1 += steady.lag1 / SEEDS;
            effective += steady.effective / (TASKS - (double)steady.cut) / SEEDS;
        }
        print_message("a %.1f: lag 1 %.3f, effective share %.3f\n", a, lag1, effective);
        assert_true(fabs(lag1 - a) < 0.1);
        assert_true(effective > 0.7 * (1 - a) / (1 + a) && effective < 1.4 * (1 - a) / (1 + a));
    }
}

static void few_and_equal_ones(void **state)
{
    (void)state;
    double x[60];
    for (size_t i = 0; i < 60; i++)
        x[i] = 7;
    struct steady steady = steady_find(x, 60);
    assert_int_equal(steady.cut, 0);
    assert_true(isnan(steady.lag1) && isnan(steady.effective));
    for (size_t i = 0; i < 49; i++)
        x[i] = (double)i;
    steady = steady_find(x, 49);
    assert_int_equal(steady.cut, 0);
    assert_true(isnan(steady.effective));
    assert_int_equal(steady_find(x, 0).cut, 0);
}

static uint64_t tasks_in(const struct ran *ran, enum phase phase)
{
    uint64_t sum = 0;
    for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++)
        sum += ran->parts.histograms[(size_t)phase * HISTOGRAM_BUCKETS + b];
    return sum;
}

/* What the samples say of the tasks after the cut is what the phase holds. */
static void phase_is_of_tasks_after_the_cut(const struct ran *ran, const struct cell *cell)
{
    const struct trial_report *report = ran->parts.report;
    uint32_t *left = malloc(HISTOGRAM_BUCKETS * sizeof *left);
    assert_non_null(left);
    memcpy(left, ran->parts.histograms + (size_t)PHASE_STEADY * HISTOGRAM_BUCKETS, HISTOGRAM_BUCKETS * sizeof *left);
    uint64_t apart = 0;
    for (uint64_t i = 0; i < report->samples_count; i++) {
        const struct sample *sample = &ran->parts.samples[i];
        if (sample->task < report->cut_tasks)
            continue;
        /* samples are rounded from the gate on: a neighbouring bucket */
        uint32_t at = histogram_bucket((uint64_t)(sample->reap_ns - sample->due_ns));
        if (at && !left[at])
            at = left[at - 1] || at + 1 == HISTOGRAM_BUCKETS ? at - 1 : at + 1;
        apart += !left[at];
        left[at] -= left[at] > 0;
    }
    free(left);
    assert_true(apart <= (uint64_t)cell->f.tasks / 50);
}

static void trials_add_up(void **state)
{
    (void)state;
    static const char *const pools[] = {"serial", "pthread", "prefork", "fork"};
    const struct cost costs[] = {{.size_ns = 100000}};
    for (size_t p = 0; p < sizeof pools / sizeof *pools; p++) {
        struct cell cell;
        if (!can_run(pool_find(pools[p])))
            continue;
        cell_init(&cell, pools[p], "sleep", 2, 300);
        cell.f.arrival = (struct arrival){.kind = ARRIVAL_RATE, .rate = 3000, .process = PROCESS_POISSON};
        cell.f.collect = COLLECT_COMPLETED;
        struct ran ran = run(&cell, costs, 1);
        const struct trial_report *report = ran.parts.report;
        assert_ended_well(&ran, &cell);
        assert_int_equal(tasks_in(&ran, PHASE_LATENCY), 300);
        assert_true(report->cut_tasks >= 0 && report->cut_tasks <= 300);
        assert_int_equal((uint64_t)report->cut_tasks + tasks_in(&ran, PHASE_STEADY), (uint64_t)report->tasks_ok);
        assert_true(report->drawn_ns > 0 && report->handed_ns > 0);
        assert_true(report->served_ns >= report->drawn_ns && report->served_ns <= report->wall_ns);
        phase_is_of_tasks_after_the_cut(&ran, &cell);
    }
}

/* Twice what two sleepers can do: the queue grows to the end, whoever else is busy. */
static void overload_has_no_steady_state(void **state)
{
    (void)state;
    const struct cost costs[] = {{.size_ns = 1000000}};
    struct cell cell;
    cell_init(&cell, "pthread", "sleep", 2, 600);
    cell.f.arrival = (struct arrival){.kind = ARRIVAL_RATE, .rate = 8000, .process = PROCESS_POISSON};
    cell.f.collect = COLLECT_COMPLETED;
    struct ran ran = run(&cell, costs, 1);
    assert_ended_well(&ran, &cell);
    assert_int_equal(ran.parts.report->cut_tasks, 600);
    assert_int_equal(tasks_in(&ran, PHASE_STEADY), 0);
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A stall of the one worker makes wait who comes meanwhile, rate x stall of them, each to its end; and the 99th
 * percentile is what is left of it when all but 1 % have come. Nobody hands tasks in later because of it. */
static void who_comes_in_a_stall_waits_for_its_end(void **state)
{
    (void)state;
    enum { ALL = 1000, RATE = 500, STALL_MS = 100, STALLS = 200 };
    const struct cost costs[] = {{.size_ns = 100000}};
    int64_t begin_ns = 0, latency[ALL], waited = 0;
    struct cell cell;
    cell_init(&cell, "prefork", "sleep", 1, ALL);
    cell.f.arrival = (struct arrival){.kind = ARRIVAL_RATE, .rate = RATE, .process = PROCESS_EVEN};
    cell.f.collect = COLLECT_COMPLETED;
    cell.faults = (struct faults){.count = 1, .fault = {{FAULT_HANG, 0, STALLS}}};
    cell.task_limit_ns = STALL_MS * 1000000;
    struct ran ran = run(&cell, costs, 1);
    const struct trial_report *report = ran.parts.report;
    assert_int_equal(report->stage, STAGE_DONE);
    if (report->tasks_by[TASK_TIMEOUT] > 1) /* a machine that takes 100 ms for a task of 0.1 ms */
        skip();
    assert_int_equal(report->samples_count, ALL);
    for (uint64_t i = 0; i < ALL; i++)
        if (ran.parts.samples[i].status == TASK_TIMEOUT)
            begin_ns = ran.parts.samples[i].due_ns;
    assert_true(begin_ns > 0);
    for (uint64_t i = 0; i < ALL; i++) {
        const struct sample *sample = &ran.parts.samples[i];
        const int64_t left_ns = begin_ns + STALL_MS * 1000000 - sample->due_ns;
        latency[i] = sample->reap_ns - sample->due_ns;
        if (sample->due_ns > begin_ns && left_ns > 0) {
            waited++;
            assert_true(latency[i] >= left_ns);
        }
    }
    assert_true(waited >= RATE * STALL_MS / 1000 - 1 && waited <= RATE * STALL_MS / 1000);
    qsort(latency, ALL, sizeof *latency, by_size);
    assert_true(latency[ALL * 99 / 100] >= (STALL_MS - ALL / 100 * 1000 / RATE - 1000 / RATE) * 1000000ll);
}

static int by_due(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return (x->due_ns > y->due_ns) - (x->due_ns < y->due_ns);
}

/* Tasks that came when none had been there for ten mean gaps, by the samples of all tasks; those of the cut are none.
 */
static uint64_t firsts_replayed(const struct ran *ran, int64_t cut)
{
    const struct trial_report *report = ran->parts.report;
    struct sample *samples = ran->parts.samples;
    const size_t count = report->samples_count;
    int64_t until_ns = INT64_MAX / 2;
    uint64_t firsts = 0;
    qsort(samples, count, sizeof *samples, by_due);
    const int64_t idle_ns = (samples[count - 1].due_ns - samples[0].due_ns) / (int64_t)(count - 1) * 10;
    for (size_t i = 0; i < count; i++) {
        firsts += samples[i].due_ns >= until_ns + idle_ns && (int64_t)i >= cut;
        until_ns = i && until_ns > samples[i].reap_ns ? until_ns : samples[i].reap_ns;
    }
    return firsts;
}

/* Of bursts, the first tasks after idleness; of two classes of tasks, each. */
static void some_tasks_are_told_apart(void **state)
{
    (void)state;
    enum { ALL = 900 };
    const struct cost costs[] = {{.size_ns = 100000}};
    static const int64_t arrivals[] = {ARRIVAL_RATE, ARRIVAL_WINDOW, ARRIVAL_BURST};
    for (size_t i = 0; i < sizeof arrivals / sizeof *arrivals; i++) {
        struct cell cell;
        cell_init(&cell, "pthread", "mixed", 2, ALL);
        cell.f.arrival = (struct arrival){.kind = arrivals[i]};
        if (arrivals[i] == ARRIVAL_RATE)
            cell.f.arrival = (struct arrival){
                .kind = ARRIVAL_RATE, .process = PROCESS_ON_OFF, .rate = 2000, .on_ns = 10000000, .off_ns = 50000000};
        if (arrivals[i] == ARRIVAL_WINDOW)
            cell.f.arrival.k = 4;
        cell.f.collect = COLLECT_COMPLETED;
        struct ran ran = run(&cell, costs, 1);
        assert_ended_well(&ran, &cell);
        const int64_t cut_tasks = ran.parts.report->cut_tasks, cut = cut_tasks < 0 || cut_tasks == ALL ? 0 : cut_tasks;
        const uint64_t classes = tasks_in(&ran, PHASE_CPU) + tasks_in(&ran, PHASE_SLEEP);
        assert_int_equal(classes, arrivals[i] == ARRIVAL_BURST ? 0 : ALL - cut);
        assert_true(arrivals[i] == ARRIVAL_BURST || (tasks_in(&ran, PHASE_CPU) && tasks_in(&ran, PHASE_SLEEP)));
        const uint64_t firsts = tasks_in(&ran, PHASE_FIRST);
        print_message("arrival %d: %d first tasks, %d cut\n", (int)arrivals[i], (int)firsts, (int)cut);
        assert_int_equal(firsts, arrivals[i] == ARRIVAL_RATE ? firsts_replayed(&ran, cut) : 0);
    }
}

/* Without a rate there is no arrival to count from. */
static void bursts_have_none(void **state)
{
    (void)state;
    const struct cost costs[] = {{.size_ns = 10000}};
    struct cell cell;
    cell_init(&cell, "pthread", "sleep", 2, 100);
    struct ran ran = run(&cell, costs, 1);
    assert_ended_well(&ran, &cell);
    assert_int_equal(ran.parts.report->cut_tasks, -1);
    assert_int_equal(tasks_in(&ran, PHASE_STEADY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_that_grow_are_told),
        cmocka_unit_test(a_backlog_is_cut),
        cmocka_unit_test(correlation_is_found),
        cmocka_unit_test(few_and_equal_ones),
        cmocka_unit_test(trials_add_up),
        cmocka_unit_test(overload_has_no_steady_state),
        cmocka_unit_test(who_comes_in_a_stall_waits_for_its_end),
        cmocka_unit_test(some_tasks_are_told_apart),
        cmocka_unit_test(bursts_have_none),
    };
    return cmocka_run_group_tests(tests, trials_setup, trials_teardown);
}
