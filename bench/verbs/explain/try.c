/* Running what is tried: a session of its own, like the run that is explained, with the cells of A and B alone; one
 * thing at a time, then the best two together. */
#include "bench/verbs/explain/try.h"
#include "bench/analyse/summary.h"
#include "bench/ask/arguments.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/model/factors.h"
#include "bench/model/settings.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/design.h"
#include "bench/verbs/conclude.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOGETHER_SHARE 0.35 /* of the time, for the two together */
#define TOGETHER_MOST  80   /* blocks */
#define FORECAST_SLACK 1.1  /* what forecasts may be off by before a knob leaves */

/* ---- before ---- */

static const struct summary_row *row_of(const struct explanation *why, bool is_b)
{
    return is_b ? &why->b_run->run->rows[why->b] : &why->a_run->run->rows[why->a];
}

/* What only the suite knows: the path of a plug-in, or of another trial program. */
static bool is_suites(const struct explanation *why, size_t option)
{
    bool is = false;
    for (int k = 0; k < 2; k++) {
        const struct factors *f = &row_of(why, k)->f;
        char name[SPEC_MAX];
        const char *spec = spec_behind_label(f->pool);
        snprintf(name, sizeof name, "%.*s", (int)spec_name_length(spec), spec);
        is = is || (option == OPTION_POOL && !pool_find(name));
        snprintf(name, sizeof name, "%.*s", (int)spec_name_length(f->workload), f->workload);
        is = is || (option == OPTION_WORKLOAD && !workload_find(name));
        is = is || option == OPTION_TRIAL_PROGRAM;
    }
    return is;
}

/* The suite of the run, with nothing in it but A and B. */
static int ask(const struct explanation *why, const struct try_wish *wish, struct asked *asked)
{
    const char *const pairs[] = {"like",      why->b_run->run->directory,
                                 "blocks",    "1",
                                 "budget",    "none",
                                 "precision", "none",
                                 "samples",   "none",
                                 "out",       wish->out,
                                 NULL};
    int rc = asked_pairs(asked, pairs);
    if (!rc && wish->trust)
        rc = asked_add(asked, "trust", "");
    for (size_t i = 0; options[i].name && !rc; i++) {
        char a[VALUE_MAX], b[VALUE_MAX];
        if (options[i].kind != OPTION_FACTOR || !option_is_of_cell(&options[i]) || i == OPTION_TASKS ||
            is_suites(why, i))
            continue;
        factor_text(&options[i], &row_of(why, false)->f, a);
        factor_text(&options[i], &row_of(why, true)->f, b);
        if (*a)
            rc = asked_add(asked, options[i].name, a);
        if (!rc && *b && strcmp(a, b) != 0)
            rc = asked_add(asked, options[i].name, b);
    }
    return rc;
}

static int cell_find(const struct tries *tries, bool is_b, uint32_t *number, char *error)
{
    const struct cells *cells = &tries->session.plan.cells;
    const struct summary_row *row = row_of(tries->why, is_b);
    const factor_set same = factors_all() & ~FACTOR_TASKS;
    char label[192];
    for (*number = 0; *number < cells->count; (*number)++)
        if (factors_same(&cells->cell[*number].f, &row->f, same))
            return 0;
    return refuse(error, "--try: this machine, or this build, makes another cell of '%s': it cannot be run again",
                  factors_label(label, sizeof label, row, factors_all() & ~FACTOR_TASKS));
}

static int tries_open(struct tries *tries, const struct try_wish *wish, char *error)
{
    struct asked asked = {.suites = {0}};
    struct settings settings = {0};
    int rc = set_budget(wish->budget, &settings, error) ? refuse_at(error, "--budget") : 0;
    tries->budget_ns = settings.budget_ns;
    tries->knob = calloc(KNOBS_MAX + 2, sizeof *tries->knob);
    if (!rc && (!tries->knob || ask(tries->why, wish, &asked)))
        rc = refuse(error, "out of memory");
    if (!rc)
        rc = session_open(&tries->session, &asked, error);
    asked_release(&asked);
    if (rc)
        return rc;
    session_closes_as(&tries->session, "explain");
    tries->session.budget_ns = tries->budget_ns;
    tries->session.plan.blocks = 0; /* nothing is planned beforehand */
    rc = cell_find(tries, false, &tries->a, error);
    return rc ? rc : cell_find(tries, true, &tries->b, error);
}

static void tries_close(struct tries *tries)
{
    session_close(&tries->session);
    free(tries->knob);
    free(tries->ns);
}

/* ---- blocks ---- */

/* Cells of a block, each once. */
struct round {
    uint32_t cell[2 * KNOBS_MAX + 4];
    size_t count;
};

static void round_take(struct round *round, uint32_t cell)
{
    for (size_t i = 0; i < round->count; i++)
        if (round->cell[i] == cell)
            return;
    round->cell[round->count++] = cell;
}

/* What is tried one at a time, as far as it has not left; or `only`. */
static struct round round_of(const struct tries *tries, const struct knob *only)
{
    struct round round = {.count = 0};
    round_take(&round, tries->a);
    round_take(&round, tries->b);
    for (size_t i = 0; i < tries->count && !only; i++) {
        if (i >= tries->kept && i + 1 < tries->count) /* A/A, the last, stays */
            continue;
        round_take(&round, tries->knob[i].a);
        round_take(&round, tries->knob[i].b);
    }
    if (only) {
        round_take(&round, only->a);
        round_take(&round, only->b);
    }
    return round;
}

static double round_ns(const struct tries *tries, const struct round *round)
{
    double ns = 0;
    for (size_t i = 0; i < round->count; i++)
        ns += forecast_trial_ns(&tries->session.plan.cells.cell[round->cell[i]]);
    return ns;
}

/* A row of numbers for each cell there is. */
static int series_grow(struct tries *tries, char *error)
{
    const size_t cells = tries->session.plan.cells.count;
    double *ns = reallocarray(tries->ns, cells * TRY_BLOCKS_MOST, sizeof *ns);
    if (!ns)
        return refuse(error, "out of memory");
    tries->ns = ns;
    for (size_t i = tries->cells * TRY_BLOCKS_MOST; i < cells * TRY_BLOCKS_MOST; i++)
        ns[i] = NAN;
    tries->cells = cells;
    return 0;
}

static void progress_say(const struct tries *tries, const char *what)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%.*s, block %u  ETA %.0f s\033[K", (int)screen_columns(stderr) - 30, what, tries->block + 1,
                fmax(session_left_ns(&tries->session, tries->budget_ns), 0) / 1e9);
}

static int block_run(struct tries *tries, const struct round *round, char *error)
{
    struct session *session = &tries->session;
    uint32_t order[2 * KNOBS_MAX + 4], cells[2 * KNOBS_MAX + 4];
    struct trial_row *found = calloc(round->count, sizeof *found);
    if (!found)
        return refuse(error, "out of memory");
    order_draw(mix64(session->request.settings.seed, tries->block + 1), 1, (unsigned)round->count, order);
    for (size_t i = 0; i < round->count; i++)
        cells[i] = round->cell[order[i]];
    int rc = session_block(session, tries->block + 1, cells, round->count, NULL, found, error);
    if (!rc && !session->interrupted && !session->over_budget) {
        for (size_t i = 0; i < round->count; i++)
            if (trial_has_time(&found[i]))
                tries->ns[(size_t)cells[i] * TRY_BLOCKS_MOST + tries->block] =
                    trial_per_task(&found[i], (double)found[i].wall_ns);
        tries->block++;
    }
    free(found);
    return rc;
}

/* Where there is no time for as many blocks as intervals take, the last of the knobs leave. */
static void knobs_leave(struct tries *tries)
{
    while (tries->block < tries->least && tries->kept > 1) {
        const struct round round = round_of(tries, NULL);
        if ((tries->least - tries->block) * round_ns(tries, &round) <=
            FORECAST_SLACK * session_left_ns(&tries->session, tries->budget_ns))
            return;
        tries->kept--;
    }
}

/* Blocks until so much time is left, or there are enough of them. */
static int blocks_run(struct tries *tries, const struct knob *only, unsigned most, double reserve_ns, char *error)
{
    struct session *session = &tries->session;
    const unsigned end = tries->block + most < TRY_BLOCKS_MOST ? tries->block + most : TRY_BLOCKS_MOST;
    int rc = series_grow(tries, error);
    session->over_budget = false;
    while (!rc && tries->block < end && !session->interrupted && !session->over_budget) {
        if (!only && tries->block)
            knobs_leave(tries);
        const struct round round = round_of(tries, only);
        const double kept_ns = tries->block < tries->least ? 0 : reserve_ns;
        if (session_left_ns(session, tries->budget_ns) - kept_ns < round_ns(tries, &round))
            break;
        progress_say(tries, only ? "trying two together" : "trying");
        rc = block_run(tries, &round, error);
    }
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    return rc;
}

/* ---- the two together ---- */

static void knob_name(const struct knob *knob, char name[64])
{
    snprintf(name, 64, "%.*s", (int)strcspn(knob->text, "="), knob->text);
}

/* The two knobs with the largest shares, of different things. Whether there are two. */
static bool best_two(const struct tries *tries, size_t best[2])
{
    size_t found = 0;
    for (; found < 2; found++) {
        best[found] = RUN_NOTHING;
        for (size_t i = 0; i + 1 < tries->count; i++) {
            char name[64], first[64] = "";
            knob_name(&tries->knob[i], name);
            if (found)
                knob_name(&tries->knob[best[0]], first);
            if (!(tries->knob[i].gone.share > 0) || (found && !strcmp(name, first)))
                continue;
            if (best[found] == RUN_NOTHING || tries->knob[i].gone.share > tries->knob[best[found]].gone.share)
                best[found] = i;
        }
        if (best[found] == RUN_NOTHING)
            return false;
    }
    return true;
}

/* In blocks of its own: which two they are was chosen by the others. */
static int together_run(struct tries *tries, char *error)
{
    size_t best[2];
    char ignored[ERROR_MAX];
    struct knob *both = &tries->knob[tries->count];
    int rc = tries_judge(tries, error);
    if (rc || tries->session.interrupted || !best_two(tries, best))
        return rc;
    *both = (struct knob){.from = tries->block, .gone = {.share = NAN}};
    snprintf(both->text, sizeof both->text, "%.95s+%.95s", tries->knob[best[0]].text, tries->knob[best[1]].text);
    if (knobs_cell(tries, both->text, tries->a, false, &both->a, ignored) ||
        knobs_cell(tries, both->text, tries->b, true, &both->b, ignored) || both->a == both->b)
        return 0; /* not what was asked for, and they do not go together */
    tries->both = tries->count;
    return blocks_run(tries, both, TOGETHER_MOST, 0, error);
}

/* ---- all of it ---- */

/* Intervals of all hold together, those of two together as well. What was asked for does not leave before it began. */
static int fit(struct tries *tries, bool are_named, char *error)
{
    const struct family family = family_make((unsigned)tries->count + 1, LOOKS_NONE, 0);
    const double left_ns = session_left_ns(&tries->session, tries->budget_ns);
    char text[32], budget[32];
    tries->least = (unsigned)family.blocks;
    tries->level = family.level;
    tries->kept = tries->count - 1;
    if (!are_named)
        knobs_leave(tries);
    const struct round round = round_of(tries, NULL);
    const double needs_ns = (double)family.blocks * round_ns(tries, &round);
    if (needs_ns <= FORECAST_SLACK * left_ns)
        return 0;
    return refuse(error, "--budget: %s is too short for %zu trials in each of %zu blocks; expected at least %s",
                  spell_duration(budget, sizeof budget, tries->budget_ns), round.count, family.blocks,
                  format_duration(text, sizeof text, (double)tries->budget_ns + needs_ns - left_ns));
}

static int tries_run(struct tries *tries, char *error)
{
    const double left_ns = session_left_ns(&tries->session, tries->budget_ns);
    int rc =
        blocks_run(tries, NULL, TRY_BLOCKS_MOST - TOGETHER_MOST, isinf(left_ns) ? 0 : left_ns * TOGETHER_SHARE, error);
    if (!rc && tries->block >= tries->least)
        rc = together_run(tries, error);
    return rc ? rc : tries_judge(tries, error);
}

/* With all files closed. */
static int conclude(struct tries *tries)
{
    char error[ERROR_MAX];
    struct run_data run;
    int rc = run_summed_open(tries->session.directory, &run, error);
    if (rc)
        return rc == -ENODATA && tries->session.interrupted ? 0 : complain("explain", "%s", error);
    rc = tries_write(tries, error);
    if (rc)
        complain("explain", "%s", error);
    int code = run_conclude(&tries->session, "explain", &run, true);
    run_data_close(&run);
    tries_print(tries, stdout);
    if (!rc && !code && isnan(tries->knob[0].gone.share))
        code = EXIT_BLIND;
    return rc ? 1 : code;
}

int try_go(const struct explanation *why, const struct try_wish *wish, char **argv)
{
    char error[ERROR_MAX] = "";
    struct tries tries = {.why = why, .session = SESSION_CLOSED, .both = RUN_NOTHING};
    struct session *session = &tries.session;
    int rc = tries_open(&tries, wish, error), code;
    if (!rc)
        rc = knobs_choose(&tries, wish->knobs, error);
    if (!rc)
        rc = fit(&tries, wish->knobs != NULL, error);
    if (!rc)
        rc = session_begin(session, "explain", argv, error);
    if (rc < 0) {
        code = session_refuse(session, "explain", rc, error);
    } else {
        rc = tries_run(&tries, error);
        code = session_finish(session, "explain", rc, error);
        const int shown = code == 0 || (rc == 0 && session->interrupted) ? conclude(&tries) : 0;
        code = code ? code : shown;
    }
    tries_close(&tries);
    return code;
}
