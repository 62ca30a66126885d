/* The verb hosts: which hosts of a run differ from the others, by how much and why; which answers hold on all. */
#include "bench/analyse/hosts.h"
#include "bench/base/refuse.h"
#include "bench/base/wrap.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "bench/show/sheet.h"
#include "bench/verbs/verbs.h"
#include "workloads/text.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MOST 20   /* hosts in the table that do not differ */
#define ROWS_SAID  8    /* answers that do not hold on all hosts */
#define HOSTS_SAID 4    /* by name */
#define SHARE_SAID 0.02 /* by which a host's share is above that of the others */
#define CLOCK_SAID 0.05 /* by which its clock is below */

enum { FORMAT };
static const struct argument hosts_arguments[] = {
    [FORMAT] = {"format", "text|csv", "text", "How the table is written to standard output; csv: of all hosts.", true},
    {.name = NULL},
};

/* hosts.csv. */
struct names {
    struct host_row *row;
    size_t count;
};

static int name_take(const void *row, void *arg)
{
    struct names *names = arg;
    struct host_row *more = reallocarray(names->row, names->count + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    names->row = more;
    more[names->count++] = *(const struct host_row *)row;
    return 0;
}

static const struct host_row *name_find(const struct names *names, const char *host)
{
    for (size_t i = 0; i < names->count; i++)
        if (!strcmp(names->row[i].host, host))
            return &names->row[i];
    return NULL;
}

/* "h3 (node7)". */
static char *name_text(char *text, size_t size, const struct names *names, const char *host)
{
    const struct host_row *row = name_find(names, host);
    char name[96] = "";
    if (row && *row->name)
        text_put(name, sizeof name, row->name, true);
    snprintf(text, size, "%s%s%s%s", host, *name ? " (" : "", name, *name ? ")" : "");
    return text;
}

static bool host_differs(const struct hosts *hosts, const struct host_view *host)
{
    bool differs = false;
    for (size_t g = 0; g < hosts->groups; g++)
        differs = differs || host->effect[g].differs;
    return differs;
}

/* ---- sentences ---- */

/* What its threads did that the others' did not. */
static void reasons_say(FILE *out, const struct hosts *hosts, const struct host_view *host)
{
    static const char *const words[] = {"its threads waited for a CPU", "the hypervisor had its CPUs",
                                        "its quota kept CPUs from it"};
    size_t count = 0;
    for (size_t i = 0; i < HOST_CLOCK; i++)
        if (host->fact[i] > hosts->fact[i] + SHARE_SAID)
            fprintf(out, "%s %s for %.0f %% of the time of its workers (others %.0f %%)", count++ ? "," : ", and",
                    words[i], 100 * host->fact[i], 100 * hosts->fact[i]);
    if (host->fact[HOST_CLOCK] < hosts->fact[HOST_CLOCK] * (1 - CLOCK_SAID))
        fprintf(out, "%s its CPUs ran at %.2f GHz (others %.2f)", count++ ? "," : ", and", host->fact[HOST_CLOCK],
                hosts->fact[HOST_CLOCK]);
    if (!count)
        fputs("; waiting for CPUs, steal, quota and clock, as far as they are known there, do not tell why", out);
}

static void effect_say(FILE *out, const struct hosts *hosts, const struct host_effect *effect, size_t group)
{
    char pool[POOL_TEXT], base[POOL_TEXT];
    if (group)
        fprintf(out, "%s takes %.2fx the time that it takes on the others, measured by %s",
                pool_shown(pool, hosts->group[group]), effect->ratio, pool_shown(base, hosts->group[hosts->base]));
    else
        fprintf(out, "all cells take %.2fx the time of the others", effect->ratio);
    if (!isnan(effect->interval.lo))
        fprintf(out, " [%.2f .. %.2f]", effect->interval.lo, effect->interval.hi);
}

static void host_say(const struct hosts *hosts, const struct names *names, const struct host_view *host)
{
    struct lines lines;
    char name[160];
    size_t count = 0;
    if (!lines_open(&lines))
        return;
    fprintf(lines.out, "%s differs: ", name_text(name, sizeof name, names, host->host));
    for (size_t g = 0; g < hosts->groups; g++) {
        if (!host->effect[g].differs)
            continue;
        fputs(count++ ? "; " : "", lines.out);
        effect_say(lines.out, hosts, &host->effect[g], g);
    }
    reasons_say(lines.out, hosts, host);
    fputs(".", lines.out);
    wrap_print(stdout, lines_close(&lines), 0);
    free(lines.text);
}

static void cannot_say(const struct hosts *hosts)
{
    if (hosts->count < HOSTS_LEAST)
        wrapped_print(
            stdout, 0, 0,
            "%zu host%s: which one differs from the others can be told of %d and more; `poolbench compare RUN "
            "--by host` compares two.",
            hosts->count, hosts->count == 1 ? "" : "s", HOSTS_LEAST);
    else if (hosts->apart && !hosts->base)
        wrapped_print(stdout, 0, 0,
                      "The hosts ran at different times, so only what pools take over another of the same block can be "
                      "compared, and there is one pool: a run with serial beside it can tell.");
    else
        wrapped_print(
            stdout, 0, 0,
            "Too few blocks to tell which of %zu hosts differ: there are %zu, %zu would (run --blocks %zu, or "
            "more runs of each and `poolbench merge`).",
            hosts->count, hosts->blocks, hosts->blocks_needed, hosts->blocks_needed);
}

static void differences_say(const struct hosts *hosts, const struct names *names)
{
    size_t differ = 0;
    if (!hosts->tells) {
        cannot_say(hosts);
        return;
    }
    for (size_t h = 0; h < hosts->count; h++) {
        if (!host_differs(hosts, &hosts->host[h]))
            continue;
        host_say(hosts, names, &hosts->host[h]);
        differ++;
    }
    wrapped_print(stdout, 0, 0, "%s%zu of %zu hosts %s: none is surely further than %.0f %% from the middle.",
                  differ ? "The other " : "", hosts->count - differ, hosts->count,
                  hosts->count - differ == 1 ? "is alike" : "are alike", 100 * HOSTS_MARGIN);
}

static void answer_say(const struct hosts *hosts, const struct host_answer *answer)
{
    struct lines lines;
    char label[192], pool[POOL_TEXT];
    size_t said = 0, others = answer->of - answer->holds;
    if (!lines_open(&lines))
        return;
    fprintf(
        lines.out, "%s: %s on %zu of %zu hosts",
        factors_label(label, sizeof label, &answer->row, factors_all() & ~(FACTOR_POOL | FACTOR_TASKS | FACTOR_HOST)),
        pool_shown(pool, hosts->kind[answer->most].f.pool), answer->holds, answer->of);
    for (size_t h = 0; h < hosts->count && said < HOSTS_SAID && others; h++)
        if (answer->best[h] != SIZE_MAX && answer->best[h] != answer->most)
            fprintf(lines.out, "%s %s on %s", said++ ? "," : ";", pool_shown(pool, hosts->kind[answer->best[h]].f.pool),
                    hosts->host[h].host);
    if (others > said)
        fputs(" ...", lines.out);
    wrap_print(stdout, lines_close(&lines), 0);
    free(lines.text);
}

static void answers_say(const struct hosts *hosts)
{
    size_t hold = 0, said = 0;
    for (size_t a = 0; a < hosts->answers; a++)
        hold += hosts->answer[a].holds == hosts->answer[a].of;
    if (!hosts->answers)
        return;
    if (hold == hosts->answers)
        wrapped_print(stdout, 0, 0, "The fastest pool is the same, or within 2 %% of it, on all hosts, in %s row%s.",
                      hold == 1 ? "the one" : "all", hold == 1 ? "" : "s");
    else
        wrapped_print(
            stdout, 0, 0,
            "The fastest pool is the same, or within 2 %% of it, on all hosts in %zu of %zu rows. It is not in:", hold,
            hosts->answers);
    for (size_t a = 0; a < hosts->answers && said < ROWS_SAID; a++)
        if (hosts->answer[a].holds < hosts->answer[a].of) {
            answer_say(hosts, &hosts->answer[a]);
            said++;
        }
    if (hosts->answers - hold > said)
        wrapped_print(stdout, 0, 0, "and %zu more rows", hosts->answers - hold - said);
}

static void lost_say(const struct names *names)
{
    char name[160];
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->row[i].status, "ok") != 0 && *names->row[i].status)
            wrapped_print(stdout, 0, 0, "%s is %s: %s", name_text(name, sizeof name, names, names->row[i].host),
                          names->row[i].status, names->row[i].reason);
}

/* ---- the table ---- */

static void effect_put(struct sheet *sheet, const struct host_effect *effect)
{
    if (isnan(effect->ratio))
        sheet_put(sheet, "-");
    else
        sheet_put(sheet, "%.2fx%s", effect->ratio, effect->differs ? "*" : "");
}

static void fact_put(struct sheet *sheet, double value, const char *unit, double times)
{
    if (isnan(value))
        sheet_put(sheet, "-");
    else
        sheet_put(sheet, "%.*f%s", times > 1 ? 1 : 2, value * times, unit);
}

static void row_put(struct sheet *sheet, const struct hosts *hosts, const struct names *names,
                    const struct host_view *host)
{
    char name[160];
    sheet_put(sheet, "%s", name_text(name, sizeof name, names, host->host));
    sheet_put(sheet, "%zu", host->trials);
    if (!hosts->apart)
        effect_put(sheet, &host->effect[0]);
    for (size_t g = 1; g < hosts->groups && hosts->base; g++)
        if (g != hosts->base)
            effect_put(sheet, &host->effect[g]);
    for (size_t i = 0; i < HOST_CLOCK; i++)
        fact_put(sheet, host->fact[i], " %", 100);
    fact_put(sheet, host->fact[HOST_CLOCK], "", 1);
}

static void heads_put(struct sheet *sheet, const struct hosts *hosts)
{
    char pool[POOL_TEXT];
    sheet_row(sheet, "host", "trials");
    if (!hosts->apart)
        sheet_put(sheet, "time");
    for (size_t g = 1; g < hosts->groups && hosts->base; g++)
        if (g != hosts->base)
            sheet_put(sheet, "%s", pool_shown(pool, hosts->group[g]));
    sheet_row(sheet, "waited", "stolen", "throttled", "GHz");
}

static int table_print(const struct hosts *hosts, const struct names *names, bool is_csv)
{
    const size_t pools = hosts->base ? hosts->groups - 2 : 0;
    struct sheet sheet = {.columns = 2 + !hosts->apart + pools + HOSTS_FACTS, .align = "lr", .split = true};
    size_t shown = 0, left = 0;
    char base[POOL_TEXT];
    int rc = 0;
    heads_put(&sheet, hosts);
    for (size_t h = 0; h < hosts->count; h++) {
        const bool is = is_csv || host_differs(hosts, &hosts->host[h]) || shown < SHOWN_MOST;
        shown += is && !host_differs(hosts, &hosts->host[h]);
        left += !is;
        if (is)
            row_put(&sheet, hosts, names, &hosts->host[h]);
    }
    if (is_csv) {
        rc = sheet_csv(stdout, &sheet);
        sheet_release(&sheet);
        return rc;
    }
    putchar('\n');
    sheet_print(stdout, &sheet, screen_columns(stdout));
    sheet_release(&sheet);
    if (left)
        printf("and %zu more that do not differ\n", left);
    if (!hosts->apart)
        wrapped_print(stdout, 0, 0, "time: per task, over the middle of all hosts, all cells together.");
    if (hosts->base)
        wrapped_print(stdout, 0, 0, "Pools: the same, each measured by %s of its own host and block.",
                      pool_shown(base, hosts->group[hosts->base]));
    wrapped_print(stdout, 0, 0,
                  "*: surely further than %.0f %% off; all that are marked hold together with %.0f %%. waited, stolen, "
                  "throttled: in the time of workers.%s",
                  100 * HOSTS_MARGIN, 100 * (1 - FAMILY_ERROR),
                  hosts->apart ? " The hosts ran at different times: absolute times of them are not compared." : "");
    return 0;
}

static int hosts_show(const struct hosts *hosts, const struct names *names, bool is_csv)
{
    if (!is_csv) {
        differences_say(hosts, names);
        answers_say(hosts);
        lost_say(names);
    }
    return table_print(hosts, names, is_csv);
}

static int hosts_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct names names = {0};
    struct hosts hosts = {0};
    if (arguments_run("hosts", given, 0, directory))
        return 2;
    json_t *host = host_load(directory);
    int rc = csv_is_there(directory, host_format.file)
                 ? csv_read(directory, &host_format, -1, name_take, &names, error)
                 : refuse(error, "%.300s is of one host; `poolbench merge` and `run --hosts` make runs of several",
                          directory);
    if (!rc)
        rc = hosts_read(directory, host, &hosts, error);
    if (!rc)
        rc = hosts_judge(&hosts, error);
    if (!rc && hosts_show(&hosts, &names, !strcmp(given->value[FORMAT], "csv")))
        rc = refuse_as(-EIO, error, "standard output cannot be written");
    hosts_release(&hosts);
    free(names.row);
    json_decref(host);
    return rc ? complain("hosts", "%s", error[0] ? error : strerror(-rc)) : 0;
}

const struct verb verb_hosts = {
    .name = "hosts",
    .chapter = "look",
    .operands = "[RUN]",
    .summary = "say which hosts differ, and what holds on all of them",
    .function = hosts_main,
    .help =
        "Says which hosts of a run of several (run --hosts, merge) differ from the others, by how much, and what is "
        "known of why; and which answers hold on all hosts. A host is measured by the middle of all: by all "
        "cells together where the hosts ran in the same minutes, and by what pools take over the base pool of the "
        "same block, always. Up to 7 hosts their blocks tell, from 8 on how far hosts lie apart; all that is claimed "
        "holds together at 95 %. RUN is its directory, the beginning of its name, or latest (the default).",
    .operands_max = 1,
    .arguments = hosts_arguments};
