/* What another version of a program wrote is told as such, not as something that is no such file at all. */
#include "bench/base/refuse.h"
#include "bench/job/job_file.h"
#include "bench/model/columns.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include "bench/trial/trial.h"
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
static void a_table_of_another_version(void **state)
{
    char error[ERROR_MAX] = "";

    (void)state;
    tree_put("/trials.csv", "schema_version,trial_id,block\n99,first,1\n");
    assert_int_equal(csv_read(tree, &trial_format, -1, row_ignore, NULL, error), -EBADMSG);
    assert_non_null(strstr(error, "trials.csv:2: schema_version: expected 1, found 99"));
}

static void a_host_json_of_a_newer_version(void **state)
{
    char line[256], error[ERROR_MAX] = "";

    (void)state;
    tree_put("/host.json", "{\"schema_version\": 1, \"machine\": {\"cores\": 2, \"pus\": 2},"
                           " \"kernel\": {\"name\": \"Linux\", \"release\": \"6.1\"}}");
    host_line(line, sizeof line, tree);
    assert_string_equal(line, "2 cores, unknown CPU, Linux 6.1");
    tree_put("/host.json", "{\"schema_version\": 99, \"machine\": {\"cores\": 2, \"pus\": 2},"
                           " \"kernel\": {\"name\": \"Linux\", \"release\": \"6.1\"}}");
    host_line(line, sizeof line, tree);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_make, tree_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_table_of_another_version),
        TEST(a_host_json_of_a_newer_version),
        TEST(a_job_of_another_build),
        TEST(a_topology_of_a_newer_hwloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
