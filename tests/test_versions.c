/* What another version of a program wrote is told as such, not as something that is no such file at all. */
#include "bench/base/refuse.h"
#include "bench/job/job_file.h"
#include "bench/job/job_tables.h"
#include "bench/model/columns.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include "bench/model/options.h"
#include "bench/trial/trial.h"
#include "tests/request_line.h"
#include "tests/tree.h"
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

static int row_ignore(const void *row, void *arg)
{
    (void)row;
    (void)arg;
    return 0;
}

/* Its later fields may be what this one never wrote. */
static void line_of(char *line, size_t size)
{
    json_t *host = host_load(tree);
    host_line(line, size, host);
    json_decref(host);
}

static void a_table_of_another_version(void **state)
{
    char error[ERROR_MAX] = "";
    (void)state;
    tree_put("/trials.csv", "schema_version,trial_id,block\n99,first,1\n");
    assert_int_equal(csv_read(tree, &trial_format, -1, row_ignore, NULL, error), -EBADMSG);
    assert_non_null(strstr(error, "trials.csv:2: schema_version: expected "));
    assert_non_null(strstr(error, "found 99"));
}

static bool is_burst(const struct factors *factors)
{
    return factors->arrival.kind == ARRIVAL_BURST;
}

static struct factors factors_of_schema(int64_t schema, int64_t collect, enum arrival_kind arrival)
{
    static const struct param words = {.kind = PARAM_CHOICE, .choices = "completed|ordered|joined"};
    static const struct param counts = {.kind = PARAM_COUNT, .min = 1, .max = 9};
    static const struct meaning before[] = {{.schema = 1, .was = "completed", .means = "joined", .when = is_burst},
                                            {.schema = 2, .was = "completed", .means = "ordered"},
                                            {.schema = 0}};
    static const struct option table[] = {
        {.name = "collect",
         .preset = "joined",
         .offset = offsetof(struct factors, collect),
         .size = sizeof(int64_t),
         .param = &words,
         .meant_before = before},
        {.name = "workers",
         .preset = "3",
         .offset = offsetof(struct factors, workers),
         .size = sizeof(int64_t),
         .param = &counts,
         .added = true},
        {0},
    };
    struct factors factors = {.collect = collect, .workers = 7, .arrival.kind = arrival};
    char error[ERROR_MAX];
    assert_int_equal(factors_update(table, schema, schema == 1 ? 2 : 0, &factors, error), 0);
    return factors;
}

/* A row of an earlier schema is read as what it meant then; what that did not know has today's preset. */
static void what_a_value_meant_before(void **state)
{
    (void)state;
    assert_int_equal(factors_of_schema(1, 0, ARRIVAL_BURST).collect, 2);
    assert_int_equal(factors_of_schema(1, 0, ARRIVAL_RATE).collect, 1);
    assert_int_equal(factors_of_schema(1, 1, ARRIVAL_BURST).collect, 1);
    assert_int_equal(factors_of_schema(2, 0, ARRIVAL_BURST).collect, 1);
    assert_int_equal(factors_of_schema(3, 0, ARRIVAL_BURST).collect, 0);
    assert_int_equal(factors_of_schema(1, 0, ARRIVAL_BURST).workers, 3);
    assert_int_equal(factors_of_schema(2, 0, ARRIVAL_BURST).workers, 7);
}

/* Those that have changed since: what files of schema 1 said of it, and what that is called now. */
static void what_has_changed_since_the_first_schema(void **state)
{
    static const struct {
        enum collect_kind was;
        enum arrival_kind arrival;
        enum collect_kind is;
    } collects[] = {
        {COLLECT_COMPLETED, ARRIVAL_BURST, COLLECT_JOINED},     {COLLECT_COMPLETED, ARRIVAL_WAVE, COLLECT_JOINED},
        {COLLECT_COMPLETED, ARRIVAL_WINDOW, COLLECT_COMPLETED}, {COLLECT_COMPLETED, ARRIVAL_RATE, COLLECT_COMPLETED},
        {COLLECT_ORDERED, ARRIVAL_BURST, COLLECT_ORDERED},
    };
    char error[ERROR_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof collects / sizeof *collects; i++) {
        struct factors factors = {.arrival.kind = collects[i].arrival, .collect = collects[i].was};
        assert_int_equal(factors_update(options, 1, 0, &factors, error), 0);
        assert_int_equal(factors.collect, collects[i].is);
        factors.collect = collects[i].was;
        assert_int_equal(factors_update(options, 2, 0, &factors, error), 0);
        assert_int_equal(factors.collect, collects[i].was);
    }
}

static void a_host_json_of_a_newer_version(void **state)
{
    char line[256], error[ERROR_MAX] = "";
    (void)state;
    tree_put("/host.json", "{\"schema_version\": 1, \"machine\": {\"cores\": 2, \"pus\": 2},"
                           " \"kernel\": {\"name\": \"Linux\", \"release\": \"6.1\"}}");
    line_of(line, sizeof line);
    assert_string_equal(line, "2 cores, unknown CPU, Linux 6.1");
    tree_put("/host.json", "{\"schema_version\": 99, \"machine\": {\"cores\": 2, \"pus\": 2},"
                           " \"kernel\": {\"name\": \"Linux\", \"release\": \"6.1\"}}");
    line_of(line, sizeof line);
    assert_string_equal(line, "unknown machine");
    assert_null(host_load(tree));
    assert_null(host_read(tree, error));
    assert_non_null(strstr(error, "/host.json: schema_version: expected at most 2, found 99: it is not read"));
    tree_put("/host.json", "{");
    assert_null(host_read(tree, error));
    assert_non_null(strstr(error, "/host.json: "));
}

static void a_job_of_another_build(void **state)
{
    struct job_file file = {.magic = JOB_MAGIC, .version = JOB_VERSION + 1};
    (void)state;
    assert_int_equal(job_check(&file, sizeof file), -EPROTO);
    assert_int_equal(job_check(&file, 8), -EPROTO); /* whatever its length */
    file.version = JOB_VERSION;
    file.tables = job_tables(&file) + 1; /* the same layout, and a pool with other options */
    assert_int_equal(job_check(&file, sizeof file), -EPROTO);
    file.tables = job_tables(&file);
    assert_int_equal(job_check(&file, sizeof file), -EINVAL);
    file.magic = 0;
    assert_int_equal(job_check(&file, sizeof file), -EINVAL);
}

static void a_topology_of_a_newer_hwloc(void **state)
{
    struct machine machine;
    char error[ERROR_MAX] = "", path[PATH_MAX];
    (void)state;
    tree_put("/new.xml", "<?xml version=\"1.0\"?>\n<topology version=\"97.0\">\n</topology>\n");
    snprintf(path, sizeof path, "%s/new.xml", tree);
    assert_true(machine_open(&machine, path, error) < 0);
    assert_non_null(strstr(error, "is a hwloc XML file of version 97.0 that hwloc "));
    tree_put("/new.xml", "some words\n");
    assert_true(machine_open(&machine, path, error) < 0);
    assert_non_null(strstr(error, "is not a hwloc XML file"));
}

/* A suite of schema 1 asks for what it meant, whatever pools are labelled. */
static void like_a_run_of_the_first_schema(void **state)
{
    static const char suite[] = "pool = hybrid, threads=hybrid:threads=1:wait=block, abcdefghijklmnopqrst=hybrid\n"
                                "    processes=hybrid:processes=3:threads=4, hybrid:route=nested\n"
                                "workers = 1, 12\nworkload = mixed\nplace = auto\ncollect = completed\n";
    static const char plan[] = "schema_version,cell_id\n1,c001\n";
    static const char *const pools[] = {
        "hybrid:processes=1:threads=1",
        "hybrid:processes=12:threads=12",
        "threads-1=hybrid:processes=1:threads=1:wait=block",
        "threads-12=hybrid:processes=12:threads=1:wait=block",
        "abcdefghijklmnopqr-1=hybrid:processes=1:threads=1",
        "abcdefghijklmnopq-12=hybrid:processes=12:threads=12",
        "processes=hybrid:processes=3:threads=4",
        "hybrid:route=nested", /* of either number of workers */
        "hybrid:route=nested",
    };
    char line[PATH_MAX], error[ERROR_MAX];
    struct machine machine;
    struct request request;
    (void)state;
    assert_int_equal(machine_open(&machine, "synthetic:core:4 pu:2", error), 0);
    tree_put("/suite.ini", suite);
    tree_put("/plan.csv", plan);
    tree_put("/trials.csv", plan);
    snprintf(line, sizeof line, "--like %s", tree);
    if (request_of_line(line, &machine, &request, error))
        fail_msg("%s", error);
    assert_int_equal(request.cells.count, sizeof pools / sizeof *pools);
    for (size_t i = 0; i < request.cells.count; i++) {
        size_t times = 0;
        for (size_t p = 0; p < request.cells.count; p++)
            times += !strcmp(request.cells.cell[p].f.pool, pools[i]);
        assert_int_equal(times, 1 + (i + 2 >= request.cells.count));
        assert_int_equal(request.cells.cell[i].f.collect, COLLECT_JOINED);
    }
    request_release(&request);
    machine_close(&machine);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_make, tree_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_table_of_another_version),
        TEST(what_a_value_meant_before),
        TEST(what_has_changed_since_the_first_schema),
        TEST(like_a_run_of_the_first_schema),
        TEST(a_host_json_of_a_newer_version),
        TEST(a_job_of_another_build),
        TEST(a_topology_of_a_newer_hwloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
