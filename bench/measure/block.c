/* A block: its trials in their order, what others did meanwhile, and rows that are run again for that; see session.h.
 */
#include "bench/base/refuse.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/job.h"
#include "bench/measure/session.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRIAL_LATE 0.1 /* of the budget: no trial may end later */

int session_watch(struct session *session, struct trial_facts *facts, char *error)
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
    struct job_order order = {settings->seed, settings->samples, mix64(settings->seed, block), CONFORMANCE_NOT, block};
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
    rc = session_watch(session, &facts, error);
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
    if (session->on_trial && !session->interrupted) {
        rc = session->on_trial(&facts, row, session->on_trial_of);
        return rc ? refuse_as(rc, error, "keeping what a trial found: %s", strerror(-rc)) : 0;
    }
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
    forecast_note(cell, (double)(session_now_ns(session) - since_ns), !trial_is_ok(row) ? NAN : (double)row->wall_ns);
    if (trial_is_ok(row) && row->busy_ns > 0)
        cell->forecast.service_ns = (double)row->busy_ns / (double)row->f.tasks;
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

static void time_goes_by(void *progress, pid_t pid)
{
    (void)pid;
    progress_tick(progress);
}

static int trials_run(struct session *session, const struct trials *trials, char *error)
{
    struct launcher *launcher = calibrations_launcher(session->calibrations);
    struct progress *progress = trials->progress;
    const uint32_t *order = trials->order;
    const struct launch_watch watch = {time_goes_by, progress, PROGRESS_TICK_NS}, *before = launcher->watch;
    int rc = 0;
    calibrations_check(session->calibrations);
    launcher->watch = progress ? &watch : before;
    for (size_t i = 0; i < trials->count && rc == 0 && !session->interrupted; i++) {
        if ((session->interrupted = launcher_interrupted(launcher)))
            break; /* between trials */
        struct cell *cell = &session->plan.cells.cell[order[i]];
        const uint64_t since_ns = session_now_ns(session);
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
    launcher->watch = before;
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
            session->stopped -= trials->ran[order[i]] == RAN_STOOD;
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
    char ignored[ERROR_MAX];
    error[0] = rc ? error[0] : '\0';
    if (rc == 0)
        rc = trials_run(session, &trials, error);
    if (rc == 0 && count && !found && !session->interrupted && !session->over_budget)
        rc = block_again(session, &trials, room, room + 2 * cells, again, error);
    int committed = recorder_commit(&session->recorder, rc ? ignored : error);
    rc = rc ? rc : committed;
    free(trials.ran);
    free(again);
    free(room);
    return rc;
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
