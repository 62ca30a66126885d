/* The loop of a search: a few blocks at the next point of every search, until all have their bracket; then the last
 * round, with both ends of every bracket in each block. */
#include "bench/verbs/search/search.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/forecast/pilot.h"
#include "bench/stats/design.h"
#include "bench/stats/verdict.h"
#include "pools/parts/clock.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_BLOCKS 12
#define ATTEMPTS    2

/* Numbers of the cells of a block, each once. */
struct round {
    uint32_t *cell;
    size_t count;
};

double search_level(const struct searches *searches)
{
    return family_make((unsigned)searches->count, LOOKS_NONE, 0).level;
}

const struct cell *search_subject(const struct searches *searches, const struct cell_search *one)
{
    return &searches->session.plan.cells.cell[one->subject];
}

/* The cell that `from` becomes at x, made if it has not been. Returns its number, or -errno. */
static int64_t cell_at(struct searches *searches, uint32_t from, double x, char *error)
{
    for (size_t i = 0; i < searches->cells; i++)
        if (searches->cell[i].from == from && searches->cell[i].x == x)
            return searches->cell[i].number;
    struct cell copy = searches->session.plan.cells.cell[from];
    cell_forget(&copy);
    int rc = searches->kind->set(searches, x, &copy, error);
    if (rc == 0)
        rc = session_add(&searches->session, &copy, error);
    if (rc)
        return rc;
    const size_t count = searches->session.plan.cells.count;
    struct trial_row *trials = realloc(searches->trial, count * sizeof *trials);
    if (trials)
        searches->trial = trials;
    struct added_cell *cells = realloc(searches->cell, (searches->cells + 1) * sizeof *cells);
    if (cells)
        searches->cell = cells;
    if (!trials || !cells)
        return refuse(error, "out of memory");
    searches->cell[searches->cells++] = (struct added_cell){from, (uint32_t)count - 1, x};
    return (int64_t)count - 1;
}

/* Where the subject of a search and its base are when it is at x. */
static double x_of(const struct searches *searches, size_t side, double x)
{
    return side == 1 && searches->kind->base_x > 0 ? searches->kind->base_x : x;
}

static void round_take(struct round *round, int64_t number)
{
    for (size_t i = 0; i < round->count; i++)
        if (round->cell[i] == number)
            return;
    round->cell[round->count++] = (uint32_t)number;
}

/* What a search measures at x, into the round. */
static int round_add(struct searches *searches, const struct cell_search *one, double x, struct round *round,
                     char *error)
{
    const uint32_t from[] = {one->subject, one->base};
    for (size_t i = 0; i < sizeof from / sizeof *from && from[i] != SEARCH_NONE; i++) {
        int64_t number = cell_at(searches, from[i], x_of(searches, i, x), error);
        if (number < 0)
            return (int)number;
        round_take(round, number);
    }
    return 0;
}

static int block_run(struct searches *searches, const struct round *round, char *error)
{
    struct session *session = &searches->session;
    uint32_t *order = calloc(2 * round->count, sizeof *order);
    struct trial_row *found = calloc(round->count, sizeof *found);
    int rc = order && found ? 0 : refuse(error, "out of memory");
    if (rc == 0) {
        uint32_t *cells = order + round->count;
        searches->block++;
        order_draw(mix64(session->request.settings.seed, searches->block), 1, (unsigned)round->count, order);
        for (size_t i = 0; i < round->count; i++)
            cells[i] = round->cell[order[i]];
        rc = session_block(session, searches->block, cells, round->count, NULL, found, error);
        for (size_t i = 0; i < round->count && !session->over_budget; i++)
            searches->trial[cells[i]] = found[i];
    }
    free(order);
    free(found);
    return rc;
}

/* g of one search at x in the block that ran last. */
static double block_g(struct searches *searches, struct cell_search *one, double x)
{
    const uint32_t from[] = {one->subject, one->base};
    const struct trial_row *trial[] = {NULL, NULL};
    char error[ERROR_MAX], text[64];
    for (size_t i = 0; i < 2 && from[i] != SEARCH_NONE; i++) {
        const double at = x_of(searches, i, x);
        trial[i] = &searches->trial[cell_at(searches, from[i], at, error)];
        one->trials++;
        if (!trial_is_ok(trial[i]))
            snprintf(one->failure, sizeof one->failure, "%s at %s: %.120s", trial_status_word(trial[i]->status),
                     searches->kind->spell(searches, at, text, sizeof text), trial[i]->reason);
    }
    return searches->kind->g(searches, x, trial[0], trial[1]);
}

/* ---- budget, talk ---- */

/* Whether there is time for so many trials more, going by those that were, before the files are closed and drawn. */
static bool affordable(const struct searches *searches, size_t trials)
{
    const struct session *session = &searches->session;
    double elapsed = (double)(clock_monotonic_ns() - session->start_ns);
    return !session->trials ||
           elapsed / (double)session->trials * (double)trials <= session_left_ns(session, searches->budget_ns);
}

static double round_ns(const struct searches *searches, const struct round *round)
{
    double ns = 0;
    for (size_t i = 0; i < round->count; i++)
        ns += forecast_trial_ns(&searches->session.plan.cells.cell[round->cell[i]]);
    return ns;
}

/* Whether there is time for a block of these cells: those that ran before take as long again. */
static bool block_affordable(const struct searches *searches, const struct round *round)
{
    const struct session *session = &searches->session;
    return affordable(searches, round->count) &&
           (!session->trials || round_ns(searches, round) <= session_left_ns(session, searches->budget_ns));
}

static void progress_say(struct searches *searches, const char *phase, double left_ns)
{
    char line[512], lo[64], hi[64];
    const struct session *session = &searches->session;
    left_ns = fmin(left_ns, session_left_ns(session, searches->budget_ns)) + session->closing_ns;
    size_t used = (size_t)snprintf(line, sizeof line, "%s, block %u  ETA %.0f s", phase, searches->block + 1,
                                   fmax(left_ns, 0) / 1e9);
    for (size_t i = 0; i < searches->count && used < sizeof line; i++) {
        const struct search *search = &searches->each[i].search;
        used += (size_t)snprintf(line + used, sizeof line - used, "  %.40s %s .. %s",
                                 search_subject(searches, &searches->each[i])->f.pool,
                                 searches->kind->spell(searches, search->lo.x, lo, sizeof lo),
                                 searches->kind->spell(searches, search->hi.x, hi, sizeof hi));
    }
    status_say(&searches->status, line);
}

/* ---- narrowing ---- */

/* How many searches have not ended; their cells in `round`. */
static int step_prepare(struct searches *searches, struct round *round, char *error)
{
    int on = 0, rc = 0;
    round->count = 0;
    for (size_t i = 0; i < searches->count && rc == 0; i++) {
        double x = search_next(&searches->each[i].search);
        if (isnan(x))
            continue;
        rc = round_add(searches, &searches->each[i], x, round, error);
        on++;
    }
    return rc ? rc : on;
}

static unsigned step_blocks(const struct searches *searches)
{
    for (size_t i = 0; i < searches->count; i++)
        if (search_scanning(&searches->each[i].search))
            return SCAN_BLOCKS;
    return searches->kind->step_blocks;
}

/* Blocks until the slowest search has its bracket, if each step halves it. */
static double blocks_to_bracket(const struct searches *searches)
{
    double most = 0;
    for (size_t i = 0; i < searches->count; i++) {
        const struct search *search = &searches->each[i].search;
        if (isnan(search_next(search)))
            continue;
        double halvings = log2(fmax(log(search->hi.x / search->lo.x) / log(search->rules.width), 1));
        double scans = search_scanning(search) ? SEARCH_SCAN - fmin((double)search->scans, SEARCH_SCAN - 1) : 0;
        most = fmax(most, ceil(halvings) * searches->kind->step_blocks + scans * SCAN_BLOCKS);
    }
    return most;
}

/* The last round has two points where a step has one. */
static double blocks_of_last(const struct searches *searches)
{
    return 2.0 * searches->blocks;
}

static void stop_all(struct searches *searches)
{
    searches->over_budget = true;
    for (size_t i = 0; i < searches->count; i++)
        search_stop(&searches->each[i].search);
}

static int step(struct searches *searches, const struct round *round, char *error)
{
    const unsigned blocks = step_blocks(searches);
    double *g = calloc(searches->count * blocks, sizeof *g);
    int rc = g ? 0 : refuse(error, "out of memory");
    for (size_t b = 0; b < blocks && rc == 0 && !searches->session.interrupted; b++) {
        if (!block_affordable(searches, round)) { /* the first step was begun without knowing how long it takes */
            free(g);
            stop_all(searches);
            return 0;
        }
        double blocks_left = fmax(blocks_to_bracket(searches), blocks) - (double)b + blocks_of_last(searches);
        progress_say(searches, "searching", blocks_left * round_ns(searches, round));
        rc = block_run(searches, round, error);
        if (searches->session.over_budget) /* the block is not whole */
            break;
        for (size_t i = 0; i < searches->count && rc == 0 && !searches->session.interrupted; i++) {
            double x = search_next(&searches->each[i].search);
            if (!isnan(x))
                g[i * blocks + b] = block_g(searches, &searches->each[i], x);
        }
    }
    if (searches->session.over_budget)
        stop_all(searches);
    for (size_t i = 0; i < searches->count && rc == 0 && !searches->session.interrupted; i++)
        if (!isnan(search_next(&searches->each[i].search)))
            search_tell(&searches->each[i].search, g + i * blocks, blocks);
    free(g);
    return rc;
}

static int narrow_all(struct searches *searches, struct round *round, char *error)
{
    for (;;) {
        int on = step_prepare(searches, round, error);
        if (on <= 0 || searches->session.interrupted)
            return on < 0 ? on : 0;
        size_t last = (size_t)blocks_of_last(searches);
        if (!affordable(searches, (step_blocks(searches) + last) * round->count)) {
            stop_all(searches);
            return 0;
        }
        int rc = step(searches, round, error);
        if (rc)
            return rc;
    }
}

/* ---- the last round ---- */

static bool unresolved(const struct cell_search *one)
{
    return one->search.state == SEARCH_BRACKETED && !one->resolved;
}

static int last_prepare(struct searches *searches, struct round *round, char *error)
{
    int rc = 0;
    round->count = 0;
    for (size_t i = 0; i < searches->count && rc == 0; i++) {
        const struct cell_search *one = &searches->each[i];
        if (!unresolved(one))
            continue;
        rc = round_add(searches, one, one->search.lo.x, round, error);
        if (rc == 0)
            rc = round_add(searches, one, one->search.hi.x, round, error);
    }
    return rc;
}

/* g: of `blocks` blocks at the low end, then at the high one. Blocks that were not run are none. */
static int resolve(struct searches *searches, struct cell_search *one, double *g, size_t done)
{
    struct search_point *const ends[] = {&one->search.lo, &one->search.hi};
    double *const g_of[] = {g, g + searches->blocks};
    int rc = search_resolve(&one->search, g_of[0], g_of[1], done, search_level(searches), &one->crossing);
    for (size_t end = 0; end < 2; end++) /* what was found at an end of the range that the search never came to */
        if (isnan(ends[end]->g))
            ends[end]->g = stats_median(g_of[end], stats_sort(g_of[end], done));
    return rc;
}

static int last_round(struct searches *searches, const struct round *round, char *error)
{
    const size_t blocks = searches->blocks;
    double *g = calloc(2 * searches->count * blocks + 1, sizeof *g);
    unsigned done = 0;
    int rc = g ? 0 : refuse(error, "out of memory");
    while (done < blocks && rc == 0 && round->count) {
        if (!block_affordable(searches, round)) {
            searches->over_budget = true;
            break;
        }
        progress_say(searches, "measuring", (double)(blocks - done) * round_ns(searches, round));
        rc = block_run(searches, round, error);
        searches->over_budget = searches->over_budget || searches->session.over_budget;
        if (rc || searches->session.interrupted || searches->session.over_budget)
            break;
        for (size_t i = 0; i < searches->count; i++) {
            struct cell_search *one = &searches->each[i];
            if (!unresolved(one))
                continue;
            g[2 * i * blocks + done] = block_g(searches, one, one->search.lo.x);
            g[(2 * i + 1) * blocks + done] = block_g(searches, one, one->search.hi.x);
        }
        done++;
    }
    for (size_t i = 0; i < searches->count && rc == 0; i++)
        if (unresolved(&searches->each[i]) && resolve(searches, &searches->each[i], g + 2 * i * blocks, done))
            rc = refuse(error, "out of memory");
    free(g);
    return rc;
}

/* The last round may put a crossing outside of the range: its ends are measured last of all, and where the budget ended
 * the search before that, the bracket was never known to hold anything. */
static void range_check(struct searches *searches)
{
    for (size_t i = 0; i < searches->count; i++) {
        struct cell_search *one = &searches->each[i];
        struct search *search = &one->search;
        const struct crossing *crossing = &one->crossing;
        if (search->state != SEARCH_BRACKETED || !crossing->blocks || !isnan(crossing->x))
            continue;
        if (crossing->beyond < 0 ? search->lo.x <= search->rules.from : search->hi.x >= search->rules.to)
            search_reopen(search, crossing->beyond);
    }
}

/* A bracket that the last round has contradicted is searched anew, once: a machine that changes faster has no answer.
 * Returns how many. */
static size_t reopen(struct searches *searches)
{
    size_t reopened = 0;
    for (size_t i = 0; i < searches->count; i++) {
        struct cell_search *one = &searches->each[i];
        if (unresolved(one) && isnan(one->crossing.x) && one->crossing.blocks) {
            search_reopen(&one->search, one->crossing.beyond);
            one->crossing = (struct crossing){.x = NAN};
            reopened++;
        } else {
            one->resolved = true;
        }
    }
    return reopened;
}

/* Room for the most that a round can have: both ends, of both cells, of every search. */
static struct round round_new(const struct searches *searches)
{
    return (struct round){.cell = calloc(4 * searches->count, sizeof(uint32_t))};
}

/* What the first step takes; its cells are taken off again. Once by what is known, and again after pilots. -errno. */
static double first_step_ns(struct searches *searches, struct round *round, char *error)
{
    struct plan *plan = &searches->session.plan;
    const struct settings *settings = &searches->session.request.settings;
    const size_t had = plan->cells.count;
    double ns = 0;
    int rc = 0;
    for (unsigned pass = 0; pass < 2 && rc >= 0; pass++) {
        rc = step_prepare(searches, round, error);
        ns = step_blocks(searches) * round_ns(searches, round);
        if (pass == 0 && rc >= 0) {
            struct cells cells = {.cell = plan->cells.cell + had, .count = plan->cells.count - had};
            rc = pilots_run(searches->session.calibrations, &cells, settings->seed, true,
                            PILOTS_SHARE * (double)searches->budget_ns, error);
        }
        plan_drop(plan, had);
        searches->cells = 0;
    }
    return rc < 0 ? rc : ns;
}

int search_fits(struct searches *searches, char *error)
{
    struct round round = round_new(searches);
    char budget[32], least[32];
    double ns =
        searches->budget_ns ? round.cell ? first_step_ns(searches, &round, error) : refuse(error, "out of memory") : 0;
    free(round.cell);
    if (ns < 0)
        return (int)ns;
    double around_ns = -session_left_ns(&searches->session, searches->budget_ns) + (double)searches->budget_ns;
    if (!searches->budget_ns || ns + around_ns <= BUDGET_SLACK * (double)searches->budget_ns)
        return 0;
    return refuse(error,
                  "--budget: %s is too short for a first step of %u blocks of %zu trial%s and what is around it, "
                  "expected %s or more",
                  spell_duration(budget, sizeof budget, searches->budget_ns), step_blocks(searches), round.count,
                  round.count == 1 ? "" : "s",
                  spell_duration(least, sizeof least, (int64_t)ceil((ns + around_ns) / 1e9) * 1000000000));
}

int search_run(struct searches *searches, char *error)
{
    struct round round = round_new(searches);
    int rc = round.cell ? 0 : refuse(error, "out of memory");
    searches->status = (struct status){searches->kind->verb, clock_monotonic_ns()};
    for (int attempt = 1; attempt <= ATTEMPTS && rc == 0; attempt++) {
        rc = narrow_all(searches, &round, error);
        if (rc == 0 && !searches->session.interrupted)
            rc = last_prepare(searches, &round, error);
        if (rc == 0 && !searches->session.interrupted)
            rc = last_round(searches, &round, error);
        if (rc || searches->session.interrupted || searches->over_budget || attempt == ATTEMPTS || !reopen(searches))
            break;
    }
    if (rc == 0)
        range_check(searches);
    status_clear();
    free(round.cell);
    return rc;
}
