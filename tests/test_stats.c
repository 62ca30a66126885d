/* Statistics against known vectors: ranks of the order-statistic interval as tables of the sign test print them,
 * quantiles of histograms made by the layout the trials use. */
#include "bench/job/histogram.h"
#include "bench/stats/ranks.h"
#include "bench/stats/stats.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h> /* after what it needs */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void test_ranks(void **state)
{
    static const struct {
        size_t count;
        double level;
        size_t lo, hi;
    } known[] = {
        {6, 0.95, 1, 6},    {7, 0.95, 1, 7},    {8, 0.95, 1, 8},    {9, 0.95, 2, 8},    {10, 0.95, 2, 9},
        {11, 0.95, 2, 10},  {12, 0.95, 3, 10},  {15, 0.95, 4, 12},  {20, 0.95, 6, 15},  {25, 0.95, 8, 18},
        {30, 0.95, 10, 21}, {40, 0.95, 14, 27}, {50, 0.95, 18, 33}, {60, 0.95, 22, 39}, {100, 0.95, 40, 61},
        {8, 0.99, 1, 8},    {20, 0.99, 4, 17},  {50, 0.99, 16, 35}, {20, 0.90, 6, 15},  {12, 0.90, 3, 10},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        size_t lo = 0, hi = 0;
        assert_int_equal(stats_median_ranks(known[i].count, known[i].level, &lo, &hi), 0);
        assert_int_equal(lo, known[i].lo);
        assert_int_equal(hi, known[i].hi);
    }
}

static void test_ranks_too_few(void **state)
{
    size_t lo = 7, hi = 7;
    (void)state;
    for (size_t n = 0; n < STATS_INTERVAL_MIN; n++) {
        assert_int_equal(stats_median_ranks(n, 0.95, &lo, &hi), -EDOM);
        assert_int_equal(stats_median_ranks(n, 0.5, &lo, &hi), -EDOM);
    }
    assert_int_equal(stats_median_ranks(7, 0.99, &lo, &hi), -EDOM); /* 2 / 2^7 is more than 1 % */
    assert_int_equal(stats_median_ranks(8, 1 - 0.05 / 10, &lo, &hi), -EDOM);
    assert_int_equal(lo, 7);
    assert_int_equal(hi, 7);
}

static void test_median(void **state)
{
    double odd[] = {5, 1, 3}, even[] = {4, NAN, 1, 2, 3, NAN}, six[] = {6, 5, 4, 3, 2, 1};
    struct interval interval;
    (void)state;
    assert_int_equal(stats_sort(odd, 3), 3);
    assert_true(stats_median(odd, 3) == 3);
    assert_int_equal(stats_sort(even, 6), 4);
    assert_true(stats_median(even, 4) == 2.5);
    assert_true(isnan(stats_median(NULL, 0)));
    assert_int_equal(stats_sort(six, 6), 6);
    assert_int_equal(stats_median_interval(six, 6, 0.95, &interval), 0);
    assert_true(interval.lo == 1 && interval.hi == 6);
    assert_int_equal(stats_median_interval(six, 5, 0.95, &interval), -EDOM);
    assert_true(isnan(interval.lo) && isnan(interval.hi));
}

/* Ranks as tables of the signed-rank test print them, and one; of averages that are listed here. */
static void test_signed_ranks(void **state)
{
    static const struct {
        size_t count;
        double level;
        size_t rank;
    } known[] = {{6, 0.95, 1},   {7, 0.95, 3},   {8, 0.95, 4},   {9, 0.95, 6}, {10, 0.95, 9},
                 {12, 0.95, 14}, {15, 0.95, 26}, {20, 0.95, 53}, {8, 0.99, 1}, {10, 0.99, 4},
                 {20, 0.99, 38}, {25, 0.95, 90}, {30, 0.99, 110}};
    double x[30], average[30 * 31 / 2];
    struct interval interval;
    (void)state;
    for (size_t k = 0; k < COUNT(known); k++) {
        size_t n = known[k].count, all = 0;
        for (size_t i = 0; i < n; i++)
            x[i] = (double)i + 0.3 * sin((double)i);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j <= i; j++)
                average[all++] = (x[i] + x[j]) / 2;
        stats_sort(average, all);
        assert_int_equal(ranks_interval(x, n, known[k].level, &interval), 0);
        assert_true(interval.lo == average[known[k].rank - 1] && interval.hi == average[all - known[k].rank]);
        assert_float_equal(ranks_middle(x, n), stats_median(average, all), 1e-12);
    }
    assert_int_equal(ranks_interval(x, 5, 0.5, &interval), -EDOM);
    assert_int_equal(ranks_interval(x, 7, 0.99, &interval), -EDOM);
    assert_true(isnan(interval.lo) && isnan(interval.hi) && isnan(ranks_middle(x, 0)));
}

/* Two groups take the 10th average from the end, of 78, instead of the 14th. */
static void test_groups(void **state)
{
    double near[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16}, far[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30},
           same[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct interval interval;
    (void)state;
    assert_int_equal(ranks_interval(near, 12, 0.95, &interval), 0);
    assert_true(interval.lo == 3);
    assert_int_equal(ranks_interval(far, 12, 0.95, &interval), 0);
    assert_true(interval.lo == 2.5 && interval.hi == 16);
    assert_int_equal(ranks_interval(same, 12, 0.95, &interval), 0);
    assert_true(interval.lo == 1 && interval.hi == 1);
}

static void test_quantile_small(void **state)
{
    static const struct bucket ten[] = {{1, 2, 1}, {2, 3, 1}, {3, 4, 1}, {4, 5, 1},  {5, 6, 1},
                                        {6, 7, 1}, {7, 8, 1}, {8, 9, 1}, {9, 10, 1}, {10, 11, 1}};
    static const struct bucket wide[] = {{1000, 1008, 9}, {2000, 2016, 1}};
    (void)state;
    assert_true(stats_histogram_quantile(ten, 10, 0.5) == 5);
    assert_true(stats_histogram_quantile(ten, 10, 0.9) == 9);
    assert_true(stats_histogram_quantile(ten, 10, 0.91) == 10);
    assert_true(stats_histogram_quantile(ten, 10, 1) == 10);
    assert_true(stats_histogram_quantile(ten, 10, 0.001) == 1);
    assert_true(stats_histogram_quantile(wide, 2, 0.9) == 1003.5);
    assert_true(stats_histogram_quantile(wide, 2, 0.99) == 2007.5);
    assert_true(isnan(stats_histogram_quantile(NULL, 0, 0.5)));
}

/* Any sample through the layout of bench/job/histogram.h: no quantile is more than half a bucket off. */
static void test_quantile_of_sample(void **state)
{
    static struct bucket buckets[HISTOGRAM_BUCKETS];
    static double values[5000];
    static const double q[] = {0.01, 0.5, 0.9, 0.99, 0.999};
    (void)state;
    for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++)
        buckets[b] = (struct bucket){(int64_t)histogram_lo(b), (int64_t)histogram_hi(b), 0};
    for (size_t i = 0; i < COUNT(values); i++) {
        values[i] = floor(exp((double)((i * 2654435761u) % 100003) / 5000)); /* 1 .. 5e8, no order */
        buckets[histogram_bucket((uint64_t)values[i])].count++;
    }
    stats_sort(values, COUNT(values));
    for (size_t i = 0; i < COUNT(q); i++) {
        double exact = values[(size_t)ceil(q[i] * COUNT(values)) - 1];
        double found = stats_histogram_quantile(buckets, HISTOGRAM_BUCKETS, q[i]);
        assert_true(fabs(found - exact) <= exact * 0.005);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_ranks_too_few),
        cmocka_unit_test(test_median),
        cmocka_unit_test(test_signed_ranks),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_quantile_small),
        cmocka_unit_test(test_quantile_of_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
