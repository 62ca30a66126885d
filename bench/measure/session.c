/* Opening, recording and ending what measures, see session.h. */
#include "bench/measure/session.h"
#include "bench/ask/trust.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/base/text_file.h"
#include "bench/launch/plugin.h"
#include "bench/launch/program.h"
#include "bench/machine/check.h"
#include "bench/measure/forecast/prices.h"
#include "bench/measure/job.h"
#include "bench/model/file_sums.h"
#include "bench/model/host.h"
#include "bench/model/rare.h"
#include "bench/model/run_dir.h"
#include "bench/stats/looks.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#define CLOCK_MEASURE_NS 100000000u

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

/* Cells that another build runs, again: it must be that build. */
static int programs_same(const struct session *session, char *error)
{
    const char *directory = session->request.settings.like; /* of --more and resume, too */
    json_t *before = directory[0] ? host_fact_of(directory, "programs") : NULL, *entry;
    int rc = 0;
    size_t at;
    json_array_foreach(before, at, entry)
    {
        for (size_t i = 0; i < session->request.cells.count && !rc; i++) {
            const struct trial_program *program = session->request.cells.cell[i].program;
            const char *file = json_string_value(json_object_get(entry, "file"));
            json_t *now = program && file && !strcmp(program->file, file)
                              ? trial_program_json(program->label, program->file)
                              : NULL;
            if (now && !json_equal(json_object_get(now, "hash"), json_object_get(entry, "hash")))
                rc = refuse(error, "--trial-program: %.300s has changed since %.200s was run", file, directory);
            json_decref(now);
        }
    }
    json_decref(before);
    return rc;
}

/* Who ran the cells: our own trial program, and others; NULL: there is no other. */
static json_t *programs_json(const struct session *session)
{
    const struct cells *cells = &session->plan.cells;
    json_t *list = NULL;
    for (size_t i = 0; i < cells->count; i++) {
        const struct trial_program *program = cells->cell[i].program;
        bool known = !program;
        for (size_t j = 0; j < i && !known; j++)
            known = cells->cell[j].program == program;
        if (known)
            continue;
        if (!list && (list = json_array()))
            json_array_append_new(
                list, trial_program_json(PROGRAM_OWN, calibrations_launcher(session->calibrations)->program));
        json_array_append_new(list, trial_program_json(program->label, program->file));
    }
    return list;
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
    snprintf(session->directory, sizeof session->directory, "%s", directory);
    session->lock = run_lock(directory, error);
    int rc = session->lock < 0 ? session->lock : recorded_read(directory, &session->before, error);
    if (rc == 0)
        rc = recorded_check(directory, &session->before, error);
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
    if (rc == 0 && session->outside.quota[0])
        rare_note(RARE_QUOTA);
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
        rc = programs_same(session, error);
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

int session_reopen(struct session *session, const char *directory, bool trust, char *error)
{
    struct asked asked = {.suites = {0}};
    *session = (struct session){.lock = -1, .is_resumed = true};
    int rc = asked_add(&asked, "more", directory) || (trust && asked_add(&asked, "trust", ""))
                 ? refuse(error, "out of memory")
                 : open_with(session, &asked, error);
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
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:{s:s, s:f, s:i, s:f}, s:O, s:o, "
                     "s:o, s:s?, s:o*}",
                     "run_id", run_id(session->directory), "verb", verb, "measured_by",
                     calibrations_key(session->calibrations), "argv", argv_json(argv), "seed", seed, "blocks",
                     (int)session->plan.blocks, "cells", (int)session->plan.cells.count, "looks",
                     (int)session->plan.looks.planned, "leave_from", (int)session->plan.looks.leave_from,
                     "unpinned_because", unpinned_because(session), "left_out", host_words(&session->plan.left_out),
                     "too_few_workers", host_words(&session->request.left_out), "clock", "source",
                     !clock_source.is_tsc                 ? "CLOCK_MONOTONIC"
                     : CLOCK_COUNTER == CLOCK_COUNTER_X86 ? "tsc"
                                                          : "cntvct",
                     "ns_per_tick", (double)clock_source.mult / 4294967296.0, "resolution_ns", (int)resolution.tv_nsec,
                     "two_readings_ns", clock_two_readings_ns(), "calibrations",
                     calibrations_used(session->calibrations), "warnings", warnings(session), "plugins", plugins_json(),
                     "others_by", outside_source(&session->outside), "deadline_ns",
                     session->request.settings.deadline_ns ? json_integer(session->request.settings.deadline_ns)
                                                           : NULL);
}

/* What was asked for that a reader of the run wants to be told again. */
static void asked_add_to(json_t *about, const struct settings *settings)
{
    if (settings->precision_ppm)
        json_object_set_new(about, "precision", json_real((double)settings->precision_ppm / 1e6));
    if (settings->note[0])
        json_object_set_new(about, "note", json_text(settings->note));
}

static int write_suite(const struct session *session, char *error)
{
    FILE *file = inside_create(session->directory, ".suite.ini");
    int rc = file ? request_write_suite(file, &session->request) : -errno;
    if (file && fclose(file) != 0 && rc == 0)
        rc = -errno;
    rc = inside_replace(session->directory, ".suite.ini", "suite.ini", rc);
    return rc < 0 ? refuse_as(rc, error, "%.400s/suite.ini: %s", session->directory, strerror(-rc))
                  : file_sums_note(session->directory, "suite.ini", error);
}

/* What had ended, and has told its verdicts, goes on: that end was one of several. */
static int end_note(const struct session *session, char *error)
{
    json_t *ended = host_fact_of(session->directory, "ended"), *blocks = json_object_get(ended, "blocks");
    int rc = json_is_integer(blocks)
                 ? host_append(session->directory, "ends", json_integer(json_integer_value(blocks)), error)
                 : 0;
    json_decref(ended);
    return rc ? rc : host_note(session->directory, "ended", json_null(), error);
}

/* When and how it was gone on with after it had been broken off. */
static int resume_note(const struct session *session, char **argv, char *error)
{
    int rc = host_append(session->directory, "resumed",
                         json_pack("{s:o, s:i}", "argv", argv_json(argv), "trials_before", (int)session->before.trials),
                         error);
    return rc ? rc : end_note(session, error);
}

/* It may go on because of what it showed: its intervals are those of a run that stops by what it sees, and where rows
 * leave, its end was one of several. What was warned of and left out is this command's from here on. */
static int more_note(struct session *session, char **argv, char *error)
{
    const struct plan *plan = &session->plan;
    int rc = host_append(session->directory, "more",
                         json_pack("{s:o, s:i, s:o*}", "argv", argv_json(argv), "blocks", (int)plan->blocks,
                                   "warnings_before", host_fact_of(session->directory, "warnings")),
                         error);
    if (rc == 0)
        rc = host_note(session->directory, "warnings", warnings(session), error);
    if (rc == 0)
        rc = host_note(session->directory, "left_out", host_words(&plan->left_out), error);
    if (rc == 0 && !plan->looks.leave_from)
        rc = host_note(session->directory, "looks", json_integer(looks_planned(plan->comparisons)), error);
    if (rc == 0)
        rc = end_note(session, error);
    if (rc == 0)
        rc = host_note(session->directory, "blocks", json_integer(plan->blocks_before + plan->blocks), error);
    if (rc == 0 && session->request.settings.note[0])
        rc = host_note(session->directory, "note", json_text(session->request.settings.note), error);
    return rc;
}

static int session_go_on(struct session *session, char **argv, char *error)
{
    const struct settings *settings = &session->request.settings;
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
    json_t *about = facts(session, verb, argv), *programs = programs_json(session);
    if (programs)
        json_object_set_new(about, "programs", programs);
    asked_add_to(about, &session->request.settings);
    int rc = about ? host_write(session->directory, &session->machine, about, error) : refuse(error, "out of memory");
    json_decref(about);
    if (rc == 0)
        rc = write_suite(session, error);
    if (rc == 0)
        trust_note(session->directory);
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
    session->lock = run_lock_new(session->directory, error);
    if (session->lock < 0)
        return session->lock;
    rc = files_write(session, verb, argv, error);
    if (rc < 0) {
        recorder_close(&session->recorder, ignored);
        run_discard(session->directory);
    }
    session->start_ns = clock_monotonic_ns();
    return rc;
}

uint64_t session_now_ns(const struct session *session)
{
    return clock_monotonic_ns() - calibrations_launcher(session->calibrations)->paused_ns;
}

double session_left_ns(const struct session *session, int64_t budget_ns)
{
    double elapsed_ns = (double)(session_now_ns(session) - session->request.settings.began_ns);
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

/* What trials took is worth more than what pilots did. */
static void prices_renew(const struct session *session)
{
    for (size_t i = 0; i < session->plan.cells.count; i++) {
        struct trial_price price;
        if (price_learn(&session->plan.cells.cell[i], &price))
            price_keep(session->calibrations, &session->plan.cells.cell[i], &price);
    }
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

void session_follow(struct session *session, const char *verb)
{
    char before[sizeof session->directory], error[ERROR_MAX];
    memcpy(before, session->directory, sizeof before);
    int rc = run_follow(session->directory, sizeof session->directory, error);
    if (rc > 0) {
        trust_note(session->directory);
        complain(verb, "%s was moved to %s", before, session->directory);
    }
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
    run_unlock(session->lock);
    *session = (struct session)SESSION_CLOSED;
}
