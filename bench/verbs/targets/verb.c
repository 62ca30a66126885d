/* The verb targets: its table, and what it exits with. */
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/columns.h"
#include "bench/model/run_dir.h"
#include "bench/show/lines.h"
#include "bench/show/sheet.h"
#include "bench/verbs/targets/targets.h"
#include "bench/verbs/verbs.h"
#include "workloads/text.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT, BLIND_OK };

static const struct argument targets_arguments[] = {
    [FORMAT] = {"format", "text|csv|json", "text", "How the table is written to standard output.", true},
    [BLIND_OK] = {"blind-ok", "", "", "Exit with 0 in the place of 4, where targets are unresolved and none fails.",
                  false},
    {0},
};

static const char *outcome_name(enum outcome_of outcome)
{
    static const char *const names[] = {"holds", "FAILS", "unresolved", "not run"};
    return names[outcome];
}

/* ---- text ---- */

static char *amount_text(char *text, size_t size, const struct metric *metric, double amount)
{
    char number[32];
    if (isnan(amount) || isinf(amount))
        snprintf(text, size, "%s", isnan(amount) ? "-" : "more");
    else
        snprintf(text, size, "%s%s", amount < 0 ? "-" : "", metric_text(metric, fabs(amount), number, sizeof number));
    return text;
}

static char *value_text(char *text, size_t size, const struct target *target, double value)
{
    if (target->kind != TARGET_RATIO)
        return amount_text(text, size, target->metric, value);
    if (isnan(value))
        snprintf(text, size, "-");
    else
        snprintf(text, size, value < 0.0995 ? "%.4f" : value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
    return text;
}

static void target_put(struct sheet *sheet, const struct target *target, const struct judgement *j)
{
    char lo[48], hi[48];
    bool amount = target->kind == TARGET_AMOUNT;
    sheet_put(sheet, "%s", target->name);
    sheet_put(sheet, "%s%s", value_text(lo, sizeof lo, target, j->value), target->kind == TARGET_RATIO ? "x" : "");
    if (isnan(j->interval.lo))
        sheet_put(sheet, "-");
    else
        sheet_put(sheet, "[%s .. %s]", value_text(lo, sizeof lo, target, j->interval.lo),
                  value_text(hi, sizeof hi, target, j->interval.hi));
    sheet_put(sheet, "%s", target->at_most_text);
    sheet_put(sheet, "%s", outcome_name(j->outcome));
    sheet_put(sheet, "%s", amount ? "" : amount_text(lo, sizeof lo, target->metric, j->cell_cost));
    sheet_put(sheet, "%s", amount ? "" : amount_text(lo, sizeof lo, target->metric, j->base_cost));
}

static void table_print(const struct targets *targets, const struct judgement *judgement)
{
    struct sheet sheet = {.columns = 7, .align = "lrrrlr"};
    sheet_row(&sheet, "target", "value", "interval", "at most", "", "cell", "base");
    for (size_t t = 0; t < targets->count; t++)
        if (judgement[t].outcome != TARGET_NOT_RUN)
            target_put(&sheet, &targets->target[t], &judgement[t]);
    if (sheet_rows(&sheet) > 1)
        sheet_print(stdout, &sheet, screen_columns(stdout));
    sheet_release(&sheet);
}

static void foot_print(const struct targets *targets, const struct judgement *judgement, const struct family *family)
{
    size_t blocks = SIZE_MAX, count = 0;
    for (size_t t = 0; t < targets->count; t++) {
        if (judgement[t].outcome == TARGET_NOT_RUN)
            continue;
        count++;
        blocks = judgement[t].blocks < blocks ? judgement[t].blocks : blocks;
    }
    if (count) {
        putchar('\n');
        wrapped_print(
            stdout, 0, 0,
            "Medians over %zu or more blocks; all intervals, of %zu target%s, hold together with %.0f %%. A "
            "target fails only when its whole interval lies beyond; unresolved: at most is within the interval.",
            blocks, targets->count, targets->count == 1 ? "" : "s", 100 * (1 - FAMILY_ERROR));
        if (blocks < family->blocks)
            wrapped_print(stdout, 0, 0, "So many targets need at least %zu blocks.", family->blocks);
    }
    for (size_t t = 0, said = 0; t < targets->count; t++)
        if (judgement[t].outcome == TARGET_NOT_RUN) {
            if (!said++)
                fputs("\nnot run\n", stdout);
            wrapped_print(stdout, 2, 4, "%s (%s)", targets->target[t].name, judgement[t].why);
        }
}

/* ---- CSV and JSON ---- */

struct target_row {
    int64_t schema_version;
    char run_id[40], target[96], metric[16], kind[16], base[160];
    double value, lo, hi, at_most;
    char outcome[16], why[256];
    double cell_cost, base_cost;
    int64_t blocks;
};

// clang-format off
#define FIELD(kind, name, field) {COLUMN_OF(target_row, kind, #name, field, "")}
static const struct column columns[] = {
    FIELD(INT, schema_version, schema_version), FIELD(TEXT, run_id, run_id), FIELD(TEXT, target, target),
    FIELD(TEXT, metric, metric), FIELD(TEXT, kind, kind), FIELD(TEXT, base_pool, base), FIELD(REAL, value, value),
    FIELD(REAL, lo, lo), FIELD(REAL, hi, hi), FIELD(REAL, at_most, at_most), FIELD(TEXT, outcome, outcome),
    FIELD(TEXT, why, why), FIELD(REAL, cell, cell_cost), FIELD(REAL, base, base_cost), FIELD(INT, blocks, blocks),
};
// clang-format on

static const struct file_format format = {"standard output", "", columns, sizeof columns / sizeof columns[0],
                                          sizeof(struct target_row)};

static void row_fill(struct target_row *row, const char *run, const struct target *target, const struct judgement *j)
{
    static const char *const kinds[] = {"ratio", "difference", "amount"};
    *row = (struct target_row){.schema_version = SCHEMA_VERSION,
                               .value = j->value,
                               .lo = j->interval.lo,
                               .hi = j->interval.hi,
                               .at_most = j->at_most,
                               .cell_cost = j->cell_cost,
                               .base_cost = j->base_cost,
                               .blocks = (int64_t)j->blocks};
    text_put(row->run_id, sizeof row->run_id, run, true);
    snprintf(row->target, sizeof row->target, "%s", target->name);
    snprintf(row->metric, sizeof row->metric, "%s", target_metric_name(target));
    snprintf(row->kind, sizeof row->kind, "%s", kinds[target->kind]);
    snprintf(row->base, sizeof row->base, "%s", j->base_label);
    snprintf(row->outcome, sizeof row->outcome, "%s", j->outcome == TARGET_FAILS ? "fails" : outcome_name(j->outcome));
    snprintf(row->why, sizeof row->why, "%s", j->why);
}

static int rows_print(const char *run, const struct targets *targets, const struct judgement *judgement,
                      const char *how)
{
    struct target_row *rows = calloc(targets->count, sizeof *rows);
    for (size_t t = 0; t < targets->count && rows; t++)
        row_fill(&rows[t], run, &targets->target[t], &judgement[t]);
    int result = rows ? rows_write(how, "targets", &format, rows, targets->count) : -ENOMEM;
    free(rows);
    return result;
}

/* ---- the verb ---- */

static int outcome_exit(const struct targets *targets, const struct judgement *judgement, bool blind_ok)
{
    size_t fail = 0, failed = 0, unresolved = 0, run = 0;
    for (size_t t = 0; t < targets->count; t++) {
        fail += judgement[t].outcome == TARGET_FAILS;
        unresolved += judgement[t].outcome == TARGET_UNRESOLVED;
        run += judgement[t].outcome != TARGET_NOT_RUN;
        failed += judgement[t].failed > 0;
    }
    if (fail)
        fprintf(stderr, "poolbench targets: %zu of %zu fail\n", fail, targets->count);
    if (unresolved)
        fprintf(stderr, "poolbench targets: could not tell of %zu of %zu: more blocks can (run --more)\n", unresolved,
                targets->count);
    if (!run)
        fprintf(stderr, "poolbench targets: could not tell: the run has the cells of none of them\n");
    if (failed)
        fprintf(stderr, "poolbench targets: trials failed in cells of %zu targets; those blocks are left out\n",
                failed);
    return failed ? 1 : fail ? 3 : (unresolved || !run) && !blind_ok ? EXIT_BLIND : 0;
}

static int targets_answer(const struct arguments *given, const char *directory, const struct targets *targets,
                          const struct run_data *run)
{
    struct judgement *judgement = calloc(targets->count, sizeof *judgement);
    struct family family;
    char error[ERROR_MAX] = "out of memory";
    int rc = judgement ? targets_judge(targets, run, &family, judgement, error) : -ENOMEM;
    int code = rc ? complain("targets", "%s", error) : 0;
    if (!code && strcmp(given->value[FORMAT], "text") != 0) {
        rc = rows_print(run_id(directory), targets, judgement, given->value[FORMAT]);
        if (rc) {
            complain("targets", "standard output: %s", strerror(-rc));
            code = 1;
        }
    } else if (!code) {
        table_print(targets, judgement);
        foot_print(targets, judgement, &family);
    }
    code = code ? code : outcome_exit(targets, judgement, *given->value[BLIND_OK]);
    free(judgement);
    return code;
}

static int targets_main(const struct arguments *given)
{
    struct targets targets;
    struct run_data run;
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    if (given->operands < 2)
        return complain("targets", "expected a run and a file of targets: poolbench targets latest perf");
    int code = arguments_run("targets", given, 0, directory);
    if (code)
        return code;
    if (targets_read(given->operand[1], &targets, error))
        return complain("targets", "%s", error);
    if (run_summed_open(directory, &run, error)) {
        targets_release(&targets);
        return complain("targets", "%s", error);
    }
    run_data_gaps(stderr, &run);
    code = targets_answer(given, directory, &targets, &run);
    run_data_close(&run);
    targets_release(&targets);
    return code;
}

const struct verb verb_targets = {
    .name = "targets",
    .chapter = "look",
    .operands = "RUN FILE",
    .summary = "say which targets a run meets",
    .function = targets_main,
    .help =
        "Reads targets from FILE, a path or the name of one that comes with poolbench (perf): sections "
        "[NAME] with cell = FACTOR=VALUE, ..., mostly base = ..., metric = "
        "NAME (a row of `list metrics`, or metg), and at_most = 1.5x (a ratio to the base), 15ns (a difference "
        "from it; readings+5ns adds what two readings of the clock take) or, without a base, an amount. Each is "
        "computed block by block; one fails only when its whole "
        "interval lies beyond, and then the exit is 3; it is 4 where none fails and some are unresolved. What the run "
        "has no cell for is listed as not run, and does not count, unless that is all of them. RUN is its "
        "directory, the beginning of its name, or latest.",
    .operands_max = 2,
    .arguments = targets_arguments};
