/* See made_run.h. */
#include "tests/made_run.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/options.h"
#include "bench/model/rare.h"
#include "tests/scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h> /* after what it needs */

static struct csv_writer *trials, *latency, *samples;
static int64_t trial_last;

void made_begin(const char *directory)
{
    scratch_remove(directory); /* where there was one before */
    rare_note(OPTION_ARRIVAL); /* the columns of a queue are there, too */
    assert_int_equal(mkdir(directory, 0777), 0);
    assert_int_equal(csv_create(directory, &trial_format, &trials), 0);
    assert_int_equal(csv_create(directory, &latency_format, &latency), 0);
    assert_int_equal(csv_create(directory, &sample_format, &samples), 0);
    trial_last = 0;
}

void made_end(void)
{
    assert_int_equal(csv_close(trials), 0);
    assert_int_equal(csv_close(latency), 0);
    assert_int_equal(csv_close(samples), 0);
}

struct trial_row made_trial(const char *cell, const char *pool, const char *arrival)
{
    struct trial_row trial;
    char error[ERROR_MAX];
    row_clear(&trial_format, &trial);
    trial.schema_version = SCHEMA_VERSION;
    strcpy(trial.run_id, "made-up");
    snprintf(trial.cell_id, sizeof trial.cell_id, "%s", cell);
    snprintf(trial.f.pool, sizeof trial.f.pool, "%s", pool);
    assert_int_equal(options[OPTION_ARRIVAL].spelling->parse(arrival, &trial.f.arrival, error), 0);
    strcpy(trial.f.workload, "spin");
    trial.f.timing = TIMING_TASK;
    trial.status = TRIAL_OK;
    trial.trial_id = ++trial_last;
    trial.block = trial_last;
    trial.f.size_ns = 1000000;
    trial.f.tasks = 100;
    trial.f.workers = 2;
    trial.wall_ns = 50000000;
    trial.started_ns = (trial_last - 1) * 1000000000;
    return trial;
}

void made_bucket(const char *phase, int64_t lo_ns, int64_t hi_ns, int64_t count)
{
    struct latency_row row = {.trial_id = trial_last, .lo_ns = lo_ns, .hi_ns = hi_ns, .count = count};
    snprintf(row.phase, sizeof row.phase, "%s", phase);
    assert_int_equal(csv_put(latency, &row), 0);
}

static void sample_put(struct sample_row row)
{
    row.trial_id = trial_last;
    strcpy(row.status, row.task == 3 ? "error" : "ok");
    assert_int_equal(csv_put(samples, &row), 0);
}

void made_sample(int64_t task, int64_t worker, int64_t start_ns, int64_t end_ns)
{
    struct sample_row row;
    row_clear(&sample_format, &row);
    row.task = task;
    row.worker = worker;
    row.start_ns = start_ns;
    row.end_ns = end_ns;
    sample_put(row);
}

void made_arrival(int64_t task, int64_t due_ns, int64_t latency_ns)
{
    struct sample_row row;
    row_clear(&sample_format, &row);
    row.task = task;
    row.due_ns = due_ns;
    row.reap_ns = due_ns + latency_ns;
    sample_put(row);
}

void made_stamps(int64_t task, const int64_t ns[5])
{
    struct sample_row row;
    row_clear(&sample_format, &row);
    row.task = task;
    row.worker = task % 2;
    row.due_ns = ns[0];
    row.submit_ns = ns[1];
    row.start_ns = ns[2];
    row.end_ns = ns[3];
    row.reap_ns = ns[4];
    sample_put(row);
}

void made_put(struct trial_row trial)
{
    assert_int_equal(csv_flush(latency), 0);
    assert_int_equal(csv_flush(samples), 0);
    trial.latency_end = csv_end(latency);
    trial.samples_end = csv_end(samples);
    assert_int_equal(csv_put(trials, &trial), 0);
}
