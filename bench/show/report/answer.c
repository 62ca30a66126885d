/* What was found: the conclusions and the tables of the closing screen, and what failed. */
#include "bench/analyse/answer.h"
#include "bench/analyse/failures.h"
#include "bench/base/units.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/show/headline.h"
#include "bench/show/report/parts.h"
#include "bench/show/screen.h"
#include "bench/show/tables.h"
#include <stdlib.h>
#include <string.h>

/* ---- what ran where ---- */

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
    size_t count = r->run->trial_count, blocks = r->run->blocks;
    struct totals totals = totals_make(r->run);
    host_line(machine, sizeof machine, r->run->host);
    date_format(begun, sizeof begun, date ? date : "not known");
    if (totals.interrupted)
        snprintf(stopped, sizeof stopped, ", %zu interrupted", totals.interrupted);
    snprintf(trials, sizeof trials, "%zu in %zu block%s, %zu failed%s", count, blocks, blocks == 1 ? "" : "s",
             count - totals.ok - totals.interrupted, stopped);
    format_duration(duration, sizeof duration, totals.end_ns);
    const struct document_fact facts[] = {{"Machine", machine},
                                          {"Begun", begun},
                                          {"Trials", trials},
                                          {"Duration", duration},
                                          {"poolbench", version ? version : "not known"}};
    report_facts(r, facts, sizeof facts / sizeof facts[0]);
}

/* ---- warnings ---- */

/* A run may have ended early because it was told to, or because somebody or something ended it. */
static void plan_compare(const struct report *r, FILE *out)
{
    long long blocks = json_integer_value(report_fact(r, "run.blocks")), planned;
    long long cells = json_integer_value(report_fact(r, "run.cells")), made = (long long)r->run->trial_count;
    if (__builtin_mul_overflow(blocks, cells, &planned))
        return; /* no numbers of ours */
    size_t interrupted = totals_make(r->run).interrupted;
    bool is_interrupted = interrupted && made < planned;
    if (interrupted && !is_interrupted)
        fprintf(out, "%zu trial%s interrupted and ha%s no times; `poolbench resume` runs %s again\n", interrupted,
                interrupted == 1 ? " was" : "s were", interrupted == 1 ? "s" : "ve", interrupted == 1 ? "it" : "them");
    if (blocks < 1 || cells < 1 || made >= planned)
        return;
    if (!is_interrupted && json_array_size(report_fact(r, "run.looked")))
        return; /* what was told, or had no time, ran no more */
    if (is_interrupted)
        fprintf(out, "the run was interrupted: %lld of %lld trials were begun\n", made, planned);
    else if (made % cells == 0)
        fprintf(out, "the run ended after %lld of %lld planned blocks\n", made / cells, blocks);
    else
        fprintf(out, "the run broke off in block %lld: %lld of %lld trials were made\n", made / cells + 1, made,
                planned);
}

static void put_warnings(struct report *r)
{
    size_t count = r->run->trial_count;
    struct totals totals = totals_make(r->run);
    size_t failed = count - totals.ok - totals.interrupted;
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
    report_lines(r, &warnings, LIST_WARNINGS);
}

/* ---- the answer ---- */

/* Why there are no findings. */
static const char *silence(const struct report *r)
{
    if (!r->table || !totals_make(r->run).ok)
        return "There is no answer: not one trial ended well.";
    if (!r->table->family.comparisons)
        return "Nothing was compared: no tasks were run by two pools beside serial. The table has what was measured.";
    if (!table_marked(r->table))
        return "There is no answer yet: too few blocks to tell pools apart. The table has what was measured.";
    return "Nothing can be concluded beyond what the table says.";
}

static void put_conclusions(struct report *r)
{
    struct lines lines;
    if (!lines_open(&lines))
        return;
    if (r->table)
        answer_print(lines.out, r->table, r->run_id); /* of a copy, too */
    if (r->table)
        headline_sure(lines.out, r->table);
    fputs(r->analysis->findings, lines.out);
    if (ftell(lines.out) <= 0)
        fputs(silence(r), lines.out);
    report_lines(r, &lines, LIST_ANSWER);
}

static void put_legend(struct report *r, bool noted)
{
    char common[1024];
    struct lines lines;
    if (!lines_open(&lines))
        return;
    table_legend(lines.out, r->table);
    if (noted)
        fprintf(lines.out, "ranges: %.0f %% interval, of this run, of the middle over blocks\n", TABLE_LEVEL * 100);
    if (*table_common(r->table, common, sizeof common))
        fprintf(lines.out, "everywhere: %s\n", common);
    report_lines(r, &lines, LIST_LEGEND);
}

void report_answer(struct report *r)
{
    bool noted = false;
    put_conclusions(r);
    put_warnings(r);
    if (!r->table)
        return;
    for (int speedup = 1; speedup >= 0; speedup--) {
        struct sheet sheet = answer_sheet(r->table, speedup, DETAIL_REPORT);
        for (size_t i = 0; i < sheet.count; i++)
            noted = noted || sheet.cells[i].note;
        report_table(r, &sheet);
    }
    put_legend(r, noted);
    struct sheet sights = sight_sheet(r->table);
    report_table(r, &sights);
    struct sheet rates = rates_sheet(r->table);
    report_table(r, &rates);
    struct sheet latencies = latency_sheet(r->table, DETAIL_REPORT);
    report_table(r, &latencies);
    struct sheet commands = commands_sheet(r->table);
    report_table(r, &commands);
}

void report_prices(struct report *r)
{
    if (!r->table)
        return;
    struct sheet prices = price_sheet(r->analysis, DETAIL_REPORT);
    report_table(r, &prices);
}

void report_fault_costs(struct report *r)
{
    if (!r->table)
        return;
    struct sheet costs = fault_cost_sheet(r->analysis, DETAIL_REPORT);
    report_table(r, &costs);
}

/* A row for every cell, status and reason. */
void report_failures(struct report *r)
{
    struct sheet sheet = {.title = "By cell, status and reason", .columns = 4, .align = "l"};
    char label[256];
    size_t count = 0;
    struct failure *failures = r->table ? failures_find(r->run, &count) : NULL;
    sheet_row(&sheet, "cell", "trials", "status", "reason");
    for (size_t k = 0; k < count; k++) {
        const struct trial_row *trial = &r->run->trials[failures[k].trial];
        const struct summary_row *cell = &r->run->rows[r->run->cell[failures[k].trial]];
        sheet_put(&sheet, "%s", factors_label(label, sizeof label, cell, r->table->shown | FACTOR_POOL));
        sheet_put(&sheet, "%zu of %lld", failures[k].count, (long long)cell->trials);
        sheet_put(&sheet, "%s", trial_status_word(trial->status));
        sheet_put(&sheet, "%s", trial->reason);
    }
    report_table(r, &sheet);
    free(failures);
}
