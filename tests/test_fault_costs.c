/* What failures cost, on runs made up here whose truth is known. */
#include "bench/analyse/fault_costs.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

enum { BLOCKS = 10, CELLS = 4, TASKS = 100 };

struct made {
    struct run_data run;
    struct trial_row trials[CELLS * BLOCKS];
};

/* Cells c001 .. c004: prefork without faults, prefork and pthread with segv, fork with hang. Trials are in the order of
 * blocks, cells from the last to the first. */
static void made_init(struct made *made)
{
    static const char *const pools[CELLS] = {"prefork", "prefork", "pthread", "fork"};
    static const char *const faults[CELLS] = {"", "segv:rate=10%", "segv:rate=10%", "hang:task=3"};
    memset(made, 0, sizeof *made);
    made->run = (struct run_data){.trials = made->trials};
    for (unsigned b = 0; b < BLOCKS; b++)
        for (unsigned c = CELLS; c-- > 0;) {
            struct trial_row *trial = &made->trials[made->run.trial_count++];
            row_clear(&trial_format, trial);
            snprintf(trial->cell_id, sizeof trial->cell_id, "c00%u", c + 1);
            snprintf(trial->f.pool, sizeof trial->f.pool, "%s", pools[c]);
            snprintf(trial->f.faults, sizeof trial->f.faults, "%s", faults[c]);
            snprintf(trial->f.workload, sizeof trial->f.workload, "spin");
            trial->f.workers = 2;
            trial->status = TRIAL_OK;
            trial->block = b + 1;
            trial->f.tasks = TASKS;
            trial->wall_ns = 1000000 + 1000 * b; /* a drift, which ratios within a block do not see */
            trial->tasks_ok = TASKS;
            trial->tasks_failed = trial->tasks_collateral = trial->tasks_lost = 0;
        }
}

/* What was done to the trials is seen from here on. */
static void made_index(struct made *made)
{
    char error[ERROR_MAX];
    assert_int_equal(run_data_index(&made->run, error), 0);
}

static void made_release(struct made *made)
{
    made->run.trials = NULL; /* not its own */
    run_data_close(&made->run);
}

static struct trial_row *trial_of(struct made *made, unsigned block, unsigned cell)
{
    return &made->trials[block * CELLS + CELLS - 1 - cell];
}

static void prices_of_survivors(void **state)
{
    (void)state;
    struct made made;
    struct fault_costs fault_costs;
    struct fault_cost_text text;
    char label[160];
    made_init(&made);
    for (unsigned b = 0; b < BLOCKS; b++) {
        struct trial_row *trial = trial_of(&made, b, 1);
        trial->tasks_ok = TASKS - 20;
        trial->tasks_failed = 20;
        trial->tasks_collateral = 5;
        trial->detect_ns = 50000 + b;
        trial->replace_ns = 400000;
        trial->workers_lost = 15;
    }
    made_index(&made);
    assert_int_equal(fault_costs_make(&made.run, &fault_costs), 0);
    assert_int_equal(fault_costs.count, 3);
    assert_int_equal(fault_costs.family.comparisons, 1);              /* one cell alone was run without faults */
    const struct fault_cost *fault_cost = &fault_costs.fault_cost[0]; /* the plan's order, not that of the rows */
    assert_string_equal(made.run.rows[fault_cost->cell].cell_id, "c002");
    assert_string_equal(made.run.rows[fault_cost->clean].cell_id, "c001");
    assert_true(fault_cost->failed == 20 && fault_cost->collateral == 5 && fault_cost->lost == 0);
    assert_true(fault_cost->detect_ns.value >= 50004 && fault_cost->detect_ns.value <= 50005);
    assert_true(fault_cost->replace_ns.value == 400000);
    assert_int_equal(fault_cost->dip.blocks, BLOCKS);
    assert_true(fabs(fault_cost->dip.ratio - 1.25) < 1e-9); /* the same time for 80 tasks as for 100 */
    assert_int_equal(fault_cost->dip.verdict, VERDICT_SLOWER);
    fault_cost_text(fault_cost, &made.run, &text);
    assert_string_equal(text.column[FAULT_COST_COLUMNS - 1], "1.25x");
    assert_string_equal(text.note[FAULT_COST_COLUMNS - 1], "[1.25 .. 1.25]");
    assert_string_equal(fault_cost_label(fault_cost, &made.run, label, sizeof label), "prefork, segv:rate=10%");
    fault_costs_release(&fault_costs);
    made_release(&made);
}

static void trials_that_were_taken_down(void **state)
{
    (void)state;
    struct made made;
    struct fault_costs fault_costs;
    struct fault_cost_text text;
    made_init(&made);
    for (unsigned b = 0; b < BLOCKS; b++) {
        struct trial_row *trial = trial_of(&made, b, 2);
        trial->status = TRIAL_CRASHED;
        trial->wall_ns = MISSING;
        trial->tasks_ok = 40 + b % 2;
        trial->tasks_lost = TASKS - trial->tasks_ok;
    }
    made_index(&made);
    assert_int_equal(fault_costs_make(&made.run, &fault_costs), 0);
    const struct fault_cost *fault_cost = &fault_costs.fault_cost[1];
    assert_int_equal(fault_cost->ended, BLOCKS);
    assert_int_equal(fault_cost->clean, NO_CELL); /* prefork's is not pthread's */
    assert_int_equal(fault_cost->dip.blocks, 0);
    assert_true(fault_cost->lost == 59.5);
    fault_cost_text(fault_cost, &made.run, &text);
    assert_string_equal(text.column[FAULT_COST_COLUMNS - 1], "10 of 10 crashed");
    for (unsigned c = 0; c < FAULT_COST_COLUMNS; c++)
        assert_string_equal(text.note[c], "");
    fault_costs_release(&fault_costs);
    made_release(&made);
}

static void a_run_without_faults(void **state)
{
    (void)state;
    struct made made;
    struct fault_costs fault_costs;
    made_init(&made);
    for (size_t i = 0; i < made.run.trial_count; i++)
        made.trials[i].f.faults[0] = '\0';
    made_index(&made);
    assert_int_equal(fault_costs_make(&made.run, &fault_costs), 0);
    assert_int_equal(fault_costs.count, 0);
    fault_costs_release(&fault_costs);
    made_release(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_of_survivors),
        cmocka_unit_test(trials_that_were_taken_down),
        cmocka_unit_test(a_run_without_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
