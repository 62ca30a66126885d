/* The verb capacity: the highest rate of arrivals that a pool sustains within a limit on latency. */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/csv.h"
#include "bench/model/factors.h"
#include "bench/verbs/search/search.h"
#include "bench/verbs/verbs.h"
#include <math.h>

#define STEP_BLOCKS 2    /* of trials that take long */
#define WIDTH       1.12 /* latency bends more steeply than efficiency does */
#define TASKS_LEAST 1000 /* p99 of fewer is none */
#define TRIAL_S     0.25
#define RANGE_LO    0.2 /* of the rate that workers could do at best */
#define RANGE_HI    1.1
#define SECOND_NS   1e9

enum { CAPACITY_P99 = SEARCH_OWN };
static const struct argument capacity_arguments[] = {
    [SEARCH_POOL] = {"pool", "POOL[:key=value...]", "prefork,pthread", "Whose capacity, as for run.", false},
    [SEARCH_RANGE] = {"range", "A..B", "",
                      "Tasks a second between which to search: 100..5k. Default: 20 % to 110 % of what the workers "
                      "could do at best.",
                      false},
    [SEARCH_BLOCKS] = {"blocks", "auto|N", "auto",
                       "Blocks of the last round, which the interval is of; each measures four or five rates around "
                       "what the search has left. auto: 8, 12, 18 or 27, as the budget has time for.",
                       false},
    [SEARCH_BUDGET] = {"budget", "DURATION|none", "60s", search_budget_help, false},
    [CAPACITY_P99] = {"p99", "DURATION", "20ms",
                      "What 99 % of the tasks must not exceed, from due to the result in hand.", false},
    {.name = NULL},
};
static const char *const capacity_all_but[] = {"arrival", SEARCH_ALL_BUT};

static const char *const fixed[] = {"arrival", "rate:1:poisson", "samples", "none", NULL};

/* What the workers could do at best. */
static double rate_ideal(const struct cell *cell)
{
    double parallel = cell->f.workers;
    if (cell->workload->class != TASK_SLEEP && !cell->workload->classify)
        parallel = fmin(parallel, cell->placement.cpus ? cell->placement.cpus : 1);
    return parallel * SECOND_NS / (double)cell->f.size_ns;
}

static int capacity_prepare(struct searches *searches, const struct arguments *given, char *error)
{
    const struct cell *cell = &searches->session.plan.cells.cell[0];
    struct search_rules rules = {.width = WIDTH, .direction = SEARCH_FALLS};
    int64_t limit;
    if (parse_duration(given->value[CAPACITY_P99], &limit) || limit <= 0)
        return refuse(error, "--p99: '%.64s' is not a duration such as 20ms", given->value[CAPACITY_P99]);
    searches->limit = (double)limit;
    if (given->value[SEARCH_RANGE][0]) {
        int rc = search_range(given->value[SEARCH_RANGE], parse_count, "100..5k", &rules, error);
        if (rc)
            return rc;
    } else if (cell->workload->traits & WORKLOAD_SIZED) {
        rules.from = rint(RANGE_LO * rate_ideal(cell) * 10) / 10;
        rules.to = rint(RANGE_HI * rate_ideal(cell) * 10) / 10;
    }
    if (*given->value[SEARCH_RANGE] && (rules.from < RATE_LEAST || rules.to > RATE_MOST))
        return refuse(error, "--range: expected rates of 0.001 .. 1G tasks a second, found '%.64s'",
                      given->value[SEARCH_RANGE]);
    rules.to = fmin(rules.to, RATE_MOST);
    if (!(rules.from > 0))
        return refuse(error, "--range: expected one such as 100..5k, as nothing is known of how long a task takes");
    searches->tasks = (int64_t)llround(fmax(TASKS_LEAST, ceil(TRIAL_S * sqrt(rules.from * rules.to))));
    return search_cells(searches, NULL, &rules, error);
}

/* As many digits as files and screens show. */
static double rate_round(double rate)
{
    char text[32];
    snprintf(text, sizeof text, "%.10g", rate);
    return fmin(fmax(strtod(text, NULL), RATE_LEAST), RATE_MOST);
}

static int capacity_set(const struct searches *searches, double x, struct cell *cell, char *error)
{
    (void)error;
    cell->f.tasks = searches->tasks; /* the same arrivals at every rate, stretched: p99 of more would be another one */
    cell->f.arrival = (struct arrival){.kind = ARRIVAL_RATE, .rate = rate_round(x), .process = PROCESS_POISSON};
    return 0;
}

/* How much of the time the trial took had arrivals: near 1 while the pool keeps up, whatever the draws came to. The
 * last tasks may take as long as any, so that short trials lose nothing by their end. */
static double achieved(const struct searches *searches, const struct trial_row *row)
{
    const double span_ns = (double)row->drawn_ns;
    return span_ns / fmax(span_ns, (double)row->wall_ns - searches->limit);
}

/* By how much the rate is below what is sustained: the reciprocal of latency, which is nearly straight over rates where
 * queues build up. A trial that did not end in time is as far beyond as can be. */
static double capacity_g(const struct searches *searches, double x, const struct search_trial *subject,
                         const struct search_trial *base)
{
    (void)base;
    (void)x;
    if (subject->row.status == TRIAL_TIMEOUT)
        return -1;
    if (!trial_is_ok(&subject->row))
        return NAN;
    return fmin(searches->limit / subject->latency_p99_ns, achieved(searches, &subject->row) / ACHIEVED_LEAST) - 1;
}

static char *capacity_spell(const struct searches *searches, double x, char *text, size_t size)
{
    (void)searches;
    snprintf(text, size, "%.*f/s", x >= 99.95 ? 0 : 1, x);
    return text;
}

static void capacity_there(const struct searches *searches, const struct cell_search *one,
                           const struct search_point *at, const struct run_data *run, char *text, size_t size)
{
    const struct summary_row *row = search_row(searches, one, at->x, run);
    char p99[32];
    if (!row || row->latency_p99_ns == MISSING)
        snprintf(text, size, "no trial ended in time there");
    else
        snprintf(text, size, "p99 is %s there, %.0f %% of the rate is served",
                 format_duration(p99, sizeof p99, (double)row->latency_p99_ns), 100 * fmin(row->achieved_share, 1));
}

static void capacity_answer(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                            void *answer)
{
    const struct cell *cell = search_subject(searches, one);
    struct capacity_row *row = answer;
    row->schema_version = SCHEMA_VERSION;
    search_name(searches, row->run_id);
    snprintf(row->pool, sizeof row->pool, "%s", cell->f.pool);
    snprintf(row->workload, sizeof row->workload, "%s", cell->f.workload);
    row->workers = cell->f.workers;
    row->size_ns = cell->f.size_ns;
    row->p99_limit_ns = search_whole(searches->limit);
    row->blocks = (int64_t)one->crossing.blocks;
    row->trials = (int64_t)one->trials;
    if (search_found(searches, one, run, row->reason)) {
        row->rate_per_s = one->crossing.x;
        row->lo_per_s = one->crossing.interval.lo;
        row->hi_per_s = one->crossing.interval.hi;
    }
}

static void capacity_print(const struct searches *searches, const struct run_data *run, FILE *out)
{
    const struct cell *cell = &searches->session.plan.cells.cell[0];
    char limit[32], size[32];
    fprintf(out, "Capacity: highest rate of random arrivals with p99 within %s; %s, %s, %u workers\n",
            format_duration(limit, sizeof limit, searches->limit), cell->f.workload,
            format_duration(size, sizeof size, (double)cell->f.size_ns), search_workers(searches));
    search_lines(searches, run, out);
    fprintf(out, "Intervals hold together at 95 %%; each block draws its arrivals anew.\n");
}

static int capacity_main(const struct arguments *given)
{
    static const struct search_kind kind = {.verb = "capacity",
                                            .fixed = fixed,
                                            .step_blocks = STEP_BLOCKS,
                                            .grids = true,
                                            .prepare = capacity_prepare,
                                            .set = capacity_set,
                                            .g = capacity_g,
                                            .spell = capacity_spell,
                                            .there = capacity_there,
                                            .format = &capacity_format,
                                            .answer = capacity_answer,
                                            .print = capacity_print};
    return search_verb(&kind, given);
}

const struct verb verb_capacity = {
    .name = "capacity",
    .chapter = "search",
    .operands = "",
    .summary = "find the highest rate of arrivals a pool sustains",
    .function = capacity_main,
    .help = "Finds, for every pool, the highest rate of arrivals at random times at which the 99th percentile of "
            "latency, counted from when a task is due, stays within a limit and at least 98 % of the rate is served. "
            "Leaves the files that run leaves, and capacity.csv.",
    .arguments = capacity_arguments,
    .all_but = capacity_all_but};
