/* Run directories by name: found, made, and what `latest` is. */
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/run_dir.h"
#include "tests/scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static char error[ERROR_MAX];
static int root = -1; /* where the tests were started */
static char scratch[SCRATCH_MAX];

static int setup(void **state)
{
    (void)state;
    root = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root < 0 || scratch_directory(scratch) < 0 || chdir(scratch) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    if (fchdir(root) < 0)
        return -1;
    close(root);
    return scratch_remove(scratch);
}

static void run_pretend(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "results/%s", name);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "results/%s/trials.csv", name);
    int fd = open(path, O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0);
    close(fd);
}

static void test_run_find(void **state)
{
    char directory[PATH_MAX];
    (void)state;
    assert_int_equal(run_find("latest", directory, sizeof directory, error), -ENOENT);
    assert_non_null(strstr(error, "no run yet"));
    assert_int_equal(run_find("2026", directory, sizeof directory, error), -ENOENT);
    assert_int_equal(mkdir("results", 0777), 0);
    run_pretend("20261122T154102-a3f1");
    run_pretend("20261122T154102-b000");
    run_pretend("20261123T000000-0001");
    assert_int_equal(mkdir("results/20261199T000000-ffff", 0777), 0); /* no run: it has no trials.csv */
    assert_int_equal(run_find("20261123", directory, sizeof directory, error), 0);
    assert_string_equal(directory, "results/20261123T000000-0001");
    assert_string_equal(run_id(directory), "20261123T000000-0001");
    assert_int_equal(run_find("results/20261123T000000-0001//", directory, sizeof directory, error), 0);
    assert_string_equal(directory, "results/20261123T000000-0001");
    assert_int_equal(run_find("20261122T154102", directory, sizeof directory, error), -EINVAL);
    assert_non_null(strstr(error, "20261122T154102-b000, 20261122T154102-a3f1"));
    assert_int_equal(run_find("1999", directory, sizeof directory, error), -ENOENT);
    assert_non_null(strstr(error, "20261123T000000-0001"));
    assert_int_equal(run_find("./nowhere", directory, sizeof directory, error), -ENOENT);
    assert_int_equal(run_find("./results", directory, sizeof directory, error), -ENOENT);
    assert_non_null(strstr(error, "has no trials.csv"));
    assert_int_equal(run_find("", directory, sizeof directory, error), -EINVAL);
}

static void latest_is(const char *name)
{
    char latest[PATH_MAX];
    ssize_t length = readlink("results/latest", latest, sizeof latest - 1);
    assert_true(length > 0);
    latest[length] = '\0';
    assert_string_equal(latest, name);
}

static void test_run_create(void **state)
{
    char directory[PATH_MAX], latest[PATH_MAX];
    (void)state;
    assert_int_equal(run_create("", directory, sizeof directory, error), 0);
    assert_int_equal(run_publish(directory, error), 0);
    assert_int_equal(readlink("results/latest", latest, sizeof latest - 1), -1); /* it has not ended yet */
    assert_int_equal(run_finish(directory, error), 0);
    latest_is(run_id(directory));
    assert_int_equal(strlen(run_id(directory)), strlen("20261122T154102-a3f1"));
    assert_int_equal(run_create("", directory, sizeof directory, error), 0);
    assert_int_equal(run_finish(directory, error), 0); /* and the link moves on */
    latest_is(run_id(directory));
    assert_int_equal(run_find("latest", directory, sizeof directory, error), -ENOENT); /* nothing in it yet */
    assert_int_equal(run_create("mine/", directory, sizeof directory, error), 0);
    assert_string_equal(directory, "mine");
    assert_int_equal(run_create("mine", directory, sizeof directory, error), -EEXIST);
    assert_non_null(strstr(error, "--out: 'mine' exists already"));
    assert_int_equal(run_create("no/such", directory, sizeof directory, error), -ENOENT);
    assert_int_equal(run_finish("mine", error), 0); /* not in results/ */
    assert_int_equal(run_create("mine/../results/kept", directory, sizeof directory, error), 0);
    assert_int_equal(run_finish(directory, error), 0);
    latest_is("kept");
}

/* host.json of a run that is made up: when it began, how it ended. */
static void host_pretend(const char *name, const char *date, const char *because)
{
    char path[128];
    snprintf(path, sizeof path, "results/%s/host.json", name);
    json_t *host = json_pack("{s:s, s:{s:s}}", "date", date, "run", "verb", "run");
    if (because)
        json_object_set_new(json_object_get(host, "run"), "ended", json_pack("{s:s}", "because", because));
    assert_int_equal(json_dump_file(host, path, 0), 0);
    json_decref(host);
}

/* The latest run is the one that began last of those that are whole; a newer one that is not is told of. */
static void test_run_latest(void **state)
{
    static const char *const days[] = {"20270101T000000-0001", "20270102T000000-0002", "20270103T000000-0003",
                                       "20270104T000000-0004"};
    char directory[PATH_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        run_pretend(days[i]);
    host_pretend(days[0], "2027-01-01T00:00:00Z", "blocks");
    host_pretend(days[1], "2027-01-02T00:00:00Z", "budget");
    host_pretend(days[2], "2027-01-03T00:00:00Z", "interrupted");
    host_pretend(days[3], "2027-01-04T00:00:00Z", NULL);
    assert_int_equal(unlink("results/latest"), 0);
    assert_int_equal(run_finish("results/20270102T000000-0002", error), 0);
    assert_int_equal(run_finish("results/20270101T000000-0001", error), 0); /* gone on with, and older */
    latest_is(days[1]);
    assert_int_equal(run_find("latest", directory, sizeof directory, error), 0);
    assert_int_equal(run_unfinished("results/20270102T000000-0002", directory, sizeof directory), 0);
    assert_string_equal(run_id(directory), days[3]);
    int lock = run_lock("results/20270104T000000-0004", error); /* by another poolbench */
    assert_true(lock >= 0);
    assert_int_equal(run_unfinished("results/20270102T000000-0002", directory, sizeof directory), 1);
    run_unlock(lock);
    host_pretend(days[3], "2027-01-04T00:00:00Z", "precision");
    assert_int_equal(run_unfinished("", directory, sizeof directory), 0);
    assert_string_equal(run_id(directory), days[2]);
    assert_int_equal(run_unfinished("results/20270104T000000-0004", directory, sizeof directory), -ENOENT);
}

static void file_make(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    assert_true(fd >= 0);
    close(fd);
}

/* A run that is held is that one, whatever has its name. */
static void test_run_held(void **state)
{
    char directory[PATH_MAX];
    struct replacement file;
    struct csv_writer *writer;
    (void)state;
    assert_int_equal(run_create("held", directory, sizeof directory, error), 0);
    int lock = run_lock_new(directory, error);
    assert_true(lock >= 0);
    assert_int_equal(csv_create(directory, &trial_format, &writer), 0);
    assert_int_equal(run_follow(directory, sizeof directory, error), 0);
    assert_int_equal(rename("held", "elsewhere"), 0);
    assert_int_equal(mkdir("held", 0777), 0);
    file_make("held/trials.csv");
    assert_int_equal(csv_named(writer, directory, &trial_format), 0);
    assert_int_equal(csv_close(writer), 0);
    assert_int_equal(replacement_begin(directory, &summary_format, &file), 0);
    assert_int_equal(replacement_end(&file, 0), 0);
    assert_int_equal(access("elsewhere/summary.csv", F_OK), 0);
    assert_int_equal(access("held/summary.csv", F_OK), -1);
    assert_int_equal(run_follow(directory, sizeof directory, error), 1);
    assert_string_equal(directory, "elsewhere");
    assert_true(csv_is_there("held", "summary.csv")); /* by both names */
    assert_true(csv_is_there("elsewhere", "summary.csv"));
    run_discard("held");
    assert_int_equal(access("held/trials.csv", F_OK), 0);
    assert_int_equal(access("elsewhere", F_OK), -1);
    assert_int_equal(run_follow(directory, sizeof directory, error), -ENOENT);
    assert_non_null(strstr(error, "elsewhere was deleted"));
    run_unlock(lock);
    assert_false(csv_is_there("held", "summary.csv"));
    assert_true(csv_is_there("held", "trials.csv"));
    assert_int_equal(run_lock_new("held", error), -EEXIST);
    assert_int_equal(access("held/trials.csv", F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_find),
        cmocka_unit_test(test_run_create),
        cmocka_unit_test(test_run_latest),
        cmocka_unit_test(test_run_held),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
