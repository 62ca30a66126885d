/* What charts draw, by runs made up here whose numbers can be worked out by hand: parts that add up, percentiles that
 * stop where the tasks do, changes from a median, bars of workers; and the reason where there is nothing to draw. */
#include "bench/model/cell.h"
#include "bench/model/csv.h"
#include "bench/show/pool_look.h"
#include "tests/charted.h"
#include "tests/made_run.h"
#include "tests/scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

extern const struct chart chart_time, chart_latency, chart_course, chart_order, chart_workers, chart_costs,
    chart_ballast, chart_forest, chart_metg;

static char scratch[SCRATCH_MAX], directory[SCRATCH_MAX + 16];

static int setup(void **state)
{
    (void)state;
    if (scratch_directory(scratch) < 0)
        return -1;
    snprintf(directory, sizeof directory, "%s/run", scratch);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return scratch_remove(scratch);
}

static void latency_in_parts(void **state)
{
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 3; i++) { /* the middle one is the second */
        struct trial_row trial = made_trial("c001", "pthread", "rate:1000");
        made_bucket("late", 1000, 1001, 100);
        made_bucket("queue", 3000, 3001, 50); /* 1000 of it is late */
        made_bucket("queue", 5000, 5001, 50);
        made_bucket("service", 10000 * (i + 1), 10000 * (i + 1) + 3, 100); /* the middle of lo .. hi - 1 */
        made_bucket("return", 500, 501, 100);
        made_bucket("latency", 14500, 14501, 100);
        made_put(trial);
    }
    struct trial_row trial = made_trial("c002", "prefork", "rate:1000"); /* not ok: must not show */
    made_bucket("service", 1, 2, 100);
    trial.status = TRIAL_FAILED;
    made_put(trial);
    made_end();
    assert_int_equal(chart_make(directory, &chart_time), 1);
    expect_in(charted.data, "\n1 1000 3000 20001 500 24501 NaN NaN 3 \"pthread\"\n\n\n");
    assert_null(strstr(charted.data, "prefork"));
    expect_in(charted.script, "panel_latency[1] = 1; panel_bars[1] = 1; panel_known[1] = 15");
    expect_in(charted.script,
              "Shares of the middle one of 3 trials, means over its tasks; beside a bar its length, and no "
              "interval, which needs at least 6");
    charted_free();
}

/* 2 workers x 50 ms / 100 tasks: 1 ms of worker a task. */
static void worker_time_in_parts(void **state)
{
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 6; i++) {
        struct trial_row trial = made_trial("c001", "pthread", "burst");
        trial.user_ns = 60000000;
        trial.sys_ns = 10000000;
        trial.runqueue_ns = 5000000;
        made_put(trial);
        trial = made_trial("c002", "fork", "burst"); /* nobody knows how long its children waited */
        trial.user_ns = 70000000;
        trial.sys_ns = 10000000;
        made_put(trial);
        trial = made_trial("c003", "prefork", "burst"); /* with the submitter on a CPU of its own */
        trial.user_ns = 120000000;
        trial.sys_ns = 10000000;
        trial.runqueue_ns = 0;
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_time), 1);
    expect_in(charted.data, "\n1 600000 100000 50000 250000 1000000 1000000 1000000 6 \"pthread\"\n");
    expect_in(charted.data, "\n2 700000 100000 NaN 200000 1000000 1000000 1000000 6 \"fork\"\n");
    expect_in(charted.data, "\n3 1200000 100000 0 0 1300000 1300000 1300000 6 \"prefork\"\n");
    expect_in(charted.script, "panel_latency[1] = 0; panel_bars[1] = 3; panel_known[1] = 15");
    charted_free();
}

static void order_is_relative(void **state)
{
    static const int64_t wall_ms[] = {50, 40, 55};
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 3; i++) {
        struct trial_row trial = made_trial("c001", "pthread", "burst");
        trial.block = i + 1;
        trial.wall_ns = wall_ms[i] * 1000000;
        made_put(trial);
        trial = made_trial("c002", "fork", "burst");
        trial.block = i + 1;
        trial.status = i == 1 ? TRIAL_TIMEOUT : TRIAL_OK;
        trial.wall_ns = i == 1 ? MISSING : 60000000;
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_order), 1);
    expect_in(charted.data, "trial\n0 0 0 1\n2 -20 0 3\n4 10 0 5\n\n\n");
    expect_in(charted.data, "trial\n1 0 0 2\n5 0 0 6\n\n\n# blocks");
    expect_in(charted.data, "\n0 1 0\n2 3 -20\n4 5 5\n\n\n"); /* blocks: medians of 0 0, of -20, of 10 0 */
    expect_in(charted.data, "# trials that are not ok: s, trial\n3 4\n");
    expect_in(charted.script, "failed = 1\n");
    expect_in(charted.script, "1 trial that failed");
    charted_free();
}

/* Forty trials within 1 %, one of three times the time: it must not squeeze them. */
static void order_keeps_outliers_at_the_edge(void **state)
{
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 41; i++) {
        struct trial_row trial = made_trial("c001", "pthread", "burst");
        trial.wall_ns = i == 20 ? 150000000 : 50000000 + i % 2 * 500000;
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_order), 1);
    expect_in(charted.script, "y_lo = -2; y_hi = 2; x_last = 40; blocks = 41; beyond = 1; failed = 0\n");
    expect_in(charted.script, "1 trial beyond it");
    expect_in(charted.data, "\n20 197.029703 1 21\n");
    charted_free();
}

static void workers_have_rows(void **state)
{
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 3; i++) { /* the second one, trial 2, has the median time */
        struct trial_row trial = made_trial("c001", "pthread", "burst");
        trial.wall_ns = (i + 1) * 50000000;
        trial.f.tasks = 4;
        for (int task = 0; task < 4; task++)
            made_sample(task, task % 2, i * 1000 + task * 100, i * 1000 + task * 100 + 90);
        made_put(trial);
    }
    struct trial_row trial = made_trial("c002", "prefork", "burst"); /* 1 of 8: too little to see anything */
    trial.f.tasks = 8;
    made_sample(0, 0, 1, 2);
    made_put(trial);
    made_end();
    assert_int_equal(chart_make(directory, &chart_workers), 1);
    expect_in(charted.data, "# pthread, trial 2: ");
    expect_in(charted.data,
              "task\n1000 1090 0 1 0\n1100 1190 1 1 1\n1200 1290 0 2 2\n1300 1390 1 5 3\n\n\n"); /* task 3 failed */
    assert_null(strstr(charted.data, "prefork"));
    expect_in(charted.script, "panels = 1;");
    expect_in(charted.script, "rows_most = 2; x_end = 1390; kinds = 38\n");
    expect_in(charted.script, "panel_title[1] = 'pthread'\n");
    charted_free();
}

static void workers_are_cut(void **state)
{
    (void)state;
    made_begin(directory);
    struct trial_row trial = made_trial("c001", "pthread", "burst");
    strcpy(trial.f.workload, "sleep");
    trial.f.tasks = 1000;
    for (int task = 0; task < 1000; task++)
        made_sample(task, task % 80, task * 100, task * 100 + 90);
    made_put(trial);
    trial = made_trial("c002", "prefork", "burst");
    strcpy(trial.f.workload, "sleep");
    trial.f.tasks = 10;
    for (int task = 0; task < 10; task += 3)
        made_sample(task, 0, task * 100, task * 100 + 90);
    made_put(trial);
    made_end();
    assert_int_equal(chart_make(directory, &chart_workers), 1);
    expect_in(charted.script, "'pthread, workers 0 .. 63, 400 of 1000 tasks, the first'");
    expect_in(charted.script, "'prefork, 4 of 10 tasks, sampled by seed'");
    expect_in(charted.script, "rows_most = 64;");
    expect_in(charted.data, "\n0 90 0 3 0\n"); /* sleeps */
    charted_free();
}

static void reasons_are_given(void **state)
{
    (void)state;
    made_begin(directory);
    struct trial_row trial = made_trial("c001", "pthread", "burst");
    trial.status = TRIAL_CRASHED;
    made_put(trial);
    made_end();
    assert_int_equal(chart_make(directory, &chart_time), 0);
    assert_string_equal(charted.why,
                        "no trial that ended well says where its time went: latency.csv, or user_ns and sys_ns");
    assert_int_equal(chart_make(directory, &chart_order), 0);
    assert_string_equal(charted.why, "no trial ended well");
    assert_int_equal(chart_make(directory, &chart_workers), 0);
    assert_string_equal(charted.why, "no trial ended well");
    assert_int_equal(chart_make(directory, &chart_course), 0);
    assert_string_equal(charted.why, "no trial that ended well has latencies: arrival window, rate or trace");
    assert_int_equal(chart_make(directory, &chart_latency), 0);
    assert_string_equal(charted.why, "no trial that ended well has times of 100 tasks");
    made_begin(directory);
    trial = made_trial("c001", "pthread", "burst");
    made_bucket("service", 1000, 1001, 99);
    made_put(trial);
    made_end();
    assert_int_equal(chart_make(directory, &chart_time), 0); /* nor any CPU time */
    assert_int_equal(chart_make(directory, &chart_latency), 0);
    assert_string_equal(charted.why, "no trial that ended well has times of 100 tasks");
    assert_int_equal(chart_make(directory, &chart_order), 0);
    expect_in(charted.why, "--blocks 2");
    assert_int_equal(chart_make(directory, &chart_workers), 0);
    expect_in(charted.why, "--samples all");
    charted_free();
}

/* serial has one worker and one cell, and is in the panels of all numbers of workers. */
static void serial_is_in_all_panels(void **state)
{
    (void)state;
    made_begin(directory);
    for (int workers = 1; workers <= 4; workers *= 2) {
        struct trial_row trial = made_trial(workers == 1   ? "c001"
                                            : workers == 2 ? "c002"
                                                           : "c003",
                                            workers == 1 ? "serial" : "pthread", "burst");
        trial.f.workers = workers;
        trial.user_ns = trial.sys_ns = 1000000;
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_time), 1);
    expect_in(charted.script, "panels = 2; pools = 2\n");
    expect_in(charted.script, "panel_title[1] = 'spin, 1ms, 2 workers'\npanel_title[2] = 'spin, 1ms, 4 workers'\n");
    expect_in(charted.script, "panel_bars[1] = 2;");
    expect_in(charted.script, "panel_bars[2] = 2;");
    charted_free();
}

/* Of a pool that makes a worker for every task, the start is in the handing over; what nothing is known of is no
 * panel. */
static void costs_say_per_task(void **state)
{
    static const char *const pools[] = {"serial", "pthread", "fork"};
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 18; i++) {
        struct trial_row trial = made_trial(i % 3 == 0 ? "c001" : i % 3 == 1 ? "c002" : "c003", pools[i % 3], "burst");
        strcpy(trial.f.workload, "empty");
        trial.block = i / 3 + 1;
        trial.f.size_ns = MISSING;
        trial.f.payload.in = trial.f.payload.out = trial.f.ballast.bytes = 0;
        trial.open_ns = 200000 + i / 3 * 1000;
        trial.wall_ns = i % 3 == 2 ? 10000000 : 5000;
        trial.f.threads = i % 3 == 1 ? 2 : 0;
        trial.f.processes = i % 3 == 2 ? 2 : 0;
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_costs), 1);
    expect_in(charted.data, "\n1 101250 100000 102500 6 2 \"\"\n2 NaN NaN NaN 0 3 \"per task\"\n\n\n");
    expect_in(charted.data, "\n1 50 50 50 6 2 \"\"\n2 100000 100000 100000 6 3 \"\"\n");
    expect_in(charted.script, "panels = 2; cost_lines = 2\n");
    expect_in(charted.script, "line_pool[1] = 2\nline_pool[2] = 3\n");
    expect_in(charted.script, "pool_name[2] = 'pthread'\npool_name[3] = 'fork'\n");
    expect_in(charted.script,
              "chart_note = 'Medians, n = 6 trials a point; bars: 95 % order-statistic interval of this run'\n");
    charted_free();
}

static void ballast_has_a_place_for_none(void **state)
{
    static const int64_t bytes[] = {0, 1 << 20, 32 << 20};
    (void)state;
    made_begin(directory);
    struct trial_row serial = made_trial("c000", "serial", "burst");
    serial.f.ballast.bytes = 0;
    made_put(serial);
    for (int i = 0; i < 3; i++) {
        char cell[8];
        snprintf(cell, sizeof cell, "c%03d", i + 1);
        struct trial_row trial = made_trial(cell, "fork", "window:4");
        trial.f.ballast.bytes = bytes[i];
        trial.wall_ns = 50000000 * (i + 1);
        made_put(trial);
    }
    for (int i = 0; i < 2; i++) { /* two points are no trend */
        struct trial_row trial = made_trial(i ? "c005" : "c004", "pthread", "window:4");
        trial.f.ballast.bytes = bytes[i];
        made_put(trial);
    }
    struct trial_row thp = made_trial("c006", "fork", "window:4"); /* huge pages are another panel, from none on */
    thp.f.ballast.bytes = bytes[2];
    thp.f.ballast.thp = 1;
    made_put(thp);
    made_end();
    assert_int_equal(chart_make(directory, &chart_ballast), 1);
    expect_in(charted.script, "x_tics = \"'0' at(0.0), '1MiB' at(1048576.0), '32MiB' at(33554432.0)\"\n");
    expect_in(charted.script, "x_min = 0.0; x_max = 33554432.0; x_above_0 = 1048576.0\n");
    expect_in(charted.script, "panels = 2; pools = 3\n"); /* serial, under burst, has one ballast */
    expect_in(charted.script, "panel_title[2] = 'spin, arrival window:4, ballast thp'");
    expect_in(charted.script, "series_pool[1] = 2; series_joined[1] = 1; series_bars[1] = 0\n");
    expect_in(charted.script, "series_pool[2] = 3; series_joined[2] = 0; series_bars[2] = 0\n");
    expect_in(charted.script, "log_scale = 0; "); /* 0.5 to 1.5 ms */
    expect_in(charted.script, "pool_drawn[1] = 0\npool_drawn[2] = 1\n");
    expect_in(charted.data, "\n0 0.0005 NaN NaN 1\n1048576 0.001 NaN NaN 1\n33554432 0.0015 NaN NaN 1\n\n\n");
    charted_free();
}

static void in_one_block(const char *cell, const char *pool)
{
    struct trial_row trial = made_trial(cell, pool, "burst");
    trial.block = 1;
    made_put(trial);
}

/* Seven blocks give an interval to the 3 comparisons that are drawn, though not to the 6 pairs of four pools. */
static void forest_claims_what_it_draws(void **state)
{
    static const char *const pools[] = {"pthread", "prefork", "hybrid", "fork"};
    static const int64_t wall_ms[] = {45, 50, 50, 5000};
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 28; i++) {
        char cell[8];
        snprintf(cell, sizeof cell, "c%03d", i % 4 + 1);
        struct trial_row trial = made_trial(cell, pools[i % 4], "burst");
        trial.block = i / 4 + 1;
        trial.wall_ns = wall_ms[i % 4] * 1000000;
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_forest), 1);
    expect_in(charted.data, "\n1 0.9 0.9 0.9 7 1 faster\n2 1 1 1 7 3 equal\n3 100 100 100 7 4 slower\n");
    expect_in(charted.script,
              "Middle ratio over n = 7 blocks to prefork in the same block; bars: intervals that hold together at "
              "95 % (3 comparisons); ");
    expect_in(charted.script, "baseline = 'prefork'\n");
    charted_free();
    made_begin(directory);
    in_one_block("c001", "serial");
    in_one_block("c002", "pthread");
    made_end();
    assert_int_equal(chart_make(directory, &chart_forest), 0);
    assert_string_equal(charted.why, "a ratio needs two pools beside serial");
    made_begin(directory);
    in_one_block("c001", "static");
    in_one_block("c002", "pthread");
    made_end();
    assert_int_equal(chart_make(directory, &chart_forest), 1);
    expect_in(charted.script, "baseline = 'pthread'\n");
    assert_int_equal(chart_make(directory, &chart_ballast), 0);
    assert_string_equal(charted.why, "all cells have the same ballast");
    charted_free();
}

/* Trials of a size with each pool, and what was found for the pool. */
static void searched(struct csv_writer *found, const struct trial_row *trials, size_t count, const char *pool)
{
    struct metg_row row;
    for (size_t i = 0; i < count; i++) {
        struct trial_row trial = trials[i];
        trial.block = 1;
        made_put(trial);
    }
    row_clear(&metg_format, &row);
    row.schema_version = trials[0].schema_version;
    snprintf(row.pool, sizeof row.pool, "%s", pool);
    strcpy(row.workload, "spin");
    row.workers = 2;
    row.efficiency = 0.5;
    row.metg_ns = 1000000;
    assert_int_equal(csv_put(found, &row), 0);
}

/* Asked for 2 workers, it had 2 of each kind. */
static void search_draws_hybrid_as_it_was(void **state)
{
    struct csv_writer *found;
    (void)state;
    made_begin(directory);
    assert_int_equal(csv_create(directory, &metg_format, &found), 0);
    struct trial_row trials[] = {made_trial("c001", "static", "burst"), made_trial("c002", "hybrid", "burst")};
    for (int i = 0; i < 2; i++)
        trials[i].schema_version = 1;
    trials[1].wall_ns = 2 * trials[0].wall_ns;
    trials[1].f.processes = trials[1].f.threads = 2;
    searched(found, trials, 2, "hybrid");
    assert_int_equal(csv_close(found), 0);
    made_end();
    assert_int_equal(chart_make(directory, &chart_metg), 1);
    expect_in(charted.data, "\n0.001 50 ");
    expect_in(charted.script, "panel_title[1] = 'spin, 2 workers'\n");
    charted_free();
}

/* Names of all of them are there; of what there is no room for, the number is said. */
static void search_names_all_pools(void **state)
{
    enum { POOLS = 66, DRAWN = 64 };
    struct csv_writer *found;
    char pool[16], expected[64];
    (void)state;
    made_begin(directory);
    assert_int_equal(csv_create(directory, &metg_format, &found), 0);
    const struct trial_row baseline = made_trial("c000", "static", "burst");
    searched(found, &baseline, 1, "none");
    for (int i = 1; i < POOLS; i++) {
        snprintf(pool, sizeof pool, "p%02d=pthread", i);
        struct trial_row trial = made_trial(pool, pool, "burst");
        searched(found, &trial, 1, pool);
    }
    assert_int_equal(csv_close(found), 0);
    made_end();
    assert_int_equal(chart_make(directory, &chart_metg), 1);
    snprintf(expected, sizeof expected, "pools = %d; series = %d\n", DRAWN, DRAWN);
    expect_in(charted.script, expected);
    snprintf(expected, sizeof expected, "pool_name[%d] = 'p%02d=pthread'\n", DRAWN, DRAWN - 1);
    expect_in(charted.script, expected);
    bool seen[POOL_LOOKS] = {false};
    int different = 0; /* the run has two pools more than there are looks: no others have colour and mark in common */
    for (int k = 1; k <= DRAWN; k++) {
        snprintf(expected, sizeof expected, "\npool_look[%d] = ", k);
        const char *at = strstr(charted.script, expected);
        assert_non_null(at);
        const unsigned look = (unsigned)atoi(at + strlen(expected));
        assert_true(look < POOL_LOOKS);
        different += !seen[look];
        seen[look] = true;
    }
    assert_in_range(different, DRAWN - (POOLS - DRAWN), DRAWN);
    snprintf(expected, sizeof expected, "; %d pools more are not drawn", POOLS - DRAWN);
    expect_in(charted.script, expected);
    charted_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latency_in_parts),
        cmocka_unit_test(worker_time_in_parts),
        cmocka_unit_test(order_is_relative),
        cmocka_unit_test(order_keeps_outliers_at_the_edge),
        cmocka_unit_test(workers_have_rows),
        cmocka_unit_test(workers_are_cut),
        cmocka_unit_test(reasons_are_given),
        cmocka_unit_test(serial_is_in_all_panels),
        cmocka_unit_test(costs_say_per_task),
        cmocka_unit_test(ballast_has_a_place_for_none),
        cmocka_unit_test(forest_claims_what_it_draws),
        cmocka_unit_test(search_draws_hybrid_as_it_was),
        cmocka_unit_test(search_names_all_pools),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
