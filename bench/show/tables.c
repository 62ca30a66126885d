/* The tables of a run: what stands in them, in words and numbers. */
#include "bench/show/tables.h"
#include "bench/analyse/summary.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "workloads/text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VISIBLE_TIMES 9 /* a difference beyond is told as a factor */

#define WIDE     1.1 /* an interval whose ends differ by more is worth printing */
#define POOL_MAX 20  /* letters of a pool over a column */

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

static bool is_wide(const struct entry *e)
{
    return e->interval.hi > e->interval.lo * WIDE; /* not of a cell that has none */
}

static char *speedup_format(char *text, size_t size, double speedup)
{
    snprintf(text, size, speedup < 0.1 ? "%.2g" : speedup < 9.995 ? "%.2f" : "%.1f", speedup);
    return text;
}

/* "fastest", "equal", "cannot tell yet", "slower, dropped after 6 blocks"; "" where nothing is compared. */
static char *verdict_text(const struct table *t, size_t row, size_t column, char *text, size_t size)
{
    const struct entry *e = table_entry(t, row, column);
    const int64_t blocks = table_left(t, row, column);
    *text = '\0';
    if (!e->contends || !table_marked(t) || !table_compares(t, row))
        return text;
    if (blocks)
        snprintf(text, size, "slower, dropped after %lld blocks", (long long)blocks);
    else
        snprintf(text, size, "%s",
                 column == t->best[row]       ? "fastest"
                 : e->mark == MARK_BEST       ? "equal"
                 : e->mark == MARK_UNRESOLVED ? "cannot tell yet"
                                              : "slower");
    return text;
}

/* "1.93", "10.5 us", "~0.94" where the interval is wide and there is no room for it, "failed", "". */
static void entry_put(struct sheet *sheet, const struct table *t, size_t row, size_t column, enum detail detail)
{
    const struct entry *e = table_entry(t, row, column);
    bool speedup = has_speedup(t, row) && e->cell != t->base[row], noted = !isnan(e->interval.lo);
    char *(*format)(char *text, size_t size, double value) = speedup ? speedup_format : format_duration;
    char value[24], verdict[64], lo[16], hi[16], interval[112] = "";
    if (e->cell == NO_CELL || isnan(e->ns)) {
        const struct summary_row *cell = e->cell == NO_CELL ? NULL : &t->run->rows[e->cell];
        sheet_put(sheet, "%s", !cell ? "" : cell->failed == cell->trials ? "failed" : "-");
        return;
    }
    sheet_put(sheet, "%s%s", detail == DETAIL_NARROW && is_wide(e) ? "~" : "",
              format(value, sizeof value, speedup ? e->speedup : e->ns));
    verdict_text(t, row, column, verdict, sizeof verdict);
    if (noted)
        snprintf(interval, sizeof interval, detail == DETAIL_SCREEN ? " [%s .. %s]" : "%s .. %s",
                 format(lo, sizeof lo, e->interval.lo), format(hi, sizeof hi, e->interval.hi));
    if (detail == DETAIL_REPORT && *verdict)
        snprintf(interval + strlen(interval), sizeof interval - strlen(interval), "%s%s", noted ? "; " : "", verdict);
    if (detail == DETAIL_REPORT)
        sheet_note(sheet, e->mark == MARK_BEST && *verdict ? "*" : "", interval);
    else if (detail == DETAIL_SCREEN && is_wide(e))
        sheet_note(sheet, interval, "");
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

/* What a row whose pools cannot be told apart yet would have shown, and what would tell. */
static void sight_print(FILE *out, const struct table *t, size_t row)
{
    struct sight sight;
    char visible[32];
    if (table_sight(t, row, &sight) || isnan(sight.visible))
        return;
    fprintf(out, " (this row can detect %s; ",
            sight.visible > VISIBLE_TIMES ? "10 times" : format_percent(visible, sizeof visible, sight.visible));
    if (sight.to_resolve > RESOLVE_MAX)
        fprintf(out, "more than %d blocks would tell)", RESOLVE_MAX);
    else
        fprintf(out, "about %zu blocks would tell)", sight.to_resolve);
}

/* "fastest: hybrid; equal: pthread; slower: fork (dropped after 6 blocks)". Whether there was anything to say. */
static bool verdicts_say(FILE *out, const struct table *t, size_t row)
{
    static const char *const words[] = {"fastest", "equal", "cannot tell yet", "slower"};
    const char *between = "";
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        const size_t length = strlen(words[w]);
        const char *before = ": ";
        for (size_t c = 0; c < t->pools; c++) {
            char verdict[64], head[72];
            if (strncmp(verdict_text(t, row, c, verdict, sizeof verdict), words[w], length) != 0)
                continue;
            if (*before == ':')
                fprintf(out, "%s%s", between, words[w]);
            fprintf(out, "%s%s", before, table_pool_name(t, c, head, sizeof head));
            if (verdict[length])
                fprintf(out, " (%s)", verdict + length + strlen(", "));
            before = ", ";
            between = "; ";
        }
        if (*before == ',' && w == 2)
            sight_print(out, t, row);
    }
    return *between;
}

/* What makes the row less sure. */
static void doubts_say(FILE *out, const struct table *t, size_t row, bool begun)
{
    if (row_lags(t, row)) {
        fprintf(out, "%sless sure: its blocks depend on the ones before", begun ? "; " : "");
        begun = true;
    }
    for (size_t c = 0; c < t->pools; c++) {
        const struct entry *e = table_entry(t, row, c);
        char head[72];
        if (!is_partly(t, e))
            continue;
        const struct summary_row *cell = &t->run->rows[e->cell];
        fprintf(out, "%s%s: %lld of %lld trials failed", begun ? "; " : "", table_pool_name(t, c, head, sizeof head),
                (long long)cell->failed, (long long)cell->trials);
        begun = true;
    }
}

/* In a report verdicts stand beside the numbers. */
static void row_note(struct sheet *sheet, const struct table *t, size_t row, enum detail detail)
{
    struct lines lines;
    if (!lines_open(&lines))
        return;
    doubts_say(lines.out, t, row, detail != DETAIL_REPORT && verdicts_say(lines.out, t, row));
    sheet_note(sheet, "", lines_close(&lines));
    free(lines.text);
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
        sheet_put(&sheet, "%s", factors_label(text, sizeof text, &t->run->rows[t->row[row]], t->shown));
        row_note(&sheet, t, row, detail);
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
    bool equal = false;
    for (size_t c = 0; c < t->pools; c++) {
        const char *pool = t->run->rows[t->pool[c]].f.pool;
        char head[64];
        if (strcmp(table_pool_name(t, c, head, sizeof head), pool) != 0)
            fprintf(out, "%s = %s\n", head, spec_behind_label(pool));
        staff_print(out, t, c);
    }
    for (size_t i = 0; i < t->rows * t->pools; i++)
        equal = equal || (t->entries[i].mark == MARK_BEST && i % t->pools != t->best[i / t->pools]);
    if (equal)
        fprintf(out, "equal: within %.0f %% of the fastest of its row\n", t->family.margin * 100);
}

/* ---- what rows could tell ---- */

struct sheet sight_sheet(const struct table *t)
{
    struct sheet sheet = {.title = "What each row can detect", .columns = 4, .align = "lr"};
    char label[160], visible[32];
    bool told = false;
    sheet_row(&sheet, "tasks and workers", "blocks", "differences from", "all told by");
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
    static const unsigned char least[] = {14, 17, 18, 17};
    const struct table *t = &analysis->table;
    struct sheet sheet = {
        .title = "What a pool costs, median over trials", .columns = 4, .align = "lr", .least = least};
    bool report = detail == DETAIL_REPORT, start = false, memory = false, handover = false, clocked = false;
    char text[64];
    sheet_row(&sheet, report ? "pool" : "Cost of", "to start a worker", "memory of a worker", "overhead per task");
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
        report && start ? "to start a worker: the time to open the pool, divided by its workers\n" : "",
        report && memory ? "memory of a worker: proportional set size (PSS) above that of serial with the same tasks, "
                           "divided by the workers\n"
                         : "",
        report && handover ? "overhead per task: wall time per task when tasks do nothing\n" : "",
        clocked
            ? "the overhead per task includes two clock readings and more for timing it; --timing trial leaves them "
              "out"
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
