/* host.json and topology.xml: what a reader of the results needs to know about where they come from. Both appear whole
 * or not at all. */
#include "bench/model/host.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/base/text_file.h"
#include "bench/machine/host_facts.h"
#include "bench/model/csv_file.h"
#include "bench/model/row_sum.h"
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* 2: "none" where there is no quota or limit and null where that is not known; null was both. Lists by CPU. */
enum { SCHEMA = 2 };

#define REAL_WHOLE_MOST (1ll << 53) /* up to here each whole number is a double */

static json_t *date_text(void)
{
    char text[32];
    time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return json_null();
    return json_string(text);
}

static json_t *name_text(void)
{
    char text[HOST_NAME_MAX + 1] = "";
    json_t *value = gethostname(text, sizeof text - 1) == 0 ? json_text(text) : NULL;
    return value ? value : json_null();
}

static json_t *host_json(const struct machine *machine, json_t *run)
{
    return json_pack("{s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:O?}", "schema_version", SCHEMA,
                     ROW_SUM_NAME, 0, "date", date_text(), "hostname", name_text(), "machine", facts_machine(machine),
                     "cpu", facts_cpu(machine), "kernel", facts_kernel(), "clock", facts_clock(), "cgroup",
                     facts_cgroup(machine), "limits", facts_limits(), "virtualisation", facts_virtualisation(machine),
                     "build", facts_build(), "run", run);
}

/* What a value adds to the checksum, with all that is in it: as that of a row (row_sum.h), of each value by where it
 * stands. Order, space and how a number is spelled do not matter. */
static uint64_t value_sum(uint64_t where, const json_t *value)
{
    char text[CSV_NUMBER_BYTES] = "";
    const char *key, *said = json_is_string(value) ? json_string_value(value) : text;
    const json_type type = json_is_number(value) ? JSON_REAL : json_typeof(value); /* 1 is 1.0 */
    json_t *inner;
    size_t at;
    uint64_t sum = 0;
    json_array_foreach(value, at, inner) sum += value_sum(mix64(where, at), inner);
    json_object_foreach((json_t *)value, key, inner)
    {
        if (strcmp(key, ROW_SUM_NAME) != 0)
            sum += value_sum(row_sum_text(where, key, strlen(key)), inner);
    }
    if (json_is_integer(value) && llabs(json_integer_value(value)) > REAL_WHOLE_MOST)
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    else if (json_is_number(value))
        csv_real_text(text, json_number_value(value));
    return sum + row_sum_text(mix64(where, type), said, strlen(said));
}

static json_int_t host_sum(const json_t *host)
{
    return row_sum_fold(value_sum(0, host));
}

/* Under another name first. text: NULL, there is no memory for it. */
static int file_replace(const char *directory, const char *name, const char *text, size_t length, char *error)
{
    char draft[64];
    snprintf(draft, sizeof draft, ".%.32s.%ld", name, (long)getpid());
    FILE *file = text ? inside_create(directory, draft) : NULL;
    int rc = !text ? -ENOMEM : file ? 0 : -errno;
    if (file && fwrite(text, 1, length, file) != length)
        rc = -errno;
    if (file && fclose(file) != 0 && rc == 0)
        rc = -errno;
    rc = inside_replace(directory, draft, name, rc);
    if (rc == 0)
        return 0;
    return refuse_as(rc, error, "cannot write %.400s/%s: %s%s", directory, name, strerror(-rc),
                     rc == -EFBIG ? " (ulimit -f)" : "");
}

char *host_text(json_t *host)
{
    char *text = NULL;
    json_object_set_new(host, ROW_SUM_NAME, json_integer(host_sum(host)));
    char *dumped = json_dumps(host, JSON_INDENT(2));
    if (dumped && asprintf(&text, "%s\n", dumped) < 0)
        text = NULL;
    free(dumped);
    return text;
}

static int json_replace(const char *directory, json_t *host, char *error)
{
    char *text = host_text(host);
    int rc = file_replace(directory, "host.json", text, text ? strlen(text) : 0, error);
    free(text);
    return rc;
}

static int topology_replace(const char *directory, const struct machine *machine, char *error)
{
    char *text = NULL;
    int bytes = 1; /* with its end */
    if (hwloc_topology_export_xmlbuffer(machine->topology, &text, &bytes, 0) != 0)
        return file_replace(directory, "topology.xml", NULL, 0, error);
    int rc = file_replace(directory, "topology.xml", text, (size_t)bytes - 1, error);
    hwloc_free_xmlbuffer(machine->topology, text);
    return rc;
}

int host_write(const char *directory, const struct machine *machine, json_t *run, char *error)
{
    json_t *host = host_json(machine, run);
    int rc = host ? topology_replace(directory, machine, error) : refuse_as(-ENOMEM, error, "host.json: out of memory");
    if (rc == 0)
        rc = json_replace(directory, host, error);
    json_decref(host);
    return rc;
}

int host_write_made(const char *directory, json_t *host, char *error)
{
    json_object_set_new(host, "schema_version", json_integer(SCHEMA));
    return json_replace(directory, host, error);
}

json_t *host_read(const char *directory, char *error)
{
    json_error_t why;
    json_t *host = json_fd_read(inside_fd(directory, "host.json"), &why);
    json_int_t version = json_integer_value(json_object_get(host, "schema_version"));
    if (!host)
        refuse(error, "%.300s/host.json: %s", directory, why.text);
    const json_t *said = json_object_get(host, ROW_SUM_NAME); /* schema 1 and 2 began without */
    if (version <= SCHEMA && (!said || json_integer_value(said) == host_sum(host)))
        return host;
    if (version > SCHEMA)
        refuse(error, "%.300s/host.json: schema_version: expected at most %d, found %lld: it is not read", directory,
               SCHEMA, (long long)version);
    else
        refuse(error, "%.300s/host.json: " ROW_SUM_NAME ": its values are not those that were written: it is not read",
               directory);
    json_decref(host);
    return NULL;
}

json_t *host_load(const char *directory)
{
    static char said[ERROR_MAX];
    char error[ERROR_MAX] = "";
    json_t *host = host_read(directory, error);
    bool is_told = strstr(error, ": schema_version: ") || strstr(error, ": " ROW_SUM_NAME ": ");
    if (!host && is_told && strcmp(error, said) != 0) {
        complain("", "%s", error);
        memcpy(said, error, sizeof said);
    }
    return host;
}

int host_note(const char *directory, const char *key, json_t *value, char *error)
{
    json_t *host = host_load(directory), *run = json_object_get(host, "run");
    int rc;
    if (!json_is_object(run)) {
        rc = refuse_as(-EBADMSG, error, "%.400s/host.json: not a description of a run", directory);
        json_decref(value);
    } else if (!value || json_object_set_new(run, key, value) != 0) {
        rc = refuse_as(-ENOMEM, error, "host.json: out of memory");
    } else {
        rc = json_replace(directory, host, error);
    }
    json_decref(host);
    return rc;
}

int host_append(const char *directory, const char *key, json_t *entry, char *error)
{
    json_t *list = host_fact_of(directory, key);
    list = list ? list : json_array();
    json_array_append_new(list, entry);
    return host_note(directory, key, list, error);
}

json_t *host_fact(const json_t *host, const char *key)
{
    return json_object_get(json_object_get(host, "run"), key);
}

json_t *host_fact_of(const char *directory, const char *key)
{
    json_t *host = host_load(directory), *fact = json_incref(host_fact(host, key));
    json_decref(host);
    return fact;
}

int64_t host_cpus(const json_t *host)
{
    json_int_t cpus = json_integer_value(json_object_get(json_object_get(host, "machine"), "effective_cpus"));
    return cpus > 0 ? cpus : 0;
}

json_t *host_words(const struct words *words)
{
    json_t *array = json_array();
    for (size_t i = 0; i < words->count; i++)
        json_array_append_new(array, json_text(words->word[i]));
    return array;
}

void host_warnings(FILE *out, const json_t *host)
{
    json_t *run = json_object_get(host, "run");
    const char *because = json_string_value(json_object_get(run, "unpinned_because"));
    const json_t *left_out = json_object_get(run, "left_out"), *warnings = json_object_get(run, "warnings");
    double injected = json_number_value(json_object_get(json_object_get(run, "selftest"), "injected"));
    if (injected > 0)
        fprintf(out, "tasks of the %s were made %.4g %% longer (selftest --inject)\n",
                json_string_value(json_object_get(json_object_get(run, "selftest"), "injected_into")), 100 * injected);
    for (size_t i = 0; i < json_array_size(warnings); i++)
        fprintf(out, "before the run: %s\n", json_string_value(json_array_get(warnings, i)));
    if (because)
        fprintf(out, "workers were not pinned as asked for: %s\n", because);
    const json_t *too_few = json_object_get(run, "too_few_workers");
    for (size_t i = 0; i < json_array_size(too_few); i++)
        fprintf(out, "left out: %s\n", json_string_value(json_array_get(too_few, i)));
    for (size_t i = 0; i < json_array_size(left_out); i++)
        fprintf(out, "%s%s%s",
                i ? "; " : "left out, to keep to the budget: ", json_string_value(json_array_get(left_out, i)),
                i + 1 < json_array_size(left_out) ? "" : "\n");
}

/* As much of a name as leaves room on a line for what else is said there. */
static void name_shorten(char *text, size_t size, const char *name)
{
    size_t bytes = strlen(name);
    bool whole = bytes < size;
    if (!whole)
        for (bytes = size - sizeof "..."; bytes && ((unsigned char)name[bytes] & 0xc0) == 0x80;)
            bytes--; /* not in the middle of a character */
    snprintf(text, size, "%.*s%s", (int)bytes, name, whole ? "" : "...");
}

void host_line(char *text, size_t size, const json_t *host)
{
    int cores = 0, pus = 0;
    const char *model = NULL, *hypervisor = NULL, *name = NULL, *release = NULL;
    const size_t hosts = json_array_size(host_fact(host, "hosts"));
    if (hosts > 1) { /* what follows is what all have */
        const size_t used = (size_t)snprintf(text, size, "%zu hosts: ", hosts);
        text += used;
        size -= used;
    }
    snprintf(text, size, hosts > 1 ? "of several kinds" : "unknown machine");
    /* A model or a hypervisor may be null: only the kernel and the cores are always there. */
    if (host && json_unpack((json_t *)host, "{s:{s:i, s:i}, s:{s:s, s:s}}", "machine", "cores", &cores, "pus", &pus,
                            "kernel", "name", &name, "release", &release) == 0) {
        char places[32] = "", where[64] = "", cpu[52] = "unknown CPU";
        if (json_unpack((json_t *)host, "{s:{s:s}}", "cpu", "model", &model) == 0)
            name_shorten(cpu, sizeof cpu, model);
        json_unpack((json_t *)host, "{s:{s:s}}", "virtualisation", "hypervisor", &hypervisor);
        if (pus != cores)
            snprintf(places, sizeof places, " with %d PUs", pus);
        if (hypervisor && strcmp(hypervisor, "none") != 0)
            snprintf(where, sizeof where, " (%s)", hypervisor);
        size_t dot = strcspn(release, ".");
        int digits = (int)(dot + (release[dot] == '.' ? 1 + strspn(release + dot + 1, "0123456789") : 0));
        snprintf(text, size, "%d core%s%s, %s%s, %s %.*s", cores, cores == 1 ? "" : "s", places, cpu, where, name,
                 digits, release);
    }
}
