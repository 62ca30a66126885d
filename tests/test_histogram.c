/* Histogram buckets: without gaps, without overlap, at most 1 % wide. */
#include "bench/job/histogram.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h> /* after what it needs */

static void buckets_tile_the_line(void **state)
{
    (void)state;
    assert_int_equal(histogram_lo(0), 0);
    for (uint32_t b = 0; b + 1 < HISTOGRAM_BUCKETS; b++) {
        assert_true(histogram_hi(b) == histogram_lo(b + 1));
        assert_true(histogram_lo(b) < histogram_hi(b));
        uint64_t width = histogram_hi(b) - histogram_lo(b);
        assert_true(width == 1 || width * 100 <= histogram_lo(b));
    }
}

static void values_find_their_bucket(void **state)
{
    (void)state;
    for (uint64_t ns = 0; ns < 1ull << 46; ns = ns < 100000 ? ns + 1 : ns + ns / 1009) {
        uint32_t b = histogram_bucket(ns);
        assert_true(b < HISTOGRAM_BUCKETS);
        assert_true(histogram_lo(b) <= ns && ns < histogram_hi(b));
    }
    for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++) {
        assert_int_equal(histogram_bucket(histogram_lo(b)), b);
        assert_int_equal(histogram_bucket(histogram_hi(b) - 1), b);
    }
}

/* At once as one by one, but for what a float cannot tell. */
static void four_are_as_each(void **state)
{
    (void)state;
    for (uint64_t ns = 0; ns < 1ull << 46; ns = ns < 100000 ? ns + 1 : ns + ns / 1009) {
        const histogram_times times = {(float)ns, (float)ns + 0.5f, (float)(ns / 2), (float)(ns / 3)};
        const histogram_buckets at = histogram_bucket_of_each(times);
        for (int i = 0; i < 4; i++)
            assert_int_equal(at[i], histogram_bucket((uint64_t)times[i]));
    }
}

static void what_is_too_long_is_in_the_last(void **state)
{
    (void)state;
    assert_int_equal(histogram_bucket(1ull << 47), HISTOGRAM_BUCKETS - 1);
    assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_tile_the_line),
        cmocka_unit_test(values_find_their_bucket),
        cmocka_unit_test(four_are_as_each),
        cmocka_unit_test(what_is_too_long_is_in_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
