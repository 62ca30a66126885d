/* Verdicts, looks, drift and modes on series small enough to check by hand; how often they are right is measured in
 * test_simulation.c and test_forecast.c. */
#include "bench/stats/looks.h"
#include "bench/stats/runs.h"
#include "bench/stats/series.h"
#include "bench/stats/verdict.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h> /* after what it needs */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void test_read(void **state)
{
    static const struct {
        double lo, hi, margin;
        enum verdict verdict;
    } known[] = {
        {0.90, 0.95, 0.02, VERDICT_FASTER},      {1.05, 1.10, 0.02, VERDICT_SLOWER},
        {0.99, 1.01, 0.02, VERDICT_EQUAL},       {1.00, 1.03, 0.02, VERDICT_UNRESOLVED},
        {0.97, 1.00, 0.02, VERDICT_UNRESOLVED},  {1.005, 1.015, 0.02, VERDICT_EQUAL},   /* a sure 1 % is no matter */
        {1.005, 1.015, 0.01, VERDICT_SLOWER},    {1 / 1.02, 1.02, 0.02, VERDICT_EQUAL}, /* up to the margin itself */
        {1.00, 1.00, 0, VERDICT_EQUAL},          {0.90, 1.10, 0, VERDICT_UNRESOLVED},
        {0, 0.5, 0.02, VERDICT_FASTER},          {2, INFINITY, 0.02, VERDICT_SLOWER},
        {0, INFINITY, 0.02, VERDICT_UNRESOLVED}, {NAN, NAN, 0.02, VERDICT_UNRESOLVED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct interval interval = {known[i].lo, known[i].hi};
        assert_string_equal(verdict_name(verdict_read(&interval, known[i].margin)), verdict_name(known[i].verdict));
    }
}

static void test_compare(void **state)
{
    static const double base[] = {100, 200, 100, 100, 400, 100, 100, 100, NAN, 100, NAN},
                        cell[] = {110, 222, 109, 112, 432, 113, 107, 114, 100, NAN, NAN};
    struct family family = family_make(1, LOOKS_NONE, FAMILY_MARGIN);
    struct comparison made;
    (void)state;
    assert_int_equal(comparison_make(cell, base, COUNT(base), &family, &made), 0);
    assert_int_equal(made.blocks, 8);
    assert_int_equal(made.blocks_needed, 6);
    /* Of the 36 averages of two logs those in the middle, and the fourth from either end. */
    assert_float_equal(made.ratio, sqrt(sqrt(1.08 * 1.13) * sqrt(1.09 * 1.12)), 1e-9);
    assert_float_equal(made.interval.lo, 1.08, 1e-9);
    assert_float_equal(made.interval.hi, sqrt(1.12 * 1.14), 1e-9);
    assert_int_equal(made.verdict, VERDICT_SLOWER);
    assert_int_equal(made.blocks_to_resolve, 0);
    /* The other way round everything is reversed. */
    assert_int_equal(comparison_make(base, cell, COUNT(base), &family, &made), 0);
    assert_float_equal(made.interval.lo, 1 / sqrt(1.12 * 1.14), 1e-9);
    assert_float_equal(made.interval.hi, 1 / 1.08, 1e-9);
    assert_int_equal(made.verdict, VERDICT_FASTER);
}

static void test_too_few(void **state)
{
    static const double base[] = {100, 100, 100, 100, 100, 100, 100, 100},
                        cell[] = {150, 151, 152, 149, 148, 150, 151, 152};
    struct family one = family_make(1, LOOKS_NONE, FAMILY_MARGIN), ten = family_make(10, LOOKS_NONE, FAMILY_MARGIN);
    struct comparison made;
    (void)state;
    assert_int_equal(comparison_make(cell, base, 8, &ten, &made), 0);
    assert_int_equal(made.verdict, VERDICT_UNRESOLVED);
    assert_true(isnan(made.interval.lo) && isnan(made.interval.hi));
    assert_float_equal(made.ratio, 1.505, 1e-3);
    assert_int_equal(made.blocks_needed, 9);
    assert_int_equal(made.blocks_to_resolve, 12); /* the look at which there are enough */
    assert_int_equal(comparison_make(cell, base, 5, &one, &made), 0);
    assert_int_equal(made.verdict, VERDICT_UNRESOLVED);
    assert_int_equal(made.blocks_to_resolve, 8);
    assert_int_equal(comparison_make(cell, base, 6, &one, &made), 0);
    assert_int_equal(made.verdict, VERDICT_SLOWER);
    assert_int_equal(comparison_make(cell, base, 0, &one, &made), 0);
    assert_int_equal(made.blocks, 0);
    assert_int_equal(made.verdict, VERDICT_UNRESOLVED);
    assert_true(isnan(made.ratio));
    assert_int_equal(made.blocks_to_resolve, 0);
}

/* What a clock or a counter without resolution says. */
static void test_zeros(void **state)
{
    static const double none[8] = {0}, some[] = {0, 0, 0, 5, 6, 7, 8, 9}, bad[] = {-1, 1, 1, 1, 1, 1, 1, 1},
                        ones[] = {1, 1, 1, 1, 1, 1, 1, 1};
    struct family family = family_make(1, LOOKS_NONE, FAMILY_MARGIN);
    struct comparison made;
    (void)state;
    assert_int_equal(comparison_make(none, none, 8, &family, &made), 0);
    assert_true(made.ratio == 1 && made.interval.lo == 1 && made.interval.hi == 1);
    assert_int_equal(made.verdict, VERDICT_EQUAL);
    assert_int_equal(comparison_make(some, none, 8, &family, &made), 0);
    assert_true(made.interval.lo == 1 && isinf(made.interval.hi));
    assert_int_equal(made.verdict, VERDICT_UNRESOLVED);
    assert_int_equal(made.blocks_to_resolve, RESOLVE_MAX + 1);
    assert_int_equal(comparison_make(none, ones, 8, &family, &made), 0);
    assert_true(made.ratio == 0);
    assert_int_equal(made.verdict, VERDICT_FASTER);
    assert_int_equal(comparison_make(bad, ones, 8, &family, &made), 0);
    assert_int_equal(made.blocks, 7);
    assert_int_equal(made.verdict, VERDICT_EQUAL); /* all ties */
}

static void test_claims(void **state)
{
    static const size_t known[][2] = {{0, 6}, {1, 6}, {2, 7},  {3, 7},   {4, 8},
                                      {6, 8}, {7, 9}, {12, 9}, {13, 10}, {100, 12}};
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) /* 1 + log2(m / 0.05), rounded up, and at least 6 */
        assert_int_equal(family_make((unsigned)known[i][0], LOOKS_NONE, 0).blocks, known[i][1]);
    assert_float_equal(family_make(1, LOOKS_NONE, 0).level, 0.95, 1e-12);
    assert_float_equal(family_make(1, (struct looks){.planned = 1}, 0).level, 0.95, 1e-12);
    assert_float_equal(family_make(10, LOOKS_NONE, 0).level, 0.995, 1e-12);
}

static void test_looks(void **state)
{
    static const unsigned known[] = {8, 12, 18, 27, 40, 60, 0};
    static const struct interval two = {0.98, 0.98 * 1.02 * 1.02}, none = {NAN, NAN}, zero = {0, 1};
    (void)state;
    for (size_t i = 0; i + 1 < COUNT(known); i++)
        assert_int_equal(look_next(i ? known[i - 1] : 0), known[i]);
    assert_int_equal(look_next(9), 12);
    assert_int_equal(look_next(60), 0);
    assert_int_equal(look_next(1000), 0);
    assert_int_equal(look_after(60), 90);
    assert_int_equal(look_after(999), 1000);
    assert_int_equal(look_after(1000), 0);
    assert_true(precision_reached(&two, 0.0201));
    assert_false(precision_reached(&two, 0.0199));
    assert_false(precision_reached(&none, 1));
    assert_false(precision_reached(&zero, 1));
    /* More comparisons leave fewer looks, and each a level between that of one look and that of Bonferroni. */
    assert_int_equal(looks_planned(1), 6);
    assert_int_equal(looks_planned(3), 5);
    assert_int_equal(looks_planned(100), 4);
    for (unsigned m = 1; m < 1000; m = m * 3 + 1) {
        unsigned looks = looks_planned(m);
        struct family family = family_make(m, (struct looks){.planned = looks}, 0);
        assert_true(family.level > 1 - FAMILY_ERROR / m);
        assert_true(family.level <= 1 - FAMILY_ERROR / m / looks);
        assert_true(family.blocks <= 18);
    }
}

/* What is left is judged at the level of fewer comparisons; whether it comes first or last. */
static void test_steps(void **state)
{
    static const double base[] = {100, 100, 100, 100, 100, 100, 100, 100},
                        surely[] = {150, 151, 152, 149, 148, 150, 151, 152},
                        hardly[] = {101, 102, 97, 104, 105, 106, 107, 108}; /* at 95 %, not at 98.3 % */
    const struct cost_pair pairs[] = {{hardly, base}, {surely, base}, {base, surely}};
    struct family family = family_make(3, LOOKS_NONE, 0), last;
    struct comparison made;
    (void)state;
    assert_int_equal(comparison_make(hardly, base, 8, &family, &made), 0);
    assert_int_equal(made.verdict, VERDICT_UNRESOLVED);
    assert_int_equal(family_step_down(&family, pairs, 3, 8, &last), 0);
    assert_float_equal(last.level, 0.95, 1e-12);
    assert_int_equal(comparison_make(hardly, base, 8, &last, &made), 0);
    assert_int_equal(made.verdict, VERDICT_SLOWER);
    assert_int_equal(family_step_down(&family, pairs, 1, 8, &last), 0);
    assert_true(last.level == family.level);
}

static void test_all(void **state)
{
    static const double ratios[] = {2, 2, 2, 2, 2, 2, 2, NAN, /* first cell */
                                    8, 8, 8, 8, 8, 8, 8, 8};
    struct family family = family_make(1, LOOKS_NONE, FAMILY_MARGIN);
    struct comparison made;
    (void)state;
    assert_int_equal(comparison_of_all(ratios, 2, 8, &family, &made), 0);
    assert_int_equal(made.blocks, 7);
    assert_float_equal(made.ratio, 4, 1e-9);
    assert_int_equal(made.verdict, VERDICT_SLOWER);
    assert_int_equal(comparison_of_all(ratios, 0, 8, &family, &made), 0);
    assert_int_equal(made.blocks, 0);
}

static void test_alarms(void **state)
{
    struct comparison made[] = {
        {.interval = {0.9, 1.1}, .verdict = VERDICT_UNRESOLVED}, {.interval = {1.005, 1.01}, .verdict = VERDICT_EQUAL},
        {.interval = {1.1, 1.2}, .verdict = VERDICT_SLOWER},     {.interval = {0.99, 1.01}, .verdict = VERDICT_EQUAL},
        {.interval = {NAN, NAN}, .verdict = VERDICT_UNRESOLVED},
    };
    double room[2 * COUNT(made)];
    struct alarms alarms = alarms_count(made, COUNT(made));
    (void)state;
    assert_int_equal(alarms_allowed(200), 18);
    assert_int_equal(alarms_allowed(0), 0);
    assert_int_equal(alarms.comparisons, 4);
    assert_int_equal(alarms.alarms, 2);
    assert_int_equal(alarms.verdicts, 1);
    assert_float_equal(difference_visible(made, 1, true, room), 1 / 0.9 - 1, 1e-9);
    assert_true(isnan(difference_visible(made + 4, 1, true, room)));
    assert_true(isnan(difference_visible(made, 0, false, room)));
}

static void test_drift(void **state)
{
    double rising[12], tied[12], shaky[12];
    struct drift drift;
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        rising[i] = 100 * exp(0.01 * (double)i) * (i % 2 ? 1.001 : 1);
        tied[i] = 7;
        shaky[i] = i % 2 ? 100 : 110;
    }
    rising[5] = NAN;
    assert_int_equal(drift_find(rising, 12, &drift), 0);
    assert_float_equal(drift.change, exp(0.11) - 1, 0.002);
    assert_true(drift.p < 1e-4 && drift.said);
    assert_int_equal(drift_find(tied, 12, &drift), 0);
    assert_true(drift.change == 0 && drift.p == 1 && !drift.said);
    assert_int_equal(drift_find(shaky, 12, &drift), 0);
    assert_false(drift.said);
    assert_int_equal(drift_find(rising, 8, &drift), 0);
    assert_true(isnan(drift.change) && isnan(drift.p) && !drift.said);
}

static void test_lag(void **state)
{
    static const double rising[] = {-1, 0, 1, 2, 3, 4, 5, 6}, shaky[] = {1, 8, 2, 7, 3, 6, 4, 5},
                        even[] = {2, 2, 2, 2, 2, 2, 2, 2}, tied[] = {0, 0, 0, 0, NAN, 1, 1, 1, 1};
    struct lag lag;
    (void)state;
    assert_int_equal(lag_find(rising, 8, &lag), 0);
    assert_float_equal(lag.correlation, 1 - 7.0 / 42 / 2, 1e-9);
    assert_true(lag.said && lag.p < 1e-3);
    assert_int_equal(lag_find(shaky, 8, &lag), 0); /* the other way makes intervals too wide */
    assert_true(lag.correlation < 0 && lag.p > 0.9 && !lag.said);
    assert_int_equal(lag_find(even, 8, &lag), 0);
    assert_true(lag.correlation == 0 && !lag.said);
    assert_int_equal(lag_find(tied, 9, &lag), 0); /* ranks of 2.5 and 6.5 */
    assert_float_equal(lag.correlation, 1 - 16.0 / 32 / 2, 1e-9);
    assert_int_equal(lag_find(rising, 7, &lag), 0);
    assert_true(isnan(lag.correlation) && isnan(lag.p) && !lag.said);
}

static void test_modes(void **state)
{
    static const double groups[] = {100, 121, 101, 99, 120, 122, 100, 98, NAN, 119, 0},
                        outlier[] = {100, 101, 99, 100, 98, 102, 101, 300, 99, 100},
                        ticks[] = {100, 100, 150, 150, 100, 150, 100, 150}, few[] = {100, 121, 101, 99, 120, 122, 100};
    struct bimodality bimodality;
    (void)state;
    assert_int_equal(bimodality_find(groups, COUNT(groups), &bimodality), 0);
    assert_true(bimodality.two);
    assert_int_equal(bimodality.lo_count, 5);
    assert_int_equal(bimodality.hi_count, 4);
    assert_float_equal(bimodality.lo, 100, 1e-9);
    assert_float_equal(bimodality.hi, sqrt(120.0 * 121), 1e-3);
    assert_int_equal(bimodality_find(outlier, COUNT(outlier), &bimodality), 0);
    assert_false(bimodality.two);
    assert_int_equal(bimodality_find(ticks, COUNT(ticks), &bimodality), 0);
    assert_false(bimodality.two);
    assert_int_equal(bimodality_find(few, COUNT(few), &bimodality), 0);
    assert_false(bimodality.two);
    assert_int_equal(bimodality_find(NULL, 0, &bimodality), 0);
    assert_false(bimodality.two);
}

static void test_gate(void **state)
{
    static const struct {
        double lo, hi;
        enum gate gate;
    } known[] = {
        {1.06, 1.2, GATE_BEYOND}, {1.05, 1.2, GATE_BLIND}, {0.9, 1.06, GATE_BLIND},   {0.9, 1.05, GATE_WITHIN},
        {0.5, 0.6, GATE_WITHIN},  {NAN, NAN, GATE_BLIND},  {0, INFINITY, GATE_BLIND}, {2, INFINITY, GATE_BEYOND},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++)
        assert_int_equal(gate_read(&(struct interval){known[i].lo, known[i].hi}, 0.05), known[i].gate);
}

/* Welch's t by hand: 4.88 degrees of freedom, of which 2.589 is the quantile. */
static void test_runs_as_units(void **state)
{
    const double cells[] = {log(1.10), NAN, log(1.12), log(1.14)}, bases[] = {log(1), log(1.01), log(1.05), log(1.03)};
    const double equal[] = {0.5, 0.5, 0.5};
    struct family family = family_make(1, LOOKS_NONE, FAMILY_MARGIN);
    struct comparison made;
    (void)state;
    comparison_of_runs(cells, COUNT(cells), bases, COUNT(bases), &family, &made);
    assert_int_equal(made.blocks, 3);
    assert_float_equal(made.ratio, 1.09543, 1e-5);
    assert_float_equal(made.interval.lo, 1.05385, 1e-4);
    assert_float_equal(made.interval.hi, 1.13865, 1e-4);
    assert_int_equal(made.verdict, VERDICT_SLOWER);
    comparison_of_runs(cells, 3, bases, COUNT(bases), &family, &made); /* of which one is not known */
    assert_true(isnan(made.interval.lo));
    assert_int_equal(made.verdict, VERDICT_UNRESOLVED);
    comparison_of_runs(equal, COUNT(equal), equal, COUNT(equal), &family, &made);
    assert_float_equal(made.interval.hi, 1, 1e-12);
    comparison_of_runs(cells, 0, bases, 0, &family, &made);
    assert_true(isnan(made.ratio));
}

/* Two runs of 16 blocks: what is told widens the interval, and a step between two quarters is seen; a wild block and
 * zigzag are noise. */
static void test_apart(void **state)
{
    double calm[16], wild[16], step[16];
    struct family family = family_make(1, LOOKS_NONE, FAMILY_MARGIN);
    struct comparison narrow, wide;
    struct apart apart;
    (void)state;
    for (size_t i = 0; i < COUNT(calm); i++) {
        calm[i] = 100 + (double)(i * 7 % 5);
        wild[i] = i == 5 ? 900 : calm[i];
        step[i] = i < 8 ? calm[i] : 1.3 * calm[i];
    }
    assert_int_equal(apart_see(wild, calm, COUNT(calm), 0.02, &apart), 0);
    assert_true(apart.told == 0.02 && apart.variance == 0);
    assert_int_equal(comparison_make(calm, calm, COUNT(calm), &family, &narrow), 0);
    assert_int_equal(narrow.verdict, VERDICT_EQUAL);
    wide = narrow;
    comparison_widen(&wide, &apart, &family);
    assert_float_equal(wide.interval.hi, 1.02, 1e-6); /* told at the level that it is told at */
    assert_float_equal(wide.interval.lo, 1 / 1.02, 1e-6);
    apart.told = 0.05;
    comparison_widen(&wide, &apart, &family);
    assert_int_equal(wide.verdict, VERDICT_UNRESOLVED);
    assert_int_equal(wide.blocks_to_resolve, RESOLVE_MAX + 1);
    assert_int_equal(apart_see(step, calm, COUNT(calm), 0, &apart), 0);
    assert_true(apart.variance > 0.01 && apart.variance < 0.05); /* quarters at 0, 0, 0.26, 0.26: 0.0229 */
    assert_int_equal(apart_see(step, calm, 7, 0, &apart), 0);    /* too few to see */
    assert_true(apart.variance == 0);
    assert_int_equal(apart_see(calm, calm, 0, 0, &apart), 0);
}

/* What is spent at looks and ends, and on what it is spent. */
static void test_shares(void **state)
{
    struct looks looks = {.leave_from = 12, .end = 30};
    const struct looks fixed = {.end = 18};
    double sum = 0;
    (void)state;
    assert_float_equal(looks_share(&fixed, 18), 1, 0);
    assert_float_equal(looks_share(&looks, 12), LOOK_SHARE, 1e-12);
    assert_float_equal(looks_share(&looks, 18), LOOK_SHARE * (1 - LOOK_SHARE), 1e-12);
    assert_true(looks_left_at(&looks, 18));
    assert_false(looks_left_at(&looks, 17)); /* one whose last trial failed has not left */
    assert_false(looks_left_at(&looks, 30));
    looks.end = 18; /* with trials of a block that was cut off, or without: its end, and no look */
    assert_false(looks_left_at(&looks, 18));
    assert_float_equal(looks_share(&looks, 18), END_SHARE * (1 - LOOK_SHARE), 1e-12);
    looks.is_open = true;
    assert_float_equal(looks_share(&looks, 18), LOOK_SHARE * (1 - LOOK_SHARE), 1e-12);
    looks = (struct looks){.leave_from = 12, .end = 40, .ends = {5, 20}, .end_count = 2};
    assert_true(looks_left_at(&looks, 20)); /* what was told there stays so */
    assert_false(looks_left_at(&looks, 5)); /* where nothing could be told, nothing is spent */
    assert_float_equal(looks_share(&looks, 12), LOOK_SHARE, 1e-12);
    assert_float_equal(looks_share(&looks, 20), END_SHARE * (1 - LOOK_SHARE) * (1 - LOOK_SHARE), 1e-12);
    for (unsigned blocks = 12; blocks <= 40; blocks++)
        sum += looks_left_at(&looks, blocks) || blocks == 40 ? looks_share(&looks, blocks) : 0;
    assert_true(sum < 1);
}

/* What is far behind is told by a few blocks, and its verdict stays when the others go on. */
static void test_drop(void **state)
{
    const double base[] = {100, 101, 99, 100, 102, 98, 100, 100, 101, 99, 100, 101};
    const double cell[] = {200, 203, 199, 201, 202, 197, NAN, NAN, NAN, NAN, NAN, NAN};
    struct looks looks = {.leave_from = 12, .end = 12};
    struct family family = family_make(71, looks, FAMILY_MARGIN), fixed = family_make(71, LOOKS_NONE, FAMILY_MARGIN);
    struct comparison made;
    (void)state;
    assert_int_equal(comparison_make(cell, base, 12, &family, &made), 0);
    assert_int_equal(made.verdict, VERDICT_SLOWER);
    assert_true(made.is_far && made.interval.lo > 1.2 && made.interval.hi < 3);
    assert_int_equal(made.blocks, 6);
    assert_int_equal(comparison_make(base, cell, 12, &family, &made), 0);
    assert_int_equal(made.verdict, VERDICT_FASTER);
    assert_false(made.is_far);
    assert_int_equal(comparison_make(cell, base, 12, &fixed, &made), 0);
    assert_int_equal(made.verdict, VERDICT_UNRESOLVED);
}

/* What is not far behind, and yet far from the line, is told by a few blocks, too. */
static void test_clear(void **state)
{
    const double base[] = {1000, 1001, 999, 1000, 1001, 999}, equal[] = {1001, 1000, 1000, 1001, 1000, 1000},
                 slower[] = {1100, 1102, 1099, 1101, 1100, 1099}, hardly[] = {1030, 1031, 1030, 1029, 1030, 1030};
    const struct looks looks = {.leave_from = 12, .end = 6};
    const struct family family = family_make(71, looks, FAMILY_MARGIN), strict = family_make(71, looks, 0);
    struct comparison made;
    (void)state;
    assert_int_equal(comparison_make(equal, base, 6, &family, &made), 0);
    assert_int_equal(made.verdict, VERDICT_EQUAL);
    assert_true(made.is_clear && !made.is_far && made.interval.lo > 0.99 && made.interval.hi < 1.01);
    assert_int_equal(comparison_make(equal, base, 6, &strict, &made), 0); /* nothing is equal without a margin */
    assert_int_equal(made.verdict, VERDICT_UNRESOLVED);
    assert_int_equal(comparison_make(slower, base, 6, &family, &made), 0);
    assert_int_equal(made.verdict, VERDICT_SLOWER);
    assert_true(made.is_clear && !made.is_far); /* near the line for so few */
    assert_int_equal(comparison_make(base, slower, 6, &family, &made), 0);
    assert_int_equal(made.verdict, VERDICT_FASTER);
    assert_int_equal(comparison_make(hardly, base, 6, &family, &made), 0); /* too near to the line for so few */
    assert_int_equal(made.verdict, VERDICT_UNRESOLVED);
    assert_false(made.is_clear);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),   cmocka_unit_test(test_compare),       cmocka_unit_test(test_too_few),
        cmocka_unit_test(test_zeros),  cmocka_unit_test(test_claims),        cmocka_unit_test(test_looks),
        cmocka_unit_test(test_all),    cmocka_unit_test(test_alarms),        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_modes),  cmocka_unit_test(test_lag),           cmocka_unit_test(test_steps),
        cmocka_unit_test(test_gate),   cmocka_unit_test(test_runs_as_units), cmocka_unit_test(test_apart),
        cmocka_unit_test(test_shares), cmocka_unit_test(test_drop),          cmocka_unit_test(test_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
