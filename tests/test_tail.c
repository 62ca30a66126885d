/* sanitizers: address undefined */
/* The slowest tasks of runs that are made up here: what is put into one of their phases is found there. */
#include "bench/analyse/summary.h"
#include "bench/analyse/why/pick.h"
#include "bench/model/summary_factors.h"
#include "tests/made_run.h"
#include "tests/scratch.h"
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define BLOCKS 12
#define RUN    "made"

static char scratch[SCRATCH_MAX], error[ERROR_MAX];

static int setup(void **state)
{
    (void)state;
    return scratch_directory(scratch) < 0 || chdir(scratch) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    return chdir("/") || scratch_remove(scratch);
}

#define TAIL_TASKS 200
#define FILLERS    (TAIL_TASKS - 2)
#define FAR_NS     10000000.

/* Of 200 tasks two that have c more in one of their phases, of one worker; others fill the time in which one of these
 * is queued, or are far away. */
static void tail_put(const char *pool, const char *cell, int64_t block, enum state where, double c)
{
    const double noise = 1 + 0.01 * (double)(block % 5), body = where == STATE_QUEUED_FULL ? c / (FILLERS / 2.) : 5000;
    struct trial_row row = made_trial(cell, pool, "rate:1000");
    for (int64_t task = 0; task < TAIL_TASKS; task++) {
        const bool is_slow = task >= FILLERS, is_full = where == STATE_QUEUED_FULL;
        const double more = is_slow ? c * noise : 0, nth = (double)(task % (FILLERS / 2)), window = task >= FILLERS / 2;
        const double at = is_slow   ? (double)(task - FILLERS) * FAR_NS
                          : is_full ? window * FAR_NS + nth * body * noise + 10
                                    : (double)(task + 9) * FAR_NS;
        const double submit = at + 100 * noise + (where == STATE_LATE ? more : 0),
                     start = submit + (where == STATE_QUEUED_FREE ? more
                                       : is_full                  ? more - (is_slow ? 0 : 110)
                                                                  : 200),
                     end = start + body * noise + (where == STATE_TAIL_MORE ? more : 0),
                     reap = end + 300 * noise + (where == STATE_RETURN ? more : 0);
        made_stamps(task, (const int64_t[]){llround(at), llround(submit), llround(start), llround(end), llround(reap)});
    }
    row.block = block;
    row.f.tasks = TAIL_TASKS;
    row.f.workers = 1;
    strcpy(row.f.size_dist, "fixed");
    row.user_ns = row.sys_ns = row.submitter_ns = row.nvcsw = row.nivcsw = row.minflt = row.migrations = 0;
    made_put(row);
}

/* What is put into a phase of the slowest tasks is found there. */
static void tails_are_taken_apart(void **state)
{
    static const enum state wheres[] = {STATE_LATE, STATE_QUEUED_FREE, STATE_QUEUED_FULL, STATE_TAIL_MORE,
                                        STATE_RETURN};
    static struct run_data run;
    static struct why_run why;
    (void)state;
    for (size_t i = 0; i < sizeof wheres / sizeof *wheres; i++)
        for (int dose = 1; dose <= 2; dose++) {
            const enum state where = wheres[i];
            const double base = 100000, c = 30000. * dose;
            struct whys whys;
            made_begin(RUN);
            for (int64_t block = 1; block <= BLOCKS; block++) {
                tail_put("pthread", "c001", block, where, base);
                tail_put("prefork", "c002", block, where, base + c);
            }
            made_end();
            assert_int_equal(run_summed_open(RUN, &run, error), 0);
            assert_int_equal(why_open(&run, 0.01, &why, error), 0);
            assert_int_equal(whys_by(&why, FACTOR_POOL, "", "", &whys, error), 0);
            const struct explanation *e = &whys.why[0];
            assert_true(e->is_told);
            if (fabs(e->part[where].change.more - c) > 0.1 * c)
                fail_msg("%s: %g ns were put in, %g ns found", state_words[where].label, c, e->part[where].change.more);
            assert_true(e->part[where].share > 0.9 && e->part[where].share < 1.1);
            whys_release(&whys);
            why_close(&why);
            run_data_close(&run);
        }
}

/* A tail of which too few tasks are there: what would make it so is said. */
static void tails_need_samples(void **state)
{
    static struct run_data run;
    static struct why_run why;
    (void)state;
    made_begin(RUN);
    tail_put("pthread", "c001", 1, STATE_LATE, 1000);
    made_end();
    assert_int_equal(run_summed_open(RUN, &run, error), 0);
    assert_int_equal(why_open(&run, 0.001, &why, error), -ENODATA);
    assert_non_null(strstr(error, "--samples 1000"));
    run_data_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_are_taken_apart),
        cmocka_unit_test(tails_need_samples),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
