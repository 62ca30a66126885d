/* A small run made up here, with medians that can be checked by hand: failed trials count nowhere, percentiles need
 * enough tasks, what was not committed is not read, a copy sums up byte for byte. */
#include "bench/analyse/summary.h"
#include "bench/base/wrap.h"
#include "bench/model/arrivals.h"
#include "bench/model/cell.h"
#include "bench/model/csv.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/screen.h"
#include "bench/verbs/advise/advise.h"
#include "tests/scratch.h"
#include "tests/skip.h"
#include "tests/squeezed.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define BLOCKS 8

static char error[ERROR_MAX];
static int root = -1; /* where the tests were started */
static char scratch[SCRATCH_MAX];

static int setup(void **state)
{
    char scripts[PATH_MAX];
    (void)state;
    if (!realpath("scripts", scripts) || setenv("POOLBENCH_SCRIPTS", scripts, 1))
        return -1;
    root = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root < 0 || scratch_directory(scratch) < 0 || chdir(scratch) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    if (fchdir(root) < 0)
        return -1;
    close(root);
    return scratch_remove(scratch);
}

/* The cells of the run: time per task in block b is base + step x b ns, so that medians lie between blocks 4 and 5. */
static const struct cell_made {
    const char *id, *pool, *workload;
    int64_t workers, tasks, base, step;
} cells[] = {
    {"c001", "serial", "spin", 1, 100, 10000, 0},    {"c002", "static", "spin", 2, 200, 5000, 0},
    {"c003", "pthread", "spin", 2, 1000, 5000, 100}, {"c004", "pthread:wait=spin", "spin", 2, 20000, 5020, 0},
    {"c005", "fork", "spin", 2, 100, 50000, 1000},
};
#define CELLS (sizeof cells / sizeof cells[0])

static void trial_fill(struct trial_row *trial, const struct cell_made *cell, int64_t block, int64_t id)
{
    row_clear(&trial_format, trial);
    trial->schema_version = SCHEMA_VERSION;
    strcpy(trial->run_id, "made-up");
    strcpy(trial->cell_id, cell->id);
    strcpy(trial->f.pool, cell->pool);
    strcpy(trial->f.workload, cell->workload);
    strcpy(trial->f.place, "compact");
    trial->status = TRIAL_OK;
    trial->trial_id = id;
    trial->block = block;
    trial->f.workers = cell->workers;
    trial->f.tasks = cell->tasks;
    trial->f.size_ns = 10000;
    trial->wall_ns = cell->tasks * (cell->base + cell->step * (block - 1));
    trial->ideal_ns = cell->tasks * 10000 / cell->workers;
    trial->open_ns = 1000 * block;
    trial->pss_bytes = 4096;
    trial->private_bytes = 1 << 20;
    trial->started_ns = id * 1000000000;
}

static void latency_fill(struct csv_writer *latency, int64_t id, int64_t tasks)
{
    /* 1/2 at 10 ns, the rest in 1000 .. 1008, and one in a hundred at 100 */
    const struct latency_row rows[] = {
        {id, "latency", 10, 11, tasks / 2, 0}, {id, "latency", 1000, 1008, tasks - tasks / 2, 0},
        {id, "queue", 100, 101, tasks, 0},     {id, "service", 7, 8, tasks, 0},
        {id, "unheard-of", 7, 8, tasks, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(csv_put(latency, &rows[i]), 0);
    assert_int_equal(csv_flush(latency), 0);
}

/* All tasks of static's trials: worker 0 ran three of four. Of pthread's a sample. */
static void samples_fill(struct csv_writer *samples, const struct cell_made *cell, int64_t id)
{
    bool whole = !strcmp(cell->pool, "static");
    if (!whole && strcmp(cell->pool, "pthread"))
        return;
    for (int64_t task = 0; task < (whole ? cell->tasks : 10); task++) {
        struct sample_row sample;
        row_clear(&sample_format, &sample);
        sample.trial_id = id;
        sample.task = task;
        sample.worker = task % 4 == 3;
        strcpy(sample.status, "ok");
        sample.start_ns = 1000 * task;
        sample.end_ns = sample.start_ns + 900;
        assert_int_equal(csv_put(samples, &sample), 0);
    }
    assert_int_equal(csv_flush(samples), 0);
}

static void run_make(const char *directory)
{
    struct csv_writer *trials, *latency, *samples;
    int64_t id = 0;
    assert_int_equal(mkdir(directory, 0777), 0);
    assert_int_equal(csv_create(directory, &trial_format, &trials), 0);
    assert_int_equal(csv_create(directory, &latency_format, &latency), 0);
    assert_int_equal(csv_create(directory, &sample_format, &samples), 0);
    for (int64_t block = 1; block <= BLOCKS; block++)
        for (size_t c = 0; c < CELLS; c++) {
            struct trial_row trial;
            trial_fill(&trial, &cells[c], block, ++id);
            if (!strcmp(cells[c].id, "c005") && block > 5) { /* as fast as nothing: must not show */
                trial.status = block == 6 ? TRIAL_TIMEOUT : TRIAL_CRASHED;
                strcpy(trial.reason, block == 6 ? "ran over 10 s" : "signal 11");
                trial.wall_ns = 1;
                trial.open_ns = 1;
            }
            latency_fill(latency, id, cells[c].tasks);
            trial.latency_end = csv_end(latency);
            samples_fill(samples, &cells[c], id);
            trial.samples_end = csv_end(samples);
            assert_int_equal(csv_put(trials, &trial), 0);
            assert_int_equal(csv_flush(trials), 0);
        }
    latency_fill(latency, 1, 1000000); /* past the last commit */
    assert_int_equal(csv_close(latency), 0);
    assert_int_equal(csv_close(samples), 0);
    assert_int_equal(csv_close(trials), 0);
    FILE *torn = fopen("run/trials.csv", "a");
    assert_non_null(torn);
    fputs("1,made-up,41,c001", torn);
    assert_int_equal(fclose(torn), 0);
}

static void test_cells(void **state)
{
    struct run_data s;
    (void)state;
    run_make("run");
    assert_int_equal(run_summed_open("run", &s, error), 0);
    assert_int_equal(s.count, CELLS);
    assert_int_equal(s.trial_count, CELLS * BLOCKS);
    for (size_t c = 0; c < CELLS; c++) {
        assert_string_equal(s.rows[c].cell_id, cells[c].id);
        assert_string_equal(s.rows[c].f.pool, cells[c].pool);
        assert_string_equal(s.rows[c].run_id, "made-up");
        assert_int_equal(s.rows[c].trials, BLOCKS);
        assert_int_equal(s.rows[c].f.workers, cells[c].workers);
    }
    const struct summary_row *pthread = &s.rows[2], *fork = &s.rows[4];
    assert_int_equal(pthread->failed, 0);
    assert_int_equal(pthread->wall_ns, 5350000);    /* 5.0, 5.1 .. 5.7 ms */
    assert_int_equal(pthread->wall_lo_ns, 5000000); /* ranks 1 and 8 of 8 */
    assert_int_equal(pthread->wall_hi_ns, 5700000);
    assert_true(pthread->ns_per_task == 5350);
    assert_float_equal(pthread->tasks_per_s, 1e9 / 5350, 0.1);
    assert_float_equal(pthread->efficiency, (5000.0 / 5300 + 5000.0 / 5400) / 2, 1e-6);
    assert_float_equal(pthread->efficiency_vs_static, (5000.0 / 5300 + 5000.0 / 5400) / 2, 1e-6);
    assert_true(pthread->overhead_ns == 350);
    assert_int_equal(pthread->open_ns, 4500);
    assert_int_equal(pthread->close_ns, MISSING);
    assert_int_equal(pthread->pss_bytes, 4096);
    assert_int_equal(fork->failed, 3);
    assert_int_equal(fork->wall_ns, 5200000); /* of 5 trials */
    assert_int_equal(fork->open_ns, 3000);
    assert_int_equal(fork->wall_lo_ns, MISSING);
    assert_int_equal(fork->wall_hi_ns, MISSING);
    assert_true(s.rows[1].efficiency_vs_static == 1);
    assert_true(isnan(s.rows[0].efficiency_vs_static)); /* one worker: nothing to compare with */
    run_data_close(&s);
}

/* pthread gets slower by 100 ns a block; fork's five trials are too few to say. */
static void test_remarks(void **state)
{
    struct run_data s;
    (void)state;
    assert_int_equal(run_summed_open("run", &s, error), 0);
    assert_true(s.rows[0].drift == 0);
    assert_int_equal(s.rows[0].drift_said, 0);
    assert_float_equal(s.rows[2].drift, 0.14, 0.002);
    assert_int_equal(s.rows[2].drift_said, 1);
    assert_true(isnan(s.rows[4].drift));
    assert_int_equal(s.rows[4].drift_said, MISSING);
    assert_int_equal(s.rows[0].lag_said, MISSING); /* the base */
    assert_true(s.rows[2].lag_correlation > 0.9);  /* over what does not drift */
    assert_int_equal(s.rows[2].lag_said, 1);
    assert_int_equal(s.rows[4].lag_said, MISSING);
    for (size_t c = 0; c < CELLS; c++) {
        assert_true(isnan(s.rows[c].group_ratio) && isnan(s.rows[c].group_share));
        if (c == 1)
            assert_float_equal(s.rows[c].worker_imbalance, 1.5, 1e-9);
        else
            assert_true(isnan(s.rows[c].worker_imbalance));
    }
    run_data_close(&s);
}

/* A pool that loses no time keeps up with any draw of arrivals, and one that serves nine tenths of them with none: what
 * a seed draws is no fault of the pool. */
static void test_arrivals(void **state)
{
    enum { SEEDS = 50, TASKS = 1000 };
    struct csv_writer *trials;
    struct run_data s;
    (void)state;
    assert_int_equal(mkdir("arrivals", 0777) || csv_create("arrivals", &trial_format, &trials), 0);
    for (int64_t i = 0; i < 2 * SEEDS; i++) {
        struct trial_row trial;
        trial_fill(&trial, &cells[2], 1, i + 1);
        snprintf(trial.cell_id, sizeof trial.cell_id, "c%03d", (int)i);
        trial.seed = (uint64_t)i / 2;
        trial.f.tasks = TASKS;
        trial.f.arrival = (struct arrival){.kind = ARRIVAL_RATE, .rate = 1000, .process = PROCESS_POISSON};
        double last_ns = arrivals_plain_last_ns(&trial.f.arrival, trial.seed, TASKS);
        trial.wall_ns = (int64_t)(last_ns / (i % 2 ? 0.9 : 1)) + trial.f.size_ns;
        assert_int_equal(csv_put(trials, &trial), 0);
    }
    assert_int_equal(csv_close(trials) || run_summed_open("arrivals", &s, error), 0);
    assert_int_equal(s.count, 2 * SEEDS);
    for (size_t i = 0; i < s.count; i++)
        assert_float_equal(s.rows[i].achieved_share, (i % 2 ? 0.9f : 1.f), 1e-3);
    /* nor is it kept from being advised for its draw */
    const struct wish wish = {.size_ns = 10000, .cpu_share = 1, .rate = 1000};
    struct advice advice;
    struct contest contest;
    assert_int_equal(advice_init(&advice, &s, &wish), 0);
    for (size_t i = 0; i < s.trial_count; i++) { /* latencies were not recorded */
        struct bucket *bucket = malloc(sizeof *bucket);
        assert_non_null(bucket);
        *bucket = (struct bucket){1000, 1001, 2000};
        s.times[i].pool[LATENCY_ALL] = (struct pooled_trial){bucket, 1};
    }
    assert_int_equal(contest_make(&advice, 0, &contest), 0);
    assert_int_equal(contest.count, SEEDS);
    for (size_t i = 0; i < contest.count; i++)
        assert_int_equal(contest.candidates[i].cell % 2, 0);
    contest_release(&contest);
    advice_release(&advice);
    run_data_close(&s);
}

/* Without its samples a run has the same summary but for what only they tell. */
static void test_no_samples(void **state)
{
    struct run_data s;
    (void)state;
    assert_int_equal(rename("run/samples.csv", "run/elsewhere"), 0);
    assert_int_equal(run_summed_open("run", &s, error), 0);
    assert_int_equal(s.rows[2].wall_ns, 5350000);
    assert_true(isnan(s.rows[1].worker_imbalance));
    run_data_close(&s);
    assert_int_equal(rename("run/elsewhere", "run/samples.csv"), 0);
}

static void test_percentiles(void **state)
{
    struct run_data s;
    (void)state;
    assert_int_equal(run_summed_open("run", &s, error), 0);
    for (size_t c = 0; c < CELLS; c++) {
        const struct summary_row *row = &s.rows[c];
        assert_int_equal(row->queue_p50_ns, 100);
        assert_int_equal(row->service_p50_ns, 7);
        assert_int_equal(row->return_p50_ns, MISSING);
        assert_int_equal(row->latency_p50_ns, 10);
        assert_int_equal(row->latency_p90_ns, 1004);
        assert_int_equal(row->latency_p99_ns, row->f.tasks >= 1000 ? 1004 : MISSING);
        assert_int_equal(row->latency_p999_ns, row->f.tasks >= 10000 ? 1004 : MISSING);
        assert_int_equal(row->late_p99_ns, MISSING);
        bool bounded = row->trials - row->failed >= 6;
        assert_int_equal(row->latency_p50_lo_ns, bounded ? 10 : MISSING);
        assert_int_equal(row->latency_p90_hi_ns, bounded ? 1004 : MISSING);
        assert_int_equal(row->latency_p99_lo_ns, bounded && row->f.tasks >= 1000 ? 1004 : MISSING);
        assert_int_equal(row->latency_p999_hi_ns, bounded && row->f.tasks >= 10000 ? 1004 : MISSING);
    }
    run_data_close(&s);
}

static void file_copy(const char *from, const char *to)
{
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    int c;
    assert_non_null(in);
    assert_non_null(out);
    while ((c = getc(in)) != EOF)
        putc(c, out);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void files_equal(const char *a, const char *b)
{
    FILE *x = fopen(a, "r"), *y = fopen(b, "r");
    int c;
    assert_non_null(x);
    assert_non_null(y);
    do {
        c = getc(x);
        assert_int_equal(c, getc(y));
    } while (c != EOF);
    fclose(x);
    fclose(y);
}

static void test_copy(void **state)
{
    struct run_data s;
    (void)state;
    assert_int_equal(run_summed_open("run", &s, error), 0);
    assert_int_equal(summary_write(&s, error), 0);
    run_data_close(&s);
    assert_int_equal(mkdir("elsewhere", 0777), 0);
    file_copy("run/trials.csv", "elsewhere/trials.csv");
    file_copy("run/latency.csv", "elsewhere/latency.csv");
    file_copy("run/samples.csv", "elsewhere/samples.csv");
    for (int again = 0; again < 2; again++) { /* it replaces what there is */
        assert_int_equal(run_summed_open("elsewhere", &s, error), 0);
        assert_int_equal(summary_write(&s, error), 0);
        run_data_close(&s);
        files_equal("run/summary.csv", "elsewhere/summary.csv");
    }
    assert_int_equal(run_summed_open("nowhere", &s, error), -ENOENT);
    assert_non_null(strstr(error, "nowhere/trials.csv"));
    assert_int_equal(truncate("elsewhere/latency.csv", 200), 0);
    assert_int_equal(run_summed_open("elsewhere", &s, error), -EBADMSG);
    assert_non_null(strstr(error, "elsewhere/latency.csv:"));
}

static char *screen_of(const struct run_data *run)
{
    static char text[16384];
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    struct analysis analysis;
    assert_int_equal(analysis_make(run, &analysis), 0);
    screen_print(out, &analysis);
    analysis_release(&analysis);
    assert_int_equal(fclose(out), 0);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > SCREEN_COLUMNS)
            fail_msg("more than %d columns: %s", SCREEN_COLUMNS, line);
    return squeezed(text);
}

static void shown(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not on the screen:\n%s", part, text);
}

static void test_screen(void **state)
{
    struct run_data s;
    char *text;
    (void)state;
    assert_int_equal(run_summed_open("run", &s, error), 0);
    text = screen_of(&s);
    shown(text, "unknown machine"); /* no host.json */
    shown(text, "40 trials in 8 blocks, 3 failed");
    shown(text, "Speed-up over serial");
    shown(text, "10 us 2.00 1.87 1.99 0.19"); /* pthread: 10000 / 5350, per block; fork: of its five good trials */
    shown(text, "fastest: static; equal: pthread:wait=spin; cannot tell yet: pthread, fork (this row can");
    shown(text, "fork: 3 of 8 trials failed");
    shown(text, "timeout: ran over 10 s");
    shown(text, "2 of 8 crashed");
    shown(text, "less sure: its blocks depend on the ones before");
    shown(text, "How sure: 95 % that ");
    assert_null(strstr(text, "disturbed by others"));
    assert_null(strstr(text, "10000.00")); /* a failure is never the fastest */
    assert_null(strstr(text, "calibration error"));
    s.rows[1].efficiency = 1.2;
    s.rows[2].achieved_share = 0.5;
    s.rows[3].submitter_share = 0.95;
    s.rows[3].f.processes = 2;
    s.rows[3].f.threads = 0;
    s.trials[0].outside = s.trials[1].outside = 1;
    s.set_aside = 3;
    s.set_aside_disturbed = 1;
    text = screen_of(&s);
    shown(text, "3 of 43 trials were disturbed by others (steal, CPU time): 1 was run again with 2 more of the same");
    shown(text, "rows, 2 count as they are");
    shown(text, "calibration error");
    shown(text, "saturated");
    shown(text, "limited by the main process");
    run_data_close(&s);
}

/* One cell, nothing that ended well, nothing at all. */
static void test_screen_of_few(void **state)
{
    struct csv_writer *trials;
    struct run_data s;
    char *text;
    (void)state;
    assert_int_equal(mkdir("one", 0777), 0);
    assert_int_equal(csv_create("one", &trial_format, &trials), 0);
    for (int64_t block = 1; block <= BLOCKS; block++) {
        struct trial_row trial;
        trial_fill(&trial, &cells[2], block, block);
        assert_int_equal(csv_put(trials, &trial), 0);
    }
    assert_int_equal(csv_close(trials), 0);
    assert_int_equal(run_summed_open("one", &s, error), 0);
    shown(screen_of(&s), "Time per task");
    run_data_close(&s);
    assert_int_equal(run_summed_open("run", &s, error), 0);
    for (size_t i = 0; i < s.trial_count; i++)
        s.trials[i].status = TRIAL_CRASHED;
    for (size_t i = 0; i < s.count * s.blocks; i++)
        s.at[i] = RUN_NOTHING;
    for (size_t c = 0; c < s.count; c++) {
        s.rows[c].failed = s.rows[c].trials;
        s.rows[c].ns_per_task = NAN;
    }
    text = screen_of(&s);
    shown(text, "40 failed");
    assert_null(strstr(text, "fastest"));
    s.count = s.trial_count = 0;
    shown(screen_of(&s), "0 trials");
    s.count = 1;
    run_data_close(&s);
}

static long file_size(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

static int charts_of(FILE *talk)
{
    struct run_data run;
    struct analysis analysis;
    const struct drawing drawing = {.analysis = &analysis, .format = "svg", .talk = talk};
    assert_int_equal(run_summed_open("run", &run, error), 0);
    assert_int_equal(analysis_make(&run, &analysis), 0);
    int result = drawing_make(&drawing, error);
    analysis_release(&analysis);
    run_data_close(&run);
    return result;
}

static void test_charts(void **state)
{
    char *said = NULL, *path = strdup(getenv("PATH"));
    size_t size;
    FILE *talk = open_memstream(&said, &size);
    (void)state;
    assert_non_null(path);
    assert_non_null(talk);
    assert_int_equal(setenv("PATH", scratch, 1), 0);
    assert_int_equal(charts_of(NULL), -ENOENT);
    assert_non_null(strstr(error, "gnuplot-nox"));
    assert_true(file_size("run/charts/forest.dat") > 0); /* for whoever has a gnuplot */
    assert_true(file_size("run/charts/forest.gp") > 0);
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    int result = charts_of(talk);
    assert_int_equal(fclose(talk), 0);
    if (!result) {
        shown(said, "drew run/charts/forest.svg");
        assert_true(file_size("run/charts/forest.svg") > 1000);
    }
    free(said);
    if (result == -ENOENT)
        skip_because("charts of a summary", "there is no gnuplot");
    if (result)
        fail_msg("%s", error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),      cmocka_unit_test(test_arrivals),      cmocka_unit_test(test_remarks),
        cmocka_unit_test(test_no_samples), cmocka_unit_test(test_percentiles),   cmocka_unit_test(test_copy),
        cmocka_unit_test(test_screen),     cmocka_unit_test(test_screen_of_few), cmocka_unit_test(test_charts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
