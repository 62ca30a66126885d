/* The verb metg: the smallest granularity at which a pool keeps a share of the highest throughput. */
#include "bench/analyse/metg.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include "bench/show/lines.h"
#include "bench/verbs/search/search.h"
#include "bench/verbs/verbs.h"
#include <math.h>
#include <stdlib.h>

#define PPM         1e6
#define STEP_BLOCKS 3

enum { METG_EFFICIENCY = SEARCH_OWN };
static const struct argument metg_arguments[] = {
    [SEARCH_POOL] = {"pool", "POOL[:key=value...]", "fork,prefork,pthread",
                     "Whose granularity, as for run; static with tasks of 1 ms runs beside them.", false},
    [SEARCH_RANGE] = {"range", "A..B", "100ns..10ms", "Task sizes between which to search.", false},
    [SEARCH_BLOCKS] = {"blocks", "N", "12", search_blocks_help, false},
    [SEARCH_BUDGET] = {"budget", "DURATION|none", "60s", search_budget_help, false},
    [METG_EFFICIENCY] =
        {"efficiency", "SHARE", "50%",
         "Share of the highest throughput, that of pool static in the same block with tasks of 1 ms (1% .. 99%).",
         false},
    {.name = NULL},
};
static const char *const metg_all_but[] = {"size", "arrival", "queue-limit", SEARCH_ALL_BUT};

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

/* Not its logarithm: around 50 % efficiency itself is nearly straight on a logarithmic scale of sizes. */
static double metg_g(const struct searches *searches, double x, const struct trial_row *subject,
                     const struct trial_row *base)
{
    (void)x;
    return metg_throughput(subject) / metg_throughput(base) / searches->limit - 1;
}

/* The median granularity of the subject at x; NAN: it was not there. */
static double granularity_at(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                             double x)
{
    const struct summary_row *row = search_row(searches, one, x, run);
    double *values = row ? calloc(run->trial_count + 1, sizeof *values) : NULL, median;
    size_t count = 0;
    for (size_t t = values ? run->first[row - run->rows] : RUN_NOTHING; t != RUN_NOTHING; t = run->next[t])
        values[count++] = metg_granularity_ns(&run->trials[t], host_cpus(run->host));
    count = values ? stats_sort(values, count) : 0;
    median = stats_median(values, count);
    free(values);
    return median;
}

/* Both ends of the bracket were measured; between and beside them it goes along the line through them. */
static double metg_at(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                      double x)
{
    const double from = one->search.lo.x, to = one->search.hi.x;
    const double lo = granularity_at(searches, one, run, from), hi = granularity_at(searches, one, run, to);
    return lo * pow(hi / lo, log(x / from) / log(to / from));
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
        const struct crossing *crossing = &one->crossing;
        row->metg_ns = search_whole(metg_at(searches, one, run, crossing->x));
        row->lo_ns = search_whole(metg_at(searches, one, run, crossing->interval.lo));
        row->hi_ns = search_whole(metg_at(searches, one, run, crossing->interval.hi));
        row->size_ns = search_whole(crossing->x);
        row->size_lo_ns = search_whole(crossing->interval.lo);
        row->size_hi_ns = search_whole(crossing->interval.hi);
    }
}

static void metg_print(const struct searches *searches, const struct run_data *run, FILE *out)
{
    const struct cell *cell = &searches->session.plan.cells.cell[0];
    wrapped_print(
        out, 0, 0,
        "METG(%.3g%%): wall time x CPUs / tasks where %.3g %% of the highest throughput is left; %s, %u workers",
        100 * searches->limit, 100 * searches->limit, cell->f.workload, search_workers(searches));
    search_lines(searches, run, out);
    wrapped_print(out, 0, 0,
                  "The highest throughput is that of pool static with tasks of 1 ms, in the same blocks. size: the "
                  "label of a task there.");
    fputs("Intervals hold together at 95 %.\n", out);
}

static int metg_main(const struct arguments *given)
{
    static const struct search_kind kind = {.verb = "metg",
                                            .fixed = fixed,
                                            .step_blocks = STEP_BLOCKS,
                                            .base_x = METG_REFERENCE_NS,
                                            .prepare = metg_prepare,
                                            .set = metg_set,
                                            .g = metg_g,
                                            .spell = metg_spell,
                                            .answer_at = metg_at,
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
    .summary = "find the smallest granularity that keeps a pool efficient",
    .function = metg_main,
    .help =
        "Finds, for every pool, the granularity (wall time x CPUs in use / tasks) at which it does half of the work "
        "by time that is done at best: the minimum effective task granularity, METG(50%), of Task Bench. The best "
        "is pool static with tasks of 1 ms, which runs beside it in every block. Task sizes are halved on a log "
        "scale; then both ends of what is left run in the same blocks, and give the interval. The label of the task "
        "size stands beside. Leaves the files that run leaves, and metg.csv.",
    .arguments = metg_arguments,
    .all_but = metg_all_but};
