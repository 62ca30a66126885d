/* The verb metg: the smallest task size at which a pool keeps a share of the efficiency of pool static. */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/csv.h"
#include "bench/verbs/search/search.h"
#include "bench/verbs/verbs.h"
#include <math.h>

#define PPM         1e6
#define STEP_BLOCKS 3

enum { METG_EFFICIENCY = SEARCH_OWN };
static const struct argument metg_arguments[] = {
    [SEARCH_POOL] = {"pool", "POOL[:key=value...]", "fork,prefork,pthread",
                     "Whose granularity, as for run; static runs beside them.", false},
    [SEARCH_RANGE] = {"range", "A..B", "100ns..10ms", "Task sizes between which to search.", false},
    [SEARCH_BLOCKS] = {"blocks", "N", "12", search_blocks_help, false},
    [SEARCH_BUDGET] = {"budget", "DURATION|none", "60s", search_budget_help, false},
    [METG_EFFICIENCY] = {"efficiency", "SHARE", "50%",
                         "Time per task of pool static in the same block over that of the pool (1% .. 99%).", false},
    {.name = NULL},
};
static const char *const metg_all_but[] = {"size", "arrival", SEARCH_ALL_BUT};

static const char *const fixed[] = {"pool", "static", "timing", "trial", "samples", "none", NULL};

static int metg_prepare(struct searches *searches, const struct arguments *given, char *error)
{
    const struct cell *cell = &searches->session.plan.cells.cell[0];
    struct search_rules rules = {.width = SEARCH_WIDTH, .direction = SEARCH_RISES};
    int64_t share;
    if (parse_share(given->value[METG_EFFICIENCY], &share) || share < 10000 || share > 990000)
        return refuse(error, "--efficiency: '%.64s' is not a share from 1%% to 99%%", given->value[METG_EFFICIENCY]);
    searches->limit = (double)share / PPM;
    if (!(cell->workload->traits & WORKLOAD_SIZED))
        return refuse(error, "--workload: tasks of %s have no size to search over", cell->f.workload);
    int rc = search_range(given->value[SEARCH_RANGE], parse_duration, "100ns..1ms", &rules, error);
    return rc ? rc : search_cells(searches, "static", &rules, error);
}

static int metg_set(const struct searches *searches, double x, struct cell *cell, char *error)
{
    (void)searches;
    (void)error;
    cell->f.size_ns = llround(x);
    return 0;
}

static double ns_per_task(const struct search_trial *trial)
{
    return !trial_is_ok(&trial->row) ? NAN : (double)trial->row.wall_ns / (double)trial->row.f.tasks;
}

/* Not its logarithm: around 50 % efficiency itself is nearly straight on a logarithmic scale of sizes. */
static double metg_g(const struct searches *searches, double x, const struct search_trial *subject,
                     const struct search_trial *base)
{
    (void)x;
    return ns_per_task(base) / ns_per_task(subject) / searches->limit - 1;
}

static char *metg_spell(const struct searches *searches, double x, char *text, size_t size)
{
    (void)searches;
    return format_duration(text, size, x);
}

static void metg_there(const struct searches *searches, const struct cell_search *one, const struct search_point *at,
                       const struct run_data *run, char *text, size_t size)
{
    (void)one;
    (void)run;
    snprintf(text, size, "efficiency is %.0f %% there", 100 * searches->limit * (at->g + 1));
}

static void metg_answer(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                        void *answer)
{
    const struct cell *cell = search_subject(searches, one);
    struct metg_row *row = answer;
    row->schema_version = SCHEMA_VERSION;
    search_name(searches, row->run_id);
    snprintf(row->pool, sizeof row->pool, "%s", cell->f.pool);
    snprintf(row->workload, sizeof row->workload, "%s", cell->f.workload);
    row->workers = cell->f.workers;
    row->efficiency = searches->limit;
    row->blocks = (int64_t)one->crossing.blocks;
    row->trials = (int64_t)one->trials;
    if (search_found(searches, one, run, row->reason)) {
        row->metg_ns = search_whole(one->crossing.x);
        row->lo_ns = search_whole(one->crossing.interval.lo);
        row->hi_ns = search_whole(one->crossing.interval.hi);
    }
}

static void metg_print(const struct searches *searches, const struct run_data *run, FILE *out)
{
    const struct cell *cell = &searches->session.plan.cells.cell[0];
    fprintf(out, "METG(%.3g%%): task size at which a pool takes %.3g times the time of pool static; %s, %u workers\n",
            100 * searches->limit, 1 / searches->limit, cell->f.workload, search_workers(searches));
    search_lines(searches, run, out);
    fprintf(out, "Intervals hold together at 95 %%.\n");
}

static int metg_main(const struct arguments *given)
{
    static const struct search_kind kind = {.verb = "metg",
                                            .fixed = fixed,
                                            .step_blocks = STEP_BLOCKS,
                                            .prepare = metg_prepare,
                                            .set = metg_set,
                                            .g = metg_g,
                                            .spell = metg_spell,
                                            .there = metg_there,
                                            .format = &metg_format,
                                            .answer = metg_answer,
                                            .print = metg_print};
    return search_verb(&kind, given);
}

const struct verb verb_metg = {
    .name = "metg",
    .chapter = "search",
    .operands = "",
    .summary = "find the smallest task size that keeps a pool efficient",
    .function = metg_main,
    .help = "Finds, for every pool, the task size at which it is half as efficient as pool static, which runs beside "
            "it in every block: the minimum effective task granularity, METG(50%). Sizes are halved on a log scale; "
            "then both ends of what is left run in the same blocks, and give the interval. Leaves the files that run "
            "leaves, and metg.csv.",
    .arguments = metg_arguments,
    .all_but = metg_all_but};
