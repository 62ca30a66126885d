/* The tables of a run: what stands over their columns. */
#include "bench/analyse/compare.h"
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/show/tables.h"
#include "tests/made_run.h"
#include "tests/tree.h"
#include "workloads/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

/* A name that is too long for a column is cut behind a letter, wherever that ends. */
static void heads_are_cut_behind_a_letter(void **state)
{
    static const char *const pools[] = {"prefork", "./\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbcxxxx",
                                        ("./x\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
                                         "-much-too-long.so")};
    char directory[SCRATCH_MAX + 8], error[ERROR_MAX];
    struct run_data run;
    struct analysis analysis;
    (void)state;
    snprintf(directory, sizeof directory, "%s/run", tree);
    made_begin(directory);
    for (size_t i = 0; i < 3; i++) {
        char cell[] = {'c', (char)('1' + i), '\0'};
        struct trial_row trial = made_trial(cell, pools[i], "burst");
        trial.block = 1;
        made_put(trial);
    }
    made_end();
    assert_int_equal(run_summed_open(directory, &run, error), 0);
    assert_int_equal(analysis_make(&run, &analysis), 0);
    struct sheet sheet = answer_sheet(&analysis.table, false, DETAIL_SCREEN);
    assert_string_equal(sheet.cells[1].text, pools[0]);
    assert_string_equal(sheet.cells[2].text, pools[1]); /* 12 letters, 18 bytes */
    assert_string_equal(sheet.cells[3].text,
                        "./x\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6- (3)");
    sheet_release(&sheet);
    analysis_release(&analysis);
    run_data_close(&run);
}

/* Neither to the smallest difference visible, nor to the mean. */
static void dropped_tells_nothing_of_others(const char *directory)
{
    const struct question question = {.metric = metric_named("wall"), .baseline = "prefork", .margin = FAMILY_MARGIN};
    struct side side;
    struct compare compare;
    assert_int_equal(side_read(directory, &side), 0);
    side.run.looks = (struct looks){.leave_from = 8, .end = 13};
    assert_int_equal(side_costs(&side, question.metric), 0);
    const struct sides sides = {.run = &side, .count = 1};
    assert_int_equal(compare_make(&sides, &sides, &question, false, &compare), 0);
    assert_int_equal(compare.count, 3);
    assert_int_equal(compare.mean_left_out, 1);
    assert_int_equal(compare.mean_cells, 2);
    assert_int_equal(compare.mean.blocks, 12);
    assert_true(compare.mean.ratio < 1.01);
    assert_true(compare.visible < 0.01);
    compare_release(&compare);
    side_release(&side);
}

/* Ten times slower for all its blocks, which are fewer than those of its row. */
static void a_dropped_cell_says_of_how_many_blocks(void **state)
{
    static const char *const pools[] = {"prefork", "pthread", "static", "fork"};
    char directory[SCRATCH_MAX + 8], error[ERROR_MAX];
    struct run_data run;
    struct analysis analysis;
    struct sight sight;
    (void)state;
    snprintf(directory, sizeof directory, "%s/run", tree);
    made_begin(directory);
    for (int64_t block = 1; block <= 12; block++)
        for (size_t i = 0; i < 4; i++) {
            char cell[] = {'c', (char)('1' + i), '\0'};
            if (i == 3 && block > 6)
                continue;
            struct trial_row trial = made_trial(cell, pools[i], "burst");
            trial.block = block + (block > 5); /* of the sixth nothing is there */
            trial.wall_ns += block * 1000 + (int64_t)i * 1000 * (block % 3);
            trial.wall_ns *= i == 3 ? 10 + block : 1;
            made_put(trial);
        }
    made_end();
    assert_int_equal(run_summed_open(directory, &run, error), 0);
    run.looks = (struct looks){.leave_from = 8, .end = 13};
    assert_int_equal(analysis_make(&run, &analysis), 0);
    struct sheet sheet = answer_sheet(&analysis.table, false, DETAIL_REPORT);
    assert_non_null(strstr(sheet.cells[9].note, "slower, dropped after 6 blocks"));
    assert_null(strstr(sheet.cells[7].note, "dropped"));
    assert_int_equal(table_sight(&analysis.table, 0, &sight), 0);
    assert_int_equal(sight.blocks, 12); /* the number of the last is 13 */
    sheet_release(&sheet);
    analysis_release(&analysis);
    run_data_close(&run);
    dropped_tells_nothing_of_others(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(heads_are_cut_behind_a_letter, tree_make, tree_remove),
        cmocka_unit_test_setup_teardown(a_dropped_cell_says_of_how_many_blocks, tree_make, tree_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
