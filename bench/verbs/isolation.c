/* The verb isolation: what a process for every worker costs over a thread, where a run has both with all else equal. */
#include "bench/analyse/summary.h"
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/base/wrap.h"
#include "bench/model/csv_file.h"
#include "bench/model/host.h"
#include "bench/model/metrics.h"
#include "bench/model/summary_factors.h"
#include "bench/verbs/verbs.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#define PROCESSES "prefork"
#define THREADS   "pthread"

enum { ISOLATION_FORMAT };
static const struct argument isolation_arguments[] = {
    [ISOLATION_FORMAT] = {"format", "text|csv", "text", "csv: a line for every ratio, full digits.", true},
    {.name = NULL},
};

static const char *const names[] = {"wall", "open", "pss", "page_faults"}; /* of metrics */
#define METRICS (sizeof names / sizeof names[0])

struct pair {
    size_t row;                /* of the table */
    size_t processes, threads; /* cells */
};

struct isolation {
    struct table table;
    struct family family;
    struct pair *pairs;
    size_t count;
    double *room; /* 2 x blocks */
};

/* The same options, whatever the pool. */
static bool options_equal(const struct summary_row *a, const struct summary_row *b)
{
    return !strcmp(a->f.pool + strcspn(a->f.pool, ":"), b->f.pool + strcspn(b->f.pool, ":"));
}

static void pairs_find(struct isolation *isolation)
{
    const struct table *t = &isolation->table;
    const struct summary_row *rows = t->run->rows;

    for (size_t r = 0; r < t->rows; r++)
        for (size_t i = 0; i < t->pools; i++)
            for (size_t j = 0; j < t->pools; j++) {
                size_t a = table_entry(t, r, i)->cell, b = table_entry(t, r, j)->cell;
                if (a != NO_CELL && b != NO_CELL && row_has_pool(&rows[a], PROCESSES) &&
                    row_has_pool(&rows[b], THREADS) && options_equal(&rows[a], &rows[b]))
                    isolation->pairs[isolation->count++] = (struct pair){r, a, b};
            }
}

static void isolation_release(struct isolation *isolation)
{
    free(isolation->pairs);
    free(isolation->room);
    table_release(&isolation->table);
}

static int isolation_init(struct isolation *isolation, const struct run_data *run)
{
    *isolation = (struct isolation){0};
    int result = table_init(&isolation->table, run);
    if (result)
        return result;
    /* A cell is in one row alone, and has one partner there. */
    isolation->pairs = calloc(run->count + 1, sizeof *isolation->pairs);
    isolation->room = calloc(2 * isolation->table.run->blocks + 1, sizeof *isolation->room);
    if (!isolation->pairs || !isolation->room) {
        isolation_release(isolation);
        return -ENOMEM;
    }
    pairs_find(isolation);
    isolation->family = family_make((unsigned)(isolation->count * METRICS), run->looks, FAMILY_MARGIN);
    return 0;
}

static void series_take(const struct isolation *isolation, size_t cell, const struct metric *metric, double *series)
{
    const struct run_data *run = isolation->table.run;

    for (size_t block = 1; block <= run->blocks; block++) {
        size_t trial = run_data_at(run, cell, block);
        series[block - 1] = trial == RUN_NOTHING ? NAN : metric->value(run, trial);
    }
}

/* Processes over threads, and the medians of both. */
struct price_paid {
    struct comparison comparison;
    double processes, threads;
};

static int pair_compare(const struct isolation *isolation, const struct pair *pair, const struct metric *metric,
                        struct price_paid *paid)
{
    size_t blocks = isolation->table.run->blocks;
    double *processes = isolation->room, *threads = isolation->room + blocks;

    series_take(isolation, pair->processes, metric, processes);
    series_take(isolation, pair->threads, metric, threads);
    int result = comparison_make(processes, threads, blocks, &isolation->family, &paid->comparison);
    paid->processes = stats_median(processes, stats_sort(processes, blocks));
    paid->threads = stats_median(threads, stats_sort(threads, blocks));
    return result;
}

static const char *verdict_words(const struct comparison *comparison)
{
    switch (comparison->verdict) {
    case VERDICT_EQUAL:
        return "equal";
    case VERDICT_FASTER:
        return "less";
    case VERDICT_SLOWER:
        return "more";
    default:
        return "unresolved";
    }
}

/* "1.09x [1.08 .. 1.11]" */
static void ratio_spell(char *text, size_t size, const struct comparison *comparison)
{
    if (isinf(comparison->ratio)) {
        snprintf(text, size, "  over 0"); /* threads have none of it */
        return;
    }
    int used = snprintf(text, size, comparison->ratio < 100 ? "%6.2fx" : "%6.0fx", comparison->ratio);

    if (!isnan(comparison->interval.lo) && used > 0)
        snprintf(text + used, size - (size_t)used,
                 comparison->interval.hi < 100 ? " [%.2f .. %.2f]" : " [%.0f .. %.0f]", comparison->interval.lo,
                 comparison->interval.hi);
}

static void paid_print(FILE *out, const struct metric *metric, const struct price_paid *paid)
{
    char ratio[64], processes[32], threads[32];

    if (!paid->comparison.blocks) {
        fprintf(out, "  %-31s not known\n", metric->words);
        return;
    }
    ratio_spell(ratio, sizeof ratio, &paid->comparison);
    fprintf(out, "  %-31s%-22s %-10s %9s %9s\n", metric->words, ratio, verdict_words(&paid->comparison),
            metric_text(metric, paid->processes, processes, sizeof processes),
            metric_text(metric, paid->threads, threads, sizeof threads));
}

static int isolation_print(FILE *out, const struct isolation *isolation)
{
    const struct table *t = &isolation->table;
    const struct summary_row *rows = t->run->rows;
    char text[256], machine[160];
    int result = 0;

    host_line(machine, sizeof machine, t->run->host);
    fprintf(out, "The price of isolation: %s over %s, run %.40s\n", PROCESSES, THREADS, rows[0].run_id);
    wrap_print(out, machine, 0);
    if (t->series.blocks < isolation->family.blocks)
        snprintf(text, sizeof text, "No intervals: %u comparisons take %zu blocks, the run has %zu.",
                 isolation->family.comparisons, isolation->family.blocks, t->series.blocks);
    else
        snprintf(text, sizeof text,
                 "Ratios within a block, medians over blocks: 1.09x means processes cost 9 %% more. All %u intervals "
                 "hold together at 95 %%; equal is within 2 %%.",
                 isolation->family.comparisons);
    wrap_print(out, text, 0);
    fprintf(out, "  %-31s%-22s %-10s %9s %9s\n", "", " ratio", "", PROCESSES, THREADS);
    for (size_t i = 0; i < isolation->count && !result; i++) {
        const struct summary_row *row = &rows[isolation->pairs[i].processes];
        const char *further = row->f.pool + strcspn(row->f.pool, ":");
        fprintf(out, "%s", factors_label(text, sizeof text, row, t->shown));
        fprintf(out, "%s%.100s\n", *further ? ", " : "", *further ? further + 1 : "");
        for (size_t m = 0; m < METRICS && !result; m++) {
            struct price_paid paid;
            result = pair_compare(isolation, &isolation->pairs[i], metric_named(names[m]), &paid);
            if (!result)
                paid_print(out, metric_named(names[m]), &paid);
        }
    }
    return result;
}

/* Blocks in which a side failed are left out. 0, or what to exit with. */
static int failures_say(const struct isolation *isolation)
{
    const struct summary_row *rows = isolation->table.run->rows;
    size_t failed = 0, trials = 0;

    for (size_t i = 0; i < isolation->count; i++) {
        const struct summary_row *sides[] = {&rows[isolation->pairs[i].processes], &rows[isolation->pairs[i].threads]};
        for (size_t side = 0; side < 2; side++) {
            failed += (size_t)sides[side]->failed;
            trials += (size_t)sides[side]->trials;
        }
    }
    if (failed)
        complain("isolation", "%zu of %zu trials failed, see 'reason' in trials.csv; those blocks are left out", failed,
                 trials);
    return failed > 0;
}

static void number_put(FILE *out, double number)
{
    fprintf(out, isnan(number) ? "," : ",%.9g", number);
}

static int isolation_csv(FILE *out, const struct isolation *isolation)
{
    const struct summary_row *rows = isolation->table.run->rows;
    int result = 0;

    fputs("run_id,processes_cell,threads_cell,metric,processes,threads,ratio,lo,hi,verdict,blocks\n", out);
    for (size_t i = 0; i < isolation->count * METRICS && !result; i++) {
        const struct pair *pair = &isolation->pairs[i / METRICS];
        const struct metric *metric = metric_named(names[i % METRICS]);
        struct price_paid paid;
        result = pair_compare(isolation, pair, metric, &paid);
        if (result)
            break;
        csv_text_print(out, rows[0].run_id);
        fprintf(out, ",%s,%s,%s", rows[pair->processes].cell_id, rows[pair->threads].cell_id, metric->name);
        number_put(out, paid.processes);
        number_put(out, paid.threads);
        number_put(out, paid.comparison.ratio);
        number_put(out, paid.comparison.interval.lo);
        number_put(out, paid.comparison.interval.hi);
        fprintf(out, ",%s,%zu\n", verdict_words(&paid.comparison), paid.comparison.blocks);
    }
    return result;
}

static int isolation_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct run_data run;
    struct isolation isolation;
    int code = 0;

    if (arguments_run("isolation", given, 0, directory))
        return 2;
    if (run_summed_open(directory, &run, error))
        return complain("isolation", "%s", error);
    run_data_gaps(stderr, &run);
    int result = run.count ? isolation_init(&isolation, &run) : -ENODATA;
    if (!result) {
        if (!isolation.count)
            code = complain("isolation",
                            "%s: no cell ran under both %s and %s, all else equal; --pool %s,%s of run makes them",
                            directory, PROCESSES, THREADS, PROCESSES, THREADS);
        else
            result = strcmp(given->value[ISOLATION_FORMAT], "csv") ? isolation_print(stdout, &isolation)
                                                                   : isolation_csv(stdout, &isolation);
        if (!result && !code)
            code = failures_say(&isolation);
        isolation_release(&isolation);
    }
    if (result == -ENODATA)
        code = complain("isolation", "%s: no trial was committed", directory);
    else if (result)
        code = (complain("isolation", "%s", strerror(-result)), 1);
    run_data_close(&run);
    return code;
}

const struct verb verb_isolation = {
    .name = "isolation",
    .chapter = "look",
    .operands = "[RUN]",
    .summary = "what processes cost over threads in a run",
    .function = isolation_main,
    .help = "For every cell that ran under both prefork and pthread: time, start, memory and page faults of processes "
            "over those of threads, block by block. RUN is its directory, the beginning of its name, or latest (the "
            "default).",
    .operands_max = 1,
    .arguments = isolation_arguments};
