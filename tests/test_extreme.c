/* Runs with the largest and smallest numbers that a file may have, and without those that may be missing: whatever
 * reads, judges or draws them computes without overflow, and prints numbers or says that there are none. */
#include "bench/analyse/analysis.h"
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/recorded.h"
#include "bench/show/charts/chart.h"
#include "bench/show/hyperfine.h"
#include "bench/show/report/report.h"
#include "bench/show/screen.h"
#include "tests/charted.h"
#include "tests/made_run.h"
#include "tests/sample.h"
#include "tests/scratch.h"
#include "workloads/mix.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

enum { BLOCKS = 8, RUNS = 24 };

static char scratch[SCRATCH_MAX], directory[SCRATCH_MAX + 16], error[ERROR_MAX];
static uint64_t chance;

static uint64_t draw(void)
{
    return chance = mix64(chance, 1);
}

static int64_t extreme(void)
{
    static const int64_t values[] = {0, 1, CSV_INTEGER_MOST / 8, CSV_INTEGER_MOST, MISSING};
    return values[draw() % (sizeof values / sizeof *values)];
}

/* All columns of numbers that nothing else depends on. */
static void columns_draw(struct trial_row *trial)
{
    static const double reals[] = {0, -1e300, 1e300, 5e-324, NAN};
    static const char *const kept[] = {"schema_version", "trial_id", "block",   "position", "samples_end",
                                       "latency_end",    "attempt",  "outside", "row_sum"};
    struct column columns[COLUMNS_MAX];
    size_t count = format_columns(&trial_format, columns);
    for (size_t i = 0; i < count; i++) {
        char *field = (char *)trial + columns[i].offset;
        const int64_t integer = extreme();
        const double real = reals[draw() % 5];
        bool is_kept = columns[i].offset >= offsetof(struct trial_row, f) &&
                       columns[i].offset < offsetof(struct trial_row, f) + sizeof trial->f;
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
            is_kept = is_kept || !strcmp(columns[i].name, kept[k]);
        is_kept = is_kept || !strncmp(columns[i].name, "samples_", 8) || !strncmp(columns[i].name, "latency_", 8);
        if (!is_kept && columns[i].kind == COLUMN_INT)
            memcpy(field, &integer, sizeof integer);
        else if (!is_kept && columns[i].kind == COLUMN_REAL)
            memcpy(field, &real, sizeof real);
    }
}

static void trial_draw(const char *cell, const char *pool, const char *arrival, int64_t block)
{
    static const char *const phases[] = {"late", "queue", "service", "return", "latency", "steady"};
    struct trial_row trial = made_trial(cell, pool, arrival);
    columns_draw(&trial);
    trial.block = block;
    trial.tasks_ok = trial.f.tasks;
    trial.tasks_failed = trial.tasks_lost = 0;
    trial.tasks_error = trial.tasks_exited = trial.tasks_signalled = trial.tasks_timeout = 0;
    trial.tasks_wrong = trial.tasks_collateral = 0;
    trial.tasks_dropped = MISSING;
    trial.trial_ns = MISSING;
    trial.shared_cpu = trial.parent_sees = MISSING;
    trial.wall_ns = draw() % 4 ? CSV_INTEGER_MOST : 1;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        made_bucket(phases[i], CSV_INTEGER_MOST - 1, CSV_INTEGER_MOST, CSV_INTEGER_MOST / 2);
        made_bucket(phases[i], -CSV_INTEGER_MOST, 1, 1 + (int64_t)(draw() % 1000));
    }
    for (int64_t task = 0; task < 4; task++)
        made_sample(task, task % 2, extreme(), extreme());
    made_put(trial);
}

static void run_look(void)
{
    struct run_data run;
    struct analysis analysis;
    struct recorded recorded;
    FILE *null = fopen("/dev/null", "w");
    assert_non_null(null);
    if (recorded_read(directory, &recorded, error) == 0)
        recorded_check(directory, &recorded, error);
    if (run_summed_open(directory, &run, error)) {
        assert_true(error[0] != '\0');
        fclose(null);
        return;
    }
    assert_int_equal(analysis_make(&run, &analysis), 0);
    screen_print(null, &analysis);
    summary_write(&run, error);
    report_write(&analysis, error);
    hyperfine_print(null, null, &run, error);
    analysis_release(&analysis);
    run_data_close(&run);
    fclose(null);
    for (size_t i = 0; chart_table[i]; i++) {
        chart_make(directory, chart_table[i]);
        charted_free();
    }
}

static void test_extremes(void **state)
{
    static const char *const arrivals[] = {"burst", "rate:1000", "window:4"};
    (void)state;
    for (size_t i = 0; i < RUNS; i++) {
        chance = mix64(sample_seed(), i);
        made_begin(directory);
        for (int64_t block = 1; block <= BLOCKS; block++) {
            trial_draw("c001", "serial", arrivals[i % 3], block);
            trial_draw("c002", "pthread", arrivals[i % 3], block);
            trial_draw("c003", "prefork", arrivals[i % 3], block);
        }
        made_end();
        run_look();
        test_progress();
    }
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_extremes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
