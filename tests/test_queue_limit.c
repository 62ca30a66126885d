/* --queue-limit: what comes due while so many are in flight is dropped, nothing else is, and what a trial reports adds
 * up: by its own samples, replayed. */
/* sanitizers: address undefined */
#include "bench/job/histogram.h"
#include "tests/trials.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h> /* after what it needs */

enum { TASKS = 400 };

static const struct cost costs[] = {{.size_ns = 1000000}, {.size_ns = 200000}, {.size_ns = 3000000}};

static struct ran run_with(struct cell *cell, const char *pool, unsigned workers, int64_t limit, int64_t collect)
{
    cell_init(cell, pool, "sleep", workers, TASKS);
    cell->f.arrival = (struct arrival){.kind = ARRIVAL_RATE, .rate = 2000, .process = PROCESS_POISSON};
    cell->f.collect = collect;
    cell->f.queue_limit = limit;
    return run(cell, costs, 3);
}

static uint64_t tasks_in(const struct ran *ran, enum phase phase)
{
    uint64_t sum = 0;
    for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++)
        sum += ran->parts.histograms[(size_t)phase * HISTOGRAM_BUCKETS + b];
    return sum;
}

/* How many tasks that were not dropped had come due by then, and were not back. */
static int64_t in_flight(const struct ran *ran, int64_t at_ns, bool all_back)
{
    int64_t count = 0;
    for (uint64_t i = 0; i < ran->parts.report->samples_count; i++) {
        const struct sample *sample = &ran->parts.samples[i];
        count += sample->status != TASK_DROPPED && sample->due_ns < at_ns &&
                 (all_back ? sample->reap_ns > at_ns : sample->reap_ns >= at_ns);
    }
    return count;
}

/* Each was right to be dropped, or to be let in. Ties of whole nanoseconds are given either way. */
static void replay(const struct ran *ran, int64_t limit)
{
    for (uint64_t i = 0; i < ran->parts.report->samples_count; i++) {
        const struct sample *sample = &ran->parts.samples[i];
        if (sample->status == TASK_DROPPED)
            assert_true(in_flight(ran, sample->due_ns, false) >= limit);
        else
            assert_true(in_flight(ran, sample->due_ns, true) < limit);
    }
}

static void adds_up(const struct ran *ran)
{
    const struct trial_report *report = ran->parts.report;
    const int64_t dropped = report->tasks_by[TASK_DROPPED];
    uint64_t sampled = 0;
    assert_int_equal(report->stage, STAGE_DONE);
    assert_int_equal(report->error, 0);
    assert_int_equal(report->tasks_ok + report->tasks_failed + dropped, TASKS);
    assert_int_equal(report->tasks_failed, 0);
    assert_int_equal(tasks_in(ran, PHASE_LATENCY), report->tasks_ok);
    assert_int_equal(tasks_in(ran, PHASE_LATE), report->tasks_ok);
    assert_int_equal((uint64_t)report->cut_tasks + tasks_in(ran, PHASE_STEADY), (uint64_t)report->tasks_ok);
    assert_int_equal(report->samples_count, TASKS);
    for (uint64_t i = 0; i < report->samples_count; i++) {
        const struct sample *sample = &ran->parts.samples[i];
        sampled += sample->status == TASK_DROPPED;
        assert_true(sample->status == TASK_DROPPED ? sample->reap_ns == -1 : sample->reap_ns >= sample->end_ns);
    }
    assert_int_equal(sampled, dropped);
}

static void what_comes_to_a_full_queue_is_dropped(void **state)
{
    (void)state;
    static const struct {
        const char *pool;
        unsigned workers;
        int64_t limit, collect;
    } rows[] = {{"serial", 1, 1, COLLECT_COMPLETED},  {"serial", 1, 3, COLLECT_COMPLETED},
                {"pthread", 1, 1, COLLECT_COMPLETED}, {"pthread", 2, 5, COLLECT_COMPLETED},
                {"prefork", 2, 2, COLLECT_COMPLETED}, {"pthread", 2, 3, COLLECT_ORDERED},
                {"fork", 1, 4, COLLECT_COMPLETED},    {"fork", 2, 1, COLLECT_ORDERED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cell cell;
        if (!can_run(pool_find(rows[i].pool)))
            continue;
        struct ran ran = run_with(&cell, rows[i].pool, rows[i].workers, rows[i].limit, rows[i].collect);
        print_message("%s, %u workers, limit %d: %d of %d dropped\n", rows[i].pool, rows[i].workers, (int)rows[i].limit,
                      (int)ran.parts.report->tasks_by[TASK_DROPPED], TASKS);
        adds_up(&ran);
        assert_true(ran.parts.report->tasks_by[TASK_DROPPED] > 0); /* offered: 1.4 workers and more, limits are tight */
        if (rows[i].collect != COLLECT_ORDERED)                    /* there the result is in hand later than back */
            replay(&ran, rows[i].limit);
    }
}

static void a_limit_out_of_reach_drops_nothing(void **state)
{
    (void)state;
    struct cell cell;
    struct ran ran = run_with(&cell, "pthread", 2, TASKS, COLLECT_COMPLETED);
    adds_up(&ran);
    assert_int_equal(ran.parts.report->tasks_by[TASK_DROPPED], 0);
    assert_ended_well(&ran, &cell);
    assert_samples(&ran, &cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_to_a_full_queue_is_dropped),
        cmocka_unit_test(a_limit_out_of_reach_drops_nothing),
    };
    return cmocka_run_group_tests(tests, trials_setup, trials_teardown);
}
