/* See merge.h: what is said of the hosts and of the whole: hosts.csv and host.json, and what differs. */
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/file_sums.h"
#include "bench/model/host.h"
#include "bench/model/merge_work.h"
#include "bench/model/recorded.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "workloads/text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WARNINGS_SAID 8
#define LACKS_SAID    3

/* ---- one host ---- */

static const char *said(const json_t *about, const char *group, const char *key)
{
    const char *text =
        json_string_value(group ? json_object_get(json_object_get(about, group), key) : json_object_get(about, key));
    return text ? text : "";
}

static void hash_put(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", "");
    if (*text)
        snprintf(to, size, "%016" PRIx64, row_sum_text(0, text, strlen(text)));
}

void host_row_read(const json_t *about, struct host_row *row)
{
    const char *by = json_string_value(host_fact(about, "measured_by"));
    const size_t machine = by ? strcspn(by, "/") : 0;
    if (by) {
        snprintf(row->machine_key, sizeof row->machine_key, "%.*s", (int)machine, by);
        snprintf(row->build, sizeof row->build, "%s", by[machine] ? by + machine + 1 : "");
    }
    snprintf(row->name, sizeof row->name, "%s", said(about, NULL, "hostname"));
    hash_put(row->boot_key, sizeof row->boot_key, said(about, "kernel", "boot_id"));
    if (*said(about, "build", "version"))
        snprintf(row->source, sizeof row->source, "%.40s %.50s", said(about, "build", "version"),
                 said(about, "build", "commit"));
    snprintf(row->arch, sizeof row->arch, "%s", said(about, "kernel", "architecture"));
    snprintf(row->clock, sizeof row->clock, "%s", said(host_fact(about, "clock"), NULL, "source"));
}

/* ---- what differs ---- */

/* "h1, h2 and 3 more": hosts for which `is` holds. */
static void hosts_say(const struct merging *m, const bool *is)
{
    size_t count = 0;
    for (size_t i = 0; i < m->hosts; i++) {
        if (!is[i])
            continue;
        if (count < LACKS_SAID)
            fprintf(m->merge->talk, "%s%s", count ? ", " : "", m->host[i].row.host);
        count++;
    }
    if (count > LACKS_SAID)
        fprintf(m->merge->talk, " and %zu more", count - LACKS_SAID);
}

/* Hosts whose text there is another than that of the first that has one. */
static void texts_differ(const struct merging *m, size_t offset, const char *what, const char *means)
{
    const char *first = NULL;
    size_t others = 0;
    bool *is = calloc(m->hosts + 1, sizeof *is);
    for (size_t i = 0; is && i < m->hosts; i++) {
        const char *text = (const char *)&m->host[i].row + offset;
        first = !first && *text ? text : first;
        is[i] = first && *text && strcmp(text, first) != 0;
        others += is[i];
    }
    if (others) {
        fprintf(m->merge->talk, "%s differ: ", what);
        hosts_say(m, is);
        fprintf(m->merge->talk, " from the others: %s\n", means);
    }
    free(is);
}

static void seeds_differ(const struct merging *m)
{
    const json_t *first = NULL;
    size_t others = 0, runs = 0;
    for (size_t i = 0; i < m->merge->count; i++) {
        const json_t *seed = host_fact(m->part[i].about, "seed");
        first = first ? first : seed;
        runs += m->part[i].of->directory != NULL;
        others += seed && first && !json_equal(seed, first);
    }
    if (others)
        fprintf(m->merge->talk,
                "seeds differ: %zu of %zu runs have another than the first: their tasks are others, of the same "
                "distribution\n",
                others, runs);
}

/* Cells that a host does not have, by name. */
static void plans_differ(const struct merging *m)
{
    bool *has = calloc(m->hosts * m->kinds + 1, sizeof *has);
    for (size_t i = 0; has && i < m->merge->count; i++)
        for (size_t c = 0; c < m->part[i].cells; c++)
            has[m->part[i].origin[m->part[i].cell[c].origin].host * m->kinds + m->part[i].cell[c].kind] = true;
    for (size_t h = 0; has && h < m->hosts; h++) {
        size_t lacks = 0;
        char label[192];
        for (size_t k = 0; k < m->kinds; k++)
            lacks += !has[h * m->kinds + k];
        if (!lacks || lacks == m->kinds)
            continue;
        fprintf(m->merge->talk, "plans differ: %s lacks %zu of %zu cells: ", m->host[h].row.host, lacks, m->kinds);
        for (size_t k = 0, count = 0; k < m->kinds && count < LACKS_SAID; k++) {
            const struct summary_row row = {.f = m->kind[k].f};
            if (has[h * m->kinds + k])
                continue;
            fputs(count++ ? "; " : "", m->merge->talk);
            text_show(m->merge->talk, factors_label(label, sizeof label, &row, factors_all() & ~FACTOR_HOST));
        }
        fputs(lacks > LACKS_SAID ? " ...\n" : "\n", m->merge->talk);
    }
    free(has);
}

static void ends_differ(const struct merging *m)
{
    for (size_t i = 0; i < m->merge->count; i++) {
        const json_t *ended = host_fact(m->part[i].about, "ended");
        const char *because = json_string_value(json_object_get(ended, "because"));
        if (!m->part[i].of->directory || m->part[i].of->lost || (because && strcmp(because, "interrupted") != 0))
            continue;
        text_show(m->merge->talk, m->part[i].of->directory);
        fputs(": it ended before its plan did; `poolbench resume` there, and merge again\n", m->merge->talk);
    }
}

void merging_differences(const struct merging *m)
{
    seeds_differ(m);
    texts_differ(m, offsetof(struct host_row, source), "sources", "another version may measure in another way");
    texts_differ(m, offsetof(struct host_row, build), "builds",
                 "absolute times of different builds are not compared, ratios within a host are");
    plans_differ(m);
    ends_differ(m);
}

/* ---- host.json ---- */

/* What both have, in the place of `all`. */
static void json_intersect(json_t *all, const json_t *one)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(all, next, key, value)
    {
        const json_t *other = json_object_get(one, key);
        if (json_is_object(value) && json_is_object(other))
            json_intersect(value, other);
        else if (!other || !json_equal(value, (json_t *)(uintptr_t)other))
            json_object_del(all, key);
    }
}

static json_int_t most_of(const struct merging *m, const char *key)
{
    json_int_t most = 0;
    for (size_t i = 0; i < m->merge->count; i++) {
        const json_int_t value = json_integer_value(host_fact(m->part[i].about, key));
        most = value > most ? value : most;
    }
    return most;
}

/* What was warned of there, each behind the host that it is of. */
static json_t *warnings_of(const struct merging *m)
{
    json_t *list = json_array(), *warning;
    size_t more = 0, at;
    for (size_t i = 0; i < m->merge->count; i++)
        json_array_foreach(host_fact(m->part[i].about, "warnings"), at, warning)
        {
            const char *text = json_string_value(warning), *host = m->host[m->part[i].origin[0].host].row.host;
            if (!text || json_array_size(list) >= WARNINGS_SAID)
                more += text != NULL;
            else
                json_array_append_new(list, json_sprintf("%s: %s", host, text));
        }
    if (more)
        json_array_append_new(list, json_sprintf("and %d more, which the runs of the hosts have", (int)more));
    return list;
}

static json_t *hosts_of(const struct merging *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->hosts; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "host", m->host[i].row.host, "cpus",
                                              (json_int_t)m->host[i].cpus, "blocks", (json_int_t)m->host[i].blocks));
    return list;
}

static json_t *argv_of(char **argv)
{
    json_t *arguments = json_array();
    for (char **argument = argv; argument && *argument; argument++)
        json_array_append_new(arguments, json_string(*argument));
    return arguments;
}

/* What is to be known of the whole, over what all runs have in common. */
static int run_set(const struct merging *m, json_t *run)
{
    static const char *const own[] = {"files", "resumed", "trials",    "took_ns", "measured_ns",
                                      "ends",  "looked",  "resumable", "more",    "merged"};
    int64_t blocks = 0;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        json_object_del(run, own[i]);
    for (size_t i = 0; i < m->hosts; i++)
        blocks = m->host[i].blocks > blocks ? m->host[i].blocks : blocks;
    json_t *about =
        json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:b, s:i}", "run_id", run_id(m->directory),
                  "verb", m->merge->verb, "measured_by", "several hosts/", "argv", argv_of(m->merge->argv), "blocks",
                  (json_int_t)blocks, "cells", (json_int_t)(m->kinds * m->hosts), "looks", most_of(m, "looks"),
                  "leave_from", most_of(m, "leave_from"), "warnings", warnings_of(m), "hosts", hosts_of(m), "together",
                  m->merge->together, "runs", (int)m->merge->count);
    const int failed =
        !about || json_object_update(run, about) || (m->merge->more && json_object_update(run, m->merge->more));
    json_decref(about);
    return failed ? refuse_as(-ENOMEM, m->error, "out of memory") : 0;
}

static int hosts_write(const struct merging *m)
{
    struct replacement file;
    int rc = replacement_begin(m->directory, &host_format, &file);
    if (rc)
        return record_failed(rc, m->directory, host_format.file, m->error);
    for (size_t i = 0; i < m->hosts && !rc; i++)
        rc = csv_put(file.writer, &m->host[i].row);
    rc = replacement_end(&file, rc);
    return rc ? record_failed(rc, m->directory, host_format.file, m->error) : 0;
}

int merging_about(const struct merging *m)
{
    json_t *all = NULL;
    for (size_t i = 0; i < m->merge->count; i++) {
        if (!m->part[i].about)
            continue;
        if (!all)
            all = json_deep_copy(m->part[i].about);
        else
            json_intersect(all, m->part[i].about);
    }
    all = all ? all : json_object(); /* nobody has run anything */
    if (!all)
        return refuse_as(-ENOMEM, m->error, "out of memory");
    json_object_del(all, "hostname"); /* names stand in hosts.csv alone */
    json_object_del(all, ROW_SUM_NAME);
    if (!json_is_object(json_object_get(all, "run")))
        json_object_set_new(all, "run", json_object());
    int rc = run_set(m, json_object_get(all, "run"));
    rc = rc ? rc : host_write_made(m->directory, all, m->error);
    json_decref(all);
    return rc ? rc : hosts_write(m);
}

int merging_note(const struct merging *m)
{
    int64_t blocks = 0;
    bool is_lost = false;
    for (size_t i = 0; i < m->hosts; i++)
        blocks = m->host[i].blocks > blocks ? m->host[i].blocks : blocks;
    for (size_t i = 0; i < m->merge->count; i++)
        is_lost = is_lost || m->merge->part[i].lost;
    int rc = host_note(m->directory, "ended",
                       json_pack("{s:s, s:I, s:I}", "because", is_lost ? "interrupted" : "blocks", "blocks",
                                 (json_int_t)blocks, "trials", (json_int_t)m->trials),
                       m->error);
    return rc ? rc : file_sums_note(m->directory, NULL, m->error);
}
