/* Recording trials, see record.h. */
#include "bench/measure/record.h"
#include "bench/base/units.h"
#include "bench/job/histogram.h"
#include "bench/job/subset.h"
#include "bench/model/csv.h"
#include "bench/model/file_sums.h"
#include "bench/model/run_dir.h"
#include "bench/stats/stats.h"
#include "pools/parts/task_run.h"
#include "workloads/text.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *const phase_names[PHASES] = {
    [PHASE_QUEUE] = "queue",   [PHASE_SERVICE] = "service",   [PHASE_RETURN] = "return", [PHASE_LATENCY] = "latency",
    [PHASE_LATE] = "late",     [PHASE_DETECT] = "detect",     [PHASE_STEADY] = "steady", [PHASE_FIRST] = "first",
    [PHASE_CPU] = "class_cpu", [PHASE_SLEEP] = "class_sleep",
};

#define LATE_MOST             0.02 /* of the time drawn: the submitter may be late by that */
#define TEXT_SET(field, text) text_put(field, sizeof(field), text, true)

/* The columns that tell of the cell are the same in plan.csv and trials.csv. */
#define CELL_SET(row, cell)                                                                                            \
    do {                                                                                                               \
        (row)->schema_version = SCHEMA_VERSION;                                                                        \
        TEXT_SET((row)->cell_id, (cell)->id);                                                                          \
        TEXT_SET((row)->experiment, (cell)->experiment);                                                               \
        TEXT_SET((row)->experiments, (cell)->experiments);                                                             \
        (row)->f = (cell)->f;                                                                                          \
        factors_escape(&(row)->f);                                                                                     \
    } while (0)

struct planned {
    struct csv_writer *writer;
    int64_t blocks;
};

static int planned_keep(const void *row, void *arg)
{
    const struct planned *planned = arg;
    return ((const struct plan_row *)row)->block <= planned->blocks ? csv_put(planned->writer, row) : 0;
}

int plan_write(const char *directory, const struct plan *plan, uint64_t seed, char *error)
{
    struct replacement file;
    struct plan_row row;
    char ignored[ERROR_MAX];
    int rc = replacement_begin(directory, &plan_format, &file);
    if (rc < 0)
        return record_failed(rc, directory, plan_format.file, error);
    if (plan->blocks_before) {
        struct planned planned = {file.writer, plan->blocks_before};
        rc = csv_read(directory, &plan_format, -1, planned_keep, &planned, ignored);
    }
    for (size_t i = 0; i < plan->blocks * plan->cells.count && rc == 0; i++) {
        const struct cell *cell = &plan->cells.cell[plan->order[i]];
        row_clear(&plan_format, &row);
        CELL_SET(&row, cell);
        TEXT_SET(row.run_id, run_id(directory));
        row.block = (int64_t)(plan->blocks_before + i / plan->cells.count) + 1;
        row.position = (int64_t)(i % plan->cells.count) + 1;
        row.seed = seed;
        rc = csv_put(file.writer, &row);
    }
    rc = replacement_end(&file, rc);
    return rc < 0 ? record_failed(rc, directory, plan_format.file, error)
                  : file_sums_note(directory, plan_format.file, error);
}

/* ---- recording ---- */

int recorder_open(struct recorder *recorder, const char *directory, uint64_t seed, const struct recorded *recorded,
                  char *error)
{
    *recorder = (struct recorder){.directory = directory,
                                  .run_id = run_id(directory),
                                  .seed = seed,
                                  .trial_id = recorded ? recorded->trial_id : 0,
                                  .kept = recorded ? recorded->trials - recorded->interrupted : 0};
    const struct {
        const struct file_format *format;
        struct csv_writer **writer;
        int64_t end;
    } files[] = {{&sample_format, &recorder->samples, recorded ? recorded->samples_end : 0},
                 {&latency_format, &recorder->latency, recorded ? recorded->latency_end : 0},
                 {&trial_format, &recorder->trials, -1}}; /* last: it makes the directory a run */
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int rc = recorded ? csv_append(directory, files[i].format, files[i].end, files[i].writer)
                          : csv_create(directory, files[i].format, files[i].writer);
        if (rc < 0) {
            char ignored[ERROR_MAX];
            *files[i].writer = NULL;
            recorder_close(recorder, ignored);
            return record_failed(rc, directory, files[i].format->file, error);
        }
    }
    return 0;
}

static int64_t known(int64_t value)
{
    return value < 0 ? MISSING : value;
}

/* A task that nobody ran. */
static int put_unrun(struct recorder *recorder, uint32_t task, enum task_status status, int64_t due_ns)
{
    struct sample_row row;
    row_clear(&sample_format, &row);
    row.trial_id = recorder->trial_id;
    row.task = task;
    row.due_ns = known(due_ns);
    TEXT_SET(row.status, task_status_names[status]);
    return csv_put(recorder->samples, &row);
}

static int put_samples(struct recorder *recorder, const struct trial_facts *facts)
{
    const struct job_parts *parts = &facts->parts;
    const struct placement *placement = &facts->cell->placement;
    for (uint64_t i = 0; i < parts->report->samples_count; i++) {
        const struct sample *sample = &parts->samples[i];
        struct sample_row row;
        if (sample->status == TASK_DROPPED) {
            int rc = put_unrun(recorder, sample->task, TASK_DROPPED, sample->due_ns);
            if (rc < 0)
                return rc;
            continue;
        }
        row_clear(&sample_format, &row);
        row.trial_id = recorder->trial_id;
        row.task = sample->task;
        row.worker = sample->worker;
        row.pid = sample->pid;
        row.cpu_planned = known(sample->worker < placement->workers ? placement->planned[sample->worker] : -1);
        row.cpu = sample->cpu;
        TEXT_SET(row.status, task_status_names[sample->status]);
        bool has_code = sample->status == TASK_OK ? sample->code != 0 : sample->status != TASK_WRONG;
        row.code = has_code ? sample->code : MISSING;
        row.due_ns = known(sample->due_ns);
        row.submit_ns = known(sample->submit_ns);
        row.start_ns = known(sample->start_ns);
        row.end_ns = known(sample->end_ns);
        row.reap_ns = known(sample->reap_ns);
        row.result = sample->result;
        int rc = csv_put(recorder->samples, &row);
        if (rc < 0)
            return rc;
    }
    return csv_flush(recorder->samples);
}

/* Of a trial that ended early: the tasks of the sample that were not reported. */
static int put_lost(struct recorder *recorder, const struct trial_facts *facts)
{
    const struct job_parts *parts = &facts->parts;
    const struct job_file *file = parts->file;
    uint64_t *left = calloc(file->tasks / 64 + 1, sizeof *left);
    if (!left)
        return -ENOMEM;
    subset_draw(left, file->sample_seed, file->tasks, file->samples_max);
    for (uint64_t i = 0; i < parts->report->samples_count; i++)
        left[parts->samples[i].task / 64] &= ~(1ull << (parts->samples[i].task % 64));
    int rc = 0;
    for (uint32_t task = 0; task < file->tasks && rc == 0; task++)
        if (bit_test(left, task))
            rc = put_unrun(recorder, task, TASK_LOST, -1);
    free(left);
    return rc < 0 ? rc : csv_flush(recorder->samples);
}

static int put_latency(struct recorder *recorder, const struct trial_facts *facts)
{
    for (unsigned phase = 0; phase < PHASES; phase++) {
        const uint32_t *counts = facts->parts.histograms + (size_t)phase * HISTOGRAM_BUCKETS;
        for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
            if (!counts[bucket])
                continue;
            struct latency_row row = {.trial_id = recorder->trial_id,
                                      .lo_ns = (int64_t)histogram_lo(bucket),
                                      .hi_ns = (int64_t)histogram_hi(bucket),
                                      .count = (int64_t)counts[bucket]};
            TEXT_SET(row.phase, phase_names[phase]);
            int rc = csv_put(recorder->latency, &row);
            if (rc < 0)
                return rc;
        }
    }
    return csv_flush(recorder->latency);
}

/* Why a trial ended like that. Returns status. */
__attribute__((format(printf, 3, 4))) static enum trial_status ended(struct trial_row *row, enum trial_status status,
                                                                     const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(row->reason, sizeof row->reason, format, arguments);
    va_end(arguments);
    return status;
}

static enum trial_status stood_still(struct trial_row *row, uint64_t ns)
{
    char duration[32];
    return ended(row, TRIAL_INTERRUPTED, "stood still%s%s", ns ? " for " : ": one of its processes was stopped",
                 ns ? format_duration(duration, sizeof duration, (double)ns) : "");
}

/* How far the submitter was behind at the end, over the time drawn; not for what the pool took, nor as the worker. */
static double submitter_late(const struct trial_facts *facts)
{
    const struct trial_report *report = facts->parts.report;
    const struct pool_shape *shape = &facts->cell->shape;
    const bool has_rate = facts->cell->f.arrival.kind == ARRIVAL_RATE && report->drawn_ns > 0;
    return has_rate && shape->processes + shape->threads ? (double)report->behind_ns / (double)report->drawn_ns : 0;
}

/* Of a trial whose program was not ended from outside. */
static enum trial_status judge_report(struct recorder *recorder, const struct trial_facts *facts, struct trial_row *row)
{
    const struct trial_report *report = facts->parts.report;
    const struct cell *other;
    const int code = WEXITSTATUS(facts->outcome.wait_status);
    if (report->error == EOWNERDEAD)
        return row->reason[0] ? TRIAL_CRASHED : ended(row, TRIAL_CRASHED, "a worker process died");
    if (report->error == ETIME)
        return TRIAL_TIMEOUT;
    if (report->stage == STAGE_RUN && !report->error)
        return ended(row, TRIAL_CRASHED, "a task ended the trial program with exit status %d", code);
    if (facts->outcome.was_stopped || report->continued) /* its times have the pause in them */
        return stood_still(row, facts->outcome.stopped_ns);
    if (report->stage != STAGE_DONE || code != 0)
        return row->reason[0] ? TRIAL_FAILED : ended(row, TRIAL_FAILED, "the trial program exited with %d", code);
    /* which tasks went down with others, failed where they may or were dropped is chance, and so is then the sum */
    bool by_chance = report->tasks_by[TASK_COLLATERAL] || report->tasks_by[TASK_DROPPED] ||
                     (report->tasks_failed && !facts->cell->f.faults[0]);
    struct gave gave = {.sum = report->result_sum, .samples = facts->parts.samples, .count = report->samples_count};
    int64_t task = -1;
    int broken = by_chance ? 0 : agreement_break(&recorder->agreement, facts->cell, &gave, &other, &task);
    if (broken < 0)
        return ended(row, TRIAL_FAILED, "no memory to compare its result_sum with others");
    if (broken && task < 0)
        return ended(row, TRIAL_FAILED, "result_sum differs from that of %s, which ran the same tasks", other->id);
    if (broken)
        return ended(row, TRIAL_FAILED, "result_sum differs from that of %s, which ran the same tasks: task %" PRId64,
                     other->id, task);
    double late = submitter_late(facts);
    if (late > LATE_MOST)
        return ended(row, TRIAL_FAILED, "the submitter could not keep up: handed in %.1f %% later than drawn",
                     100 * late);
    return facts->outcome.left_processes ? ended(row, TRIAL_FAILED, "left processes behind") : TRIAL_OK;
}

/* The word for how a trial ended; why stands in row->reason. */
static enum trial_status judge(struct recorder *recorder, const struct trial_facts *facts, struct trial_row *row)
{
    const struct outcome *outcome = &facts->outcome;
    char limit[32], missing[96];
    TEXT_SET(row->reason, facts->parts.report->reason);
    if (outcome->interrupted)
        return ended(row, TRIAL_INTERRUPTED, "signal %d (%s)", outcome->interrupted, strsignal(outcome->interrupted));
    if (outcome->timed_out)
        return ended(row, TRIAL_TIMEOUT, "ran longer than --trial-limit %s%s",
                     spell_duration(limit, sizeof limit, facts->cell->trial_limit_ns),
                     missing_words(&outcome->missing, missing, sizeof missing));
    if (WIFSIGNALED(outcome->wait_status))
        return ended(row, TRIAL_CRASHED, "killed by signal %d (%s)", WTERMSIG(outcome->wait_status),
                     strsignal(WTERMSIG(outcome->wait_status)));
    return judge_report(recorder, facts, row);
}

static void timings_set(struct trial_row *row, const struct trial_facts *facts)
{
    const struct trial_report *report = facts->parts.report;
    const struct usage *usage = &report->usage;
    row->wall_ns = report->wall_ns;
    row->ideal_ns = facts->labelled ? known(report->ideal_ns) : MISSING;
    row->open_ns = report->open_ns;
    row->close_ns = report->close_ns;
    row->trial_ns = (int64_t)facts->outcome.elapsed_ns;
    row->result_sum = report->result_sum;
    row->parent_sees = report->observed ? report->parent_sees : MISSING;
    row->user_ns = usage->user_ns;
    row->sys_ns = usage->sys_ns;
    row->submitter_ns = report->submitter_ns;
    row->submitter_wait_ns = known(report->submitter_wait_ns);
    row->nvcsw = usage->nvcsw;
    row->nivcsw = usage->nivcsw;
    row->minflt = usage->minflt;
    row->majflt = usage->majflt;
    row->runqueue_ns = known(usage->runqueue_ns);
    row->migrations = usage->migrations;
    row->kind_migrations = facts->cell->placement.kinds ? usage->kind_migrations : MISSING;
    row->pss_bytes = known(usage->pss_bytes);
    row->private_bytes = known(usage->private_bytes);
    row->maxrss_bytes = known(usage->maxrss_bytes);
    row->program_user_ns = usage->programs ? usage->program_user_ns : MISSING;
    row->program_sys_ns = usage->programs ? usage->program_sys_ns : MISSING;
    row->program_maxrss_bytes = usage->program_maxrss_bytes ? usage->program_maxrss_bytes : MISSING;
    row->shared_cpu = !facts->cell->placement.spare_cpu;
    row->numa_pages = usage->pages_seen ? usage->pages_seen : MISSING;
    row->numa_meant = usage->pages_seen ? usage->pages_meant : MISSING;
}

double trial_service_ns(const struct job_parts *parts, double *cv)
{
    const uint32_t *counts = parts->histograms + (size_t)PHASE_SERVICE * HISTOGRAM_BUCKETS;
    double tasks = 0, sum = 0, squares = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        const double ns = (double)(histogram_lo(i) + histogram_hi(i) - 1) / 2, count = counts[i];
        tasks += count;
        sum += count * ns;
        squares += count * ns * ns;
    }
    const double mean = sum / tasks, variance = squares / tasks - mean * mean;
    *cv = mean > 0 ? sqrt(fmax(variance, 0)) / mean : NAN;
    return tasks > 0 ? mean : NAN;
}

/* Under rate: how arrivals and tasks went, and where the steady state begins. */
static void arrivals_set(struct trial_row *row, const struct trial_facts *facts)
{
    const struct trial_report *report = facts->parts.report;
    double cv, mean_ns = trial_service_ns(&facts->parts, &cv);
    if (row->f.arrival.kind != ARRIVAL_RATE)
        return;
    row->drawn_ns = report->drawn_ns;
    row->handed_ns = report->handed_ns;
    row->served_ns = report->served_ns - (isnan(mean_ns) ? 0 : llround(mean_ns));
    if (report->cut_tasks < 0) /* nobody timed them */
        return;
    row->busy_ns =
        isnan(mean_ns) ? MISSING : llround(mean_ns * (double)(row->f.tasks - report->tasks_by[TASK_DROPPED]));
    row->service_cv = cv;
    row->cut_tasks = report->cut_tasks;
    row->latency_lag1 = report->latency_lag1;
    row->effective_tasks = report->effective_tasks;
}

double trial_quantile_ns(const struct job_parts *parts, enum phase phase, double q)
{
    const uint32_t *counts = parts->histograms + (size_t)phase * HISTOGRAM_BUCKETS;
    struct bucket *buckets = calloc(HISTOGRAM_BUCKETS, sizeof *buckets);
    for (uint32_t i = 0; buckets && i < HISTOGRAM_BUCKETS; i++)
        buckets[i] = (struct bucket){(int64_t)histogram_lo(i), (int64_t)histogram_hi(i), (int64_t)counts[i]};
    double ns = buckets ? stats_histogram_quantile(buckets, HISTOGRAM_BUCKETS, q) : NAN;
    free(buckets);
    return ns;
}

/* What became of the tasks, of any trial that came to run some. */
static void tasks_set(struct trial_row *row, const struct trial_facts *facts)
{
    const struct trial_report *report = facts->parts.report;
    row->tasks_ok = report->tasks_ok;
    row->tasks_failed = report->tasks_failed;
    row->tasks_error = report->tasks_by[TASK_ERROR];
    row->tasks_exited = report->tasks_by[TASK_EXITED];
    row->tasks_signalled = report->tasks_by[TASK_SIGNALLED];
    row->tasks_timeout = report->tasks_by[TASK_TIMEOUT];
    row->tasks_wrong = report->tasks_by[TASK_WRONG];
    row->tasks_collateral = report->tasks_by[TASK_COLLATERAL];
    row->retries = facts->cell->workload->accepts ? report->retries : MISSING; /* of programs alone */
    row->tasks_dropped = row->f.queue_limit ? report->tasks_by[TASK_DROPPED] : MISSING;
    row->tasks_lost = row->f.tasks - report->tasks_ok - report->tasks_failed - report->tasks_by[TASK_DROPPED];
    double detect_ns = report->tasks_failed ? trial_quantile_ns(&facts->parts, PHASE_DETECT, 0.5) : NAN;
    row->detect_ns = isnan(detect_ns) ? MISSING : (int64_t)detect_ns;
    if (report->stage == STAGE_DONE) { /* else nobody came to ask the pool */
        row->workers_lost = report->usage.workers_lost;
        row->replace_ns = row->workers_lost ? report->usage.replace_ns / row->workers_lost : MISSING;
    }
}

static void outside_set(struct trial_row *row, const struct trial_facts *facts)
{
    row->load = facts->load;
    row->steal_ns = known(facts->outside.steal_ns);
    row->others_ns = known(facts->outside.others_ns);
    row->memory_pressure_ns = known(facts->outside.memory_pressure_ns);
    row->io_pressure_ns = known(facts->outside.io_pressure_ns);
    row->throttled_ns = known(facts->outside.throttled_ns);
    row->frequency_khz = known(facts->frequency_khz);
    row->outside = known(facts->outside.disturbs);
}

int recorder_put(struct recorder *recorder, const struct trial_facts *facts, struct trial_row *written, char *error)
{
    struct trial_row row;
    row_clear(&trial_format, &row);
    CELL_SET(&row, facts->cell);
    TEXT_SET(row.run_id, recorder->run_id);
    row.trial_id = ++recorder->trial_id;
    row.block = facts->block;
    row.position = facts->position;
    row.seed = recorder->seed;
    row.started_ns = facts->started_ns;
    row.attempt = facts->attempt;
    outside_set(&row, facts);
    const struct file_format *format = &sample_format;
    int rc = 0;
    row.status = judge(recorder, facts, &row);
    if (trial_is_ok(&row)) {
        timings_set(&row, facts);
        arrivals_set(&row, facts);
    }
    if (facts->parts.report->stage >= STAGE_RUN && row.status != TRIAL_INTERRUPTED) { /* those run again */
        tasks_set(&row, facts);
        rc = put_samples(recorder, facts);
        if (rc == 0 && row.tasks_lost)
            rc = put_lost(recorder, facts);
        if (rc == 0) {
            format = &latency_format;
            rc = put_latency(recorder, facts);
        }
    }
    row.samples = csv_tally_take(recorder->samples);
    row.latency = csv_tally_take(recorder->latency);
    row.samples_end = csv_end(recorder->samples);
    row.latency_end = csv_end(recorder->latency);
    if (rc == 0) {
        format = &trial_format;
        rc = csv_put(recorder->trials, &row);
        if (rc == 0)
            rc = csv_flush(recorder->trials);
    }
    if (rc < 0) {
        struct csv_writer *writers[] = {recorder->samples, recorder->latency, recorder->trials};
        for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
            csv_drop(writers[i]); /* a trial is recorded whole or not at all */
        return record_failed(rc, recorder->directory, format->file, error);
    }
    recorder->kept += row.status != TRIAL_INTERRUPTED;
    if (written)
        *written = row;
    return 0;
}

int recorder_close(struct recorder *recorder, char *error)
{
    int rc = 0;
    struct csv_writer *writers[] = {recorder->samples, recorder->latency, recorder->trials};
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        int closed = writers[i] ? csv_close(writers[i]) : 0;
        rc = rc < 0 ? rc : closed;
    }
    if (rc < 0)
        refuse(error, "closing the files of the run: %s", strerror(-rc));
    recorder->samples = recorder->latency = recorder->trials = NULL;
    agreement_release(&recorder->agreement);
    return rc;
}
