/* What failures cost, on runs made up here whose truth is known. */
#include "bench/analyse/toll.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

enum { BLOCKS = 10, CELLS = 4, TASKS = 100 };

struct made {
    struct summary summary;
    struct summary_row rows[CELLS];
    struct trial_row trials[CELLS * BLOCKS];
};

/* Cells c001 .. c004: prefork without faults, prefork and pthread with segv, fork with hang. Trials are in the order of
 * blocks, cells from the last to the first. */
static void made_init(struct made *made)
{
    static const char *const pools[CELLS] = {"prefork", "prefork", "pthread", "fork"};
    static const char *const faults[CELLS] = {"", "segv:rate=10%", "segv:rate=10%", "hang:task=3"};
    memset(made, 0, sizeof *made);
    made->summary = (struct summary){.rows = made->rows, .trials = made->trials};
    for (unsigned c = CELLS; c-- > 0;) {
        struct summary_row *row = &made->rows[made->summary.count++];
        row_clear(&summary_format, row);
        snprintf(row->cell_id, sizeof row->cell_id, "c00%u", c + 1);
        snprintf(row->pool, sizeof row->pool, "%s", pools[c]);
        snprintf(row->faults, sizeof row->faults, "%s", faults[c]);
        snprintf(row->workload, sizeof row->workload, "spin");
        row->tasks = TASKS;
        row->workers = 2;
        row->trials = BLOCKS;
    }
    for (unsigned b = 0; b < BLOCKS; b++)
        for (unsigned c = CELLS; c-- > 0;) {
            struct trial_row *trial = &made->trials[made->summary.trial_count++];
            row_clear(&trial_format, trial);
            snprintf(trial->cell_id, sizeof trial->cell_id, "c00%u", c + 1);
            snprintf(trial->status, sizeof trial->status, "ok");
            trial->block = b + 1;
            trial->tasks = TASKS;
            trial->wall_ns = 1000000 + 1000 * b; /* a drift, which ratios within a block do not see */
            trial->tasks_ok = TASKS;
            trial->tasks_failed = trial->tasks_collateral = trial->tasks_lost = 0;
        }
}

static struct trial_row *trial_of(struct made *made, unsigned block, unsigned cell)
{
    return &made->trials[block * CELLS + CELLS - 1 - cell];
}

static void prices_of_survivors(void **state)
{
    (void)state;
    struct made made;
    struct tolls tolls;
    struct toll_text text;
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
    assert_int_equal(tolls_make(&made.summary, &tolls), 0);
    assert_int_equal(tolls.count, 3);
    assert_int_equal(tolls.claim.comparisons, 1); /* one cell alone was run without faults */
    const struct toll *toll = &tolls.toll[0];     /* the plan's order, not that of the rows */
    assert_string_equal(made.rows[toll->cell].cell_id, "c002");
    assert_string_equal(made.rows[toll->clean].cell_id, "c001");
    assert_true(toll->failed == 20 && toll->collateral == 5 && toll->lost == 0 && toll->workers == 15);
    assert_true(toll->detect_ns.value >= 50004 && toll->detect_ns.value <= 50005);
    assert_true(toll->replace_ns.value == 400000);
    assert_int_equal(toll->dip.blocks, BLOCKS);
    assert_true(fabs(toll->dip.ratio - 1.25) < 1e-9); /* the same time for 80 tasks as for 100 */
    assert_int_equal(toll->dip.verdict, VERDICT_SLOWER);
    toll_text(toll, &made.summary, &text);
    assert_string_equal(text.column[TOLL_COLUMNS - 1], "1.25x");
    assert_string_equal(text.note[TOLL_COLUMNS - 1], "[1.25 .. 1.25]");
    assert_string_equal(toll_label(toll, &made.summary, label, sizeof label), "prefork, segv:rate=10%");
    tolls_release(&tolls);
}

static void trials_that_were_taken_down(void **state)
{
    (void)state;
    struct made made;
    struct tolls tolls;
    struct toll_text text;
    made_init(&made);
    for (unsigned b = 0; b < BLOCKS; b++) {
        struct trial_row *trial = trial_of(&made, b, 2);
        snprintf(trial->status, sizeof trial->status, "crashed");
        trial->wall_ns = MISSING;
        trial->tasks_ok = 40 + b % 2;
        trial->tasks_lost = TASKS - trial->tasks_ok;
    }
    assert_int_equal(tolls_make(&made.summary, &tolls), 0);
    const struct toll *toll = &tolls.toll[1];
    assert_int_equal(toll->ended, BLOCKS);
    assert_int_equal(toll->clean, NO_CELL); /* prefork's is not pthread's */
    assert_int_equal(toll->dip.blocks, 0);
    assert_true(toll->lost == 59.5);
    toll_text(toll, &made.summary, &text);
    assert_string_equal(text.column[TOLL_COLUMNS - 1], "10 of 10 crashed");
    for (unsigned c = 0; c < TOLL_COLUMNS; c++)
        assert_string_equal(text.note[c], "");
    tolls_release(&tolls);
}

static void a_run_without_faults(void **state)
{
    (void)state;
    struct made made;
    struct tolls tolls;
    made_init(&made);
    for (unsigned c = 0; c < CELLS; c++)
        made.rows[c].faults[0] = '\0';
    assert_int_equal(tolls_make(&made.summary, &tolls), 0);
    assert_int_equal(tolls.count, 0);
    tolls_release(&tolls);
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
