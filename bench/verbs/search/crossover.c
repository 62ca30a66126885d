/* The verb crossover: where the faster of two pools changes as one factor grows. */
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/model/csv.h"
#include "bench/model/factors.h"
#include "bench/verbs/search/search.h"
#include "bench/verbs/verbs.h"
#include <math.h>

#define PPM         1e6
#define STEP_BLOCKS 3
#define SHARE       "cpu_share"

enum { CROSSOVER_OVER = SEARCH_OWN };
static const struct argument crossover_arguments[] = {
    [SEARCH_POOL] = {"pool", "POOL[:key=value...]", "fork,prefork", "Two pools, as for run.", false},
    [SEARCH_RANGE] = {"range", "A..B", "",
                      "Between which to search. Default: 1us..10ms for size, 64B..4MiB for payload (in and out), "
                      "64KiB..256MiB for ballast, 1..16 for workers, 1%..100% for cpu_share.",
                      false},
    [SEARCH_BLOCKS] = {"blocks", "N", "12", search_blocks_help, false},
    [SEARCH_BUDGET] = {"budget", "DURATION|none", "60s", search_budget_help, false},
    [CROSSOVER_OVER] = {"over", "size|payload|ballast|workers|cpu_share", "size",
                        "What grows; cpu_share is the option of workload mixed.", true},
    {.name = NULL},
};
static const char *const crossover_all_but[] = {SEARCH_ALL_BUT};

static const char *const fixed[] = {"timing", "trial", "samples", "none", NULL};

/* ---- the factors ---- */

static int size_set(double x, struct cell *cell, char *error)
{
    (void)error;
    cell->f.size_ns = llround(x);
    return 0;
}

static int payload_set(double x, struct cell *cell, char *error)
{
    (void)error;
    cell->f.payload.in = cell->f.payload.out = llround(x);
    return 0;
}

/* With the options that were asked for. */
static int ballast_set(double x, struct cell *cell, char *error)
{
    (void)error;
    cell->f.ballast.bytes = llround(x);
    return 0;
}

static int staff_again(struct cell *cell, int64_t workers, char *error)
{
    cell->f.workers = workers;
    return cell_staff(cell) ? 0
                            : refuse(error, "%.100s with %lld workers: too few for tasks of %.60s", cell->f.pool,
                                     (long long)workers, cell->f.workload);
}

static int workers_set(double x, struct cell *cell, char *error)
{
    return staff_again(cell, llround(x), error);
}

static int share_at(const struct workload_ops *workload)
{
    for (int i = 0; workload->params && workload->params[i].name; i++)
        if (!strcmp(workload->params[i].name, SHARE))
            return i;
    return -1;
}

static int share_set(double x, struct cell *cell, char *error)
{
    struct spec spec = {.name = cell->workload->name, .params = cell->workload->params};
    cell->workload_params[share_at(cell->workload)] = llround(x);
    memcpy(spec.values, cell->workload_params, sizeof spec.values);
    spec_spell(&spec, cell->f.workload);
    return staff_again(cell, cell->f.workers, error);
}

static char *count_spell(char *text, size_t size, double x)
{
    snprintf(text, size, "%.0f", x);
    return text;
}

static char *share_spell(char *text, size_t size, double x)
{
    snprintf(text, size, "%.3g%%", 100 * x / PPM);
    return text;
}

static const struct over {
    const char *range, *things;
    int (*parse)(const char *text, int64_t *value);
    int (*set)(double x, struct cell *cell, char *error);
    char *(*spell)(char *text, size_t size, double x);
    double unit; /* of x in the CSV file */
    bool whole;
} overs[] = {
    {"1us..10ms", "sizes", parse_duration, size_set, format_duration, 1, false},
    {"64B..4MiB", "payloads", parse_bytes, payload_set, format_bytes, 1, false},
    {"64KiB..256MiB", "ballasts", parse_bytes, ballast_set, format_bytes, 1, false},
    {"1..16", "numbers of workers", parse_count, workers_set, count_spell, 1, true},
    {"1%..100%", "shares", parse_share, share_set, share_spell, PPM, false},
};
enum { OVER_SIZE, OVER_PAYLOAD, OVER_BALLAST, OVER_WORKERS, OVER_SHARE };

/* ---- the search ---- */

/* Its place in the words of --over, which were checked. */
static unsigned over_find(const char *name)
{
    unsigned over = 0;
    for (const char *at = crossover_arguments[CROSSOVER_OVER].syntax; *at; at += strcspn(at, "|") + 1, over++)
        if (!strncmp(at, name, strlen(name)) && strcspn(at, "|") == strlen(name))
            break;
    return over;
}

static int crossover_prepare(struct searches *searches, const struct arguments *given, char *error)
{
    const struct cells *cells = &searches->session.plan.cells;
    const struct cell *cell = &cells->cell[0];
    const char *name = given->value[CROSSOVER_OVER], *range = given->value[SEARCH_RANGE];
    searches->over = over_find(name);
    struct search_rules rules = {.width = SEARCH_WIDTH, .whole = overs[searches->over].whole};
    if (cells->count != 2)
        return refuse(error, "--pool: expected two pools, found %zu", cells->count);
    if (searches->over == OVER_SHARE && share_at(cell->workload) < 0)
        return refuse(error, "--over: tasks of %s have no cpu_share, expected --workload mixed", cell->f.workload);
    if (searches->over == OVER_SIZE && !(cell->workload->traits & WORKLOAD_SIZED))
        return refuse(error, "--over: tasks of %s have no size to search over", cell->f.workload);
    if (searches->over != OVER_BALLAST && asked_last(&given->asked, name))
        return refuse(error, "--%s: is what is searched; --range says between which", name);
    int rc = search_range(range[0] ? range : overs[searches->over].range, overs[searches->over].parse,
                          overs[searches->over].range, &rules, error);
    if (rc == 0 && searches->over == OVER_SHARE && rules.to > PPM)
        return refuse(error, "--range: '%.64s' is out of range, expected shares up to 100%%", range);
    if (rc == 0)
        rc = search_cells(searches, NULL, &rules, error);
    if (rc == 0) {
        searches->count = 1; /* the first one, beside the second */
        searches->each[0].base = 1;
    }
    return rc;
}

static int crossover_set(const struct searches *searches, double x, struct cell *cell, char *error)
{
    return overs[searches->over].set(x, cell, error);
}

static double log_ns_per_task(const struct trial_row *trial)
{
    return !trial_is_ok(trial) ? NAN : log((double)trial->wall_ns / (double)trial->f.tasks);
}

/* Above 0: the second pool is faster. */
static double crossover_g(const struct searches *searches, double x, const struct trial_row *subject,
                          const struct trial_row *base)
{
    (void)searches;
    (void)x;
    return log_ns_per_task(subject) - log_ns_per_task(base);
}

static char *crossover_spell(const struct searches *searches, double x, char *text, size_t size)
{
    return overs[searches->over].spell(text, size, x);
}

/* ---- what was found ---- */

static const char *pool_name(const struct searches *searches, int side)
{
    const struct cells *cells = &searches->session.plan.cells;
    return cells->cell[side > 0 ? searches->each[0].base : searches->each[0].subject].f.pool;
}

#define TIMES_MAX 32

/* "1.20x", "31.5x", "1830x". */
static char *times(char *text, double factor)
{
    snprintf(text, TIMES_MAX, "%.*fx", factor < 9.995 ? 2 : factor < 99.95 ? 1 : 0, factor);
    return text;
}

/* No change: how much faster, at the points that were measured. */
static void none_say(const struct searches *searches, char *text)
{
    const struct search *search = &searches->each[0].search;
    double least = INFINITY, most = 0;
    int side = 0, untold = 0;
    char from[32], to[32], first[TIMES_MAX], last[TIMES_MAX], line[512];
    for (size_t i = 0; i < search->points; i++) {
        double g = fabs(search->point[i].g);
        side = search->point[i].side ? search->point[i].side : side;
        untold += search->point[i].side == 0;
        if (search->point[i].side || search->state == SEARCH_UNTOLD) {
            least = fmin(least, g);
            most = fmax(most, g);
        }
    }
    crossover_spell(searches, search->rules.from, from, sizeof from);
    crossover_spell(searches, search->rules.to, to, sizeof to);
    if (search->state == SEARCH_ONE_SIDE && untold)
        snprintf(line, sizeof line,
                 "none between %s and %s: %s is faster (%s .. %s), not to be told at %d of %zu points", from, to,
                 pool_name(searches, side), times(first, exp(least)), times(last, exp(most)), untold, search->points);
    else if (search->state == SEARCH_ONE_SIDE)
        snprintf(line, sizeof line, "none between %s and %s: %s is faster throughout (%s .. %s)", from, to,
                 pool_name(searches, side), times(first, exp(least)), times(last, exp(most)));
    else
        snprintf(line, sizeof line, "none to be seen between %s and %s: no difference is told (up to %s)", from, to,
                 times(last, exp(most)));
    snprintf(text, SEARCH_ANSWER_MAX, "%.*s", SEARCH_ANSWER_MAX - 1, line);
}

static bool crossover_found(const struct searches *searches, const struct run_data *run, char *reason)
{
    const struct cell_search *one = &searches->each[0];
    bool complete = one->search.scans && one->search.points >= one->search.scans;
    if (complete && (one->search.state == SEARCH_ONE_SIDE || one->search.state == SEARCH_UNTOLD)) {
        none_say(searches, reason);
        return false;
    }
    return search_found(searches, one, run, reason);
}

/* Of whole numbers, the first one beyond the crossing. */
static struct crossing crossing_spoken(const struct searches *searches)
{
    struct crossing crossing = searches->each[0].crossing;
    if (overs[searches->over].whole) {
        crossing.x = ceil(crossing.x);
        crossing.interval = (struct interval){ceil(crossing.interval.lo), ceil(crossing.interval.hi)};
    }
    return crossing;
}

static void crossover_answer(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                             void *answer)
{
    struct crossover_row *row = answer;
    const struct cell *cell = search_subject(searches, one);
    const double unit = overs[searches->over].unit;
    row->schema_version = SCHEMA_VERSION;
    search_name(searches, row->run_id);
    snprintf(row->pool, sizeof row->pool, "%s", pool_name(searches, -1));
    snprintf(row->other_pool, sizeof row->other_pool, "%s", pool_name(searches, 1));
    snprintf(row->workload, sizeof row->workload, "%s", cell->f.workload);
    if (searches->over != OVER_WORKERS)
        row->workers = search_workers(searches);
    if (searches->over != OVER_SIZE)
        row->size_ns = cell->f.size_ns;
    const char *at = crossover_arguments[CROSSOVER_OVER].syntax;
    for (unsigned i = 0; i < searches->over; i++)
        at += strcspn(at, "|") + 1;
    snprintf(row->over, sizeof row->over, "%.*s", (int)strcspn(at, "|"), at);
    row->blocks = (int64_t)one->crossing.blocks;
    row->trials = (int64_t)one->trials;
    if (crossover_found(searches, run, row->reason)) {
        const struct crossing crossing = crossing_spoken(searches);
        row->crossover = crossing.x / unit;
        row->lo = crossing.interval.lo / unit;
        row->hi = crossing.interval.hi / unit;
    }
}

static void crossover_print(const struct searches *searches, const struct run_data *run, FILE *out)
{
    const struct cell_search *one = &searches->each[0];
    const struct search *search = &one->search;
    const struct cell_search spoken = {.search = *search, .crossing = crossing_spoken(searches)};
    char reason[SEARCH_ANSWER_MAX], lo[64], hi[64], factor[TIMES_MAX];
    fprintf(out, "Crossover of %s and %s over %s\n  ", pool_name(searches, -1), pool_name(searches, 1),
            overs[searches->over].things);
    if (!crossover_found(searches, run, reason)) {
        fprintf(out, "%s\n", reason);
    } else {
        const int low = search->direction == SEARCH_RISES ? -1 : 1;
        search_line(searches, &spoken, run, out);
        fprintf(out, "  %s is faster below, %s %s; measured at %s and %s. The interval holds at 95 %%.\n",
                pool_name(searches, low), pool_name(searches, -low),
                overs[searches->over].whole ? "from there on" : "above",
                crossover_spell(searches, search->lo.x, lo, sizeof lo),
                crossover_spell(searches, search->hi.x, hi, sizeof hi));
    }
    if (!search->points)
        return;
    fprintf(out, "\n%12s  %s is slower than %s by\n", "at", pool_name(searches, -1), pool_name(searches, 1));
    for (size_t i = 0; i < search->points; i++)
        fprintf(out, "%12s  %s%s\n", crossover_spell(searches, search->point[i].x, lo, sizeof lo),
                times(factor, exp(search->point[i].g)), search->point[i].side ? "" : "  (not to be told)");
}

static int crossover_main(const struct arguments *given)
{
    static const struct search_kind kind = {.verb = "crossover",
                                            .fixed = fixed,
                                            .step_blocks = STEP_BLOCKS,
                                            .prepare = crossover_prepare,
                                            .set = crossover_set,
                                            .g = crossover_g,
                                            .spell = crossover_spell,
                                            .format = &crossover_format,
                                            .answer = crossover_answer,
                                            .print = crossover_print};
    return search_verb(&kind, given);
}

const struct verb verb_crossover = {
    .name = "crossover",
    .chapter = "search",
    .operands = "",
    .summary = "find where the faster of two pools changes",
    .function = crossover_main,
    .help = "Finds where the faster of two pools changes as one factor grows, all else equal, or says that it does "
            "not. Leaves the files that run leaves, and crossover.csv.",
    .arguments = crossover_arguments,
    .all_but = crossover_all_but};
