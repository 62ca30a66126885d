/* The parts of the closing screen, one after the other. */
#include "bench/show/screen.h"
#include "bench/analyse/diagnostics.h"
#include "bench/analyse/failures.h"
#include "bench/base/inside.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/captions.h"
#include "bench/show/headline.h"
#include "bench/show/lines.h"
#include "bench/show/tables.h"
#include "workloads/text.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REASONS_MAX        12
#define LABEL_MAX          56
#define CAPTIONS_BYTES_MAX (1u << 20)
#define STEAL_SAID         0.005 /* of the time of the trials */
#define WAIT_SAID          0.03

static double number(int64_t value)
{
    return value == MISSING ? 0 : (double)value;
}

/* Without workers, the submitter has a CPU to itself, unless others want it. */
static bool trial_is_alone(const struct trial_row *trial)
{
    size_t length = strlen(BASE_POOL);
    return trial_is_ok(trial) && trial->wall_ns > 0 && trial->runqueue_ns != MISSING &&
           !strncmp(trial->f.pool, BASE_POOL, length) && strchr(":", trial->f.pool[length]);
}

struct totals totals_make(const struct run_data *run)
{
    struct totals totals = {0};
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_row *t = &run->trials[i];
        if (t->started_ns != MISSING)
            totals.end_ns = fmax(totals.end_ns,
                                 number(t->started_ns) + number(t->open_ns) + number(t->wall_ns) + number(t->close_ns));
        totals.ok += trial_is_ok(t);
        totals.interrupted += t->status == TRIAL_INTERRUPTED;
        if (trial_is_ok(t)) {
            totals.tasks += number(t->f.tasks);
            totals.tasks_failed += number(t->tasks_failed);
        }
        if (trial_is_alone(t)) {
            totals.alone_ns += (double)t->wall_ns;
            totals.waited_ns += (double)t->runqueue_ns;
        }
        if (t->steal_ns != MISSING && t->wall_ns != MISSING) {
            totals.steal_ns += (double)t->steal_ns;
            totals.wall_ns += (double)t->wall_ns;
        }
    }
    return totals;
}

/* ", 60.2 s, 83 % of it measured": in all, and between gate and last reap. A run that was never summed up by the verb
 * that made it knows its trials alone. */
static char *time_text(char *text, size_t size, const struct run_data *run, const struct totals *totals)
{
    double took_ns = json_number_value(host_fact(run->host, "took_ns"));
    double measured_ns = json_number_value(host_fact(run->host, "measured_ns"));
    char duration[32];
    text[0] = '\0';
    if (took_ns > 0)
        snprintf(text, size, ", %s, %.0f %% of it measuring", format_duration(duration, sizeof duration, took_ns),
                 100 * measured_ns / took_ns);
    else if (totals->end_ns > 0)
        snprintf(text, size, ", %s", format_duration(duration, sizeof duration, totals->end_ns));
    return text;
}

void screen_header(FILE *out, const struct run_data *run)
{
    struct totals totals = totals_make(run);
    char machine[128], time[96];
    host_line(machine, sizeof machine, run->host);
    wrapped_print(out, 0, 0, "poolbench %s | %s | %zu trial%s in %zu block%s, %zu failed%s", POOLBENCH_VERSION, machine,
                  run->trial_count, run->trial_count == 1 ? "" : "s", run->blocks, run->blocks == 1 ? "" : "s",
                  run->trial_count - totals.ok, time_text(time, sizeof time, run, &totals));
}

/* The smallest difference that the rows with an open verdict would have shown. */
static void sights_print(FILE *out, const struct table *t)
{
    struct sights sights;
    char least[32], most[32], widest[32], label[160];
    if (table_sights(t, &sights) || !(sights.visible > t->family.margin))
        return;
    format_percent(least, sizeof least, sights.least);
    format_percent(most, sizeof most, sights.most);
    format_percent(widest, sizeof widest, sights.visible);
    factors_label(label, sizeof label, &t->run->rows[t->row[sights.widest]], t->shown);
    if (sights.rows == 1)
        fprintf(out, "this run can detect differences above %s in the row that it cannot tell yet: %s\n", widest,
                label);
    else
        fprintf(out,
                "this run can detect differences above %s to %s in %zu of the %zu rows that it cannot tell yet; above "
                "%s in the widest: %s\n",
                least, most, sights.near, sights.rows, widest, label);
}

void screen_warnings(FILE *out, const struct run_data *run, const struct table *table)
{
    struct totals totals = totals_make(run);
    host_warnings(out, run->host);
    if (totals.wall_ns > 0 && totals.steal_ns > STEAL_SAID * totals.wall_ns)
        fprintf(out, "the hypervisor took %.1f %% of one CPU's time during trials (steal)\n",
                100 * totals.steal_ns / totals.wall_ns);
    if (totals.alone_ns > 0 && totals.waited_ns > WAIT_SAID * totals.alone_ns)
        fprintf(out, "the machine was busy with other work: %s alone waited %.0f %% of its time for a CPU\n", BASE_POOL,
                100 * totals.waited_ns / totals.alone_ns);
    if (totals.tasks_failed > 0)
        fprintf(out, "%.0f of %.0f tasks failed; what they took counts as time\n", totals.tasks_failed, totals.tasks);
    if (table && table->family.comparisons && !table_marked(table))
        fprintf(out, "too few blocks: %u comparison%s of pools need%s at least %zu, this run has %zu\n",
                table->family.comparisons, table->family.comparisons == 1 ? "" : "s",
                table->family.comparisons == 1 ? "s" : "", table->blocks_needed, table->series.blocks);
    else if (table && table->family.comparisons)
        sights_print(out, table);
    if (table)
        diagnostics_print(out, table);
}

void screen_warnings_print(FILE *out, const struct run_data *run, const struct table *table)
{
    struct lines lines;
    if (lines_open(&lines)) {
        screen_warnings(lines.out, run, table);
        lines_print(out, &lines, "! ");
    }
}

/* And releases it. */
static void sheet_show(FILE *out, struct sheet *sheet, const char *title)
{
    if (sheet_rows(sheet) > 1) {
        fputc('\n', out);
        if (*title)
            wrap_print(out, title, 0);
        sheet_print(out, sheet, screen_columns(out));
        if (sheet->foot)
            wrap_print(out, sheet->foot, 2);
    }
    sheet_release(sheet);
}

/* Intervals where they are wide and there is room. */
static void answer_show(FILE *out, const struct table *t)
{
    bool wide = false, narrow = false;
    char common[1024];
    struct lines legend;
    if (*table_common(t, common, sizeof common)) {
        fputs("\neverywhere: ", out);
        wrap_print(out, common, (unsigned)strlen("everywhere: "));
    }
    for (int speedup = 1; speedup >= 0; speedup--) {
        struct sheet sheet = answer_sheet(t, speedup, DETAIL_SCREEN);
        wide = wide || answer_wide(t, speedup);
        if (sheet_width(&sheet) > screen_columns(out)) {
            narrow = narrow || answer_wide(t, speedup);
            sheet_release(&sheet);
            sheet = answer_sheet(t, speedup, DETAIL_NARROW);
        }
        sheet_show(out, &sheet, sheet.title);
    }
    if (!lines_open(&legend))
        return;
    table_legend(legend.out, t);
    if (narrow)
        fprintf(legend.out, "~: about; its %.0f %% interval is wider than a tenth (the report has it)\n",
                TABLE_LEVEL * 100);
    else if (wide)
        fprintf(legend.out, "[..]: %.0f %% interval, where it is wider than a tenth\n", TABLE_LEVEL * 100);
    lines_print(out, &legend, "  ");
}

static void tables_show(FILE *out, const struct analysis *analysis)
{
    struct sheet rates = rates_sheet(&analysis->table), commands = commands_sheet(&analysis->table);
    struct sheet latencies = latency_sheet(&analysis->table, DETAIL_SCREEN);
    struct sheet prices = price_sheet(analysis, DETAIL_SCREEN), costs = fault_cost_sheet(analysis, DETAIL_SCREEN);
    answer_show(out, &analysis->table);
    sheet_show(out, &rates, rates.title);
    sheet_show(out, &latencies, latencies.title);
    sheet_show(out, &commands, commands.title);
    sheet_show(out, &prices, "");
    sheet_show(out, &costs, "");
}

/* What failed and why, a line for each of up to REASONS_MAX kinds; of more, how many. */
static void failures_show(FILE *out, const struct table *t)
{
    const struct run_data *run = t->run;
    size_t count;
    struct failure *failures = failures_find(run, &count);
    for (size_t i = 0; failures && i < count && i < REASONS_MAX; i++) {
        const struct trial_row *trial = &run->trials[failures[i].trial];
        const struct summary_row *cell = &run->rows[run->cell[failures[i].trial]];
        char label[LABEL_MAX];
        /* whole: its end may say which task */
        wrapped_print(out, 2, 2, "%s: %zu of %lld %s%s%s",
                      factors_label(label, sizeof label, cell, t->shown | FACTOR_POOL), failures[i].count,
                      (long long)cell->trials, trial_status_word(trial->status), *trial->reason ? ": " : "",
                      trial->reason);
    }
    if (failures && count > REASONS_MAX)
        fprintf(out, "  and %zu more kinds of failure, see %s\n", count - REASONS_MAX, trial_format.file);
    free(failures);
}

/* Charts that are of these trials: others may lie there from before. */
static bool charts_are_there(const char *directory, const struct run_data *run)
{
    struct text_lines captions;
    if (inside_read(directory, "charts/" CAPTIONS, CAPTIONS_BYTES_MAX, &captions) < 0)
        return false;
    bool are_there = captions_trials(captions.next) == run->trial_count && captions_any_drawn(captions.next);
    text_close(&captions);
    return are_there;
}

static void files_print(FILE *out, const struct run_data *run)
{
    const char *directory = run->directory;
    static const char charts[] = "charts";
    static const char *const files[] = {"report.html", charts,        "summary.csv", "trials.csv",
                                        "latency.csv", "samples.csv", "host.json"};
    char path[PATH_MAX], text[4 * PATH_MAX + 256];
    size_t used = text_put(text, sizeof text, directory, true);
    const char *before = ": ";
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (snprintf(path, sizeof path, "%s/%s", directory, files[i]) >= (int)sizeof path || access(path, F_OK) < 0 ||
            (files[i] == charts && !charts_are_there(directory, run)))
            continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", before, files[i]);
        before = ", ";
    }
    fputc('\n', out);
    wrap_print(out, text, 0);
}

void screen_print(FILE *out, const struct analysis *analysis)
{
    const struct run_data *run = analysis->run;
    const struct table *table = run->count ? &analysis->table : NULL;
    struct lines findings;
    headline_print(out, analysis);
    screen_header(out, run);
    screen_warnings_print(out, run, table);
    if (table) {
        tables_show(out, analysis);
        if (totals_make(run).ok < run->trial_count) {
            fputs("\nFailed trials\n", out);
            failures_show(out, table);
        }
        if (*analysis->findings)
            fputs("\nFor these tasks, here:\n", out);
        if (lines_open(&findings)) {
            fputs(analysis->findings, findings.out);
            lines_print(out, &findings, "- ");
        }
    }
    if (table && factors_varying(run->rows, run->count, FACTOR_TRIAL_PROGRAM))
        fprintf(out, "\nWhich build is faster, cell by cell: poolbench compare %s\n", run_id(run->directory));
    files_print(out, run);
    if (isatty(fileno(out))) { /* what was said first is no longer in sight */
        fputc('\n', out);
        headline_print(out, analysis);
    }
}
