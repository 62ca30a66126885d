/* The loop of a search: a few blocks at the next point of every search, until all have their bracket; then the last
 * round, with both ends of every bracket in each block. */
#include "bench/verbs/seek/search.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/forecast/pilot.h"
#include "bench/stats/design.h"
#include "bench/stats/verdict.h"
#include "pools/parts/clock.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCAN_BLOCKS 12
#define ATTEMPTS    2
#define GRID_LEAST  4 /* points */
#define LAST_LEAST  8 /* blocks */

/* Numbers of the cells of a block, each once. */
struct round {
    uint32_t *cell;
    size_t count;
};

double search_level(const struct search *search)
{
    return family_make((unsigned)search->count, 0, 0).level;
}

const struct cell *search_subject(const struct search *search, const struct sought *sought)
{
    return &search->session.plan.cells.cell[sought->subject];
}

/* The cell that `from` becomes at x, made if it has not been. Returns its number, or -errno. */
static int64_t cell_at(struct search *search, uint32_t from, double x, char *error)
{
    for (size_t i = 0; i < search->cells; i++)
        if (search->cell[i].from == from && search->cell[i].x == x)
            return search->cell[i].number;
    struct cell copy = search->session.plan.cells.cell[from];
    cell_forget(&copy);
    int rc = search->kind->set(search, x, &copy, error);
    if (rc == 0)
        rc = session_add(&search->session, &copy, error);
    if (rc)
        return rc;
    const size_t count = search->session.plan.cells.count;
    struct search_trial *trials = realloc(search->trial, count * sizeof *trials);
    if (trials)
        search->trial = trials;
    struct search_cell *cells = realloc(search->cell, (search->cells + 1) * sizeof *cells);
    if (cells)
        search->cell = cells;
    if (!trials || !cells)
        return refuse(error, "out of memory");
    search->cell[search->cells++] = (struct search_cell){from, (uint32_t)count - 1, x};
    return (int64_t)count - 1;
}

static void round_take(struct round *round, int64_t number)
{
    for (size_t i = 0; i < round->count; i++)
        if (round->cell[i] == number)
            return;
    round->cell[round->count++] = (uint32_t)number;
}

/* What a search measures at x, into the round. */
static int round_add(struct search *search, const struct sought *sought, double x, struct round *round, char *error)
{
    const uint32_t from[] = {sought->subject, sought->base};
    for (size_t i = 0; i < sizeof from / sizeof *from && from[i] != SEARCH_NONE; i++) {
        int64_t number = cell_at(search, from[i], x, error);
        if (number < 0)
            return (int)number;
        round_take(round, number);
    }
    return 0;
}

static int block_run(struct search *search, const struct round *round, char *error)
{
    struct session *session = &search->session;
    uint32_t *order = calloc(2 * round->count, sizeof *order);
    struct trial_row *found = calloc(round->count, sizeof *found);
    double *p99 = calloc(round->count, sizeof *p99);
    int rc = order && found && p99 ? 0 : refuse(error, "out of memory");
    if (rc == 0) {
        uint32_t *cells = order + round->count;
        search->block++;
        order_draw(mix64(session->request.settings.seed, search->block), 1, (unsigned)round->count, order);
        for (size_t i = 0; i < round->count; i++)
            cells[i] = round->cell[order[i]];
        session->latency_p99_ns = p99;
        rc = session_block(session, search->block, cells, round->count, NULL, found, error);
        session->latency_p99_ns = NULL;
        for (size_t i = 0; i < round->count && !session->over_budget; i++)
            search->trial[cells[i]] = (struct search_trial){found[i], p99[i]};
    }
    free(order);
    free(found);
    free(p99);
    return rc;
}

/* g of one search at x in the block that ran last. */
static double block_g(struct search *search, struct sought *sought, double x)
{
    const uint32_t from[] = {sought->subject, sought->base};
    const struct search_trial *trial[] = {NULL, NULL};
    char error[ERROR_MAX], text[64];
    for (size_t i = 0; i < 2 && from[i] != SEARCH_NONE; i++) {
        trial[i] = &search->trial[cell_at(search, from[i], x, error)];
        sought->trials++;
        if (!trial_is_ok(&trial[i]->row))
            snprintf(sought->failure, sizeof sought->failure, "%s at %s: %.120s",
                     trial_status_word(trial[i]->row.status), search->kind->spell(search, x, text, sizeof text),
                     trial[i]->row.reason);
    }
    return search->kind->g(search, x, trial[0], trial[1]);
}

/* ---- budget, talk ---- */

/* Whether there is time for so many trials more, going by those that were, before the files are closed and drawn. */
static bool affordable(const struct search *search, size_t trials)
{
    const struct session *session = &search->session;
    double elapsed = (double)(clock_monotonic_ns() - session->start_ns);
    return !session->trials ||
           elapsed / (double)session->trials * (double)trials <= session_left_ns(session, search->budget_ns);
}

static double round_ns(const struct search *search, const struct round *round)
{
    double ns = 0;
    for (size_t i = 0; i < round->count; i++)
        ns += forecast_trial_ns(&search->session.plan.cells.cell[round->cell[i]]);
    return ns;
}

/* Whether there is time for a block of these cells: those that ran before take as long again. */
static bool block_affordable(const struct search *search, const struct round *round)
{
    const struct session *session = &search->session;
    return affordable(search, round->count) &&
           (!session->trials || round_ns(search, round) <= session_left_ns(session, search->budget_ns));
}

static void progress_say(const struct search *search, const char *phase, double left_ns)
{
    char line[512], lo[64], hi[64];
    const struct session *session = &search->session;
    left_ns = fmin(left_ns, session_left_ns(session, search->budget_ns)) + session->closing_ns;
    if (!isatty(STDERR_FILENO))
        return;
    size_t used = (size_t)snprintf(line, sizeof line, "%s, block %u  ETA %.0f s", phase, search->block + 1,
                                   fmax(left_ns, 0) / 1e9);
    for (size_t i = 0; i < search->count && used < sizeof line; i++) {
        const struct seek *seek = &search->sought[i].seek;
        used += (size_t)snprintf(line + used, sizeof line - used, "  %.40s %s .. %s",
                                 search_subject(search, &search->sought[i])->f.pool,
                                 search->kind->spell(search, seek->lo.x, lo, sizeof lo),
                                 search->kind->spell(search, seek->hi.x, hi, sizeof hi));
    }
    fprintf(stderr, "\r%.*s\033[K", (int)screen_columns(stderr) - 1, line);
}

static void progress_clear(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

/* ---- narrowing ---- */

/* How many searches have not ended; their cells in `round`. */
static int step_prepare(struct search *search, struct round *round, char *error)
{
    int on = 0, rc = 0;
    round->count = 0;
    for (size_t i = 0; i < search->count && rc == 0; i++) {
        double x = seek_next(&search->sought[i].seek);
        if (isnan(x))
            continue;
        rc = round_add(search, &search->sought[i], x, round, error);
        on++;
    }
    return rc ? rc : on;
}

static unsigned step_blocks(const struct search *search)
{
    for (size_t i = 0; i < search->count; i++)
        if (seek_scanning(&search->sought[i].seek))
            return SCAN_BLOCKS;
    return search->kind->step_blocks;
}

/* Blocks until the slowest search has its bracket, if each step halves it. */
static double blocks_to_bracket(const struct search *search)
{
    double most = 0;
    for (size_t i = 0; i < search->count; i++) {
        const struct seek *seek = &search->sought[i].seek;
        if (isnan(seek_next(seek)))
            continue;
        double halvings = log2(fmax(log(seek->hi.x / seek->lo.x) / log(seek->rules.width), 1));
        double scans = seek_scanning(seek) ? SEEK_SCAN - fmin((double)seek->scans, SEEK_SCAN - 1) : 0;
        most = fmax(most, ceil(halvings) * search->kind->step_blocks + scans * SCAN_BLOCKS);
    }
    return most;
}

/* The last round has as many points where a step has one. */
static double blocks_of_last(const struct search *search)
{
    return (search->kind->grids ? GRID_LEAST : 2) * (double)(search->blocks ? search->blocks : LAST_LEAST);
}

static void stop_all(struct search *search)
{
    search->over_budget = true;
    for (size_t i = 0; i < search->count; i++)
        seek_stop(&search->sought[i].seek);
}

static int step(struct search *search, const struct round *round, char *error)
{
    const unsigned blocks = step_blocks(search);
    double *g = calloc(search->count * blocks, sizeof *g);
    int rc = g ? 0 : refuse(error, "out of memory");
    for (size_t b = 0; b < blocks && rc == 0 && !search->session.interrupted; b++) {
        if (!block_affordable(search, round)) { /* the first step was begun without knowing how long it takes */
            free(g);
            stop_all(search);
            return 0;
        }
        double blocks_left = fmax(blocks_to_bracket(search), blocks) - (double)b + blocks_of_last(search);
        progress_say(search, "searching", blocks_left * round_ns(search, round));
        rc = block_run(search, round, error);
        if (search->session.over_budget) /* the block is not whole */
            break;
        for (size_t i = 0; i < search->count && rc == 0 && !search->session.interrupted; i++) {
            double x = seek_next(&search->sought[i].seek);
            if (!isnan(x))
                g[i * blocks + b] = block_g(search, &search->sought[i], x);
        }
    }
    if (search->session.over_budget)
        stop_all(search);
    for (size_t i = 0; i < search->count && rc == 0 && !search->session.interrupted; i++)
        if (!isnan(seek_next(&search->sought[i].seek)))
            seek_tell(&search->sought[i].seek, g + i * blocks, blocks);
    free(g);
    return rc;
}

static int narrow_all(struct search *search, struct round *round, char *error)
{
    for (;;) {
        int on = step_prepare(search, round, error);
        if (on <= 0 || search->session.interrupted)
            return on < 0 ? on : 0;
        size_t last = (size_t)blocks_of_last(search);
        if (!affordable(search, step_blocks(search) * round->count +
                                    last * (search->kind->grids ? search->count : round->count))) {
            stop_all(search);
            return 0;
        }
        int rc = step(search, round, error);
        if (rc)
            return rc;
    }
}

/* ---- the last round ---- */

static bool unsettled(const struct sought *sought)
{
    return sought->seek.state == SEEK_BRACKETED && !sought->settled;
}

/* Points a block and blocks: first enough blocks that some may be disturbed, then more points. The time decides, never
 * what was found. */
static void last_plan(const struct search *search, size_t *points, size_t *blocks)
{
    static const unsigned plans[][2] = {{5, 27}, {5, 18}, {4, 18}, {5, 12}, {4, 12}, {5, 8}};
    size_t unsettled_count = 0;

    *points = search->kind->grids ? GRID_LEAST : 2;
    *blocks = search->blocks ? search->blocks : LAST_LEAST;
    for (size_t i = 0; i < search->count; i++)
        unsettled_count += unsettled(&search->sought[i]);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0] && search->kind->grids; i++) {
        size_t n = search->blocks ? search->blocks : plans[i][1];
        if (!affordable(search, plans[i][0] * n * unsettled_count))
            continue;
        *points = plans[i][0];
        *blocks = n;
        break;
    }
}

static int last_prepare(struct search *search, struct round *round, char *error)
{
    size_t points, blocks;
    int rc = 0;
    round->count = 0;
    last_plan(search, &points, &blocks);
    for (size_t i = 0; i < search->count && rc == 0; i++) {
        struct sought *sought = &search->sought[i];
        if (!unsettled(sought))
            continue;
        sought->grid = (struct seek_grid){2, blocks, {sought->seek.lo.x, sought->seek.hi.x}, NULL};
        if (search->kind->grids)
            sought->grid.points = seek_grid(&sought->seek, points, sought->grid.x);
        for (size_t p = 0; p < sought->grid.points && rc == 0; p++)
            rc = round_add(search, sought, sought->grid.x[p], round, error);
    }
    return rc;
}

/* Blocks that were not run are none: the values of a point move together. */
static int settle(struct search *search, struct sought *sought, double *g, size_t done)
{
    struct seek_grid *grid = &sought->grid;
    for (size_t p = 1; p < grid->points; p++)
        memmove(g + p * done, g + p * grid->blocks, done * sizeof *g);
    grid->blocks = done;
    grid->g = g;
    int rc = search->kind->grids
                 ? seek_settle_grid(&sought->seek, grid, search_level(search), &sought->crossing)
                 : seek_settle(&sought->seek, g, g + done, done, search_level(search), &sought->crossing);
    grid->g = NULL;
    if (!search->kind->grids) { /* what was found at an end of the range that the search never came to */
        struct seek_point *const ends[] = {&sought->seek.lo, &sought->seek.hi};
        for (size_t end = 0; end < 2; end++)
            if (isnan(ends[end]->g))
                ends[end]->g = stats_median(g + end * done, stats_sort(g + end * done, done));
    }
    return rc;
}

static size_t last_blocks(const struct search *search)
{
    for (size_t i = 0; i < search->count; i++)
        if (unsettled(&search->sought[i]))
            return search->sought[i].grid.blocks;
    return 0;
}

static int last_round(struct search *search, const struct round *round, char *error)
{
    const size_t blocks = last_blocks(search);
    double *g = calloc(search->count * SEEK_GRID_MAX * blocks + 1, sizeof *g);
    unsigned done = 0;
    int rc = g ? 0 : refuse(error, "out of memory");
    while (done < blocks && rc == 0 && round->count) {
        if (!block_affordable(search, round)) {
            search->over_budget = true;
            break;
        }
        progress_say(search, "measuring", (double)(blocks - done) * round_ns(search, round));
        rc = block_run(search, round, error);
        search->over_budget = search->over_budget || search->session.over_budget;
        if (rc || search->session.interrupted || search->session.over_budget)
            break;
        for (size_t i = 0; i < search->count; i++) {
            struct sought *sought = &search->sought[i];
            if (!unsettled(sought))
                continue;
            for (size_t p = 0; p < sought->grid.points; p++)
                g[(i * SEEK_GRID_MAX + p) * blocks + done] = block_g(search, sought, sought->grid.x[p]);
        }
        done++;
    }
    for (size_t i = 0; i < search->count && rc == 0; i++)
        if (unsettled(&search->sought[i]) && settle(search, &search->sought[i], g + i * SEEK_GRID_MAX * blocks, done))
            rc = refuse(error, "out of memory");
    free(g);
    return rc;
}

/* The last round may put a crossing outside of the range: its ends are measured last of all, and where the budget ended
 * the search before that, the bracket was never known to hold anything. */
static void range_check(struct search *search)
{
    for (size_t i = 0; i < search->count; i++) {
        struct sought *sought = &search->sought[i];
        struct seek *seek = &sought->seek;
        const struct crossing *crossing = &sought->crossing;
        if (seek->state != SEEK_BRACKETED || !crossing->blocks || !isnan(crossing->x) || search->kind->grids)
            continue;
        if (crossing->beyond < 0 ? seek->lo.x <= seek->rules.from : seek->hi.x >= seek->rules.to)
            seek_reopen(seek, crossing->beyond);
    }
}

/* A bracket that the last round has contradicted is searched anew, once: a machine that changes faster has no answer.
 * Returns how many. */
static size_t reopen(struct search *search)
{
    size_t reopened = 0;
    if (search->kind->grids && !affordable(search, GRID_LEAST * LAST_LEAST))
        return 0; /* what was seen is said instead */
    for (size_t i = 0; i < search->count; i++) {
        struct sought *sought = &search->sought[i];
        if (unsettled(sought) && isnan(sought->crossing.x) && sought->crossing.blocks) {
            if (search->kind->grids)
                seek_widen(&sought->seek, &sought->grid, sought->crossing.beyond);
            else
                seek_reopen(&sought->seek, sought->crossing.beyond);
            sought->crossing = (struct crossing){.x = NAN};
            reopened++;
        } else {
            sought->settled = true;
        }
    }
    return reopened;
}

/* Room for the most that a round can have: a grid, of both cells, of every search. */
static struct round round_new(const struct search *search)
{
    return (struct round){.cell = calloc(2 * SEEK_GRID_MAX * search->count, sizeof(uint32_t))};
}

/* What the first step takes; its cells are taken off again. Once by what is known, and again after pilots. -errno. */
static double first_step_ns(struct search *search, struct round *round, char *error)
{
    struct plan *plan = &search->session.plan;
    const struct settings *settings = &search->session.request.settings;
    const size_t had = plan->cells.count;
    double ns = 0;
    int rc = 0;
    for (unsigned pass = 0; pass < 2 && rc >= 0; pass++) {
        rc = step_prepare(search, round, error);
        ns = step_blocks(search) * round_ns(search, round);
        if (pass == 0 && rc >= 0) {
            struct cells cells = {.cell = plan->cells.cell + had, .count = plan->cells.count - had};
            rc = pilots_run(search->session.calibrations, &cells, settings->seed, true,
                            PILOTS_SHARE * (double)search->budget_ns, error);
        }
        plan_drop(plan, had);
        search->cells = 0;
    }
    return rc < 0 ? rc : ns;
}

int search_fits(struct search *search, char *error)
{
    struct round round = round_new(search);
    char budget[32], least[32];
    double ns =
        search->budget_ns ? round.cell ? first_step_ns(search, &round, error) : refuse(error, "out of memory") : 0;
    free(round.cell);
    if (ns < 0)
        return (int)ns;
    double around_ns = -session_left_ns(&search->session, search->budget_ns) + (double)search->budget_ns;
    if (!search->budget_ns || ns + around_ns <= BUDGET_SLACK * (double)search->budget_ns)
        return 0;
    return refuse(error,
                  "--budget: %s is too short for a first step of %u blocks of %zu trial%s and what is around it, "
                  "expected %s or more",
                  spell_duration(budget, sizeof budget, search->budget_ns), step_blocks(search), round.count,
                  round.count == 1 ? "" : "s",
                  spell_duration(least, sizeof least, (int64_t)ceil((ns + around_ns) / 1e9) * 1000000000));
}

int search_run(struct search *search, char *error)
{
    struct round round = round_new(search);
    int rc = round.cell ? 0 : refuse(error, "out of memory");
    for (int attempt = 1; attempt <= ATTEMPTS && rc == 0; attempt++) {
        rc = narrow_all(search, &round, error);
        if (rc == 0 && !search->session.interrupted)
            rc = last_prepare(search, &round, error);
        if (rc == 0 && !search->session.interrupted)
            rc = last_round(search, &round, error);
        if (rc || search->session.interrupted || search->over_budget || attempt == ATTEMPTS || !reopen(search))
            break;
    }
    if (rc == 0)
        range_check(search);
    progress_clear();
    free(round.cell);
    return rc;
}
