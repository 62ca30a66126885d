/* Progress where there is no terminal: a line when nothing was said for long, also within one trial. */
/* sanitizers: address undefined */
#include "bench/measure/progress.h"
#include "pools/pool.h"
#include "workloads/workload.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static void a_line_when_nothing_was_said(void **state)
{
    (void)state;
    struct cell cell = {.pool = pool_find("pthread"), .workload = workload_find("sleep"), .f.workers = 2};
    struct progress progress;
    char text[512] = "";
    snprintf(cell.f.pool, sizeof cell.f.pool, "pthread");
    snprintf(cell.f.workload, sizeof cell.f.workload, "sleep");
    FILE *file = tmpfile();
    const int before = dup(STDERR_FILENO);
    assert_true(file && before >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    progress_begin(&progress, 1, 8, 0);
    progress_show(&progress, 3, 90e9, &cell); /* just begun: silent */
    progress_tick(&progress);
    const long silent = lseek(fileno(file), 0, SEEK_END);
    progress.said_ns -= PROGRESS_EVERY_NS;
    progress_tick(&progress); /* one long trial */
    progress_tick(&progress); /* said a moment ago */
    progress_end(&progress);
    progress_tick(&progress); /* nothing runs */
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    assert_non_null(fgets(text, sizeof text, file));
    char *more = fgets(text + 256, 256, file);
    fclose(file);
    assert_int_equal(silent, 0);
    assert_non_null(strstr(text, "4/8  ETA "));
    assert_non_null(strstr(text, "pthread sleep"));
    assert_null(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_line_when_nothing_was_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
