/* The verb selftest: does this harness, on this machine, find differences where there are none? Pools are run against
 * themselves under two labels, in blocks like those of any run, and the blocks are cut into groups: every pair of cells
 * in every group is a comparison, and no trial is in two of them. With --inject the tasks of one label are longer by a
 * known share, and what is counted is whether that is found. */
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/forecast/pilot.h"
#include "bench/measure/session.h"
#include "bench/model/host.h"
#include "bench/model/metrics.h"
#include "bench/model/recorded.h"
#include "bench/show/screen.h"
#include "bench/stats/design.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include "pools/parts/clock.h"
#include <gsl/gsl_cdf.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#define COMPARISONS 200 /* as many as docs/NOISE.md asks for */
#define GROUP_LEAST STATS_INTERVAL_MIN
#define GROUP_MOST  60
#define CLOSING_NS  100e6 /* a summary, and no charts */

/* Pools whose time is that of the tasks but for a percent or so: what is injected into tasks shows in full. */
#define POOLS                                                                                                          \
    "static.a=static,static.b=static,prefork.a=prefork,prefork.b=prefork,pthread.a=pthread,pthread.b=pthread,"         \
    "nested.a=hybrid:route=nested,nested.b=hybrid:route=nested"
#define WORKLOADS        "spin,primes"
#define SIZE             "500us"
#define TASKS_PER_WORKER 12 /* trials of about 6 ms: many short ones, since each comparison takes 12 */

enum { INJECT, BUDGET, SEED, OUT };
static const struct argument selftest_arguments[] = {
    [INJECT] = {"inject", "SHARE", "",
                "Make the tasks of one label longer by this (1% .. 50%, as 2%), and count how "
                "often that is found.",
                false},
    [BUDGET] = {"budget", "DURATION", "60s", "About how long it may take; below a minute there are fewer comparisons.",
                false},
    [SEED] = {"seed", "N", "", "Fixes tasks and order, as for run.", false},
    [OUT] = {"out", "DIRECTORY", "", "Where the results go; must not exist. Without it, a new directory in results/.",
             false},
    {.name = NULL},
};

struct selftest {
    struct session session;
    double inject; /* 0.02: 2 % */
    int64_t budget_ns;
    size_t pairs;    /* cell 2 i and 2 i + 1 of the plan are the same but for the label */
    unsigned groups; /* planned, */
    unsigned done;   /* and run to their end within the budget */
    unsigned length; /* blocks of a group */
};

static int arguments_take(const struct arguments *given, struct selftest *test)
{
    int64_t ppm = 0;
    if (parse_duration(given->value[BUDGET], &test->budget_ns) || test->budget_ns < 1000000000)
        return complain("selftest", "--budget: expected a duration of 1s or more, found '%.64s'", given->value[BUDGET]);
    if (*given->value[INJECT] && (parse_share(given->value[INJECT], &ppm) || ppm < 10000 || ppm > 500000))
        return complain("selftest", "--inject: expected a share from 1%% to 50%% such as 2%%, found '%.64s'",
                        given->value[INJECT]);
    test->inject = (double)ppm / 1e6;
    return 0;
}

static int selftest_open(const struct arguments *given, struct selftest *test, char *error)
{
    char tasks[16];
    struct asked asked = {.suites = {0}};
    struct machine machine;
    int rc = machine_open(&machine, NULL, error);
    if (rc)
        return rc;
    snprintf(tasks, sizeof tasks, "%u", TASKS_PER_WORKER * machine.cores);
    machine_close(&machine);
    const char *const pairs[] = {
        "pool", POOLS,    "workload", WORKLOADS, "size", SIZE,   "workers",          "cores", "samples",
        "none", "blocks", "1",        "tasks",   tasks,  "seed", given->value[SEED], "out",   given->value[OUT],
        NULL};
    rc = asked_pairs(&asked, pairs) ? refuse(error, "out of memory") : session_open(&test->session, &asked, error);
    asked_release(&asked);
    return rc;
}

/* Whether there is time for one group, by pilots where that is not known; else there would be nothing to compare. */
static int selftest_fits(struct selftest *test, char *error)
{
    struct session *session = &test->session;
    struct plan *plan = &session->plan;
    const double budget_ns = (double)test->budget_ns;
    char budget[32], least[32];
    int rc = pilots_run(session->calibrations, &plan->cells, session->request.settings.seed, true,
                        PILOTS_SHARE * budget_ns, error);
    session->closing_ns = CLOSING_NS;
    session->budget_ns = test->budget_ns;
    plan->block_ns = forecast_block_ns(&plan->cells, plan->cells.count);
    double needed_ns = GROUP_LEAST * plan->block_ns + budget_ns - session_left_ns(session, test->budget_ns);
    if (rc || needed_ns <= BUDGET_SLACK * budget_ns)
        return rc;
    return refuse(error, "--budget: %s is too short for %d blocks of %zu trials, expected %s or more",
                  spell_duration(budget, sizeof budget, test->budget_ns), GROUP_LEAST, plan->cells.count,
                  spell_duration(least, sizeof least, (int64_t)ceil(needed_ns / 1e9) * 1000000000));
}

/* Groups of as many blocks as there is time for, and the tasks of the second label longer. */
static int selftest_plan(struct selftest *test, char *error)
{
    struct plan *plan = &test->session.plan;
    int rc = selftest_fits(test, error);
    double blocks = session_left_ns(&test->session, test->budget_ns) / plan->block_ns;
    if (rc)
        return rc;
    test->pairs = plan->cells.count / 2;
    test->groups = (unsigned)((COMPARISONS + test->pairs - 1) / test->pairs);
    test->length = (unsigned)fmin(fmax(floor(blocks / test->groups), GROUP_LEAST), GROUP_MOST);
    plan->blocks = test->groups * test->length;
    test->session.request.settings.blocks = plan->blocks;
    free(plan->order);
    plan->order = calloc((size_t)plan->blocks * plan->cells.count, sizeof *plan->order);
    if (!plan->order)
        return refuse(error, "out of memory");
    order_draw(test->session.request.settings.seed, plan->blocks, (unsigned)plan->cells.count, plan->order);
    for (size_t i = 1; i < plan->cells.count && test->inject > 0; i += 2) {
        struct cell *cell = &plan->cells.cell[i];
        cell->f.iterations = llround((double)cell->f.iterations * (1 + test->inject));
        for (uint32_t c = 0; c < cell->cost_count; c++)
            cell->costs[c].iterations = (uint64_t)llround((double)cell->costs[c].iterations * (1 + test->inject));
    }
    return 0;
}

static int selftest_begin(struct selftest *test, char **argv, char *error)
{
    int rc = session_begin(&test->session, "selftest", argv, error);
    if (!rc)
        rc = host_note(test->session.directory, "selftest",
                       json_pack("{s:i, s:i, s:f, s:s}", "groups", (int)test->groups, "blocks_of_a_group",
                                 (int)test->length, "injected", test->inject, "injected_into", "labels that end in .b"),
                       error);
    return rc;
}

/* Group by group, as long as another one fits the budget. */
static int selftest_run(struct selftest *test, char *error)
{
    struct session *session = &test->session;
    const struct plan *plan = &session->plan;
    struct progress progress;
    struct recorded recorded;
    int rc = 0;
    progress_begin(&progress, plan->cells.count, plan->blocks, 0);
    for (test->done = 0; test->done < test->groups && !rc; test->done++) {
        double group_ns = test->length * forecast_block_ns(&plan->cells, plan->cells.count);
        if (test->done && group_ns / 2 > session_left_ns(session, test->budget_ns))
            break;
        rc = session_blocks(session, test->done * test->length, (test->done + 1) * test->length, &progress, error);
        if (session->interrupted || session->over_budget)
            break;
    }
    progress_end(&progress);
    rc = rc ? rc : recorded_read(session->directory, &recorded, error);
    if (!rc)
        rc = host_note(session->directory, "ended",
                       json_pack("{s:s, s:i, s:i}", "because",
                                 session->interrupted        ? "interrupted"
                                 : test->done < test->groups ? "budget"
                                                             : "blocks",
                                 "blocks", (int)(test->done * test->length), "trials", (int)recorded.trials),
                       error);
    return rc;
}

/* ---- what it showed ---- */

struct found {
    struct comparison *groups; /* pairs x groups, each by itself */
    struct comparison *whole;  /* pairs, over all blocks, together */
    double *room;
    size_t count;
};

static size_t row_of(const struct run_data *run, const struct cell *cell)
{
    size_t row = 0;
    while (row < run->count && strcmp(run->rows[row].cell_id, cell->id) != 0)
        row++;
    return row;
}

static int found_make(const struct selftest *test, const struct run_data *run, struct found *found)
{
    const struct cell *cells = test->session.plan.cells.cell;
    const double margin = test->inject > 0 ? 0 : FAMILY_MARGIN;
    const struct family alone = family_make(1, LOOKS_NONE, margin),
                        all = family_make((unsigned)test->pairs, LOOKS_NONE, margin);
    struct series series;
    int rc = series_make(run, METRIC_WALL, &series);
    *found = (struct found){.count = test->pairs * test->done};
    if (rc)
        return rc;
    found->groups = calloc(found->count + 1, sizeof *found->groups);
    found->whole = calloc(test->pairs + 1, sizeof *found->whole);
    found->room = calloc(2 * (found->count + test->pairs) + 1, sizeof *found->room);
    if (!found->groups || !found->whole || !found->room)
        rc = -ENOMEM;
    for (size_t p = 0; p < test->pairs && !rc; p++) {
        size_t a = row_of(run, &cells[2 * p]), b = row_of(run, &cells[2 * p + 1]);
        const double *base = series_of(&series, a), *cell = series_of(&series, b);
        for (unsigned g = 0; g < test->done && !rc; g++)
            rc = comparison_make(cell + g * test->length, base + g * test->length, test->length, &alone,
                                 &found->groups[p * test->done + g]);
        if (!rc)
            rc = comparison_make(cell, base, (size_t)test->done * test->length, &all, &found->whole[p]);
    }
    series_release(&series);
    return rc;
}

static void found_release(struct found *found)
{
    free(found->groups);
    free(found->whole);
    free(found->room);
}

/* How often an interval of that many blocks misses the truth: exact, and less than FAMILY_ERROR because ranks are
 * whole.
 */
static double miss_rate(unsigned blocks)
{
    size_t lo, hi;
    if (stats_median_ranks(blocks, 1 - FAMILY_ERROR, &lo, &hi))
        return NAN;
    return 2 * gsl_cdf_binomial_P((unsigned)lo - 1, 0.5, blocks);
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    wrap_print(stdout, text, 0);
}

static size_t misses_count(const struct comparison *comparisons, size_t count, double truth)
{
    size_t misses = 0;
    for (size_t i = 0; i < count; i++)
        misses += comparisons[i].interval.lo > truth || comparisons[i].interval.hi < truth;
    return misses;
}

static void whole_print(const struct selftest *test, const struct found *found)
{
    for (size_t p = 0; p < test->pairs; p++) {
        const struct cell *cell = &test->session.plan.cells.cell[2 * p];
        const struct comparison *c = &found->whole[p];
        char interval[48] = "no interval: too few blocks";
        if (!isnan(c->interval.lo))
            snprintf(interval, sizeof interval, "%.4f .. %.4f", c->interval.lo, c->interval.hi);
        char label[64];
        snprintf(label, sizeof label, "%.*s, %.40s", (int)strcspn(cell->f.pool, "."), cell->f.pool, cell->f.workload);
        printf("  %-16s  %.4fx  %s\n", label, c->ratio, interval);
    }
}

/* 0 passed, 1 failed. */
static int equal_print(const struct selftest *test, const struct found *found)
{
    struct alarms alarms = alarms_count(found->groups, found->count);
    bool passed = alarms.alarms <= alarms.allowed && alarms.comparisons;
    char few[32], many[32];
    double visible = difference_visible(found->groups, found->count, true, found->room);
    double visible_all = difference_visible(found->whole, test->pairs, true, found->room);
    say("False alarms: %zu of %zu comparisons have an interval without 1 (about %.0f are to be expected, up to %zu are "
        "allowed), %zu of them a verdict of faster or slower by more than 2 %%: %s.",
        alarms.alarms, alarms.comparisons, miss_rate(test->length) * (double)alarms.comparisons, alarms.allowed,
        alarms.verdicts, passed ? "passed" : "FAILED");
    if (!isnan(visible_all))
        say("Smallest difference visible here: %s in %u blocks, %s in all %u blocks for %zu comparisons together (4 of "
            "5 such differences would show).",
            format_percent(few, sizeof few, visible), test->length, format_percent(many, sizeof many, visible_all),
            test->done * test->length, test->pairs);
    else if (!isnan(visible))
        say("Smallest difference visible here: %s in %u blocks (4 of 5 such differences would show).",
            format_percent(few, sizeof few, visible), test->length);
    printf("\nThe second label over the first, all %u blocks:\n", test->done * test->length);
    whole_print(test, found);
    return !passed;
}

static int injected_print(const struct selftest *test, const struct found *found)
{
    size_t slower = 0, faster = 0, slower_all = 0, comparisons = alarms_count(found->groups, found->count).comparisons;
    size_t misses = misses_count(found->groups, found->count, 1 + test->inject);
    size_t allowed = alarms_allowed(comparisons);
    bool passed = comparisons && misses <= allowed;
    char seen[32];
    for (size_t i = 0; i < found->count; i++) {
        slower += found->groups[i].verdict == VERDICT_SLOWER;
        faster += found->groups[i].verdict == VERDICT_FASTER;
    }
    for (size_t p = 0; p < test->pairs; p++)
        slower_all += found->whole[p].verdict == VERDICT_SLOWER;
    say("Injected: tasks of the labels that end in .b are %.4g %% longer (iterations x %.4g).", 100 * test->inject,
        1 + test->inject);
    say("Found: %zu of %zu comparisons are slower (the interval lies above 1), %zu faster, %zu unresolved.", slower,
        comparisons, faster, comparisons - slower - faster);
    say("Covered: %zu of %zu intervals hold %.4gx (%zu may miss it): %s.", comparisons - misses, comparisons,
        1 + test->inject, allowed, passed ? "passed" : "FAILED");
    double visible = difference_visible(found->groups, found->count, false, found->room);
    if (!isnan(visible))
        say("Smallest difference visible here: %s in %u blocks (4 of 5 such differences would show).",
            format_percent(seen, sizeof seen, visible), test->length);
    size_t bounded = alarms_count(found->whole, test->pairs).comparisons;
    printf("\nThe second label over the first, all %u blocks: %zu of %zu slower, %zu of %zu intervals hold %.4gx\n",
           test->done * test->length, slower_all, test->pairs,
           bounded - misses_count(found->whole, test->pairs, 1 + test->inject), bounded, 1 + test->inject);
    whole_print(test, found);
    return !passed;
}

static int selftest_print(const struct selftest *test, const struct run_data *run, const struct found *found)
{
    const struct cell *cell = &test->session.plan.cells.cell[0];
    screen_header(stdout, run);
    screen_warnings_print(stdout, run, NULL);
    printf("\n");
    say("%zu pairs of cells (" WORKLOADS " of " SIZE
        ", %lld workers, 4 pools), the same but for their labels, in every "
        "block. %zu comparisons: %zu pairs x %u group%s of %u blocks. No trial is in two of them. Intervals hold each "
        "by itself, at %.1f %%.",
        test->pairs, (long long)cell->f.workers, found->count, test->pairs, test->done, test->done == 1 ? "" : "s",
        test->length, 100 * (1 - miss_rate(test->length)));
    if (found->count < COMPARISONS)
        say("The budget has time for %zu of %d comparisons: this test is weaker than it should be.", found->count,
            COMPARISONS);
    return test->inject > 0 ? injected_print(test, found) : equal_print(test, found);
}

/* Read off the files alone. The exit code. */
static int selftest_judge(const struct selftest *test, char *error)
{
    struct run_data run;
    struct found found;
    int code, rc = run_summed_open(test->session.directory, &run, error);
    if (rc)
        return complain("selftest", "%s", error), 1;
    rc = summary_write(&run, error);
    if (rc)
        complain("selftest", "%s", error);
    rc = found_make(test, &run, &found);
    if (rc) {
        complain("selftest", "%s", strerror(-rc));
        code = 1;
    } else {
        code = selftest_print(test, &run, &found);
        printf("\n%s: trials.csv, summary.csv, host.json\n", test->session.directory);
    }
    found_release(&found);
    run_data_close(&run);
    return code;
}

static int selftest_main(const struct arguments *given)
{
    char error[ERROR_MAX] = "";
    struct selftest test = {.session = SESSION_CLOSED};
    int code = arguments_take(given, &test);
    if (code)
        return code;
    int rc = selftest_open(given, &test, error);
    if (!rc)
        rc = selftest_plan(&test, error);
    if (!rc)
        rc = selftest_begin(&test, given->argv, error);
    if (rc)
        return session_refuse(&test.session, "selftest", rc, error);
    rc = selftest_run(&test, error);
    code = session_finish(&test.session, "selftest", rc, error);
    if (!code && !test.done) {
        complain("selftest", "the budget ended before anything could be compared; %zu trials are in %s",
                 test.session.trials, test.session.directory);
        code = 1;
    } else if (!code) {
        code = selftest_judge(&test, error) || test.session.failures;
    }
    session_close(&test.session);
    return code;
}

const struct verb verb_selftest = {
    .name = "selftest",
    .chapter = "trust",
    .operands = "",
    .summary = "compare pools with themselves: no difference is right",
    .function = selftest_main,
    .help = "Runs pools against themselves under two labels, in blocks like those of a run, and counts how often they "
            "are found to differ: about 200 comparisons in a minute. Passes, and exits with 0, when there are no more "
            "false alarms than chance allows (18 of 200); else exits with 1. Says the smallest difference that is "
            "visible on this machine. With --inject one of the two has longer tasks, and it counts how often that is "
            "found. Leaves the directory of a run.",
    .arguments = selftest_arguments};
