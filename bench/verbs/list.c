/* The verb list: what there is, its options, and what cannot work here with the reason. */
#include "bench/ask/suite_names.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/text_file.h"
#include "bench/base/wrap.h"
#include "bench/launch/peers.h"
#include "bench/launch/plugin.h"
#include "bench/machine/machine.h"
#include "bench/machine/place.h"
#include "bench/model/metrics.h"
#include "bench/model/options.h"
#include "bench/model/run_dir.h"
#include "bench/show/runs.h"
#include "bench/verbs/verbs.h"
#include <stdlib.h>
#include <string.h>

#define NAME_COLUMN  14
#define PARAM_COLUMN 32

enum { FORMAT };
static const struct argument arguments[] = {
    [FORMAT] = {"format", "text|json", "text", "json: a row for each, with its options and why it cannot work here.",
                true},
    {.name = NULL},
};

static json_t *rows; /* of --format json, so far; NULL: text is printed as it comes */

/* Under `key` of a row. */
static void row_put(json_t *row, const char *key, const char *text)
{
    json_object_set_new(row, key, json_text(text));
}

static void name_print(const char *name, const char *about)
{
    if (!rows) {
        wrap_row(stdout, 0, name, NAME_COLUMN, about);
        return;
    }
    json_t *row = json_object();
    row_put(row, "name", name);
    row_put(row, "summary", about);
    json_array_append_new(rows, row);
}

/* Of the last name. */
static json_t *row_last(void)
{
    return json_array_get(rows, json_array_size(rows) - 1);
}

static void params_print(const struct param *param)
{
    json_t *list = rows ? json_array() : NULL;
    for (; param && param->name; param++) {
        char label[SPEC_MAX], text[SPEC_MAX * 2];
        param_explain(param, label, sizeof label, text, sizeof text);
        if (!rows) {
            wrap_row(stdout, 4, label, PARAM_COLUMN, text);
            continue;
        }
        json_t *row = json_object();
        row_put(row, "name", param->name);
        row_put(row, "syntax", label);
        row_put(row, "help", text);
        json_array_append_new(list, row);
    }
    if (rows)
        json_object_set_new(row_last(), "options", list);
}

static void cannot_print(const char *reason)
{
    if (rows)
        row_put(row_last(), "not_here", reason);
    else
        wrap_row(stdout, 4, "not here:", NAME_COLUMN, reason);
}

static void pool_print(const struct pool_ops *pool, const struct machine *machine)
{
    int64_t values[PARAM_MAX] = {0};
    struct pool_shape shape;
    char reason[ERROR_MAX], misfit[MISFIT_MAX];
    name_print(pool->name, pool->summary);
    params_print(pool->params);
    for (unsigned p = 0; pool->params && pool->params[p].name; p++)
        values[p] = param_preset(&pool->params[p]);
    if (pool_shape_of(pool, machine->cores, values, &shape, misfit, reason)) {
        cannot_print(reason);
    } else if (misfit[0]) {
        snprintf(reason, sizeof reason, "with --workers %u: %s", machine->cores, misfit);
        cannot_print(reason);
    } else if (machine->tasks_limit >= 0 &&
               (int64_t)shape.processes + shape.forkers + shape.threads + 2 > machine->tasks_limit) {
        snprintf(reason, sizeof reason, "only %lld more processes and threads are allowed",
                 (long long)machine->tasks_limit);
        cannot_print(reason);
    } else if (pool_rehearse(pool, machine->cores, values, reason)) {
        cannot_print(reason);
    }
}

static void workload_print(const struct workload_ops *workload)
{
    char text[SPEC_MAX * 2];
    const char *class = workload->classify ? "cpu and sleep" : workload->class == TASK_SLEEP ? "sleep" : "cpu";
    snprintf(text, sizeof text, "%s (%s%s)", workload->summary, class,
             workload->traits & WORKLOAD_SIZED ? "" : ", has no --size");
    name_print(workload->name, text);
    params_print(workload->params);
}

/* A plug-in is a pool, a workload or both; what it is not is no failure. */
struct shelf {
    const struct machine *machine; /* NULL: workloads */
    bool is_first;
};

static void plugin_print(const char *path, void *arg)
{
    static const char *const symbols[] = {"does not define poolbench_workload_plugin",
                                          "does not define poolbench_pool_plugin"};
    struct shelf *listing = arg;
    char error[ERROR_MAX], base[64];
    const struct pool_ops *pool = listing->machine ? pool_named(path, error) : NULL;
    const struct workload_ops *workload = listing->machine ? NULL : workload_named(path, error);
    if (!pool && !workload && strstr(error, symbols[listing->machine != NULL]))
        return; /* it is one of the other kind */
    if (listing->is_first && !rows)
        printf("\nplug-ins\n");
    listing->is_first = false;
    if (pool)
        pool_print(pool, listing->machine);
    else if (workload)
        workload_print(workload);
    else {
        name_print(plugin_base_name(path, base, sizeof base), path);
        cannot_print(error);
    }
}

/* Those that are not among the plug-ins, and how to get them. */
static void missing_peer(const char *path, void *arg)
{
    char base[64];
    const char **name = arg;
    if (*name && !strcmp(plugin_base_name(path, base, sizeof base), *name))
        *name = NULL;
}

static void peers_print(bool are_pools)
{
    for (const struct peer *peer = peers; peer->name; peer++) {
        char how[128];
        const char *name = peer->name;
        plugin_files(missing_peer, &name);
        if (!name || peer->is_pool != are_pools)
            continue;
        name_print(name, peer->summary);
        snprintf(how, sizeof how, "not built; `make peers` does that, with %s", peer->needs);
        cannot_print(how);
    }
}

static int floors_print(const struct machine *machine)
{
    for (size_t i = 0; floor_table[i]; i++)
        pool_print(floor_table[i], machine);
    return 0;
}

static int pools_print(const struct machine *machine)
{
    struct shelf listing = {machine, true};
    for (size_t i = 0; pool_table[i]; i++)
        pool_print(pool_table[i], machine);
    for (size_t i = 0; pool_peers[i]; i++)
        pool_print(pool_peers[i], machine);
    plugin_files(plugin_print, &listing);
    peers_print(true);
    return 0;
}

static int workloads_print(const struct machine *machine)
{
    struct shelf listing = {NULL, true};
    (void)machine;
    for (size_t i = 0; workload_table[i]; i++)
        workload_print(workload_table[i]);
    plugin_files(plugin_print, &listing);
    peers_print(false);
    return 0;
}

static int places_print(const struct machine *machine)
{
    char unpinnable[128];
    bool pinnable = place_probe(unpinnable, sizeof unpinnable) == 0;
    for (const struct place_name *place = place_names; place->name; place++) {
        struct placement placement;
        char error[ERROR_MAX];
        name_print(place->name, place->summary);
        bool known = strspn(place->name, "abcdefghijklmnopqrstuvwxyz") == strlen(place->name);
        if (!pinnable && strcmp(place->name, "none") != 0)
            cannot_print(unpinnable);
        else if (!known)
            continue;
        else if (place_plan(machine, place->name, "auto", machine->cores, &placement, error))
            cannot_print(error);
        else
            placement_release(&placement);
    }
    return 0;
}

static int faults_print(const struct machine *machine)
{
    (void)machine;
    for (unsigned kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        name_print(fault_kinds[kind].name, fault_kinds[kind].help);
    return 0;
}

static int metrics_print(const struct machine *machine)
{
    (void)machine;
    for (const struct metric *metric = metrics; metric->name; metric++) {
        char text[256];
        snprintf(text, sizeof text, "%s; %s is better%s%s", metric->words, metric->more_is_better ? "more" : "less",
                 metric->lacks ? "; " : "", metric->lacks ? metric->lacks : "");
        name_print(metric->name, text);
    }
    return 0;
}

static int suites_print(const struct machine *machine)
{
    struct suite_name *suites;
    size_t count;
    (void)machine;
    int rc = suite_names(&suites, &count);
    if (rc) {
        complain("list", "the suites that come with poolbench are not there: %s", strerror(-rc));
        return 1;
    }
    for (size_t i = 0; i < count; i++)
        name_print(suites[i].name, suites[i].about);
    free(suites);
    return 0;
}

/* A row a run, under the heads of the table. */
static void run_rows(const struct sheet *sheet)
{
    for (size_t r = 1; r < sheet_rows(sheet); r++) {
        const struct sheet_cell *cells = &sheet->cells[r * sheet->columns];
        json_t *row = json_object();
        for (size_t c = 0; c < sheet->columns; c++)
            row_put(row, sheet->cells[c].text, cells[c].text);
        row_put(row, "about", cells[0].note ? cells[0].note : "");
        json_array_append_new(rows, row);
    }
}

static int runs_list(const struct machine *machine)
{
    struct sheet sheet;
    (void)machine;
    int rc = runs_make(&sheet);
    if (rc)
        complain("list", "results: %s", strerror(-rc));
    else if (rows)
        run_rows(&sheet);
    else if (sheet_rows(&sheet) > 1)
        sheet_print(stdout, &sheet, screen_columns(stdout));
    else
        printf("%s/ has no run yet, 'poolbench run' makes one\n", RESULTS_DIRECTORY);
    sheet_release(&sheet);
    return rc ? 1 : 0;
}

static int options_list(const struct machine *machine)
{
    (void)machine;
    if (!rows)
        arguments_explain(&verb_run);
    for (const struct option *option = options; option->name && rows; option++) {
        name_print(option->name, option->help);
        row_put(row_last(), "syntax", option->syntax);
        row_put(row_last(), "preset", option->preset);
    }
    return 0;
}

static const struct {
    const char *name, *summary;
    bool needs_machine;
    int (*print)(const struct machine *machine);
} lists[] = {
    {"pools", "who does the work (--pool)", true, pools_print},
    {"floors", "bare loops to hold pools against (also --pool)", true, floors_print},
    {"workloads", "what a task does (--workload)", false, workloads_print},
    {"places", "where workers are pinned (--place)", true, places_print},
    {"faults", "how a task can fail on purpose (--faults)", false, faults_print},
    {"metrics", "what is compared and judged (--metric)", false, metrics_print},
    {"suites", "experiments that come with poolbench", false, suites_print},
    {"runs", "what is in results/, with commands and notes", false, runs_list},
    {"options", "all factors and settings of run and plan", false, options_list},
};

/* Of what was listed under that word. Returns the exit code. */
static int rows_end(const char *word, int code)
{
    char table[64];
    snprintf(table, sizeof table, "list %s", word);
    if (!code && objects_json(stdout, table, rows))
        complain("list", "out of memory");
    json_decref(rows);
    rows = NULL;
    return code;
}

/* A row of the table of lists. */
static int list_make(size_t i, const char *word)
{
    struct machine machine;
    char error[ERROR_MAX];
    int code = 0;
    if (lists[i].needs_machine && machine_open(&machine, NULL, error))
        code = complain("list", "%s", error);
    if (code)
        return rows ? rows_end(word, code) : code;
    code = lists[i].print(lists[i].needs_machine ? &machine : NULL);
    if (lists[i].needs_machine)
        machine_close(&machine);
    return rows ? rows_end(word, code) : code;
}

static int list_main(const struct arguments *given)
{
    struct nearest nearest;
    char hint[96];
    const char *word = given->operand[0];
    rows = strcmp(given->value[FORMAT], "json") ? NULL : json_array();
    if (!word) {
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
            name_print(lists[i].name, lists[i].summary);
        return rows ? rows_end("lists", 0) : 0;
    }
    nearest_init(&nearest, word);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        nearest_offer(&nearest, lists[i].name);
        if (!strcmp(lists[i].name, word))
            return list_make(i, word);
    }
    json_decref(rows);
    return complain("list", "there is nothing called '%.64s'%s", word, nearest_advice(&nearest, hint, sizeof hint));
}

const struct verb verb_list = {
    .name = "list",
    .chapter = "learn",
    .operands = "[pools|floors|workloads|places|faults|metrics|suites|runs|options]",
    .summary = "show what there is, and what cannot work here",
    .function = list_main,
    .help = "Shows each row with its options and their defaults, and what cannot work on this machine with the "
            "reason. Without a word, names the lists.",
    .operands_max = 1,
    .arguments = arguments};
