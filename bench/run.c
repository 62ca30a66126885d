/* The verb run: plan, then block by block trial by trial, recorded as they end; then summary, screen and charts. */
#include "bench/calibrate.h"
#include "bench/host.h"
#include "bench/job.h"
#include "bench/plan.h"
#include "bench/progress.h"
#include "bench/record.h"
#include "bench/request.h"
#include "bench/run_dir.h"
#include "bench/screen.h"
#include "bench/summary.h"
#include "bench/units.h"
#include "bench/verbs.h"
#include "pools/clock.h"
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLOCK_MEASURE_NS 100000000u

struct run {
    struct machine machine;
    struct request request;
    struct calibrations *calibrations;
    struct plan plan;
    char directory[4096];
    struct recorder recorder;
    uint64_t start_ns;
    size_t trials, failures;
    int interrupted; /* signal */
};

/* ---- before the first trial ---- */

static int prepare(struct run *run, int argc, char **argv, char *error)
{
    const struct settings *settings = &run->request.settings;
    int rc = machine_open(&run->machine, NULL, error);
    if (rc == 0)
        rc = request_parse(argc, argv, &run->machine, &run->request, error);
    if (rc == 0 && settings->out[0] && access(settings->out, F_OK) == 0) {
        snprintf(error, ERROR_MAX, "--out: %.400s exists already; name a directory that does not", settings->out);
        rc = -EEXIST;
    }
    if (rc < 0)
        return rc;
    clock_choose(CLOCK_MEASURE_NS);
    rc = calibrations_open(&run->calibrations, true, error);
    if (rc == 0 && settings->recalibrate)
        calibrations_forget(run->calibrations);
    if (rc == 0 && settings->like[0])
        rc = calibrations_like(run->calibrations, settings->like, error);
    if (rc == 0)
        rc = plan_make(&run->request, &run->machine, run->calibrations, &run->plan, error);
    return rc;
}

/* Why workers are not pinned as asked for, for all cells alike; null when they are. */
static json_t *unpinned_because(const struct run *run)
{
    for (size_t i = 0; i < run->plan.cells.count; i++)
        if (run->plan.cells.cell[i].placement.reason[0])
            return json_string(run->plan.cells.cell[i].placement.reason);
    return json_null();
}

/* Cells that the budget had no time for. */
static json_t *left_out(const struct run *run)
{
    json_t *labels = json_array();
    for (size_t i = 0; i < run->plan.left_out.count; i++)
        json_array_append_new(labels, json_string(run->plan.left_out.word[i]));
    return labels;
}

static json_t *facts(const struct run *run, char **argv)
{
    json_t *arguments = json_array();
    for (char **argument = argv; *argument; argument++)
        json_array_append_new(arguments, json_string(*argument));
    /* as text: JSON numbers are doubles to many readers */
    json_t *seed = json_sprintf("%llu", (unsigned long long)run->request.settings.seed);
    struct timespec resolution = {0};
    clock_getres(CLOCK_MONOTONIC, &resolution);
    return json_pack("{s:s, s:o, s:o, s:i, s:i, s:o, s:o, s:{s:s, s:f, s:i}, s:O}", "run_id", run_id(run->directory),
                     "argv", arguments, "seed", seed, "blocks", (int)run->plan.blocks, "cells",
                     (int)run->plan.cells.count, "unpinned_because", unpinned_because(run), "left_out", left_out(run),
                     "clock", "source", clock_source.is_tsc ? "tsc" : "CLOCK_MONOTONIC", "ns_per_tick",
                     (double)clock_source.mult / 4294967296.0, "resolution_ns", (int)resolution.tv_nsec, "calibrations",
                     calibrations_used(run->calibrations));
}

static int write_suite(const struct run *run, char *error)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/suite.ini", run->directory);
    FILE *file = fopen(path, "wxe");
    int rc = file ? request_write_suite(file, &run->request) : -errno;
    if (file && fclose(file) != 0 && rc == 0)
        rc = -errno;
    if (rc < 0)
        snprintf(error, ERROR_MAX, "%.400s: %s", path, strerror(-rc));
    return rc;
}

static int begin(struct run *run, char **argv, char *error)
{
    uint64_t seed = run->request.settings.seed;
    int rc = run_create(run->request.settings.out, run->directory, sizeof run->directory, error);
    if (rc < 0)
        return rc;
    json_t *about = facts(run, argv);
    if (!about) {
        snprintf(error, ERROR_MAX, "out of memory");
        return -ENOMEM;
    }
    rc = host_write(run->directory, &run->machine, about, error);
    json_decref(about);
    if (rc == 0)
        rc = write_suite(run, error);
    if (rc == 0)
        rc = plan_write(run->directory, &run->plan, seed, error);
    if (rc == 0)
        rc = recorder_open(&run->recorder, run->directory, &run->plan, seed, error);
    return rc;
}

/* ---- trials ---- */

static int run_trial(struct run *run, const struct cell *cell, unsigned block, unsigned position, double *ns_per_task,
                     char *error)
{
    struct launcher *launcher = calibrations_launcher(run->calibrations);
    const struct settings *settings = &run->request.settings;
    /* the sample is the same for every pool of a block */
    struct job_order order = {settings->seed, settings->samples, mix64(settings->seed, block)};
    struct trial_facts facts = {.cell = cell,
                                .block = block,
                                .position = position,
                                .trial_limit_ns = settings->trial_limit_ns,
                                .started_ns = (int64_t)(clock_monotonic_ns() - run->start_ns)};
    struct trial_row row;
    int rc = job_write_trial(launcher, cell, &order, &facts.parts, error);
    if (rc < 0)
        return rc;
    noise_read(&facts.before);
    rc = launcher_run(launcher, (uint64_t)settings->trial_limit_ns, &facts.outcome);
    if (rc < 0) {
        snprintf(error, ERROR_MAX, "starting a trial: %s", strerror(-rc));
        return rc;
    }
    noise_read(&facts.after);
    rc = recorder_put(&run->recorder, &facts, &row, error);
    if (rc < 0)
        return rc;
    run->trials++;
    run->failures += strcmp(row.status, "ok") != 0;
    run->interrupted = facts.outcome.interrupted;
    *ns_per_task = strcmp(row.status, "ok") ? NAN : (double)row.wall_ns / (double)row.tasks;
    return 0;
}

/* Whether another block fits the budget, going by those that were. */
static bool affordable(const struct run *run, unsigned blocks_done)
{
    int64_t budget = run->request.settings.budget_ns;
    if (!budget || run->request.settings.blocks || blocks_done < run->plan.blocks_needed)
        return true;
    double elapsed = (double)(clock_monotonic_ns() - run->start_ns);
    return elapsed * (blocks_done + 1) / blocks_done <= (double)budget;
}

static void left_out_say(const struct plan *plan)
{
    if (plan->left_out.count)
        fprintf(stderr, "poolbench run: left out, to keep to the budget:");
    for (size_t i = 0; i < plan->left_out.count; i++)
        fprintf(stderr, "%s %s", i ? ";" : "", plan->left_out.word[i]);
    if (plan->left_out.count)
        fputc('\n', stderr);
}

static int run_trials(struct run *run, char *error)
{
    const struct plan *plan = &run->plan;
    size_t cells = plan->cells.count;
    struct progress progress;
    int rc = 0;
    left_out_say(plan);
    run->start_ns = clock_monotonic_ns();
    progress_begin(&progress, cells, plan->blocks);
    for (size_t i = 0; i < plan->blocks * cells && rc == 0 && !run->interrupted; i++) {
        const struct cell *cell = &plan->cells.cell[plan->order[i]];
        unsigned block = (unsigned)(i / cells);
        double ns_per_task;
        if (i % cells == 0 && !affordable(run, block))
            break;
        progress_show(&progress, i, cell);
        rc = run_trial(run, cell, block + 1, (unsigned)(i % cells) + 1, &ns_per_task, error);
        if (rc == 0)
            progress_note(&progress, plan->order[i], block, ns_per_task);
    }
    progress_end(&progress);
    return rc;
}

/* ---- after the last trial ---- */

static int report(const struct run *run)
{
    char error[ERROR_MAX];
    struct summary summary;
    int rc = summary_make(run->directory, &summary, error);
    if (rc == 0)
        rc = summary_write(run->directory, &summary, error);
    if (rc < 0)
        return rc == -ENODATA && run->interrupted ? 0 : complain("run", "%s", error);
    screen_print(stdout, run->directory, &summary);
    summary_release(&summary);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("run", "writing to standard output failed; the run is complete on disk");
        return 1;
    }
    if (!run->interrupted && charts_draw(run->directory, "svg", NULL, error) < 0)
        fprintf(stderr, "poolbench run: no charts: %s\n", error);
    return run->failures != 0;
}

static void release(struct run *run)
{
    plan_release(&run->plan);
    calibrations_close(run->calibrations);
    request_release(&run->request);
    machine_close(&run->machine);
}

int verb_run(const struct arguments *given)
{
    char error[ERROR_MAX] = "", closing[ERROR_MAX];
    struct run run = {0};
    int code = 0, rc = prepare(&run, given->argc, given->argv, error);
    if (rc == 0)
        rc = begin(&run, given->argv, error);
    if (rc < 0) {
        code = rc == -EINTR ? 130 : complain("run", "%s", error);
        release(&run);
        return code;
    }
    rc = run_trials(&run, error);
    int closed = recorder_close(&run.recorder, closing);
    if (rc < 0 || closed < 0) {
        fprintf(stderr, "poolbench run: %s; %zu trials are in %s\n", rc < 0 ? error : closing, run.trials,
                run.directory);
        code = 1;
    } else {
        code = report(&run);
        if (run.interrupted) {
            fprintf(stderr, "poolbench run: interrupted; %zu trials are in %s\n", run.trials, run.directory);
            code = 128 + run.interrupted;
        }
    }
    release(&run);
    return code;
}
