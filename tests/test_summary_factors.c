/* Which factors cells differ by, and what a cell is called by them. */
#include "bench/model/columns.h"
#include "bench/model/summary_factors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

static void test_factors(void **state)
{
    struct summary_row rows[2];
    char text[128];
    (void)state;
    for (int i = 0; i < 2; i++) {
        row_clear(&summary_format, &rows[i]);
        strcpy(rows[i].f.pool, "hybrid:processes=2");
        strcpy(rows[i].f.workload, "spin");
        rows[i].f.size_ns = 1500;
        rows[i].f.workers = 1 + i;
        rows[i].f.tasks = 100 * (i + 1);
        rows[i].f.payload = (struct payload){0};
    }
    assert_int_equal(factors_of(rows, 2), factors_all() & ~FACTOR_TASKS);
    assert_int_equal(factors_varying(rows, 2, factors_all()), FACTOR_WORKERS | FACTOR_TASKS);
    rows[0].f.workers = 2;
    assert_int_equal(factors_of(rows, 2), factors_all());
    assert_string_equal(factors_label(text, sizeof text, &rows[0], factors_all() & ~FACTOR_POOL),
                        "spin, 1.5us, 100 tasks, 2 workers");
    assert_string_equal(factors_label(text, 11, &rows[0], factors_all() & ~FACTOR_POOL), "spin");
    assert_true(row_has_pool(rows, "hybrid"));
    assert_false(row_has_pool(rows, "hyb"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_factors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
