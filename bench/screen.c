/* The closing screen: what a run found, on 96 columns of ASCII. Everything printed is borne out by the files of the
 * run; a failure is listed with its reason and never stands as a number. */
#include "bench/host.h"
#include "bench/run_dir.h"
#include "bench/screen_table.h"
#include "bench/stats.h"
#include "bench/summary_factors.h"
#include "bench/units.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef POOLBENCH_VERSION
#define POOLBENCH_VERSION "(version unknown)"
#endif

#define REASONS_MAX 12
#define LABEL_MAX   56

static void header_print(FILE *out, const char *directory, const struct summary *summary)
{
    char machine[128], duration[32];
    long long failed = 0, blocks = 0, steal_ns = 0, wall_ns = 0;
    int64_t end_ns = 0;

    host_line(machine, sizeof machine, directory);
    for (size_t i = 0; i < summary->trial_count; i++) {
        const struct trial_row *t = &summary->trials[i];
        const int64_t parts[] = {t->started_ns, t->open_ns, t->wall_ns, t->close_ns};
        int64_t ended_ns = 0;
        bool first = true;
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
            ended_ns += parts[p] == MISSING ? 0 : parts[p];
        end_ns = ended_ns > end_ns ? ended_ns : end_ns;
        failed += strcmp(t->status, "ok") != 0;
        for (size_t j = 0; j < i && first; j++)
            first = summary->trials[j].block != t->block;
        blocks += first;
        if (t->steal_ns != MISSING && t->wall_ns != MISSING) {
            steal_ns += t->steal_ns;
            wall_ns += t->wall_ns;
        }
    }
    fprintf(out, "poolbench %s | %s\n", POOLBENCH_VERSION, machine);
    fprintf(out, "%zu trial%s in %lld block%s, %lld failed, %s\n", summary->trial_count,
            summary->trial_count == 1 ? "" : "s", blocks, blocks == 1 ? "" : "s", failed,
            format_duration(duration, sizeof duration, (double)end_ns));
    if (steal_ns * 200 > wall_ns) { /* half a percent */
        char taken[32];
        fprintf(out, "! the hypervisor took %s of CPU time from this machine during %s of trials (steal)\n",
                format_duration(taken, sizeof taken, (double)steal_ns),
                format_duration(duration, sizeof duration, (double)wall_ns));
    }
}

/* Payload buffers and a large parent would be in the price of every worker. */
static bool is_plain(const struct summary_row *row)
{
    return !row->in_bytes && !row->out_bytes && !row->ballast_bytes;
}

/* The median over a pool's plain cells of what `value` says of one. */
static double price_of(const struct table *t, const char *pool, double (*value)(const struct table *, size_t))
{
    size_t count = 0;

    for (size_t i = 0; i < t->summary->count; i++)
        if (!strcmp(t->summary->rows[i].pool, pool) && is_plain(&t->summary->rows[i]))
            t->values[count++] = value(t, i);
    return stats_median(t->values, stats_sort(t->values, count));
}

static double open_price(const struct table *t, size_t cell)
{
    const struct summary_row *c = &t->summary->rows[cell];

    return c->open_ns == MISSING || c->workers <= 0 ? NAN : (double)c->open_ns / (double)c->workers;
}

/* What it has beyond the same tasks without a pool. Shares of shared pages add up over processes as private pages do
 * not: a fork makes pages of its parent shared. */
static double memory_price(const struct table *t, size_t cell)
{
    const struct summary_row *c = &t->summary->rows[cell];
    size_t base = table_base(t, cell);

    if (base == SIZE_MAX || c->workers <= 0 || c->pss_bytes == MISSING || t->summary->rows[base].pss_bytes == MISSING ||
        c->pss_bytes < t->summary->rows[base].pss_bytes)
        return NAN;
    return (double)(c->pss_bytes - t->summary->rows[base].pss_bytes) / (double)c->workers;
}

static double empty_price(const struct table *t, size_t cell)
{
    const struct summary_row *c = &t->summary->rows[cell];

    return strcmp(c->workload, "empty") ? NAN : c->ns_per_task;
}

static void price_print(FILE *out, const struct table *t)
{
    bool titled = false;

    for (size_t c = 0; c < t->pools; c++) {
        const char *pool = t->summary->rows[t->pool[c]].pool;
        double open_ns = price_of(t, pool, open_price), bytes = price_of(t, pool, memory_price);
        double empty_ns = price_of(t, pool, empty_price);
        char head[64], open[32] = "", memory[32] = "", empty[32] = "";
        if (row_has_pool(&t->summary->rows[t->pool[c]], BASE_POOL) ||
            (isnan(open_ns) && isnan(bytes) && isnan(empty_ns)))
            continue;
        if (!titled)
            fprintf(out, "\n%-20s  %22s  %22s  %16s\n", "Price of", "opening, per worker", "memory (PSS), likewise",
                    "an empty task");
        titled = true;
        table_pool(t, c, head, sizeof head);
        if (!isnan(open_ns))
            format_duration(open, sizeof open, open_ns);
        if (!isnan(bytes))
            format_bytes(memory, sizeof memory, bytes);
        if (!isnan(empty_ns))
            format_duration(empty, sizeof empty, empty_ns);
        fprintf(out, "  %-18s  %22s%*s%*s\n", head, open, *memory || *empty ? 24 : 0, memory, *empty ? 18 : 0, empty);
    }
}

static bool same_failure(const struct trial_row *a, const struct trial_row *b)
{
    return !strcmp(a->cell_id, b->cell_id) && !strcmp(a->status, b->status) && !strcmp(a->reason, b->reason);
}

static void failures_print(FILE *out, const struct table *t)
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
        if (printed == REASONS_MAX) {
            more++;
            continue;
        }
        for (size_t j = i; j < s->trial_count; j++)
            same += same_failure(&s->trials[i], &s->trials[j]);
        char label[LABEL_MAX], line[512];
        factors_label(label, sizeof label, &s->rows[cell], t->shown | FACTOR_POOL);
        snprintf(line, sizeof line, "  %s: %zu of %lld %s%s%s", label, same, (long long)s->rows[cell].trials,
                 s->trials[i].status, *s->trials[i].reason ? ": " : "", s->trials[i].reason);
        if (strlen(line) > SCREEN_COLUMNS)
            strcpy(line + SCREEN_COLUMNS - 4, " ...");
        fprintf(out, "%s%s\n", printed++ ? "" : "\nFailed trials\n", line);
    }
    if (more)
        fprintf(out, "  and %zu more kinds of failure, see %s\n", more, trial_format.file);
}

static void files_print(FILE *out, const char *directory)
{
    static const char *const files[] = {"summary.csv", "trials.csv", "latency.csv",
                                        "samples.csv", "host.json",  "charts"};
    char path[PATH_MAX];
    const char *before = ": ";

    fprintf(out, "\n%s", directory);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (snprintf(path, sizeof path, "%s/%s", directory, files[i]) < (int)sizeof path && access(path, F_OK) == 0) {
            fprintf(out, "%s%s", before, files[i]);
            before = ", ";
        }
    fputc('\n', out);
}

void screen_print(FILE *out, const char *directory, const struct summary *summary)
{
    struct table table;

    header_print(out, directory, summary);
    if (summary->count && table_init(&table, summary) == 0) {
        table_print(out, &table);
        price_print(out, &table);
        failures_print(out, &table);
        table_release(&table);
    }
    files_print(out, directory);
}
