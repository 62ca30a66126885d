/* The verb isolation: what a process for every worker costs over a thread, where a run has both with all else equal. */
#include "bench/analyse/summary.h"
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/base/wrap.h"
#include "bench/model/host.h"
#include "bench/model/metrics.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "bench/show/sheet.h"
#include "bench/verbs/verbs.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#define PROCESSES "prefork"
#define THREADS   "pthread"

enum { ISOLATION_FORMAT };
static const struct argument isolation_arguments[] = {
    [ISOLATION_FORMAT] = {"format", "text|csv|json", "text", "csv, json: a row for every ratio, full digits.", true},
    {.name = NULL},
};

static const char *const names[] = {"wall", "open", "pss", "page_faults"}; /* of metrics */
#define METRICS (sizeof names / sizeof names[0])

/* Processes over threads, and the medians of both. */
struct price_paid {
    struct comparison comparison;
    double processes, threads;
};

struct pair {
    size_t processes, threads; /* cells */
    struct price_paid paid[METRICS];
};

struct isolation {
    struct table table;
    struct family family;
    struct pair *pairs;
    size_t count;
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
                    isolation->pairs[isolation->count++] = (struct pair){.processes = a, .threads = b};
            }
}

static void isolation_release(struct isolation *isolation)
{
    free(isolation->pairs);
    table_release(&isolation->table);
}

/* A cell is in one pair, so its numbers may be sorted once they are compared. */
static int metric_compare(struct isolation *isolation, size_t m)
{
    struct series series = {0};
    int result = series_make(isolation->table.run, metric_named(names[m]), &series);
    for (size_t i = 0; i < isolation->count && !result; i++) {
        struct pair *pair = &isolation->pairs[i];
        struct price_paid *paid = &pair->paid[m];
        double *processes = series_of(&series, pair->processes), *threads = series_of(&series, pair->threads);
        result = comparison_make(processes, threads, series.blocks, &isolation->family, &paid->comparison);
        paid->processes = stats_median(processes, stats_sort(processes, series.blocks));
        paid->threads = stats_median(threads, stats_sort(threads, series.blocks));
    }
    series_release(&series);
    return result;
}

/* Release it in any case. */
static int isolation_init(struct isolation *isolation, const struct run_data *run)
{
    int result = table_init(&isolation->table, run);
    if (result)
        return result;
    /* A cell is in one row alone, and has one partner there. */
    isolation->pairs = calloc(run->count + 1, sizeof *isolation->pairs);
    if (!isolation->pairs)
        return -ENOMEM;
    pairs_find(isolation);
    isolation->family = family_make((unsigned)(isolation->count * METRICS), run->looks, FAMILY_MARGIN);
    for (size_t m = 0; m < METRICS && !result; m++)
        result = metric_compare(isolation, m);
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
        return verdict_said(comparison->verdict);
    }
}

/* Ratio and interval: "1.09x", "[1.08 .. 1.11]". */
static void ratio_put(struct sheet *sheet, const struct comparison *comparison)
{
    const struct interval *interval = &comparison->interval;
    if (isinf(comparison->ratio)) /* threads have none of it */
        sheet_put(sheet, "over 0");
    else
        sheet_put(sheet, comparison->ratio < 100 ? "%.2fx" : "%.0fx", comparison->ratio);
    if (isinf(comparison->ratio) || isnan(interval->lo))
        sheet_put(sheet, "-");
    else
        sheet_put(sheet, interval->hi < 100 ? "[%.2f .. %.2f]" : "[%.0f .. %.0f]", interval->lo, interval->hi);
}

static void paid_put(struct sheet *sheet, const struct metric *metric, const struct price_paid *paid)
{
    char processes[32], threads[32];
    sheet_put(sheet, "  %s", metric->words);
    if (!paid->comparison.blocks) {
        sheet_row(sheet, "not known", "", "", "", "");
        return;
    }
    ratio_put(sheet, &paid->comparison);
    sheet_row(sheet, verdict_words(&paid->comparison),
              metric_text(metric, paid->processes, processes, sizeof processes),
              metric_text(metric, paid->threads, threads, sizeof threads));
}

/* The label of a pair above its metrics. */
static void pair_put(struct sheet *sheet, const struct table *t, const struct pair *pair)
{
    const struct summary_row *row = &t->run->rows[pair->processes];
    const char *further = row->f.pool + strcspn(row->f.pool, ":");
    char label[256];
    sheet_put(sheet, "%s%s%.100s", factors_label(label, sizeof label, row, t->shown), *further ? ", " : "",
              *further ? further + 1 : "");
    sheet_row(sheet, "", "", "", "", "");
    for (size_t m = 0; m < METRICS; m++)
        paid_put(sheet, metric_named(names[m]), &pair->paid[m]);
}

static void isolation_print(FILE *out, const struct isolation *isolation)
{
    const struct table *t = &isolation->table;
    struct sheet sheet = {.columns = 6, .align = "lrrlr"};
    char machine[160];
    host_line(machine, sizeof machine, t->run->host);
    fprintf(out, "The price of isolation: %s over %s, run %.40s\n", PROCESSES, THREADS, t->run->rows[0].run_id);
    wrap_print(out, machine, 0);
    if (t->series.blocks < isolation->family.blocks)
        wrapped_print(out, 0, 0, "No intervals: %u comparisons take %zu blocks, the run has %zu.",
                      isolation->family.comparisons, isolation->family.blocks, t->series.blocks);
    else
        wrapped_print(
            out, 0, 0,
            "Ratios within a block, their middles over blocks: 1.09x means processes cost 9 %% more. All %u intervals "
            "hold together at 95 %%; equal is within 2 %%.",
            isolation->family.comparisons);
    sheet_row(&sheet, "", "ratio", "interval", "", PROCESSES, THREADS);
    for (size_t i = 0; i < isolation->count; i++)
        pair_put(&sheet, t, &isolation->pairs[i]);
    sheet_print(out, &sheet, screen_columns(out));
    sheet_release(&sheet);
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

static int isolation_table(FILE *out, const struct isolation *isolation, const char *how)
{
    const struct summary_row *rows = isolation->table.run->rows;
    struct sheet sheet = {.columns = 11, .align = "llllrrrrrlr"};
    sheet_row(&sheet, "run_id", "processes_cell", "threads_cell", "metric", "processes", "threads", "ratio", "lo", "hi",
              "verdict", "blocks");
    for (size_t i = 0; i < isolation->count * METRICS; i++) {
        const struct pair *pair = &isolation->pairs[i / METRICS];
        const struct price_paid *paid = &pair->paid[i % METRICS];
        const struct comparison *comparison = &paid->comparison;
        sheet_row(&sheet, rows[0].run_id, rows[pair->processes].cell_id, rows[pair->threads].cell_id,
                  names[i % METRICS]);
        sheet_numbers(&sheet, 5,
                      (double[]){paid->processes, paid->threads, comparison->ratio, comparison->interval.lo,
                                 comparison->interval.hi});
        sheet_put(&sheet, "%s", verdict_words(comparison));
        sheet_put(&sheet, "%zu", comparison->blocks);
    }
    int rc = sheet_write(out, how, "isolation", &sheet);
    sheet_release(&sheet);
    return rc;
}

static int isolation_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct run_data run;
    struct isolation isolation = {0};
    int code = 0;
    if (arguments_run("isolation", given, 0, directory))
        return 2;
    if (run_summed_open(directory, &run, error))
        return complain("isolation", "%s", error);
    run_data_gaps(stderr, &run);
    int result = run.count ? isolation_init(&isolation, &run) : -ENODATA;
    if (result == -ENODATA) {
        code = complain("isolation", "%s: no trial was committed", directory);
    } else if (result) {
        code = (complain("isolation", "%s", strerror(-result)), 1);
    } else if (!isolation.count) {
        code = complain("isolation",
                        "%s: no cell ran under both %s and %s, all else equal; --pool %s,%s of run makes them",
                        directory, PROCESSES, THREADS, PROCESSES, THREADS);
    } else {
        if (!strcmp(given->value[ISOLATION_FORMAT], "text"))
            isolation_print(stdout, &isolation);
        else
            result = isolation_table(stdout, &isolation, given->value[ISOLATION_FORMAT]);
        if (result)
            complain("isolation", "standard output: %s", strerror(-result));
        code = failures_say(&isolation) || result;
    }
    isolation_release(&isolation);
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
