/* Calibration: the fit on known lines, and that work grows in proportion to iterations for real. */
/* sanitizers: none (how times grow; test_contract runs the trial program under sanitizers) */
#include "bench/base/spec.h"
#include "bench/measure/calibrate.h"
#include "bench/measure/job.h"
#include "bench/model/cell.h"
#include "pools/parts/clock.h"
#include "tests/given.h"
#include "tests/pool_bench.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h> /* after what it needs */

static void fits_lines(void **state)
{
    (void)state;
    const double iterations[] = {1, 10, 100, 1000, 10000}, fixed = 40, slope = 1.25;
    double ns[5];
    struct calibration calibration;
    for (int i = 0; i < 5; i++)
        ns[i] = fixed + slope * iterations[i];
    assert_int_equal(calibration_fit(iterations, ns, 5, &calibration), 0);
    assert_true(fabs(calibration.fixed_ns - fixed) < 1e-6);
    assert_true(fabs(calibration.ns_per_iteration - slope) < 1e-9);
    assert_true(calibration.residual < 1e-9);
    ns[2] *= 1.1; /* one point a tenth off shows */
    assert_int_equal(calibration_fit(iterations, ns, 5, &calibration), 0);
    assert_true(calibration.residual > 0.02);
}

/* What interrupts long tasks alone is told from how long an iteration takes. */
static void ticks_are_known(void **state)
{
    (void)state;
    const double iterations[] = {500, 3000, 20000, 130000, 840000, 5500000};
    const struct calibration truth = {.fixed_ns = 25, .ns_per_iteration = 1.5, .ticks = 0.015};
    double ns[6];
    struct calibration calibration;
    for (int i = 0; i < 6; i++)
        ns[i] = calibration_ns(&truth, iterations[i]);
    assert_true(fabs(ns[3] - 195025) < 1e-3); /* too short for ticks */
    assert_true(ns[5] > 1.5 * iterations[5] * 1.01);
    assert_int_equal(calibration_fit(iterations, ns, 6, &calibration), 0);
    assert_true(fabs(calibration.ns_per_iteration - 1.5) < 1e-6);
    assert_true(fabs(calibration.ticks - 0.015) < 1e-6);
    assert_true(calibration.residual < 1e-6);
    for (int64_t size_ns = 1000; size_ns <= 1000000000; size_ns *= 10) { /* there and back */
        double iterations_of = (double)calibration_iterations(&calibration, size_ns);
        assert_true(fabs(calibration_ns(&calibration, iterations_of) / (double)size_ns - 1) < 1e-3);
    }
    for (int i = 0; i < 6; i++) /* long ones that are shorter than that are no ticks, which only add */
        ns[i] = 25 + 1.5 * iterations[i] * (i == 5 ? 0.99 : 1);
    assert_int_equal(calibration_fit(iterations, ns, 6, &calibration), 0);
    assert_true(calibration.ticks == 0);
    assert_true(calibration.residual > 0.001 && calibration.residual < 0.011);
    for (int i = 0; i < 6; i++) /* nor does a task start before it starts */
        ns[i] = 1.5 * iterations[i] - 50;
    assert_int_equal(calibration_fit(iterations, ns, 6, &calibration), 0);
    assert_true(calibration.fixed_ns == 0 && calibration.ticks >= 0);
}

static void refuses_what_is_no_line(void **state)
{
    (void)state;
    const double iterations[] = {1, 2, 4}, falling[] = {30, 20, 10}, zero[] = {0, 1, 2};
    struct calibration calibration;
    assert_int_equal(calibration_fit(iterations, falling, 3, &calibration), -EINVAL);
    assert_int_equal(calibration_fit(iterations, zero, 3, &calibration), -EINVAL);
    assert_int_equal(calibration_fit(iterations, falling, 1, &calibration), -EINVAL);
}

static void sizes_become_iterations(void **state)
{
    (void)state;
    const struct calibration calibration = {.fixed_ns = 50, .ns_per_iteration = 2};
    assert_int_equal(calibration_iterations(&calibration, 0), 0);
    assert_int_equal(calibration_iterations(&calibration, 10), 1); /* never no work at all */
    assert_int_equal(calibration_iterations(&calibration, 50), 1);
    assert_int_equal(calibration_iterations(&calibration, 1050), 500);
    assert_int_equal(calibration_iterations(&calibration, 1000000050), 500000000);
}

static unsigned allowed_cpu(void)
{
    unsigned cpu;
    allowed_cpus(&cpu, 1);
    return cpu;
}

/* Is it roughly in proportion, from each point to the next? If not, `why` says where. */
static bool in_proportion(const struct trial_report *report, char *why)
{
    const double *n = report->calibrate_iterations, *ns = report->calibrate_ns;
    for (int i = 1; i < CALIBRATION_POINTS; i++) {
        double grown = ns[i] / ns[i - 1], asked = n[i] / n[i - 1];
        if (n[i] <= n[i - 1] || grown < asked / 4 || grown > asked * 4) {
            snprintf(why, ERROR_MAX, "from %.0f to %.0f iterations, from %.0f to %.0f ns", n[i - 1], n[i], ns[i - 1],
                     ns[i]);
            return false;
        }
    }
    return true;
}

/* Every workload with a unit: more iterations take longer. A noisy machine only adds time, the shortest of many runs is
 * compared, and a measurement that was disturbed for long is made again, so the slack finds what does not scale. */
static void work_grows_with_iterations(void **state)
{
    (void)state;
    struct launcher launcher;
    char error[ERROR_MAX] = "";
    clock_choose(20000000);
    assert_int_equal(launcher_open(&launcher, error), 0);
    for (const struct workload_ops *const *w = workload_table; *w; w++) {
        int64_t params[PARAM_MAX] = {0};
        struct job_parts parts;
        struct outcome outcome;
        bool grows = false;
        if (!(*w)->unit || (*w)->calibrate_as)
            continue;
        for (unsigned i = 0; (*w)->params && (*w)->params[i].name; i++)
            if (!given(&(*w)->params[i], &params[i]))
                params[i] = param_preset(&(*w)->params[i]);
        for (int attempt = 0; attempt < 20 && !grows; attempt++) {
            assert_int_equal(job_write_calibration(&launcher, *w, params, allowed_cpu(), 0, &parts, error), 0);
            parts.file->probe_ns = 500000; /* less than a slice of a CPU that is shared */
            usleep(attempt ? 20000 : 0);
            assert_int_equal(launcher_run(&launcher, 60000000000u, &outcome), 0);
            assert_int_equal(outcome.wait_status, 0);
            grows = in_proportion(parts.report, error);
        }
        if (!grows)
            fail_msg("%s: %s", (*w)->name, error);
    }
    launcher_close(&launcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_lines),
        cmocka_unit_test(ticks_are_known),
        cmocka_unit_test(refuses_what_is_no_line),
        cmocka_unit_test(sizes_become_iterations),
        cmocka_unit_test(work_grows_with_iterations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
