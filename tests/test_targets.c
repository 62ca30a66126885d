/* Targets: a file is read to the letter, and a made-up run gives the outcomes that its numbers have. */
#include "bench/base/refuse.h"
#include "bench/verbs/targets/targets.h"
#include "tests/scratch.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum { BLOCKS = 12, CELLS = 9, TASKS = 1000 };

static char path[SCRATCH_MAX];
static struct targets targets;
static char error[ERROR_MAX];

static int file_read(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return targets_read(path, &targets, error);
}

/* Nine cells of twelve blocks. Noise: a fixed few per cent by block. */
static struct trial_row trials[CELLS * BLOCKS];

static void cell_add(struct run_data *run, const char *pool, int64_t size_ns, double ns_per_task)
{
    size_t number = run->trial_count / BLOCKS + 1;
    for (int block = 1; block <= BLOCKS; block++) {
        struct trial_row *trial = &trials[run->trial_count++];
        *trial = (struct trial_row){.block = block,
                                    .f.size_ns = size_ns,
                                    .f.tasks = TASKS,
                                    .f.workers = 2,
                                    .status = TRIAL_OK,
                                    .private_bytes = 200 * 1024,
                                    .wall_ns = (int64_t)(ns_per_task * TASKS * (1 + 0.01 * (block % 4)))};
        snprintf(trial->cell_id, sizeof trial->cell_id, "c%03u", (unsigned)number & 0xffff);
        snprintf(trial->experiment, sizeof trial->experiment, "made-up");
        snprintf(trial->f.pool, sizeof trial->f.pool, "%s", pool);
        snprintf(trial->f.workload, sizeof trial->f.workload, "spin");
    }
}

static double readings_ns; /* of the clock, two; NAN: host.json does not say */

static struct run_data run_make(void)
{
    struct run_data run = {.trials = trials};
    if (!isnan(readings_ns))
        run.host = json_pack("{s:{s:{s:f}}}", "run", "clock", "two_readings_ns", readings_ns);
    cell_add(&run, "pthread", 100, 150);
    cell_add(&run, "floor-ring", 100, 100);
    cell_add(&run, "prefork", 100, 160);
    cell_add(&run, "static", 100, 50);
    cell_add(&run, "static", 1000, 500);
    cell_add(&run, "pthread", 1000, 550);
    cell_add(&run, "static", 1000000, 500000);
    for (int64_t size_ns = 100; size_ns <= 1000; size_ns *= 10) {
        cell_add(&run, "serial", size_ns, (double)size_ns);
        for (size_t i = run.trial_count - BLOCKS; i < run.trial_count; i++)
            trials[i].f.workers = 1;
    }
    assert_int_equal(run_data_index(&run, error), 0);
    return run;
}

static void run_drop(struct run_data *run)
{
    run->trials = NULL; /* not its own */
    run_data_close(run);
}

static struct judgement judged(const char *text)
{
    struct run_data s = run_make();
    struct judgement judgement[4];
    struct family family;
    assert_int_equal(file_read(text), 0);
    assert_in_range(targets.count, 1, 4);
    int rc = targets_judge(&targets, &s, &family, judgement, error);
    if (rc)
        fail_msg("%s", error);
    targets_release(&targets);
    run_drop(&s);
    return judgement[0];
}

static void ratios(void **state)
{
    (void)state;
    struct judgement j =
        judged("[a]\ncell = pool=pthread, size=100ns\nbase = pool=floor-ring\nat_most = 1.6x\nmetric = wall\n");
    assert_int_equal(j.outcome, TARGET_HOLDS);
    assert_true(j.value > 1.499 && j.value < 1.501);
    assert_string_equal(j.base_label, "floor-ring");
    j = judged("[a]\ncell = pool=pthread, size=100ns\nbase = pool=floor-ring\nat_most = 1.4x\n");
    assert_int_equal(j.outcome, TARGET_FAILS);
    /* the cheapest base counts, and one that was not run does not */
    j = judged("[a]\ncell = pool=prefork\nbase = pool=openmp\nbase = pool=pthread, size=100ns\n"
               "base = pool=floor-ring\nat_most = 1.2x\n");
    assert_int_equal(j.outcome, TARGET_FAILS);
    assert_string_equal(j.base_label, "floor-ring");
}

static void amounts(void **state)
{
    (void)state;
    struct judgement j = judged("[a]\ncell = pool=prefork\nbase = pool=pthread, size=100ns\nat_most = 15ns\n");
    assert_int_equal(j.outcome, TARGET_HOLDS);
    assert_true(j.value >= 10 && j.value < 11);
    j = judged("[a]\ncell = pool=prefork\nbase = pool=pthread, size=100ns\nat_most = 9ns\n");
    assert_int_equal(j.outcome, TARGET_FAILS);
    /* 10 ns more; two readings take 6 */
    readings_ns = 6;
    j = judged("[a]\ncell = pool=prefork\nbase = pool=pthread, size=100ns\nat_most = readings+5ns\n");
    assert_int_equal(j.outcome, TARGET_HOLDS);
    assert_true(j.at_most == 11);
    j = judged("[a]\ncell = pool=prefork\nbase = pool=pthread, size=100ns\nat_most = readings+3ns\n");
    assert_int_equal(j.outcome, TARGET_FAILS);
    readings_ns = NAN;
    j = judged("[a]\ncell = pool=prefork\nbase = pool=pthread, size=100ns\nat_most = readings+5ns\n");
    assert_int_equal(j.outcome, TARGET_NOT_RUN);
    assert_non_null(strstr(j.why, "host.json does not say"));
    j = judged("[a]\ncell = pool=prefork\nat_most = 161ns\n"); /* 160 .. 164.8 */
    assert_int_equal(j.outcome, TARGET_UNRESOLVED);
    j = judged("[a]\ncell = pool=prefork\nmetric = private\nat_most = 100KiB\n");
    assert_int_equal(j.outcome, TARGET_HOLDS);
    assert_true(j.value == 100 * 1024);
}

/* The highest throughput is that of static with tasks of 1 ms: pthread has 1/3 of it at 100 ns and 10/11 at 1 us, where
 * granularity is 300 and 1100 ns. Half of it is reached between them, where a straight line says. */
static void metg(void **state)
{
    (void)state;
    struct judgement j = judged("[a]\nmetric = metg\ncell = pool=pthread\nat_most = 460ns\n");
    assert_int_equal(j.outcome, TARGET_HOLDS);
    assert_true(j.value > 436 && j.value < 451); /* 300 x (11/3)^((1/2 - 1/3) / (10/11 - 1/3)), and 3 % of noise */
    j = judged("[a]\nmetric = metg\ncell = pool=pthread\nat_most = 430ns\n");
    assert_int_equal(j.outcome, TARGET_FAILS);
    /* static is good enough at its smallest size, which takes it 100 ns */
    j = judged("[a]\nmetric = metg\ncell = pool=pthread\nbase = pool=static\nat_most = 4.4x\n");
    assert_int_equal(j.outcome, TARGET_HOLDS);
    assert_true(j.value > 4.36 && j.value < 4.38);
    assert_true(j.base_cost >= 100 && j.base_cost <= 103);
    j = judged("[a]\nmetric = metg\ncell = pool=prefork\nbase = pool=static\nat_most = 2x\n");
    assert_int_equal(j.outcome, TARGET_NOT_RUN);
    assert_non_null(strstr(j.why, "fewer than two sizes"));
    j = judged("[a]\nmetric = metg\ncell = pool=serial\nat_most = 1us\n"); /* others of 1 ms have two workers */
    assert_int_equal(j.outcome, TARGET_NOT_RUN);
    assert_non_null(strstr(j.why, "no tasks of 1 ms"));
}

static void what_was_not_run(void **state)
{
    (void)state;
    struct judgement j = judged("[a]\ncell = pool=pthread, size=100ns\nbase = pool=openmp\nat_most = 1.5x\n");
    assert_int_equal(j.outcome, TARGET_NOT_RUN);
    assert_non_null(strstr(j.why, "pool=openmp"));
    j = judged("[a]\ncell = pool=pthread, workers=3, size=100ns\nat_most = 1us\n");
    assert_int_equal(j.outcome, TARGET_NOT_RUN);
    assert_non_null(strstr(j.why, "workers=3"));
}

static void bad_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "no target"},
        {"metric = wall\n", "no target"},
        {"[a]\ncell = pool=pthread\n", ":1: [a] has no at_most"},
        {"[a]\nat_most = 1us\n\n[b]\ncell = pool=pthread\nat_most = 1us\n", ":1: [a] has no cell"},
        {"[a]\ncell = pool=pthread\nat_most = 1.5x\n", "expected a base"},
        {"[a]\ncell = pool=pthread\nbase = pool=fork\nat_most = soon\n", "expected a ratio as 1.5x or a time as 15ns"},
        {"[a]\ncell = pool=pthread\nat_most = readings+5ns\n", "at_most = readings+5ns is a difference"},
        {"[a]\ncell = pool=pthread\nbase = pool=fork\nat_most = readings+2x\n", "found 'readings+2x'"},
        {"[a]\ncell = pool=pthread\nmetric = pss\nat_most = 5ms\n", "bytes as 40KiB"},
        {"[a]\ncell = pol=pthread\nat_most = 1us\n", ":2: there is no factor 'pol'; did you mean 'pool'?"},
        {"[a]\ncell = pthread\nat_most = 1us\n", ":2: 'pthread': expected FACTOR=VALUE"},
        {"[a]\ncell = size=fast\nat_most = 1us\n", ":2: size: "},
        {"[a]\ncel = pool=pthread\n", ":2: there is no key 'cel'; did you mean 'cell'?"},
        {"[a]\nmetric = wal\n", ":2: there is no metric 'wal'; did you mean 'wall'?"},
        {"[a]\nnonsense\n", ":2: a line without '='"},
        {"[]\n", ":1: '[]"},
        {"[a]\ncell = pool=a\nat_most = 1us\n[a]\n", ":4: there is a target 'a' already"},
        {"[a]\nmetric = metg\ncell = pool=a\nbase = pool=b\nat_most = 1us\n", "expected at_most = 1us without a base"},
        {"[a]\nmetric = metg\ncell = pool=a\nbase = pool=b\nbase = pool=c\nat_most = 2x\n", "expected one base"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        *error = '\0';
        if (file_read(cases[i].text) == 0)
            fail_msg("taken: %s", cases[i].text);
        if (!strstr(error, cases[i].says) || strchr(error, '\n'))
            fail_msg("'%s' does not say '%s'", error, cases[i].says);
    }
}

/* Two cells fit: it is said which, and what tells them apart. */
static void more_than_one_cell(void **state)
{
    (void)state;
    struct run_data s = run_make();
    struct judgement judgement[1];
    struct family family;
    assert_int_equal(file_read("\n[a]\ncell = pool=pthread\nat_most = 1us\n"), 0);
    assert_int_equal(targets_judge(&targets, &s, &family, judgement, error), -EINVAL);
    assert_non_null(strstr(error, ":2: [a]"));
    assert_non_null(strstr(error, "c001 and c006"));
    assert_non_null(strstr(error, "apart: size"));
    targets_release(&targets);
    run_drop(&s);
}

static int setup(void **state)
{
    (void)state;
    int fd = scratch_file(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios),           cmocka_unit_test(amounts),   cmocka_unit_test(metg),
        cmocka_unit_test(what_was_not_run), cmocka_unit_test(bad_files), cmocka_unit_test(more_than_one_cell),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
