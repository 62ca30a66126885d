/* The verb run: the plan, block by block, then what it found. */
#include "bench/measure/run.h"
#include "bench/base/refuse.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/lengths.h"
#include "bench/measure/look.h"
#include "bench/measure/siblings.h"
#include "bench/measure/wrapped.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_LATE 0.05 /* of the budget: no block is begun that would end later */

static void left_out_say(const struct request *request, const struct plan *plan)
{
    for (size_t i = 0; i < request->left_out.count; i++)
        fprintf(stderr, "poolbench run: left out: %s\n", request->left_out.word[i]);
    char text[512];
    if (lengths_short(&plan->cells, text, sizeof text))
        fprintf(stderr, "poolbench run: %s\n", text);
    if (plan->left_out.count)
        fprintf(stderr, "poolbench run: left out, to keep to the budget:");
    for (size_t i = 0; i < plan->left_out.count; i++)
        fprintf(stderr, "%s %s", i ? ";" : "", plan->left_out.word[i]);
    if (plan->left_out.count)
        fputc('\n', stderr);
}

/* Why the run ended when it did: stands in host.json, and on every screen where it is not "blocks". */
struct ending {
    const char *because;
    unsigned blocks;
};

/* What going through the plan needs room for. */
struct course {
    struct remaining *before; /* of a run that is resumed; NULL */
    bool *wanted;             /* one a cell */
    uint32_t *order, *positions;
    size_t count; /* of the block */
    struct progress progress;
    struct ending ending;
    struct siblings siblings;
};

/* The trials of a block that are wanted and not there yet, with the positions they have among all that are wanted. */
static void block_choose(const struct plan *plan, unsigned block, struct course *course)
{
    const size_t cells = plan->cells.count;
    uint32_t position = 0;
    course->count = 0;
    for (size_t i = block * cells; i < (block + 1) * cells; i++) {
        bool is_done = course->before && course->before->done[i];
        bool is_wanted = course->wanted[plan->order[i]] || (course->before && block + 1 < course->before->wanted_from);
        position += is_wanted || is_done;
        if (is_done || !is_wanted)
            continue;
        course->order[course->count] = plan->order[i];
        course->positions[course->count++] = position;
    }
}

/* Looks at what there is before this block, where that is due: the run, or what is not wanted of it, stops there. One
 * that was resumed has looked there already where trials came after it. 0: it has come to its end; or -errno. */
static int block_look(struct session *session, unsigned block, struct course *course, char *error)
{
    const struct plan *plan = &session->plan;
    const unsigned done = plan->blocks_before + block;
    if (!course->count || !look_is_due(session, done) || (course->before && course->before->wanted_from > done))
        return 1;
    int rc = look(session, done, course->wanted, error);
    if (rc >= 0 && (rc > 0 || plan->leaves)) {
        int noted = remaining_note(session->directory, &plan->cells, done + 1, course->wanted, error);
        rc = noted ? noted : rc;
    }
    if (rc == 0)
        course->ending.because = plan->leaves ? "resolved" : "precision";
    block_choose(plan, block, course);
    return rc;
}

/* The forecast of a block of what is wanted, of the first so many cells. */
static double block_ns(const struct plan *plan, const struct course *course, size_t kept)
{
    double ns = 0;
    for (size_t i = 0; i < kept; i++)
        ns += course->wanted[i] ? forecast_trial_ns(&plan->cells.cell[i]) : 0;
    return ns;
}

/* ---- the budget ---- */

/* The budget decides how many blocks there are; else they are fixed, or what they find decides. */
static bool is_timed(const struct session *session, const struct course *course)
{
    const struct settings *settings = &session->request.settings;
    return settings->budget_ns && !course->before && !settings->blocks && !settings->precision_ppm &&
           !settings->more[0];
}

/* Half of a block before the end and half of one behind it are equally far off. */
static bool block_fits(const struct session *session, double next_ns, double left_ns)
{
    double late_ns = BLOCK_LATE * (double)session->request.settings.budget_ns;
    return left_ns >= next_ns / 2 && next_ns - left_ns <= late_ns;
}

/* Where the budget has no time for the blocks that comparisons need, rows at the end of the plan leave, by name. */
static int rows_leave(struct session *session, struct course *course, unsigned block, char *error)
{
    struct plan *plan = &session->plan;
    const double left_ns = session_left_ns(session, session->request.settings.budget_ns);
    const size_t first_left = plan->left_out.count;
    size_t kept = plan->kept;
    while (block < plan->blocks_needed &&
           (plan->blocks_needed - block) * block_ns(plan, course, kept) > plan_slack(block) * left_ns) {
        size_t fewer = rows_before(plan->rows, kept);
        if (!fewer)
            break;
        kept = fewer;
    }
    if (kept == plan->kept)
        return 0;
    unsigned *ran = calloc(plan->cells.count + 1, sizeof *ran);
    int rc = ran ? look_blocks(session, ran, error) : refuse(error, "out of memory");
    if (!rc && plan_leave_out(plan, kept, course->wanted, ran))
        rc = refuse(error, "out of memory");
    free(ran);
    if (rc)
        return rc;
    for (size_t i = kept; i < plan->cells.count; i++)
        course->wanted[i] = false;
    for (size_t i = first_left; i < plan->left_out.count; i++)
        progress_tell(&course->progress, "poolbench run: leaves, to keep to the budget: %s", plan->left_out.word[i]);
    rc = host_note(session->directory, "left_out", host_words(&plan->left_out), error);
    return rc ? rc : remaining_note(session->directory, &plan->cells, block + 1, course->wanted, error);
}

/* 1: go on with this block; 0: the run has come to its end; or -errno. */
static int block_afford(struct session *session, struct course *course, unsigned block, char *error)
{
    struct plan *plan = &session->plan;
    const struct settings *settings = &session->request.settings;
    if (!settings->budget_ns || course->before)
        return block < plan->blocks;
    int rc = block && !settings->blocks ? rows_leave(session, course, plan->blocks_before + block, error) : 0;
    double left_ns = session_left_ns(session, settings->budget_ns), next_ns = block_ns(plan, course, plan->kept);
    if (rc < 0)
        return rc;
    /* none is wanted where all verdicts of the rows that are left are told */
    if (block && (!(next_ns > 0) || !block_fits(session, next_ns, left_ns))) {
        course->ending.because = block < plan->blocks ? "budget" : "blocks";
        return 0;
    }
    if (block < plan->blocks)
        return 1;
    const unsigned most = plan_blocks_most(plan);
    if (!is_timed(session, course) || plan->blocks >= most)
        return 0;
    /* it went faster than forecast */
    const unsigned more = (unsigned)fmin(fmax(floor(left_ns / next_ns), 1), most - plan->blocks);
    rc = session_extend(session, more, error);
    progress_grow(&course->progress, more);
    return rc < 0 ? rc : 1;
}

static int blocks_run(struct session *session, struct course *course, char *error)
{
    const struct plan *plan = &session->plan;
    int rc = 0;
    for (unsigned block = 0; rc >= 0 && !session->interrupted; block++) {
        unsigned number = plan->blocks_before + block + 1;
        rc = block_afford(session, course, block, error);
        if (rc <= 0)
            break;
        block_choose(plan, block, course);
        rc = block_look(session, block, course, error);
        if (rc <= 0)
            break;
        session->positions = course->positions;
        course->progress.after_ns = (plan->blocks - block - 1) * block_ns(plan, course, plan->kept) +
                                    session->closing_ns + siblings_left_ns(&course->siblings, session, number);
        rc = session_block(session, number, course->order, course->count, &course->progress, NULL, error);
        if (session->over_budget) {
            course->ending.because = "budget";
            break;
        }
        if (!session->interrupted)
            course->ending.blocks = number;
        if (rc == 0)
            rc = siblings_block(&course->siblings, session, number, course->order, course->count, error);
    }
    session->positions = NULL;
    if (session->interrupted)
        course->ending.because = "interrupted";
    return rc < 0 ? rc : 0;
}

static int course_run(struct session *session, struct course *course, char *error)
{
    const struct plan *plan = &session->plan;
    const size_t cells = plan->cells.count;
    char ignored[ERROR_MAX];
    course->wanted = calloc(cells + 1, sizeof *course->wanted);
    course->order = calloc(cells + 1, sizeof *course->order);
    course->positions = calloc(cells + 1, sizeof *course->positions);
    course->ending = (struct ending){.because = "blocks", .blocks = plan->blocks_before};
    int rc = course->wanted && course->order && course->positions ? 0 : refuse(error, "out of memory");
    for (size_t i = 0; i < cells && rc == 0; i++)
        course->wanted[i] = !course->before || course->before->wanted[i];
    left_out_say(&session->request, plan);
    if (rc == 0)
        rc = siblings_open(&course->siblings, session, stderr, error);
    progress_begin(&course->progress, cells, plan->blocks, plan->blocks_before);
    course->progress.may_stop = plan->looks.planned && !plan->blocks_before;
    if (course->before)
        course->progress.total = course->before->left;
    else
        session->budget_ns = session->request.settings.budget_ns;
    if (rc == 0)
        rc = blocks_run(session, course, error);
    progress_end(&course->progress);
    int closed = siblings_close(&course->siblings, stderr, rc ? ignored : error);
    rc = rc ? rc : closed;
    if (rc == 0 && !session->interrupted)
        rc = wrapped_run(session, stderr, error);
    free(course->wanted);
    free(course->order);
    free(course->positions);
    return rc;
}

/* How to get the trials that are not there; nothing where all are. */
static void rest_say(const struct session *session, const char *verb, const struct course *course)
{
    const char *directory = session->directory;
    size_t trials = session->before.trials + session->trials;
    char *quoted = run_for_shell(directory);
    const char *word = quoted ? quoted : "RUN";
    if (session->interrupted)
        complain(verb, "interrupted; %zu trials are in %s; `poolbench resume %s` goes on", trials, directory, word);
    else if (session->stopped)
        complain(verb, "%zu trial%s stood still and ha%s no times; `poolbench resume %s` runs %s again",
                 session->stopped, session->stopped == 1 ? "" : "s", session->stopped == 1 ? "s" : "ve", word,
                 session->stopped == 1 ? "it" : "them");
    else if (session->over_budget)
        fprintf(stderr,
                "poolbench %s: the budget ended block %u before all of its trials were run: they take longer than was "
                "forecast; `poolbench resume %s` runs the rest, whatever time that takes\n",
                verb, course->ending.blocks + 1, word);
    else if (course->before && !strcmp(course->ending.because, "precision"))
        fprintf(stderr, "poolbench %s: precise enough after %u blocks\n", verb, course->ending.blocks);
    else if (!strcmp(course->ending.because, "resolved"))
        fprintf(stderr, "poolbench %s: every verdict is told after %u blocks\n", verb, course->ending.blocks);
    free(quoted);
}

/* With how many rows trials.csv has, so that one that goes is missed. */
static int ended_note(const struct session *session, const struct course *course, char *error)
{
    struct recorded recorded;
    int rc = recorded_read(session->directory, &recorded, error);
    return rc ? rc
              : host_note(session->directory, "ended",
                          json_pack("{s:s, s:i, s:i}", "because", course->ending.because, "blocks",
                                    (int)course->ending.blocks, "trials", (int)recorded.trials),
                          error);
}

int run_blocks(struct session *session, const char *verb, struct remaining *before)
{
    char error[ERROR_MAX] = "", closing[ERROR_MAX] = "";
    struct course course = {.before = before};
    int rc = course_run(session, &course, error);
    if (rc == 0)
        rc = ended_note(session, &course, error);
    int closed = session_end(session, closing);
    if (rc == -ESTALE) {
        complain(verb, "%s", error);
        return 1;
    }
    session_follow(session, verb);
    if (rc < 0 || closed < 0) {
        char *quoted = run_for_shell(session->directory);
        complain(verb, "%s; %zu trials are in %s; `poolbench resume %s` goes on", rc < 0 ? error : closing,
                 session->before.trials + session->trials, session->directory, quoted ? quoted : "RUN");
        free(quoted);
        return 1;
    }
    rest_say(session, verb, &course);
    return 0;
}
