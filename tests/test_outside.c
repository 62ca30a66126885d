/* What others did during a trial, by made-up files of the kernel; the rule; which rows are run again; and what that
 * does to ratios, in thousands of made-up runs. */
/* sanitizers: address undefined (one thread) */
#include "bench/machine/outside.h"
#include "bench/measure/again.h"
#include "bench/stats/verdict.h"
#include "tests/tree.h"
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define MS 1000000

static struct machine machine; /* two CPUs, described */

static int machine_make(void **state)
{
    char error[ERROR_MAX];
    (void)state;
    return machine_open(&machine, "synthetic:core:2 pu:1", error);
}

static int machine_drop(void **state)
{
    (void)state;
    machine_close(&machine);
    return 0;
}

/* ---- what the kernel tells ---- */

static void stat_put(int used, int stolen)
{
    char text[256];
    snprintf(text, sizeof text,
             "cpu %d 0 0 99 9 9 9 %d 0 0\ncpu0 %d 0 0 99 9 9 9 %d 0 0\ncpu1 0 0 0 99 9 9 9 0 0 0\nintr 5 0 0\n", used,
             stolen, used, stolen);
    tree_put("/proc/stat", text);
}

static struct outside after(const struct outside_watch *watch, struct moment *before)
{
    struct moment now;
    outside_read(watch, &now);
    now.at_ns = before->at_ns + 50 * MS;
    now.own_ns = before->own_ns; /* ours is real */
    return outside_between(watch, before, &now);
}

static void test_stat(void **state)
{
    struct outside_watch watch;
    struct moment before;
    (void)state;
    stat_put(100, 7);
    assert_int_equal(outside_watch(&watch, &machine, tree), 0);
    assert_string_equal(outside_source(&watch), "/proc/stat");
    outside_read(&watch, &before);
    assert_int_equal(before.steal_ns, 70 * MS);
    assert_int_equal(before.used_ns, 1000 * MS);
    assert_int_equal(before.memory_pressure_ns, -1);
    struct outside outside = after(&watch, &before);
    assert_int_equal(outside.stolen_ns, 0);
    assert_int_equal(outside.disturbs, 0);
    stat_put(107, 9); /* within what ticks cannot tell of two CPUs */
    outside = after(&watch, &before);
    assert_int_equal(outside.steal_ns, 20 * MS);
    assert_int_equal(outside.others_ns, 70 * MS);
    assert_int_equal(outside.disturbs, 0);
    stat_put(100, 10);
    assert_int_equal(after(&watch, &before).disturbs, 1);
    stat_put(109, 7);
    assert_int_equal(after(&watch, &before).disturbs, 1);
    outside_unwatch(&watch);
    /* a container shows a part */
    tree_put("/proc/stat", "cpu  1 0 0 0 0 0 0 5 0 0\ncpu1 1 0 0 0 0 0 0 5 0 0\nintr 5\n");
    assert_int_equal(outside_watch(&watch, &machine, tree), 0);
    assert_null(outside_source(&watch));
    outside_read(&watch, &before);
    assert_int_equal(before.steal_ns, 50 * MS);
    assert_int_equal(before.stolen_ns, -1);
    assert_int_equal(after(&watch, &before).disturbs, -1);
    outside_unwatch(&watch);
    outside_unwatch(&watch);
}

/* Documentation/scheduler/sched-stats.rst, version 15. */
static void schedstat_put(long long used_ns)
{
    char text[256];
    snprintf(text, sizeof text,
             "version 15\ntimestamp 4295\ncpu0 0 0 1 2 3 4 %lld 5 6\ndomain0 00000003 1 2\ncpu1 0 0 1 2 3 4 1000 5 6\n",
             used_ns);
    tree_put("/proc/schedstat", text);
}

static void test_schedstat(void **state)
{
    struct outside_watch watch;
    struct moment before;
    (void)state;
    stat_put(100, 7);
    schedstat_put(9000);
    tree_put("/proc/pressure/io", "some avg10=0.00 avg60=1.00 avg300=0.00 total=250\nfull avg10=0.00 total=9\n");
    assert_int_equal(outside_watch(&watch, &machine, tree), 0);
    assert_string_equal(outside_source(&watch), "/proc/schedstat");
    outside_read(&watch, &before);
    assert_int_equal(before.used_ns, 10000);
    assert_int_equal(before.io_pressure_ns, 250000);
    schedstat_put(9000 + 3 * MS);
    assert_int_equal(after(&watch, &before).disturbs, 0);
    schedstat_put(9000 + 5 * MS);
    assert_int_equal(after(&watch, &before).disturbs, 1);
    schedstat_put(9000 + 900 * MS); /* somebody ran since long before, and has left his CPU */
    assert_int_equal(after(&watch, &before).others_ns, 100 * MS);
    tree_put("/proc/pressure/io", "some avg10=9.00 avg60=1.00 avg300=0.00 total=40250\n");
    schedstat_put(9000);
    struct outside outside = after(&watch, &before);
    assert_int_equal(outside.io_pressure_ns, 40 * MS);
    assert_int_equal(outside.disturbs, 0); /* it may be the pool's own */
    outside_unwatch(&watch);
}

/* The tightest quota of ours and the groups above; in version 2 in us, in version 1 in ns. */
static void test_quota(void **state)
{
    struct outside_watch watch;
    struct moment before;
    char text[64];
    (void)state;
    stat_put(100, 7);
    schedstat_put(9000);
    snprintf(text, sizeof text, "%d\n", (int)getpid());
    tree_put("/proc/self/cgroup", "0::/a/b\n");
    tree_put("/proc/self/mountinfo", "30 1 0:5 / /cg rw - cgroup2 cgroup rw\n");
    tree_put("/cg/cgroup.procs", "");
    tree_put("/cg/a/cgroup.procs", "");
    tree_put("/cg/a/b/cgroup.procs", text);
    assert_int_equal(outside_watch(&watch, &machine, tree), 0);
    outside_read(&watch, &before);
    assert_int_equal(before.throttled_ns, -1); /* nobody has a quota */
    assert_int_equal(after(&watch, &before).throttled_ns, -1);
    outside_unwatch(&watch);
    tree_put("/cg/a/b/cpu.max", "150000 100000\n");
    tree_put("/cg/a/cpu.max", "50000 100000\n");
    tree_put("/cg/a/b/cpu.stat", "usage_usec 1\nnr_throttled 9\nthrottled_usec 9\n");
    tree_put("/cg/a/cpu.stat", "usage_usec 1\nnr_throttled 3\nthrottled_usec 4000\n");
    assert_int_equal(outside_watch(&watch, &machine, tree), 0);
    outside_read(&watch, &before);
    assert_int_equal(before.throttled_ns, 4 * MS);
    tree_put("/cg/a/cpu.stat", "usage_usec 1\nnr_throttled 4\nthrottled_usec 34000\n");
    assert_int_equal(after(&watch, &before).throttled_ns, 30 * MS);
    tree_put("/cg/a/cpu.stat", "nr_throttled 4\nthrottled_time 5000000\n");
    assert_int_equal(after(&watch, &before).throttled_ns, 1 * MS);
    outside_unwatch(&watch);
}

static void test_group(void **state)
{
    struct outside_watch watch;
    struct moment before;
    char text[64];
    (void)state;
    stat_put(100, 7);
    schedstat_put(9000);
    tree_put("/proc/self/cgroup", "3:cpuacct:/a\n");
    snprintf(text, sizeof text, "%d\n", (int)getpid());
    tree_put("/proc/self/mountinfo", "30 1 0:5 / /cg rw - cgroup cgroup rw,cpuacct\n");
    tree_put("/cg/cgroup.procs", text);
    tree_put("/cg/a/cgroup.procs", text);
    tree_put("/cg/a/cpuacct.usage_percpu", "5 6 \n");
    tree_put("/cg/cpuacct.usage_percpu", "7000 8000 \n"); /* of all: the topmost counts */
    tree_put("/proc/12/stat",
             "12 (ksoftirqd/0) S 2 0 0 0 -1 69238848 0 0 0 0 0 5 0 0 20 0 1 0 21 0 0 0 0 0 0 0 0 0 0 0 0 "
             "0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
    tree_put("/proc/12/schedstat", "1000 5 6\n");
    assert_int_equal(outside_watch(&watch, &machine, tree), 0);
    assert_string_equal(outside_source(&watch), "cpuacct");
    outside_read(&watch, &before);
    assert_int_equal(before.used_ns, 14000);
    tree_put("/cg/cpuacct.usage_percpu", "20007000 8000 \n");
    tree_put("/proc/12/schedstat", "20001000 5 6\n"); /* all of it: freeing what our own tasks had, maybe */
    assert_int_equal(after(&watch, &before).others_ns, 0);
    tree_put("/proc/12/schedstat", "10001000 5 6\n");
    struct outside outside = after(&watch, &before);
    assert_int_equal(outside.others_ns, 10 * MS);
    assert_int_equal(outside.disturbs, 1);
    outside_unwatch(&watch);
}

/* Neighbours on CPUs that a trial does not use are none. */
static void test_place(void **state)
{
    struct outside_watch watch;
    struct moment before;
    uint64_t masks[] = {2}, submitter[] = {2};
    struct placement placement = {.workers = 1, .words = 1, .masks = masks, .main_mask = submitter};
    (void)state;
    stat_put(100, 7);
    schedstat_put(9000);
    assert_int_equal(outside_watch(&watch, &machine, tree), 0);
    outside_watch_place(&watch, &placement);
    outside_read(&watch, &before);
    assert_int_equal(before.used_ns, 1000);
    schedstat_put(9000 + 50 * MS);
    assert_int_equal(after(&watch, &before).disturbs, 0);
    submitter[0] = 1;
    outside_watch_place(&watch, &placement);
    schedstat_put(9000);
    outside_read(&watch, &before);
    schedstat_put(9000 + 50 * MS);
    assert_int_equal(after(&watch, &before).disturbs, 1);
    outside_unwatch(&watch);
}

/* Whatever of the CPUs' time is the trial's own: it may wait for CPUs and switch as it likes. */
static void test_own(void **state)
{
    struct outside_watch watch;
    (void)state;
    stat_put(100, 7);
    schedstat_put(9000);
    assert_int_equal(outside_watch(&watch, &machine, tree), 0);
    for (int64_t own_ns = 0; own_ns <= 100 * MS; own_ns += 10 * MS) {
        struct moment from, to;
        outside_read(&watch, &from);
        to = from;
        to.at_ns += 50 * MS;
        to.own_ns += own_ns;
        to.used_ns += own_ns;
        assert_int_equal(outside_between(&watch, &from, &to).disturbs, 0);
        to.used_ns += 5 * MS;
        assert_int_equal(outside_between(&watch, &from, &to).disturbs, 1);
    }
    outside_unwatch(&watch);
}

static void test_frequency(void **state)
{
    struct outside_watch watch;
    (void)state;
    tree_put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "2100000\n");
    assert_int_equal(outside_watch(&watch, &machine, tree), 0);
    assert_int_equal(outside_frequency_khz(&watch, 1), 2100000);
    assert_int_equal(outside_frequency_khz(&watch, 0), -1);
    assert_int_equal(outside_frequency_khz(&watch, -1), -1);
    outside_unwatch(&watch);
}

/* ---- which trials ---- */

/* serial; three pools with 1 worker, three with 2; serial of other tasks, and a pool with them. */
static const struct row rows[] = {{10, 1, true},  {11, 1, false}, {11, 1, false}, {11, 1, false}, {12, 1, false},
                                  {12, 1, false}, {12, 1, false}, {20, 2, true},  {21, 2, false}};
#define ROWS (sizeof rows / sizeof rows[0])

static void choose(const char *ran, double room, const char *expected)
{
    enum ran words[ROWS];
    bool again[ROWS];
    char found[ROWS + 1] = "";
    size_t count = 0;
    for (size_t i = 0; i < ROWS; i++)
        words[i] = ran[i] == 'x' ? RAN_DISTURBED : ran[i] == '.' ? RAN_WELL : RAN_NOT;
    size_t chosen = again_choose(rows, words, ROWS, room, again);
    for (size_t i = 0; i < ROWS; i++) {
        found[i] = again[i] ? 'A' : '-';
        count += again[i];
    }
    assert_string_equal(found, expected);
    assert_int_equal(chosen, count);
}

static void test_choose(void **state)
{
    (void)state;
    choose(".........", 100, "---------");
    choose("..x......", 100, "AAAA-----"); /* and what they are measured by */
    choose("..x..x...", 100, "AAAAAAA--");
    choose("x........", 100, "AAAAAAA--"); /* all are measured by it */
    choose("........x", 100, "-------AA");
    choose(" .x ..  .", 100, "-AA------"); /* what failed, or was run again, stays */
    choose("..x..x..x", 0, "---------");
    choose("..x..x..x", 0.1, "AAAA-----"); /* a row that is begun is run whole */
    choose("..x..x..x", 5, "AAAAAAA--");
}

/* ---- what it does to ratios ---- */

enum remedy { NOTHING, SINGLE, ROW, REMEDIES };

/* Four pools and serial of one row, 12 blocks. The third really takes a third more than the second, because its workers
 * wait for CPUs; trials of the fourth are four times as long. A neighbour comes for 100 ms, at random moments, and
 * takes half of the CPUs' time: a long trial is hit more often. All have noise of 2 %. */
#define POOLS  5
#define BLOCKS 12
static const double trial_ns[POOLS] = {50e6, 50e6, 65e6, 200e6, 50e6};

struct neighbour {
    double next_ns, until_ns;
};

/* A trial that begins at *now: how long it takes, and whether it is disturbed by the rule. */
static double trial_make(gsl_rng *rng, double mean_ns, double every_ns, struct neighbour *n, double *now, bool *is_hit)
{
    double left = mean_ns * exp(gsl_ran_gaussian(rng, 0.02)), taken = 0, took = left;
    while (n->until_ns < *now) { /* its last visit is over: the next one */
        n->next_ns = n->until_ns + gsl_ran_exponential(rng, every_ns);
        n->until_ns = n->next_ns + 100e6;
    }
    double from = fmax(*now, n->next_ns), until = n->until_ns;
    if (from < *now + took) { /* from there on it has half of the speed, until the neighbour leaves */
        double slow = fmin(until - from, 2 * (*now + took - from));
        taken = slow / 2;
        took += taken;
    }
    *is_hit = taken > OUTSIDE_SHARE * took;
    *now += took + 5e6;
    return took;
}

static void block_make(gsl_rng *rng, enum remedy remedy, double every_ns, struct neighbour *n, double *now,
                       double costs[POOLS])
{
    struct row row[POOLS];
    enum ran ran[POOLS];
    bool again[POOLS], is_hit;
    unsigned order[POOLS];
    for (unsigned i = 0; i < POOLS; i++) {
        order[i] = i;
        row[i] = (struct row){i ? 2 : 1, 3, !i};
    }
    gsl_ran_shuffle(rng, order, POOLS, sizeof *order);
    for (unsigned i = 0; i < POOLS; i++) {
        costs[order[i]] = trial_make(rng, trial_ns[order[i]], every_ns, n, now, &is_hit);
        ran[order[i]] = is_hit ? RAN_DISTURBED : RAN_WELL;
    }
    if (remedy == ROW)
        again_choose(row, ran, POOLS, 1, again);
    for (unsigned i = 0; i < POOLS; i++)
        if (remedy == ROW ? again[order[i]] : remedy == SINGLE && ran[order[i]] == RAN_DISTURBED)
            costs[order[i]] = trial_make(rng, trial_ns[order[i]], every_ns, n, now, &is_hit);
}

/* By how much the middle of the ratio of `pool` to the second one is off on average; its standard error in *error. */
static double ratio_shift(gsl_rng *rng, enum remedy remedy, double every_ns, unsigned pool, unsigned runs,
                          double *error)
{
    const struct family alone = family_make(1, LOOKS_NONE, FAMILY_MARGIN);
    double sum = 0, squares = 0;
    for (unsigned run = 0; run < runs; run++) {
        double costs[POOLS], base[BLOCKS], other[BLOCKS], now = 0;
        struct neighbour neighbour = {.until_ns = -1};
        struct comparison comparison;
        for (unsigned b = 0; b < BLOCKS; b++) {
            block_make(rng, remedy, every_ns, &neighbour, &now, costs);
            base[b] = costs[1];
            other[b] = costs[pool];
        }
        assert_int_equal(comparison_make(other, base, BLOCKS, &alone, &comparison), 0);
        double off = log(comparison.ratio * trial_ns[1] / trial_ns[pool]);
        sum += off;
        squares += off * off;
    }
    *error = sqrt((squares / runs - sum / runs * sum / runs) / runs);
    return sum / runs;
}

static void test_ratios(void **state)
{
    static const char *const names[REMEDIES] = {"nothing", "trials", "rows"};
    const unsigned runs = 2000;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    double shift[REMEDIES][POOLS], error;
    (void)state;
    assert_non_null(rng);
    for (int every_s = 1; every_s <= 3; every_s++)
        for (enum remedy remedy = NOTHING; remedy < REMEDIES; remedy++) {
            printf("a neighbour every %d s, %s run again: ratios are off by", every_s, names[remedy]);
            for (unsigned pool = 2; pool < POOLS; pool++) {
                shift[remedy][pool] = ratio_shift(rng, remedy, every_s * 1e9, pool, runs, &error);
                printf(" %+.2f %%", 100 * shift[remedy][pool]);
                assert_true(error < 0.001);
                if (remedy == ROW)
                    assert_true(fabs(shift[remedy][pool]) <= 0.003);
            }
            putchar('\n');
            if (every_s == 1 && remedy == NOTHING) /* or the neighbour is none to speak of */
                assert_true(shift[remedy][3] > 0.009);
        }
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stat, tree_make, tree_remove),
        cmocka_unit_test_setup_teardown(test_schedstat, tree_make, tree_remove),
        cmocka_unit_test_setup_teardown(test_quota, tree_make, tree_remove),
        cmocka_unit_test_setup_teardown(test_group, tree_make, tree_remove),
        cmocka_unit_test_setup_teardown(test_place, tree_make, tree_remove),
        cmocka_unit_test_setup_teardown(test_own, tree_make, tree_remove),
        cmocka_unit_test_setup_teardown(test_frequency, tree_make, tree_remove),
        cmocka_unit_test(test_choose),
        cmocka_unit_test(test_ratios),
    };
    return cmocka_run_group_tests(tests, machine_make, machine_drop);
}
