/* The tables of a run: what stands over their columns. */
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
                                        "./x\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
                                        "-much-too-long.so"};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(heads_are_cut_behind_a_letter, tree_make, tree_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
