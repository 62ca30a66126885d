/* The tables of a run: what stands in them, in words and numbers. */
#include "bench/show/tables.h"
#include "bench/analyse/fault_costs.h"
#include "bench/analyse/summary.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/drop.h"
#include "workloads/text.h"
#include <math.h>
#include <string.h>

#define VISIBLE_TIMES 9 /* a difference beyond is told as a factor */

#define WIDE            1.1 /* an interval whose ends differ by more is worth printing */
#define POOL_MAX        20  /* letters of a pool over a column */
#define FAULT_LABEL_MAX 28  /* letters on a screen */

/* ---- the answer: a row for every combination of factors but the pool ---- */

/* Rows whose base has a time say a speed-up, others a time per task. */
static bool has_speedup(const struct table *t, size_t row)
{
    return t->base[row] != NO_CELL && t->base[row] != t->row[row] && t->run->rows[t->base[row]].ns_per_task > 0;
}

char *table_pool_name(const struct table *t, size_t column, char *text, size_t size)
{
    const char *pool = POOL_SHOWN(t->run->rows[t->pool[column]].f.pool);
    size_t name = strcspn(pool, ":"), most = text_bytes(pool, 12);
    if (text_letters(pool) <= POOL_MAX)
        snprintf(text, size, "%s", pool);
    else
        snprintf(text, size, "%.*s (%zu)", (int)(name < most ? name : most), pool, column + 1);
    return text;
}

char *table_common(const struct table *t, char *text, size_t size)
{
    return factors_label(text, size, &t->run->rows[0], t->factors & ~t->shown & ~FACTOR_POOL);
}

static bool is_partly(const struct table *t, const struct entry *e)
{
    return e->cell != NO_CELL && !isnan(e->ns) && t->run->rows[e->cell].failed;
}

/* The blocks of a cell that was dropped, where its row ran on without it; 0: none such. */
static int64_t blocks_dropped(const struct table *t, size_t row, size_t column)
{
    if (!table_dropped(t, row, column))
        return 0;
    int64_t trials = t->run->rows[table_entry(t, row, column)->cell].trials;
    return trials < t->run->rows[table_entry(t, row, t->best[row])->cell].trials ? trials : 0;
}

static bool is_wide(const struct entry *e)
{
    return e->interval.hi > e->interval.lo * WIDE; /* not of a cell that has none */
}

static char *speedup_format(char *text, size_t size, double speedup)
{
    snprintf(text, size, speedup < 0.1 ? "%.2g" : speedup < 9.995 ? "%.2f" : "%.1f", speedup);
    return text;
}

/* "*", "?", "n6", "". */
static void verdict_mark(const struct table *t, size_t row, size_t column, char *text, size_t size)
{
    const enum mark mark = table_entry(t, row, column)->mark;
    const int64_t blocks = blocks_dropped(t, row, column);
    snprintf(text, size, "%s", mark == MARK_BEST ? "*" : mark == MARK_UNRESOLVED ? "?" : "");
    if (blocks)
        snprintf(text, size, "n%lld", (long long)blocks);
}

/* "1.93", "10.5 us", "failed", "". */
static void entry_put(struct sheet *sheet, const struct table *t, size_t row, size_t column, enum detail detail)
{
    const struct entry *e = table_entry(t, row, column);
    bool speedup = has_speedup(t, row) && e->cell != t->base[row], noted = !isnan(e->interval.lo);
    char *(*format)(char *text, size_t size, double value) = speedup ? speedup_format : format_duration;
    char value[24], verdict[32], mark[80], lo[16], hi[16], interval[40] = "";
    if (e->cell == NO_CELL || isnan(e->ns)) {
        const struct summary_row *cell = e->cell == NO_CELL ? NULL : &t->run->rows[e->cell];
        sheet_put(sheet, "%s", !cell ? "" : cell->failed == cell->trials ? "failed" : "-");
        return;
    }
    sheet_put(sheet, "%s", format(value, sizeof value, speedup ? e->speedup : e->ns));
    verdict_mark(t, row, column, verdict, sizeof verdict);
    const char *partly = is_partly(t, e) ? "!" : "";
    if (noted)
        snprintf(interval, sizeof interval, "%s .. %s", format(lo, sizeof lo, e->interval.lo),
                 format(hi, sizeof hi, e->interval.hi));
    if (detail == DETAIL_REPORT)
        snprintf(mark, sizeof mark, "%s%s%s", *verdict == 'n' ? " " : "", verdict, partly);
    else if (detail == DETAIL_SCREEN && is_wide(e))
        snprintf(mark, sizeof mark, " %-1s%s [%s]", verdict, partly, interval);
    else
        snprintf(mark, sizeof mark, " %-1s%s%s", verdict, is_wide(e) ? "~" : "", partly);
    sheet_note(sheet, mark, detail == DETAIL_REPORT ? interval : "");
}

/* Whether blocks of the row depend on each other, which verdicts take them not to. */
static bool row_lags(const struct table *t, size_t row)
{
    bool lags = false;
    for (size_t c = 0; c < t->pools; c++) {
        const struct entry *e = table_entry(t, row, c);
        lags = lags || (e->contends && t->run->rows[e->cell].lag_said == 1);
    }
    return lags;
}

struct sheet answer_sheet(const struct table *t, bool speedup, enum detail detail)
{
    struct sheet sheet = {.title = speedup ? "Speed-up over serial (of serial itself, and with a unit: time per task)"
                                           : "Time per task",
                          .columns = t->pools + 1,
                          .align = "lr",
                          .split = true};
    char text[72];
    sheet_put(&sheet, detail == DETAIL_REPORT ? "tasks and workers" : "");
    for (size_t c = 0; c < t->pools; c++)
        sheet_put(&sheet, "%s", table_pool_name(t, c, text, sizeof text));
    for (size_t row = 0; row < t->rows; row++) {
        if (has_speedup(t, row) != speedup)
            continue;
        sheet_put(&sheet, "%s%s", factors_label(text, sizeof text, &t->run->rows[t->row[row]], t->shown),
                  row_lags(t, row) ? " &" : "");
        for (size_t c = 0; c < t->pools; c++)
            entry_put(&sheet, t, row, c, detail);
    }
    sheet_trim(&sheet);
    return sheet;
}

bool answer_wide(const struct table *t, bool speedup)
{
    for (size_t i = 0; i < t->rows * t->pools; i++)
        if (has_speedup(t, i / t->pools) == speedup && !isnan(t->entries[i].ns) && is_wide(&t->entries[i]))
            return true;
    return false;
}

/* What the workers of a pool are, where they are of two kinds: once for each number of them. */
static void staff_print(FILE *out, const struct table *t, size_t column)
{
    char said[32][96], staff[64], head[64];
    size_t count = 0;
    for (size_t r = 0; r < t->rows && count < sizeof said / sizeof *said; r++) {
        const size_t cell = table_entry(t, r, column)->cell;
        if (cell == NO_CELL || !*row_staff(staff, sizeof staff, &t->run->rows[cell]))
            continue;
        snprintf(said[count], sizeof *said, "%lld workers are %s", (long long)t->run->rows[cell].f.workers, staff);
        size_t same = 0;
        while (strcmp(said[same], said[count]) != 0)
            same++;
        if (same < count)
            continue;
        if (!count)
            fprintf(out, "%s: ", table_pool_name(t, column, head, sizeof head));
        fprintf(out, "%s%s", count ? ", " : "", said[count]);
        count++;
    }
    if (count)
        fputc('\n', out);
}

void table_legend(FILE *out, const struct table *t)
{
    bool best = false, unresolved = false, partly = false, lags = false, dropped = false;
    for (size_t c = 0; c < t->pools; c++) {
        const char *pool = t->run->rows[t->pool[c]].f.pool;
        char head[64];
        if (strcmp(table_pool_name(t, c, head, sizeof head), pool) != 0)
            fprintf(out, "%s = %s\n", head, spec_behind_label(pool));
        staff_print(out, t, c);
    }
    for (size_t i = 0; i < t->rows * t->pools; i++) {
        best = best || t->entries[i].mark == MARK_BEST;
        unresolved = unresolved || t->entries[i].mark == MARK_UNRESOLVED;
        partly = partly || is_partly(t, &t->entries[i]);
        dropped = dropped || blocks_dropped(t, i / t->pools, i % t->pools);
    }
    if (best)
        fprintf(out, "* the best of its row, or equal to it within %.0f %%\n", t->family.margin * 100);
    if (unresolved)
        fputs("? unresolved against the best\n", out);
    if (dropped)
        fputs("n: of so many blocks; it was dropped, as surely slower than the best\n", out);
    for (size_t r = 0; r < t->rows; r++)
        lags = lags || row_lags(t, r);
    if (lags)
        fputs("& blocks of the row depend on the one before: its verdicts are surer than they may be\n", out);
    if (partly)
        fputs("! of the trials that did not fail, see below\n", out);
}

/* ---- what rows could tell ---- */

struct sheet sight_sheet(const struct table *t)
{
    struct sheet sheet = {.title = "What each row could tell", .columns = 4, .align = "lr"};
    char label[160], visible[32];
    bool told = false;
    sheet_row(&sheet, "What a row could tell", "blocks", "differences from", "all told by");
    for (size_t row = 0; row < t->rows; row++) {
        struct sight sight;
        if (!table_compares(t, row) || table_sight(t, row, &sight))
            continue;
        told = told || !isnan(sight.visible);
        sheet_put(&sheet, "%s", factors_label(label, sizeof label, &t->run->rows[t->row[row]], t->shown));
        sheet_put(&sheet, "%zu", sight.blocks);
        sheet_put(&sheet, "%s",
                  isnan(sight.visible)            ? ""
                  : sight.visible > VISIBLE_TIMES ? "10 times and more"
                                                  : format_percent(visible, sizeof visible, sight.visible));
        if (sight.to_resolve > RESOLVE_MAX)
            sheet_put(&sheet, "more than %d blocks", RESOLVE_MAX);
        else if (sight.to_resolve)
            sheet_put(&sheet, "%zu blocks", sight.to_resolve);
        else
            sheet_row(&sheet, "");
    }
    sheet_trim(&sheet);
    if (told)
        return sheet;
    sheet_release(&sheet);
    return (struct sheet){.columns = 1}; /* nothing to say */
}

/* ---- latency: a row a cell in which a task does not wait for the trial's own burst ---- */

enum { PERCENTILES = 4, LATENCY_COLUMNS = PERCENTILES + 4 };

static void misses_put(struct sheet *sheet, const struct summary_row *row, bool below, enum detail detail)
{
    char value[32] = "", lo[32], hi[32], interval[72] = "";
    if (!isnan(row->misses_hi) && row->misses <= 0)
        snprintf(value, sizeof value, "at most %s", format_percent(hi, sizeof hi, row->misses_hi));
    else if (!isnan(row->misses))
        format_percent(value, sizeof value, row->misses);
    if (!isnan(row->misses_hi) && row->misses > 0)
        snprintf(interval, sizeof interval, "%s .. %s", format_percent(lo, sizeof lo, row->misses_lo),
                 format_percent(hi, sizeof hi, row->misses_hi));
    sheet_put(sheet, "%s", below ? interval : value);
    sheet_note(sheet, "", detail == DETAIL_REPORT ? interval : "");
}

static void percentiles_put(struct sheet *sheet, const int64_t (*ns)[3], size_t count, bool below, enum detail detail)
{
    char value[32], lo[32], hi[32], interval[72];
    for (size_t i = 0; i < count; i++) {
        *value = *interval = '\0'; /* too few tasks; too few trials, or independent tasks */
        if (ns[i][0] != MISSING)
            format_duration(value, sizeof value, (double)ns[i][0]);
        if (*value && ns[i][1] != MISSING)
            snprintf(interval, sizeof interval, "%s .. %s", format_duration(lo, sizeof lo, (double)ns[i][1]),
                     format_duration(hi, sizeof hi, (double)ns[i][2]));
        sheet_put(sheet, "%s", below ? interval : value);
        sheet_note(sheet, "", detail == DETAIL_REPORT ? interval : "");
    }
}

static void latency_put(struct sheet *sheet, const struct summary_row *row, bool below, enum detail detail)
{
    const int64_t ns[PERCENTILES][3] = {
        {row->pooled_p50_ns, row->pooled_p50_lo_ns, row->pooled_p50_hi_ns},
        {row->pooled_p90_ns, row->pooled_p90_lo_ns, row->pooled_p90_hi_ns},
        {row->pooled_p99_ns, row->pooled_p99_lo_ns, row->pooled_p99_hi_ns},
        {row->pooled_p999_ns, row->pooled_p999_lo_ns, row->pooled_p999_hi_ns},
    };
    char value[32];
    percentiles_put(sheet, ns, PERCENTILES, below, detail);
    misses_put(sheet, row, below, detail);
    sheet_put(sheet, "%s",
              below || isnan(row->dropped_share) ? "" : format_percent(value, sizeof value, row->dropped_share));
    if (below)
        sheet_row(sheet, "");
    else
        sheet_put(sheet, "%lld", (long long)row->pooled_n);
}

/* Of some of its tasks, where it has such. */
static void apart_put(struct sheet *sheet, const char *whose, const struct latency_apart *apart, bool bounded,
                      enum detail detail)
{
    if (apart->n == MISSING)
        return;
    const int rows = bounded && detail != DETAIL_REPORT && apart->ns[0][1] != MISSING ? 2 : 1;
    for (int below = 0; below < rows; below++) {
        sheet_put(sheet, "%s", below ? "" : whose);
        percentiles_put(sheet, apart->ns, APART_PERCENTILES, below, detail);
        sheet_row(sheet, "", "", ""); /* p99.9, misses, dropped */
        if (below)
            sheet_row(sheet, "");
        else
            sheet_put(sheet, "%lld", (long long)apart->n);
    }
}

static bool has_latency(const struct summary_row *row)
{
    return row->pooled_n != MISSING && !row_is_untold(row);
}

/* What the table rests on, and why some of it is empty. */
static char *latency_foot(const struct run_data *run, enum detail detail)
{
    bool bounded = false, few = false, unbounded = false, first = false;
    for (size_t i = 0; i < run->count; i++) {
        const struct summary_row *row = &run->rows[i];
        if (!has_latency(row))
            continue;
        bounded = bounded || row->pooled_p50_lo_ns != MISSING;
        few = few || row->pooled_p999_ns == MISSING;
        first = first || row->first.n != MISSING;
        unbounded = unbounded || (row->blocks >= STATS_INTERVAL_MIN &&
                                  ((row->pooled_p99_ns != MISSING && row->pooled_p99_lo_ns == MISSING) ||
                                   (row->pooled_p999_ns != MISSING && row->pooled_p999_lo_ns == MISSING)));
    }
    char *foot = NULL;
    if (asprintf(&foot, "%s%s%s%s",
                 !bounded ? "an interval takes 6 trials"
                 : detail == DETAIL_REPORT
                     ? "ranges: 95 % interval, of this run, that takes each trial for one observation"
                     : "below each: 95 % interval, of this run, that takes each trial for one observation",
                 few ? "; p99 takes 1,000 tasks in all trials, p99.9 takes 10,000" : "",
                 unbounded ? "; where there is none, tasks waited in the same queue and are too few independent ones: "
                             "longer trials tell more"
                           : "",
                 first ? "; first after idleness: no task was there for ten mean gaps before" : "") < 0)
        return NULL;
    return foot;
}

struct sheet latency_sheet(const struct table *t, enum detail detail)
{
    static const unsigned char least[LATENCY_COLUMNS] = {0, 18, 18, 18, 18};
    const struct run_data *run = t->run;
    struct sheet sheet = {.title = "Latency, from due or handed in to the result: all trials together",
                          .columns = LATENCY_COLUMNS,
                          .align = "lr",
                          .least = least};
    char label[160], deadline[32], beyond[48] = "";
    bool bounded = false;
    for (size_t i = 0; i < run->count; i++)
        bounded = bounded || (has_latency(&run->rows[i]) && run->rows[i].pooled_p50_lo_ns != MISSING);
    if (!isnan(run->deadline_ns))
        snprintf(beyond, sizeof beyond, "beyond %s", format_duration(deadline, sizeof deadline, run->deadline_ns));
    sheet_row(&sheet, detail == DETAIL_REPORT ? "cell" : "", "p50", "p90", "p99", "p99.9", beyond, "dropped", "tasks");
    for (size_t i = 0; i < run->count; i++) {
        if (!has_latency(&run->rows[i]))
            continue;
        sheet_put(&sheet, "%s", factors_label(label, sizeof label, &run->rows[i], t->shown | FACTOR_POOL));
        latency_put(&sheet, &run->rows[i], false, detail);
        if (bounded && detail != DETAIL_REPORT) {
            sheet_put(&sheet, "%s", "");
            latency_put(&sheet, &run->rows[i], true, detail);
        }
        apart_put(&sheet, "  first after idleness", &run->rows[i].first, bounded, detail);
        apart_put(&sheet, "  those that compute", &run->rows[i].class_cpu, bounded, detail);
        apart_put(&sheet, "  those that sleep", &run->rows[i].class_sleep, bounded, detail);
    }
    sheet_trim(&sheet);
    if (sheet_rows(&sheet) > 1)
        sheet.foot = latency_foot(run, detail);
    return sheet;
}

/* ---- prices ---- */

struct sheet price_sheet(const struct analysis *analysis, enum detail detail)
{
    static const unsigned char least[] = {14, 19, 19, 21};
    const struct table *t = &analysis->table;
    struct sheet sheet = {.title = "Price of a pool, median over trials", .columns = 4, .align = "lr", .least = least};
    bool report = detail == DETAIL_REPORT, start = false, memory = false, handover = false, clocked = false;
    char text[64];
    sheet_row(&sheet, report ? "pool" : "Price of", "a worker's start", "a worker's memory", "handing over a task");
    for (size_t c = 0; c < t->pools; c++) {
        const struct price *price = &analysis->prices[c];
        if (!price_known(price) || (!report && t->base[0] == t->pool[c]))
            continue;
        sheet_put(&sheet, "%s%s", report ? "" : "  ",
                  report ? t->run->rows[t->pool[c]].f.pool : table_pool_name(t, c, text, sizeof text));
        sheet_put(&sheet, "%s",
                  price->per_task                ? "per task"
                  : isnan(price->start_ns.value) ? ""
                                                 : format_duration(text, sizeof text, price->start_ns.value));
        sheet_put(&sheet, "%s", price->bytes.value >= 0 ? format_bytes(text, sizeof text, price->bytes.value) : "");
        sheet_put(&sheet, "%s",
                  isnan(price->handover_ns.value) ? "" : format_duration(text, sizeof text, price->handover_ns.value));
        start = start || price->per_task || !isnan(price->start_ns.value);
        memory = memory || price->bytes.value >= 0;
        handover = handover || !isnan(price->handover_ns.value);
        clocked = clocked || (price->clocked && !isnan(price->handover_ns.value));
    }
    if (report)
        sheet_trim(&sheet);
    const char *const lines[] = {
        report && start ? "start: opening the pool, by the workers that makes\n" : "",
        report && memory
            ? "memory: proportional set size beyond that of the same tasks without a pool, by the workers\n"
            : "",
        report && handover ? "handing over: wall time per task of tasks that do nothing\n" : "",
        clocked
            ? "handing over holds the timing of each task, two clock readings and more; --timing trial leaves them out"
            : "",
        report && clocked ? "\n" : ""};
    if (asprintf(&sheet.foot, "%s%s%s%s%s", lines[0], lines[1], lines[2], lines[3], lines[4]) < 0)
        sheet.foot = NULL;
    if (sheet.foot && !*sheet.foot) {
        free(sheet.foot);
        sheet.foot = NULL;
    }
    return sheet;
}

/* ---- what failures on purpose cost: a row for every cell with faults ---- */

struct sheet fault_cost_sheet(const struct analysis *analysis, enum detail detail)
{
    static const unsigned char least[] = {30, 5, 9, 5, 8, 8, 20};
    const struct fault_costs *costs = &analysis->fault_costs;
    struct sheet sheet = {.title = "By pool and failure, medians over trials",
                          .columns = FAULT_COST_COLUMNS + 1,
                          .align = "lr",
                          .least = least};
    bool report = detail == DETAIL_REPORT;
    struct fault_cost_text text;
    char label[160];
    sheet_put(&sheet, report ? "pool and failure" : "What failures cost");
    for (size_t c = 0; c < FAULT_COST_COLUMNS; c++)
        sheet_put(&sheet, "%s", fault_cost_heads[c]);
    for (size_t i = 0; i < costs->count; i++) {
        fault_cost_label(&costs->fault_cost[i], analysis->run, label, sizeof label);
        fault_cost_text(&costs->fault_cost[i], analysis->run, &text);
        bool cut = !report && text_letters(label) > FAULT_LABEL_MAX;
        sheet_put(&sheet, "%s%.*s%s", report ? "" : "  ", (int)text_bytes(label, cut ? FAULT_LABEL_MAX - 1 : SIZE_MAX),
                  label, cut ? "~" : "");
        for (size_t c = 0; c < FAULT_COST_COLUMNS; c++) {
            bool behind = !report && c == FAULT_COST_COLUMNS - 1 && *text.note[c];
            sheet_put(&sheet, "%s%s%s", text.column[c], behind ? " " : "", behind ? text.note[c] : "");
            sheet_note(&sheet, "", report ? text.note[c] : "");
        }
    }
    FILE *foot = report ? open_memstream(&sheet.foot, &(size_t){0}) : NULL;
    for (size_t c = 0; c < FAULT_COST_COLUMNS && foot; c++)
        fprintf(foot, "%s\n", fault_cost_explained[c]);
    if (foot)
        fclose(foot);
    return sheet;
}
