/* What was found: the conclusions and the tables of the closing screen, and what failed. */
#include "bench/base/units.h"
#include "bench/model/host.h"
#include "bench/show/report/parts.h"
#include "bench/show/screen.h"
#include "bench/show/screen_table.h"
#include <stdlib.h>
#include <string.h>

/* ---- what ran where ---- */

static size_t trials_with(const struct run_data *run, enum trial_status status)
{
    size_t count = 0;

    for (size_t i = 0; i < run->trial_count; i++)
        count += run->trials[i].status == status;
    return count;
}

static bool block_is_new(const struct run_data *run, size_t trial)
{
    for (size_t i = 0; i < trial; i++)
        if (run->trials[i].block == run->trials[trial].block)
            return false;
    return true;
}

static size_t blocks_of(const struct run_data *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->trial_count; i++)
        count += block_is_new(run, i);
    return count;
}

/* From the first trial to the end of the last. */
static double duration_ns(const struct run_data *run)
{
    int64_t end_ns = 0;

    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_row *t = &run->trials[i];
        const int64_t parts[] = {t->started_ns, t->open_ns, t->wall_ns, t->close_ns};
        int64_t ended_ns = 0;
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
            ended_ns += parts[p] == MISSING ? 0 : parts[p];
        end_ns = ended_ns > end_ns ? ended_ns : end_ns;
    }
    return (double)end_ns;
}

/* "2026-11-22T17:41:54Z" as people write it; anything else as it is. */
static void date_format(char *text, size_t size, const char *date)
{
    unsigned part[5];
    int end = 0;

    if (sscanf(date, "%4u-%2u-%2uT%2u:%2u:%*2uZ%n", &part[0], &part[1], &part[2], &part[3], &part[4], &end) == 5 && end)
        snprintf(text, size, "%.10s %.5s UTC", date, date + 11);
    else
        snprintf(text, size, "%s", date);
}

void report_header(struct report *r)
{
    const char *date = json_string_value(report_fact(r, "date"));
    const char *version = json_string_value(report_fact(r, "build.version"));
    char machine[256], trials[96], stopped[48] = "", duration[32], begun[64];
    size_t count = r->run->trial_count, blocks = blocks_of(r->run);
    size_t interrupted = trials_with(r->run, TRIAL_INTERRUPTED);
    size_t failed = count - trials_with(r->run, TRIAL_OK) - interrupted;

    host_line(machine, sizeof machine, r->run->host);
    date_format(begun, sizeof begun, date ? date : "not known");
    if (interrupted)
        snprintf(stopped, sizeof stopped, ", %zu interrupted", interrupted);
    snprintf(trials, sizeof trials, "%zu in %zu block%s, %zu failed%s", count, blocks, blocks == 1 ? "" : "s", failed,
             stopped);
    format_duration(duration, sizeof duration, duration_ns(r->run));
    const struct document_fact facts[] = {{"Machine", machine},
                                          {"Begun", begun},
                                          {"Trials", trials},
                                          {"Duration", duration},
                                          {"poolbench", version ? version : "not known"}};
    r->format->facts(r->out, facts, sizeof facts / sizeof facts[0]);
}

/* ---- warnings ---- */

/* A run may have ended early because it was told to, or because somebody or something ended it. */
static void plan_compare(const struct report *r, FILE *out)
{
    long long blocks = json_integer_value(report_fact(r, "run.blocks"));
    long long cells = json_integer_value(report_fact(r, "run.cells")), made = (long long)r->run->trial_count;
    size_t interrupted = trials_with(r->run, TRIAL_INTERRUPTED);
    bool is_interrupted = interrupted && made < blocks * cells;

    if (interrupted && !is_interrupted)
        fprintf(out, "%zu trial%s interrupted and ha%s no times; `poolbench resume` runs %s again\n", interrupted,
                interrupted == 1 ? " was" : "s were", interrupted == 1 ? "s" : "ve", interrupted == 1 ? "it" : "them");
    if (blocks < 1 || cells < 1 || made >= blocks * cells)
        return;
    if (is_interrupted)
        fprintf(out, "the run was interrupted: %lld of %lld trials were begun\n", made, blocks * cells);
    else if (made % cells == 0)
        fprintf(out, "the run ended after %lld of %lld planned blocks\n", made / cells, blocks);
    else
        fprintf(out, "the run broke off in block %lld: %lld of %lld trials were made\n", made / cells + 1, made,
                blocks * cells);
}

static void put_warnings(struct report *r)
{
    size_t count = r->run->trial_count;
    size_t failed = count - trials_with(r->run, TRIAL_OK) - trials_with(r->run, TRIAL_INTERRUPTED);
    struct lines warnings;

    if (!lines_open(&warnings))
        return;
    if (!r->run->host)
        fputs("host.json cannot be read: machine, command and seed are not known\n", warnings.out);
    if (r->run->torn)
        fputs("the last line of trials.csv was cut off, and is not used\n", warnings.out);
    plan_compare(r, warnings.out);
    if (failed)
        fprintf(warnings.out, "%zu of %zu trials failed; the reasons are below\n", failed, count);
    screen_warnings(warnings.out, r->run, r->table);
    report_list(r, &warnings, LIST_WARNINGS);
}

/* ---- the answer ---- */

/* Why there are no findings. */
static const char *silence(const struct report *r)
{
    if (!r->table || !trials_with(r->run, TRIAL_OK))
        return "There is no answer: not one trial ended well.";
    if (!r->table->family.comparisons)
        return "Nothing was compared: no tasks were run by two pools beside serial. The table has what was measured.";
    if (!table_marked(r->table))
        return "There is no answer yet: too few blocks to tell pools apart. The table has what was measured.";
    return "Nothing can be concluded beyond what the table says.";
}

static void put_conclusions(struct report *r)
{
    const char *text = r->analysis->findings;

    r->format->list(r->out, *text ? text : silence(r), LIST_ANSWER);
}

/* A table's row or column has a name that must live as long as the table is drawn. */
struct names {
    char label[TABLE_LABEL_MAX], pool[64];
};

static bool has_intervals(const struct table *t)
{
    struct table_text text;

    for (size_t i = 0; i < t->rows * t->pools; i++) {
        table_text(t, i / t->pools, i % t->pools, &text);
        if (*text.interval)
            return true;
    }
    return false;
}

static void put_legend(struct report *r)
{
    char common[1024];
    struct lines lines;

    if (!lines_open(&lines))
        return;
    table_legend(lines.out, r->table);
    if (has_intervals(r->table))
        fprintf(lines.out, "ranges: %.0f %% interval of the median over blocks\n", TABLE_LEVEL * 100);
    if (*table_common(r->table, common, sizeof common))
        fprintf(lines.out, "everywhere: %s\n", common);
    /* the screen has several marks on a line */
    lines_close(&lines);
    if (lines.text) {
        for (char *gap; (gap = strstr(lines.text, "    "));)
            *gap = '\n';
        r->format->list(r->out, lines.text, LIST_LEGEND);
    }
    free(lines.text);
}

static bool column_used(const struct document_table *drawn, size_t column)
{
    for (size_t r = 1; r < drawn->rows; r++) {
        const char *text = drawn->cells[r * drawn->columns + column].text;
        if (text && *text)
            return true;
    }
    return false;
}

/* Columns in which no row has anything are left out. */
static void table_trim(struct document_table *drawn)
{
    for (size_t c = drawn->columns; c-- > 1;) {
        size_t kept = 0;
        if (column_used(drawn, c))
            continue;
        for (size_t i = 0; i < drawn->rows * drawn->columns; i++)
            if (i % drawn->columns != c)
                drawn->cells[kept++] = drawn->cells[i];
        drawn->columns--;
    }
}

static void answer_cell(const struct table_text *text, struct document_cell *cell)
{
    cell->text = text->value;
    cell->note = text->interval;
    if (text->mark != ' ' || text->partly)
        snprintf(cell->mark, sizeof cell->mark, "%.1s%s", text->mark == ' ' ? "" : &text->mark,
                 text->partly ? "!" : "");
}

/* The rows that say speed-ups, or those that say times per task. */
static void put_table(struct report *r, bool speedup)
{
    const struct table *t = r->table;
    struct document_table drawn = {.title = table_title(speedup), .rows = 1, .columns = t->pools + 1};
    struct names *names = calloc(t->rows + t->pools, sizeof *names);
    struct table_text *texts = calloc(t->rows * t->pools, sizeof *texts), *text = texts;

    drawn.cells = calloc((t->rows + 1) * drawn.columns, sizeof *drawn.cells);
    if (drawn.cells && names && texts) {
        drawn.cells[0].text = "tasks and workers";
        for (size_t c = 0; c < t->pools; c++)
            drawn.cells[c + 1].text = table_pool(t, c, names[t->rows + c].pool, sizeof names->pool);
        for (size_t row = 0; row < t->rows; row++) {
            struct document_cell *cells = &drawn.cells[drawn.rows * drawn.columns];
            if (table_row_speedup(t, row) != speedup)
                continue;
            drawn.rows++;
            cells[0].text = table_label(t, row, names[row].label, sizeof names->label);
            for (size_t c = 0; c < t->pools; c++, text++) {
                table_text(t, row, c, text);
                answer_cell(text, &cells[c + 1]);
            }
        }
        table_trim(&drawn);
        if (drawn.rows > 1)
            r->format->table(r->out, &drawn);
    }
    free(names);
    free(texts);
    free(drawn.cells);
}

/* Percentiles of latency, where tasks do not wait for a burst. */
static void put_latencies(struct report *r)
{
    const size_t count = r->run->count, columns = LATENCY_COLUMNS + 1;
    struct document_table drawn = {.title = latency_title, .rows = 1, .columns = columns};
    struct latency_text *texts = calloc(count + 1, sizeof *texts);
    bool bounded = false;

    drawn.cells = calloc((count + 1) * columns, sizeof *drawn.cells);
    if (drawn.cells && texts) {
        drawn.cells[0].text = "cell";
        for (size_t c = 0; c < LATENCY_COLUMNS; c++)
            drawn.cells[c + 1].text = latency_head(c);
        for (size_t i = 0; i < count; i++) {
            struct document_cell *cells = &drawn.cells[drawn.rows * columns];
            if (!latency_text(r->table, i, &texts[i]))
                continue;
            drawn.rows++;
            cells[0].text = texts[i].label;
            for (size_t c = 0; c < LATENCY_COLUMNS; c++) {
                cells[c + 1].text = texts[i].value[c];
                cells[c + 1].note = texts[i].interval[c];
                bounded = bounded || *texts[i].interval[c];
            }
        }
        table_trim(&drawn);
        if (drawn.rows > 1)
            r->format->table(r->out, &drawn);
        if (drawn.rows > 1 && bounded)
            r->format->list(r->out, "ranges: 95 % interval of the median over trials, where at least 6 have it",
                            LIST_LEGEND);
    }
    free(texts);
    free(drawn.cells);
}

void report_answer(struct report *r)
{
    r->format->section(r->out, "The answer");
    put_conclusions(r);
    put_warnings(r);
    if (r->table) {
        put_table(r, true);
        put_table(r, false);
        put_legend(r);
        put_latencies(r);
    }
    r->format->section_end(r->out);
}

/* ---- prices ---- */

/* A row of the table of prices; false when nothing is known of that pool. */
static bool price_row(const struct analysis *analysis, size_t column, struct price_text *text,
                      struct document_cell *cells)
{
    const struct table *t = &analysis->table;

    if (!price_known(&analysis->prices[column]))
        return false;
    price_text(&analysis->prices[column], text);
    cells[0].text = t->run->rows[t->pool[column]].f.pool;
    cells[1].text = text->start;
    cells[2].text = text->bytes;
    cells[3].text = text->handover;
    return true;
}

void report_prices(struct report *r)
{
    static const char *const explained[] = {
        "start: opening the pool, by the workers that makes\n",
        "memory: proportional set size beyond that of the same tasks without a pool, by the workers\n",
        "handing over: wall time per task of tasks that do nothing\n"};
    const struct table *t = r->table;
    struct document_table drawn = {.title = "Price of a pool, median over trials", .rows = 1, .columns = 4};
    struct price_text *prices = t ? calloc(t->pools, sizeof *prices) : NULL;
    struct lines legend;

    drawn.cells = prices ? calloc((t->pools + 1) * drawn.columns, sizeof *drawn.cells) : NULL;
    if (drawn.cells) {
        drawn.cells[0].text = "pool";
        for (size_t c = 1; c < drawn.columns; c++)
            drawn.cells[c].text = price_heads[c - 1];
        for (size_t c = 0; c < t->pools; c++)
            drawn.rows += price_row(r->analysis, c, &prices[c], &drawn.cells[drawn.rows * drawn.columns]);
    }
    if (drawn.rows > 1) {
        r->format->section(r->out, "What a pool costs");
        table_trim(&drawn);
        r->format->table(r->out, &drawn);
        lines_open(&legend);
        for (size_t c = 1; c < drawn.columns && legend.out; c++)
            for (size_t i = 0; i < 3; i++)
                if (drawn.cells[c].text == price_heads[i])
                    fputs(explained[i], legend.out);
        report_list(r, &legend, LIST_LEGEND);
        r->format->section_end(r->out);
    }
    free(drawn.cells);
    free(prices);
}
