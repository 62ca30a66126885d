/* Charts of latency, by runs made up here: percentiles that stop where the tasks do, of all trials together, of steady
 * queues alone; and latency over a trial. */
#include "tests/charted.h"
#include "tests/made_run.h"
#include "tests/scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

extern const struct chart chart_latency, chart_course, chart_rates;

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

/* A line goes as far as ten tasks are slower: to 90 % of 100, to 99 % of 1000. */
static void percentiles_stop(void **state)
{
    (void)state;
    made_begin(directory);
    struct trial_row trial = made_trial("c001", "pthread", "window:4");
    made_bucket("service", 1, 2, 100);
    made_bucket("latency", 1000, 1001, 80);
    made_bucket("latency", 9000, 9001, 20);
    made_put(trial);
    trial = made_trial("c002", "prefork", "window:4");
    trial.f.tasks = 1000;
    made_bucket("service", 1, 2, 1000);
    made_bucket("latency", 2000, 2001, 985);
    made_bucket("latency", 4000, 4001, 15);
    made_put(trial);
    made_end();
    assert_int_equal(chart_make(directory, &chart_latency), 1);
    expect_in(charted.data, "\n1 1000 NaN NaN 1\n");
    expect_in(charted.data, "\n3.98107171 1000 NaN NaN 0\n5.01187234 9000 NaN NaN 0\n"); /* 75 %, 80.05 % */
    expect_in(charted.data, "\n10 9000 NaN NaN 1\n\n\n# latency of ");
    expect_in(charted.data, "\n63.0957344 2000 NaN NaN 0\n79.4328235 4000 NaN NaN 0\n100 4000 NaN NaN 1\n\n\n");
    expect_in(charted.script, "panel_reach[1] = 100\n");
    charted_free();
}

static void percentiles_have_bands(void **state)
{
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 6; i++) {
        struct trial_row trial = made_trial("c001", "pthread", "burst"); /* there, service is drawn */
        made_bucket("latency", 1, 2, 100);
        made_bucket("service", 1000 + i, 1001 + i, 100);
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_latency), 1);
    expect_in(charted.data, "# service of spin, 1ms, 2 workers: pthread");
    expect_in(charted.data, "\n10 1002.5 1000 1005 1\n"); /* of six, the interval is the whole range */
    expect_in(charted.script, "line_band[1] = 1");
    charted_free();
}

/* All trials of a cell together: of six trials of 100 tasks, 60 are above 100 us, so p90 is below and p99 above it,
 * though no trial by itself has a p99. */
static void percentiles_are_pooled(void **state)
{
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 12; i++) {
        struct trial_row trial = made_trial("c001", "pthread", "rate:1000");
        made_bucket("service", 1, 2, 100);
        made_bucket("latency", 1000, 1001, 94);
        made_bucket("latency", 100000, 100001, 6);
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_latency), 1);
    expect_in(charted.data,
              "latency of spin, 1ms, 2 workers, arrival rate:1000: pthread: 1 / (1 - p), ns (of all trials together)");
    expect_in(charted.data, "\n10 1000 1000 1000 1\n");
    expect_in(charted.data,
              "\n100 100000 100000 100000 1\n\n\n"); /* ten of 1,200 are slower; its interval is one bucket */
    expect_in(charted.script, "n of a line: 1200 tasks in 12 trials; bands: 95 % intervals");
    charted_free();
}

/* Trials that did not reach a steady state: nothing is drawn, and that is said. */
static void percentiles_of_no_steady_queue(void **state)
{
    (void)state;
    made_begin(directory);
    for (int cell = 1; cell <= 2; cell++)
        for (int i = 0; i < 6; i++) {
            struct trial_row trial =
                made_trial(cell == 1 ? "c001" : "c002", cell == 1 ? "pthread" : "prefork", "rate:1000");
            trial.drawn_ns = trial.handed_ns = trial.served_ns = 100000000;
            trial.tasks_ok = 100;
            trial.busy_ns = 20000000;
            trial.service_cv = 0;
            trial.cut_tasks = cell == 1 ? 100 : 0;
            made_bucket("service", 200000, 200001, 100);
            made_bucket("latency", 200000, 200001, 100);
            if (cell == 2)
                made_bucket("steady", 200000, 200001, 100);
            made_put(trial);
        }
    made_end();
    assert_int_equal(chart_make(directory, &chart_latency), 1);
    assert_null(strstr(charted.data, "pthread"));
    expect_in(charted.data, "prefork");
    expect_in(charted.script, "; 1 not drawn, their trials too short for a steady queue");
    charted_free();
}

/* Dots, the middle trial's, and what is cut of it; of many the slowest stays. */
static void latency_over_a_trial(void **state)
{
    (void)state;
    enum { TASKS = 5000 };
    made_begin(directory);
    for (int i = 0; i < 3; i++) {
        struct trial_row trial = made_trial("c001", "pthread", "rate:1000");
        trial.f.tasks = TASKS;
        trial.cut_tasks = 10;
        made_bucket("latency", 1000 * (i + 1), 1000 * (i + 1) + 1, TASKS);
        for (int task = 0; task < TASKS; task++)
            made_arrival(task, 1000 * task, task == 4321 ? 77777 : i + 1);
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_course), 1);
    expect_in(charted.script, "panel_title[1] = 'pthread, trial 2, ");
    expect_in(charted.script,
              "panel_cut[1] = 10000.0; panel_until[1] = 4999000.0; panel_least[1] = 2; panel_most[1] = 77777\n");
    expect_in(charted.data, "\n4321000 77777 4321\n");
    assert_null(strstr(charted.data, "\n3000 2 3\n")); /* failed */
    charted_free();
}

/* A line a pool of p99, one of p50; what did not keep up with its rate is left out, and one rate is none. */
static void latency_against_rates(void **state)
{
    (void)state;
    static const char *const arrivals[] = {"rate:1000", "rate:2000", "rate:4000"};
    for (int rates = 3; rates > 0; rates -= 2) {
        made_begin(directory);
        for (int r = 0; r < rates; r++)
            for (int i = 0; i < 10; i++) {
                char cell[16];
                snprintf(cell, sizeof cell, "c%03d", r + 1);
                struct trial_row trial = made_trial(cell, "pthread", arrivals[r]);
                trial.drawn_ns = trial.handed_ns = 99000000 >> r;
                trial.served_ns = r == 1 ? 99000000 : trial.drawn_ns;
                trial.tasks_ok = 100;
                trial.busy_ns = 20000000;
                trial.service_cv = 0;
                trial.cut_tasks = 0;
                made_bucket("service", 200000, 200001, 100);
                made_bucket("latency", 200000 << r, (200000 << r) + 1, 98);
                made_bucket("latency", 900000 << r, (900000 << r) + 1, 2);
                made_put(trial);
            }
        made_end();
        assert_int_equal(chart_make(directory, &chart_rates), rates == 3);
        if (rates == 1)
            break;
        expect_in(charted.data, "pthread: rate, p99 (ns, of all trials together), its 95 % interval\n"
                                "1000 900000 900000 900000\n2000 NaN NaN NaN\n4000 3600000 3600000 3600000\n\n\n");
        expect_in(charted.data,
                  "interval\n1000 200000 200000 200000\n2000 NaN NaN NaN\n4000 800000 800000 800000\n\n\n");
        expect_in(charted.data, "# no theory: arrivals are not random ones");
        expect_in(charted.script, "line_pool[1] = 1; line_theory[1] = 0; line_upper[1] = 1\n");
        expect_in(charted.script, "n = 1000 tasks; bars: 95 % intervals of this run; not drawn, as saturated or too "
                                  "short for a steady queue: 1");
    }
    assert_string_equal(charted.why, "it takes latencies at two or more rates of arrival");
    charted_free();
}

/* Of random arrivals and one size theory has a curve, p99 of M/D/2: below it no task is faster than its time in a
 * worker. */
static void theory_against_rates(void **state)
{
    (void)state;
    made_begin(directory);
    for (int i = 0; i < 20; i++) {
        struct trial_row trial =
            made_trial(i % 2 ? "c001" : "c002", "pthread", i % 2 ? "rate:100:poisson" : "rate:200:poisson");
        strcpy(trial.f.workload, "sleep");
        strcpy(trial.f.size_dist, "fixed");
        made_bucket("service", 1000000, 1000001, 100);
        made_bucket("latency", 1100000, 1100001, 100);
        made_put(trial);
    }
    made_end();
    assert_int_equal(chart_make(directory, &chart_rates), 1);
    expect_in(charted.script, "line_theory[1] = 1; ");
    expect_in(charted.data, "# predicted: theory, M/D/2: rate, p99 (ns)");
    double ns = 0, before = 1000000;
    int lines = 0;
    const char *last = strstr(charted.data, ", p50 (ns"); /* theory stands behind it */
    last = strstr(last, "\n\n\n") + 3;
    for (double rate; sscanf(last, "%lf %lf", &rate, &ns) == 2; last = strchr(last, '\n') + 1, before = ns, lines++)
        assert_true(ns >= before && rate >= 99.9 && rate <= 200.1);
    assert_in_range(lines, 2, 41);
    charted_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_stop),       cmocka_unit_test(percentiles_have_bands),
        cmocka_unit_test(percentiles_are_pooled), cmocka_unit_test(percentiles_of_no_steady_queue),
        cmocka_unit_test(latency_over_a_trial),   cmocka_unit_test(latency_against_rates),
        cmocka_unit_test(theory_against_rates),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
