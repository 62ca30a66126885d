/* Distributions of sizes: their means and quantiles, and files of them. */
#include "bench/base/refuse.h"
#include "bench/measure/costs.h"
#include "bench/model/dist.h"
#include "tests/scratch.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static struct cell dist_of(const char *text, int64_t size_ns)
{
    const struct calibration calibration = {.fixed_ns = 0, .ns_per_iteration = 2};
    struct cell cell = {.f.size_ns = size_ns};
    char error[ERROR_MAX];
    if (dist_parse(text, &cell.dist, cell.f.size_dist, error) || dist_costs(&cell, &calibration, error))
        fail_msg("'%s': %s", text, error);
    return cell;
}

static double mean_of(const struct cell *cell)
{
    double sum = 0;
    for (uint32_t i = 0; i < cell->cost_count; i++)
        sum += (double)cell->costs[i].size_ns;
    return sum / cell->cost_count;
}

static void dist_means(void **state)
{
    (void)state;
    static const char *const dists[] = {"fixed",  "uniform", "exponential", "lognormal", "lognormal:sigma=2.5",
                                        "bimodal"};
    static const int64_t sizes[] = {10000, 1000000, 3600000000000};
    for (size_t d = 0; d < sizeof dists / sizeof *dists; d++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            struct cell cell = dist_of(dists[d], sizes[s]);
            if (fabs(mean_of(&cell) / (double)sizes[s] - 1) > 0.001)
                fail_msg("%s of %lld: mean %f", dists[d], (long long)sizes[s], mean_of(&cell));
            for (uint32_t i = 1; i < cell.cost_count; i++)
                assert_true(cell.costs[i - 1].size_ns <= cell.costs[i].size_ns);
            for (uint32_t i = 0; i < cell.cost_count; i++)
                assert_true(cell.costs[i].size_ns >= 1 && cell.costs[i].iterations >= 1);
            assert_int_equal(cell.f.iterations, sizes[s] / 2);
            assert_false(cell.cost_in_order);
            free(cell.costs);
        }
}

/* The share u of the tasks takes no longer than this, in units of the mean. */
static void dist_quantiles(void **state)
{
    (void)state;
    static const struct {
        const char *dist;
        double u, expected;
    } known[] = {
        {"uniform", 0.25, 0.5},
        {"uniform", 0.9, 1.8},
        {"exponential", 0.5, 0.693147},
        {"exponential", 0.99, 4.605170},
        {"lognormal", 0.5, 0.606531},           /* exp(-1/2) */
        {"lognormal", 0.9, 2.184849},           /* exp(1.281552 - 1/2) */
        {"lognormal:sigma=0.5", 0.5, 0.882497}, /* exp(-1/8) */
        {"bimodal", 0.89, 0.5},
        {"bimodal", 0.91, 5.5},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct cell cell = dist_of(known[i].dist, 1000000000);
        double size = (double)cell.costs[(uint32_t)(known[i].u * cell.cost_count)].size_ns / 1e9;
        if (fabs(size / known[i].expected - 1) > 0.005)
            fail_msg("%s at %f: %f, expected %f", known[i].dist, known[i].u, size, known[i].expected);
        free(cell.costs);
    }
}

/* Middles of slices lie as far above the mean as their mirror images below. */
static void dist_symmetry(void **state)
{
    (void)state;
    struct cell cell = dist_of("uniform", 4096000);
    for (uint32_t i = 0; i < cell.cost_count; i++)
        assert_int_equal(cell.costs[i].size_ns, 2000 * i + 1000);
    free(cell.costs);
}

static void dist_file(void **state)
{
    (void)state;
    char path[SCRATCH_MAX], spec[SPEC_MAX], error[ERROR_MAX], expected[ERROR_MAX];
    int fd = scratch_file(path);
    assert_true(fd >= 0);
    static const char good[] = "# a trace\n3us\n\n  1000   # bare: ns\n2us\n";
    assert_int_equal(write(fd, good, strlen(good)), strlen(good));
    snprintf(spec, sizeof spec, "file:%s", path);
    struct cell cell = dist_of(spec, 0);
    assert_int_equal(cell.cost_count, 3);
    assert_true(cell.cost_in_order);
    assert_int_equal(cell.costs[0].size_ns, 3000);
    assert_int_equal(cell.costs[1].size_ns, 1000);
    assert_int_equal(cell.costs[2].iterations, 1000);
    assert_int_equal(cell.f.size_ns, 2000); /* their mean */
    assert_int_equal(cell.f.iterations, 1000);
    free(cell.costs);
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"1us\nsoon\n", ":2: 'soon' is not a duration such as 200us, or nanoseconds"},
        {"0\n", ":1: '0' is not a duration such as 200us, or nanoseconds"},
        {"# nothing\n", ": no duration in it, expected one a line"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, bad[i].text, strlen(bad[i].text), 0), strlen(bad[i].text));
        snprintf(expected, sizeof expected, "%s%s", path, bad[i].error);
        struct cell broken = {.dist = DIST_FILE};
        memcpy(broken.f.size_dist, spec, sizeof spec);
        assert_int_equal(dist_costs(&broken, NULL, error), -EINVAL);
        assert_string_equal(error, expected);
        assert_null(broken.costs);
    }
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dist_means),
        cmocka_unit_test(dist_quantiles),
        cmocka_unit_test(dist_symmetry),
        cmocka_unit_test(dist_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
