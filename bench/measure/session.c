/* Opening, recording and ending what measures, see session.h. */
#include "bench/measure/session.h"
#include "bench/base/refuse.h"
#include "bench/base/text_file.h"
#include "bench/launch/plugin.h"
#include "bench/machine/check.h"
#include "bench/measure/forecast/prices.h"
#include "bench/measure/job.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/stats/looks.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#define CLOCK_MEASURE_NS 100000000u
#define P99_TASKS_LEAST  1000
#define TRIAL_LATE       0.1 /* of the budget: no trial may end later */

/* --more puts trials beside those that were run before: of the same plug-ins. */
static int plugins_check(const struct session *session, char *error)
{
    const char *directory = session->request.settings.more;
    json_t *before = directory[0] ? host_fact_of(directory, "plugins") : NULL, *now = plugins_json(), *a, *b;
    size_t i, j;
    int rc = 0;
    json_array_foreach(before, i, a)
    {
        json_array_foreach(now, j, b)
        {
            bool same_file = json_equal(json_object_get(a, "file"), json_object_get(b, "file"));
            if (same_file && !json_equal(json_object_get(a, "hash"), json_object_get(b, "hash")))
                rc = refuse(error, "--more: %.300s has changed since that run; --like makes a run of its own",
                            json_string_value(json_object_get(a, "file")));
        }
    }
    json_decref(before);
    json_decref(now);
    return rc;
}

/* Blocks of a run are compared with each other: they must come from one machine and one trial program. */
static int same_source(const struct session *session, const char *directory, char *error)
{
    const char *key = calibrations_key(session->calibrations);
    json_t *fact = host_fact_of(directory, "measured_by");
    const char *before = json_string_value(fact);
    size_t machine = strcspn(key, "/");
    int rc = 0;
    if (before && strncmp(before, key, machine + 1) != 0)
        rc = refuse(error, "%.200s: its trials were run on another machine; `run --like` makes a run of its own",
                    directory);
    else if (before && strcmp(before, key) != 0)
        rc = refuse(
            error,
            "%.200s: its trials were run by another build of poolbench-trial; `run --like` makes a run of its own",
            directory);
    json_decref(fact);
    return rc;
}

/* An earlier run, to go on with it. */
static int earlier_open(struct session *session, char *error)
{
    const char *directory = session->request.settings.more;
    session->lock = run_lock(directory, error);
    int rc = session->lock < 0 ? session->lock : recorded_read(directory, &session->before, error);
    if (rc == 0 && !session->is_resumed && !session->before.trials)
        rc = refuse(error, "%.200s has no trial yet; `poolbench resume` runs its plan", directory);
    return rc;
}

static int open_with(struct session *session, const struct asked *asked, char *error)
{
    const struct settings *settings = &session->request.settings;
    const uint64_t began_ns = clock_monotonic_ns();
    const char *outside_root = getenv("POOLBENCH_OUTSIDE");
    int rc = machine_open(&session->machine, NULL, error);
    if (rc == 0)
        session->watch = busy_begin(&session->machine);
    if (rc == 0 && outside_watch(&session->outside, &session->machine, outside_root ? outside_root : ""))
        rc = refuse(error, "out of memory");
    if (rc == 0)
        rc = request_make(asked, &session->machine, &session->request, error);
    if (rc == 0 && settings->measure)
        rc = refuse(error, "--measure: is for plan; what a run needs to know, it finds out by itself");
    if (rc == 0 && !settings->more[0])
        rc = run_check(settings->out, error);
    if (rc == 0 && settings->more[0])
        rc = earlier_open(session, error);
    if (rc < 0)
        return rc;
    session->request.settings.blocks_before = (unsigned)session->before.blocks;
    session->request.settings.began_ns = began_ns;
    clock_choose(CLOCK_MEASURE_NS);
    rc = calibrations_open(&session->calibrations, true, error);
    if (rc == 0 && settings->more[0])
        rc = same_source(session, settings->more, error);
    if (rc == 0 && settings->recalibrate)
        calibrations_forget(session->calibrations);
    if (rc == 0 && settings->like[0])
        rc = calibrations_like(session->calibrations, settings->like, settings->more[0] ? "" : "--like: ", error);
    if (rc == 0)
        rc = plugins_check(session, error);
    if (rc == 0)
        rc = plan_make(&session->request, &session->machine, session->calibrations, &session->plan, error);
    if (rc == -EINTR) /* while it was calibrated */
        session->interrupted = calibrations_launcher(session->calibrations)->interrupted;
    session_closes_as(session, "run");
    return rc;
}

void session_closes_as(struct session *session, const char *verb)
{
    session->closing_as = verb;
    session->closing_cells = session->plan.cells.count;
    session->closing_ns = closing_recall_ns(session->calibrations, verb, session->closing_cells);
}

int session_open(struct session *session, const struct asked *asked, char *error)
{
    *session = (struct session)SESSION_CLOSED;
    return open_with(session, asked, error);
}

int session_reopen(struct session *session, const char *directory, char *error)
{
    struct asked asked = {.suites = {0}};
    *session = (struct session){.lock = -1, .is_resumed = true};
    int rc = asked_add(&asked, "more", directory) ? refuse(error, "out of memory") : open_with(session, &asked, error);
    asked_release(&asked);
    return rc;
}

/* Why workers are not pinned as asked for, for all cells alike; null when they are. */
static json_t *unpinned_because(const struct session *session)
{
    for (size_t i = 0; i < session->plan.cells.count; i++)
        if (session->plan.cells.cell[i].placement.reason[0])
            return json_text(session->plan.cells.cell[i].placement.reason);
    return json_null();
}

/* What may spoil the run, looked at before it begins. */
static json_t *warnings(struct session *session)
{
    struct busy busy;
    struct checks checks;
    busy_end(session->watch, &session->machine, &busy);
    session->watch = NULL;
    checks_look(&session->machine, "", &busy, &checks);
    return checks_warnings(&checks);
}

static json_t *argv_json(char **argv)
{
    json_t *arguments = json_array();
    for (char **argument = argv; *argument; argument++)
        json_array_append_new(arguments, json_text(*argument));
    return arguments;
}

static json_t *facts(struct session *session, const char *verb, char **argv)
{
    /* as text: JSON numbers are doubles to many readers */
    json_t *seed = json_sprintf("%llu", (unsigned long long)session->request.settings.seed);
    struct timespec resolution = {0};
    clock_getres(CLOCK_MONOTONIC, &resolution);
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:{s:s, s:f, s:i, s:f}, s:O, s:o, s:o, s:s?}",
        "run_id", run_id(session->directory), "verb", verb, "measured_by", calibrations_key(session->calibrations),
        "argv", argv_json(argv), "seed", seed, "blocks", (int)session->plan.blocks, "cells",
        (int)session->plan.cells.count, "looks", (int)session->plan.looks.planned, "leave_from",
        (int)session->plan.looks.leave_from, "unpinned_because", unpinned_because(session), "left_out",
        host_words(&session->plan.left_out), "too_few_workers", host_words(&session->request.left_out), "clock",
        "source",
        !clock_source.is_tsc                 ? "CLOCK_MONOTONIC"
        : CLOCK_COUNTER == CLOCK_COUNTER_X86 ? "tsc"
                                             : "cntvct",
        "ns_per_tick", (double)clock_source.mult / 4294967296.0, "resolution_ns", (int)resolution.tv_nsec,
        "two_readings_ns", clock_two_readings_ns(), "calibrations", calibrations_used(session->calibrations),
        "warnings", warnings(session), "plugins", plugins_json(), "others_by", outside_source(&session->outside));
}

static int write_suite(const struct session *session, char *error)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/suite.ini", session->directory);
    FILE *file = fopen(path, "wxe");
    int rc = file ? request_write_suite(file, &session->request) : -errno;
    if (file && fclose(file) != 0 && rc == 0)
        rc = -errno;
    return rc < 0 ? refuse_as(rc, error, "%.400s: %s", path, strerror(-rc)) : 0;
}

/* When and how it was gone on with after it had been broken off. */
static int resume_note(const struct session *session, char **argv, char *error)
{
    return host_append(session->directory, "resumed",
                       json_pack("{s:o, s:i}", "argv", argv_json(argv), "trials_before", (int)session->before.trials),
                       error);
}

/* It may go on because of what it showed: its intervals are those of a run that stops by what it sees, and where rows
 * leave, its end was one of several. */
static int more_note(const struct session *session, char **argv, char *error)
{
    const struct plan *plan = &session->plan;
    int rc = host_append(session->directory, "more",
                         json_pack("{s:o, s:i}", "argv", argv_json(argv), "blocks", (int)plan->blocks), error);
    if (rc == 0 && !plan->looks.leave_from)
        rc = host_note(session->directory, "looks", json_integer(looks_planned(plan->comparisons)), error);
    if (rc == 0)
        rc = host_append(session->directory, "ends", json_integer(plan->blocks_before), error);
    if (rc == 0)
        rc = host_note(session->directory, "ended", json_null(), error);
    if (rc == 0)
        rc = host_note(session->directory, "blocks", json_integer(plan->blocks_before + plan->blocks), error);
    return rc;
}

static int session_go_on(struct session *session, char **argv, char *error)
{
    const struct settings *settings = &session->request.settings;
    snprintf(session->directory, sizeof session->directory, "%s", settings->more);
    int rc = session->is_resumed ? resume_note(session, argv, error)
                                 : plan_write(session->directory, &session->plan, settings->seed, error);
    if (rc == 0 && !session->is_resumed)
        rc = more_note(session, argv, error);
    if (rc == 0)
        rc = recorder_open(&session->recorder, session->directory, settings->seed, &session->before, error);
    if (rc == 0)
        rc = again_before_read(session->directory, &session->again_before, error);
    session->again = again_count(&session->again_before);
    session->start_ns = clock_monotonic_ns() - (uint64_t)session->before.ended_ns;
    return rc;
}

/* The files of a new run, trials.csv last. */
static int files_write(struct session *session, const char *verb, char **argv, char *error)
{
    uint64_t seed = session->request.settings.seed;
    json_t *about = facts(session, verb, argv);
    int rc = about ? host_write(session->directory, &session->machine, about, error) : refuse(error, "out of memory");
    json_decref(about);
    if (rc == 0)
        rc = write_suite(session, error);
    if (rc == 0)
        rc = plan_write(session->directory, &session->plan, seed, error);
    if (rc == 0)
        rc = recorder_open(&session->recorder, session->directory, seed, NULL, error);
    if (rc == 0)
        rc = run_publish(session->directory, error);
    return rc;
}

int session_begin(struct session *session, const char *verb, char **argv, char *error)
{
    char ignored[ERROR_MAX];
    if (session->request.settings.more[0])
        return session_go_on(session, argv, error);
    int rc = run_create(session->request.settings.out, session->directory, sizeof session->directory, error);
    if (rc < 0)
        return rc;
    session->lock = run_lock(session->directory, error);
    rc = session->lock < 0 ? session->lock : files_write(session, verb, argv, error);
    if (rc < 0) {
        recorder_close(&session->recorder, ignored);
        run_discard(session->directory);
    }
    session->start_ns = clock_monotonic_ns();
    return rc;
}

double session_left_ns(const struct session *session, int64_t budget_ns)
{
    double elapsed_ns = (double)(clock_monotonic_ns() - session->request.settings.began_ns);
    return budget_ns ? (double)budget_ns - elapsed_ns - session->closing_ns : INFINITY;
}

int session_extend(struct session *session, unsigned blocks, char *error)
{
    struct plan *plan = &session->plan;
    const unsigned before = plan->blocks;
    int rc = plan_extend(plan, session->request.settings.seed, blocks, error);
    if (rc < 0)
        return rc;
    struct plan added = *plan;
    added.blocks_before += before;
    added.blocks = blocks;
    added.order += (size_t)before * plan->cells.count;
    rc = plan_write(session->directory, &added, session->request.settings.seed, error);
    if (rc == 0)
        rc = host_note(session->directory, "blocks", json_integer(plan->blocks_before + plan->blocks), error);
    return rc;
}

int session_add(struct session *session, const struct cell *cell, char *error)
{
    return plan_add(&session->plan, cell, &session->request.settings, &session->machine, session->calibrations, error);
}

/* Runs the trial, and sees what others do meanwhile. */
static int trial_watch(struct session *session, struct trial_facts *facts, char *error)
{
    struct moment before, after;
    outside_watch_place(&session->outside, &facts->cell->placement);
    outside_read(&session->outside, &before);
    int rc = launcher_run(calibrations_launcher(session->calibrations),
                          (uint64_t)session->request.settings.trial_limit_ns, &facts->outcome);
    if (rc < 0)
        return refuse_as(rc, error, "starting a trial: %s", strerror(-rc));
    outside_read(&session->outside, &after);
    facts->outside = outside_between(&session->outside, &before, &after);
    facts->load = before.load;
    facts->frequency_khz = outside_frequency_khz(&session->outside, facts->cell->placement.planned[0]);
    return 0;
}

static int trial_run(struct session *session, const struct cell *cell, unsigned block, unsigned position,
                     struct trial_row *row, char *error)
{
    struct launcher *launcher = calibrations_launcher(session->calibrations);
    const struct settings *settings = &session->request.settings;
    /* the sample is the same for every pool of a block */
    struct job_order order = {settings->seed, settings->samples, mix64(settings->seed, block), CONFORMANCE_NOT};
    struct trial_facts facts = {.cell = cell,
                                .block = block,
                                .position = position,
                                .attempt = again_attempt(&session->again_before, block, cell->id),
                                .labelled =
                                    calibration_holds(session->calibrations, cell->workload, cell->workload_params),
                                .started_ns = (int64_t)(clock_monotonic_ns() - session->start_ns)};
    int rc = job_write_trial(launcher, cell, &order, &facts.parts, error);
    if (rc == 0)
        rc = job_keep(&facts.parts, cell->id, error);
    if (rc < 0)
        return rc;
    rc = trial_watch(session, &facts, error);
    if (rc < 0)
        return rc;
    rc = recorder_put(&session->recorder, &facts, row, error);
    if (rc < 0)
        return rc;
    session->trials++;
    session->again += facts.attempt > 1;
    session->interrupted = facts.outcome.interrupted;
    if (row->status != TRIAL_INTERRUPTED)
        session->failures += !trial_is_ok(row);
    else
        session->stopped += !session->interrupted;
    if (session->latency_p99_ns)
        session->latency_p99_ns[position - 1] = trial_is_ok(row) && row->f.tasks >= P99_TASKS_LEAST
                                                    ? trial_quantile_ns(&facts.parts, PHASE_LATENCY, 0.99)
                                                    : NAN;
    return 0;
}

/* All that is left, by the forecast; and no more than the budget has. */
static double left_ns(const struct session *session, const uint32_t *order, size_t count,
                      const struct progress *progress)
{
    double ns = progress->after_ns;
    for (size_t i = 0; i < count; i++)
        ns += forecast_trial_ns(&session->plan.cells.cell[order[i]]);
    return fmax(fmin(ns, session_left_ns(session, session->budget_ns) + session->closing_ns), 0);
}

/* Whether there is time for one more trial: asked before each, since the first of them may show that trials take far
 * longer than anybody thought. The first is always run, or nothing would be known. */
static bool trial_affordable(const struct session *session, const struct cell *cell)
{
    double late_ns = forecast_trial_ns(cell) - session_left_ns(session, session->budget_ns);
    return !session->budget_ns || !session->trials || late_ns <= TRIAL_LATE * (double)session->budget_ns;
}

/* What a trial showed, for those that follow. */
static void trial_note(struct session *session, struct cell *cell, uint64_t since_ns, const struct trial_row *row)
{
    bool is_first = !cell->forecast.seen;
    forecast_note(cell, (double)(clock_monotonic_ns() - since_ns), !trial_is_ok(row) ? NAN : (double)row->wall_ns);
    if (is_first)
        forecast_compare(&session->plan.cells, cell);
}

/* What session_block() runs, and what became of it, a word a cell. */
struct trials {
    unsigned block;
    const uint32_t *order, *positions; /* positions: NULL for 1, 2, 3 ... */
    size_t count;
    struct progress *progress;
    struct trial_row *found;
    enum ran *ran;
};

static int trials_run(struct session *session, const struct trials *trials, char *error)
{
    struct launcher *launcher = calibrations_launcher(session->calibrations);
    struct progress *progress = trials->progress;
    const uint32_t *order = trials->order;
    int rc = 0;
    calibrations_look(session->calibrations);
    for (size_t i = 0; i < trials->count && rc == 0 && !session->interrupted; i++) {
        if ((session->interrupted = launcher_interrupted(launcher)))
            break; /* between trials */
        struct cell *cell = &session->plan.cells.cell[order[i]];
        const uint64_t since_ns = clock_monotonic_ns();
        struct trial_row row;
        if ((session->over_budget = !trial_affordable(session, cell)))
            break;
        if (progress)
            progress_show(progress, session->trials, left_ns(session, order + i, trials->count - i, progress), cell);
        rc = trial_run(session, cell, trials->block, trials->positions ? trials->positions[i] : (unsigned)i + 1, &row,
                       error);
        if (rc == 0 && !session->interrupted)
            trial_note(session, cell, since_ns, &row);
        if (rc == 0 && progress)
            progress_note(progress, order[i], trials->block - 1,
                          !trial_is_ok(&row) ? NAN : (double)row.wall_ns / (double)row.f.tasks);
        if (rc == 0 && trials->found)
            trials->found[i] = row;
        if (rc == 0 && trials->ran)
            trials->ran[order[i]] = again_ran(&row);
    }
    return rc;
}

/* Whether there is time for all of them: what is set aside must be run again, or it would be lost. */
static bool again_affordable(const struct session *session, const bool *again)
{
    double ns = 0;
    for (size_t i = 0; i < session->plan.cells.count; i++)
        ns += again[i] ? forecast_trial_ns(&session->plan.cells.cell[i]) : 0;
    return !session->budget_ns || ns <= session_left_ns(session, session->budget_ns);
}

/* Runs rows that were disturbed from outside again, behind the last trial of the block, in the order in which they ran:
 * first those that an earlier part of the run had. */
static int block_again(struct session *session, struct trials *trials, uint32_t *order, uint32_t *positions,
                       bool *again, char *error)
{
    const struct plan *plan = &session->plan;
    const size_t before = again_block(&session->again_before, trials->block, &plan->cells, trials->ran, order),
                 all = before + trials->count, last = trials->positions ? trials->positions[trials->count - 1] : all;
    double room = AGAIN_SHARE * (double)(session->before.trials + session->trials) - (double)session->again;
    memcpy(order + before, trials->order, trials->count * sizeof *order);
    trials->count = 0;
    if (!again_choose(plan->rows, trials->ran, plan->cells.count, room, again) || !again_affordable(session, again))
        return 0;
    for (size_t i = 0; i < all; i++)
        if (again[order[i]]) {
            positions[trials->count] = (uint32_t)(last + trials->count + 1);
            order[trials->count++] = order[i];
        }
    int rc = recorder_set_aside(&session->recorder, trials->block, &plan->cells, order, trials->count, error);
    if (rc == 0)
        rc = again_set_aside(&session->again_before, trials->block, &plan->cells, order, trials->count);
    if (rc < 0)
        return error[0] ? rc : refuse_as(rc, error, "out of memory");
    if (trials->progress)
        trials->progress->total += trials->count;
    trials->order = order;
    trials->positions = positions;
    return trials_run(session, trials, error);
}

int session_block(struct session *session, unsigned block, const uint32_t *order, size_t count,
                  struct progress *progress, struct trial_row *found, char *error)
{
    const size_t cells = session->plan.cells.count;
    uint32_t *room = calloc(4 * cells + 1, sizeof *room);
    bool *again = calloc(cells + 1, sizeof *again);
    struct trials trials = {.block = block,
                            .order = order,
                            .positions = session->positions,
                            .count = count,
                            .progress = progress,
                            .found = found,
                            .ran = found ? NULL : calloc(cells + 1, sizeof *trials.ran)};
    int rc = room && again && (found || trials.ran) ? 0 : refuse(error, "out of memory");
    error[0] = rc ? error[0] : '\0';
    if (rc == 0)
        rc = trials_run(session, &trials, error);
    if (rc == 0 && count && !found && !session->interrupted && !session->over_budget)
        rc = block_again(session, &trials, room, room + 2 * cells, again, error);
    free(trials.ran);
    free(again);
    free(room);
    return rc;
}

/* What trials took is worth more than what pilots did. */
static void prices_renew(const struct session *session)
{
    for (size_t i = 0; i < session->plan.cells.count; i++) {
        struct trial_price price;
        if (price_learn(&session->plan.cells.cell[i], &price))
            price_keep(session->calibrations, &session->plan.cells.cell[i], &price);
    }
}

int session_blocks(struct session *session, unsigned first, unsigned end, struct progress *progress, char *error)
{
    const struct plan *plan = &session->plan;
    const size_t cells = plan->cells.count;
    int rc = 0;
    for (unsigned i = first; i < end && rc == 0 && !session->interrupted && !session->over_budget; i++) {
        progress->after_ns = (plan->blocks - i - 1) * forecast_block_ns(&plan->cells, cells) + session->closing_ns;
        rc = session_block(session, i + 1, plan->order + i * cells, cells, progress, NULL, error);
    }
    return rc;
}

int session_end(struct session *session, char *error)
{
    prices_renew(session);
    int rc = recorder_close(&session->recorder, error);
    if (rc == 0)
        rc =
            host_note(session->directory, "calibrations", json_incref(calibrations_used(session->calibrations)), error);
    launcher_unwatch(calibrations_launcher(session->calibrations));
    return rc;
}

void session_close(struct session *session)
{
    busy_drop(session->watch);
    outside_unwatch(&session->outside);
    again_before_release(&session->again_before);
    plan_release(&session->plan);
    calibrations_close(session->calibrations);
    request_release(&session->request);
    machine_close(&session->machine);
    if (session->lock >= 0)
        close(session->lock);
    *session = (struct session)SESSION_CLOSED;
}
