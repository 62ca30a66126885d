/* The parts of the closing screen, one after the other. */
#include "bench/show/screen.h"
#include "bench/analyse/diagnostics.h"
#include "bench/analyse/findings.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/captions.h"
#include "bench/show/screen_table.h"
#include "workloads/text.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef POOLBENCH_VERSION
#define POOLBENCH_VERSION "(version unknown)"
#endif

#define REASONS_MAX        12
#define LABEL_MAX          56
#define CAPTIONS_BYTES_MAX (1u << 20)
#define STEAL_SAID         0.005 /* of the time of the trials */
#define WAIT_SAID          0.03

struct totals {
    size_t failed, blocks;
    double end_ns; /* of the last trial; 0: not known when trials started */
    double wall_ns, steal_ns;
    double alone_ns, waited_ns; /* wall time of the base pool's trials, and what they waited for a CPU */
    long long tasks, tasks_failed;
};

static double number(int64_t value)
{
    return value == MISSING ? 0 : (double)value;
}

/* Without workers, the submitter has a CPU to itself, unless others want it. */
static bool trial_is_alone(const struct trial_row *trial)
{
    size_t length = strlen(BASE_POOL);

    return !strcmp(trial->status, "ok") && trial->wall_ns > 0 && trial->runqueue_ns != MISSING &&
           !strncmp(trial->f.pool, BASE_POOL, length) && strchr(":", trial->f.pool[length]);
}

static struct totals totals_make(const struct summary *summary)
{
    struct totals totals = {0};

    for (size_t i = 0; i < summary->trial_count; i++) {
        const struct trial_row *t = &summary->trials[i];
        if (t->started_ns != MISSING)
            totals.end_ns = fmax(totals.end_ns,
                                 number(t->started_ns) + number(t->open_ns) + number(t->wall_ns) + number(t->close_ns));
        totals.failed += strcmp(t->status, "ok") != 0;
        if (t->block > (int64_t)totals.blocks)
            totals.blocks = (size_t)t->block;
        if (!strcmp(t->status, "ok")) {
            totals.tasks += t->f.tasks;
            totals.tasks_failed += t->tasks_failed == MISSING ? 0 : t->tasks_failed;
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
static char *time_text(char *text, size_t size, const char *directory, const struct totals *totals)
{
    json_t *took = host_fact(directory, "took_ns"), *measured = host_fact(directory, "measured_ns");
    double took_ns = json_number_value(took), measured_ns = json_number_value(measured);
    char duration[32];

    text[0] = '\0';
    if (took_ns > 0)
        snprintf(text, size, ", %s, %.0f %% of it measuring", format_duration(duration, sizeof duration, took_ns),
                 100 * measured_ns / took_ns);
    else if (totals->end_ns > 0)
        snprintf(text, size, ", %s", format_duration(duration, sizeof duration, totals->end_ns));
    json_decref(took);
    json_decref(measured);
    return text;
}

void screen_header(FILE *out, const char *directory, const struct summary *summary)
{
    struct totals totals = totals_make(summary);
    char machine[128], time[96], text[384];

    host_line(machine, sizeof machine, directory);
    snprintf(text, sizeof text, "poolbench %s | %s | %zu trial%s in %zu block%s, %zu failed%s", POOLBENCH_VERSION,
             machine, summary->trial_count, summary->trial_count == 1 ? "" : "s", totals.blocks,
             totals.blocks == 1 ? "" : "s", totals.failed, time_text(time, sizeof time, directory, &totals));
    wrap_print(out, text, 0);
}

void screen_warnings(FILE *out, const char *directory, const struct summary *summary, const struct table *table)
{
    struct totals totals = totals_make(summary);

    host_warnings(out, directory);
    if (totals.wall_ns > 0 && totals.steal_ns > STEAL_SAID * totals.wall_ns)
        fprintf(out, "the hypervisor took %.1f %% of one CPU's time during trials (steal)\n",
                100 * totals.steal_ns / totals.wall_ns);
    if (totals.alone_ns > 0 && totals.waited_ns > WAIT_SAID * totals.alone_ns)
        fprintf(out, "the machine was busy with other work: %s alone waited %.0f %% of its time for a CPU\n", BASE_POOL,
                100 * totals.waited_ns / totals.alone_ns);
    if (totals.tasks_failed)
        fprintf(out, "%lld of %lld tasks failed; what they took counts as time\n", totals.tasks_failed, totals.tasks);
    if (table && table->family.comparisons && !table_marked(table))
        fprintf(out, "too few blocks: %u comparison%s of pools need%s at least %zu, this run has %zu\n",
                table->family.comparisons, table->family.comparisons == 1 ? "" : "s",
                table->family.comparisons == 1 ? "s" : "", table->blocks_needed, table->costs.blocks);
    else if (table && table->visible > table->family.margin)
        fprintf(out,
                table->visible < 0.1 ? "differences below %.1f %% are mostly not seen in a run like this\n"
                                     : "differences below %.0f %% are mostly not seen in a run like this\n",
                100 * table->visible);
    if (table)
        diagnostics_print(out, table);
}

/* The lines of a part, each behind `mark` and wrapped. */
static void lines_print(FILE *out, char *lines, const char *mark)
{
    for (char *rest = lines, *line; lines && (line = strsep(&rest, "\n"));)
        if (*line) {
            fputs(mark, out);
            wrap_print(out, line, (unsigned)strlen(mark));
        }
    free(lines);
}

void screen_warnings_print(FILE *out, const char *directory, const struct summary *summary, const struct table *table)
{
    char *lines = NULL;
    size_t size;
    FILE *text = open_memstream(&lines, &size);

    if (!text)
        return;
    screen_warnings(text, directory, summary, table);
    if (!fclose(text))
        lines_print(out, lines, "! ");
}

static void findings_show(FILE *out, const struct table *table)
{
    char *lines = NULL;
    size_t size;
    FILE *text = open_memstream(&lines, &size);

    if (!text)
        return;
    findings_print(text, table);
    if (fclose(text))
        return;
    if (*lines)
        fputs("\nFor these tasks, here:\n", out);
    lines_print(out, lines, "- ");
}

static bool same_failure(const struct trial_row *a, const struct trial_row *b)
{
    return !strcmp(a->cell_id, b->cell_id) && !strcmp(a->status, b->status) && !strcmp(a->reason, b->reason);
}

void screen_failures(FILE *out, const struct table *t, size_t kinds)
{
    const struct summary *s = t->summary;
    size_t printed = 0, more = 0;

    for (size_t i = 0; i < s->trial_count; i++) {
        size_t cell = 0, same = 0;
        bool known = !strcmp(s->trials[i].status, "ok");
        for (size_t j = 0; j < i && !known; j++)
            known = same_failure(&s->trials[i], &s->trials[j]);
        while (cell < s->count && strcmp(s->rows[cell].cell_id, s->trials[i].cell_id))
            cell++;
        if (known || cell == s->count)
            continue;
        if (printed == kinds) {
            more++;
            continue;
        }
        for (size_t j = i; j < s->trial_count; j++)
            same += same_failure(&s->trials[i], &s->trials[j]);
        char label[LABEL_MAX], line[512];
        factors_label(label, sizeof label, &s->rows[cell], t->shown | FACTOR_POOL);
        snprintf(line, sizeof line, "%s: %zu of %lld %s%s%s", label, same, (long long)s->rows[cell].trials,
                 s->trials[i].status, *s->trials[i].reason ? ": " : "", s->trials[i].reason);
        fputs("  ", out);
        wrap_print(out, line, 2); /* whole: its end may say which task */
        printed++;
    }
    if (more)
        fprintf(out, "  and %zu more kinds of failure, see %s\n", more, trial_format.file);
}

/* Charts that are of these trials: others may lie there from before. */
static bool charts_are_there(const char *directory, const struct summary *summary)
{
    char path[PATH_MAX];
    struct text_lines captions;
    if (snprintf(path, sizeof path, "%s/charts/" CAPTIONS, directory) >= (int)sizeof path ||
        text_open(path, CAPTIONS_BYTES_MAX, &captions) < 0)
        return false;
    bool are_there = captions_trials(captions.next) == summary->trial_count && captions_any_drawn(captions.next);
    text_close(&captions);
    return are_there;
}

static void files_print(FILE *out, const char *directory, const struct summary *summary)
{
    static const char charts[] = "charts";
    static const char *const files[] = {"report.html", charts,        "summary.csv", "trials.csv",
                                        "latency.csv", "samples.csv", "host.json"};
    char path[PATH_MAX], text[4 * PATH_MAX + 256];
    size_t used = text_put(text, sizeof text, directory, true);
    const char *before = ": ";

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (snprintf(path, sizeof path, "%s/%s", directory, files[i]) >= (int)sizeof path || access(path, F_OK) < 0 ||
            (files[i] == charts && !charts_are_there(directory, summary)))
            continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", before, files[i]);
        before = ", ";
    }
    fputc('\n', out);
    wrap_print(out, text, 0);
}

void screen_print(FILE *out, const char *directory, const struct summary *summary)
{
    struct table table;
    bool known = summary->count && table_init(&table, summary) == 0;

    screen_header(out, directory, summary);
    screen_warnings_print(out, directory, summary, known ? &table : NULL);
    if (known) {
        table_print(out, &table, screen_columns(out));
        latencies_print(out, &table, screen_columns(out));
        prices_print(out, &table);
        fault_costs_print(out, summary);
        if (totals_make(summary).failed) {
            fputs("\nFailed trials\n", out);
            screen_failures(out, &table, REASONS_MAX);
        }
        findings_show(out, &table);
        table_release(&table);
    }
    files_print(out, directory, summary);
}
