/* How often poolbench is right where the noise of two cells is of different kinds, and of whole tables in which pools
 * are equal: with a known truth, judged by the functions that judge real runs. A few runs of each, with wide slack;
 * `ALL=1 build/default/test_levels` makes those that docs/STATISTICS.md tells of (about 25 minutes). Seeded. */
/* sanitizers: none (arithmetic, thousands of times over; test_verdict goes the same ways once) */
#include "bench/stats/looks.h"
#include "bench/stats/ranks.h"
#include "bench/stats/verdict.h"
#include "tests/quick_rows.h"
#include "tests/sample.h"
#include "tests/sim.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define COVERED      0.945 /* of them, at least */

static const unsigned fixed_blocks[] = {12, 27, 60};

/* What must be reached of `limit` in so many runs: four standard errors of 5 % are slack. */
static double least(double limit, size_t runs)
{
    return limit - 4 * sqrt(0.05 * 0.95 / (double)runs);
}

/* ---- pairs of unlike noise ---- */

/* Of the log ratios of two noises: the median, and the median of averages of two. */
struct middles {
    double median, middle;
};

static struct middles middles_of(const struct sim_noise *cell, const struct sim_noise *base)
{
    enum { MANY = 200000 };
    static double one[MANY], two[MANY];
    size_t many = sample_all() ? MANY : MANY / 10;
    for (size_t i = 0; i < many; i++)
        one[i] = log(cell->draw(sim_rng) / base->draw(sim_rng));
    for (size_t i = 0; i < many; i++)
        two[i] = (one[i] + log(cell->draw(sim_rng) / base->draw(sim_rng))) / 2;
    stats_sort(one, many);
    stats_sort(two, many);
    return (struct middles){stats_median(one, many), stats_median(two, many)};
}

static void sign_interval(const double *costs, size_t blocks, double level, struct interval *interval)
{
    double logs[LOOK_MAX];
    for (size_t i = 0; i < blocks; i++)
        logs[i] = log(costs[blocks + i] / costs[i]);
    assert_int_equal(stats_median_interval(logs, stats_sort(logs, blocks), level, interval), 0);
    *interval = (struct interval){exp(interval->lo), exp(interval->hi)};
}

struct covered {
    size_t ranks, sign, table; /* the last: at the level of 71 comparisons */
};

static struct covered pair_cover(const struct sim_noise *const *noise, const struct middles *truth, unsigned blocks,
                                 size_t runs, double drift)
{
    static const double one[] = {1, 1};
    const struct family alone = family_make(1, LOOKS_NONE, 0), many = family_make(71, LOOKS_NONE, 0);
    struct covered covered = {0};
    for (size_t e = 0; e < runs; e++) {
        double costs[2 * LOOK_MAX];
        struct comparison made;
        struct interval sign;
        sim_run_unlike(sim_rng, noise, drift, one, 2, blocks, costs);
        assert_int_equal(comparison_make(costs + blocks, costs, blocks, &alone, &made), 0);
        covered.ranks += sim_holds(&made.interval, exp(truth->middle));
        sign_interval(costs, blocks, alone.level, &sign);
        covered.sign += sim_holds(&sign, exp(truth->median));
        assert_int_equal(comparison_make(costs + blocks, costs, blocks, &many, &made), 0);
        covered.table += sim_holds(&made.interval, exp(truth->middle));
    }
    return covered;
}

/* Every ordered pair of kinds of noise; the second is the cell's. */
static void test_pairs(void **state)
{
    const size_t runs = sample_all() ? 8000 : 150;
    struct covered worst[2 * COUNT(fixed_blocks)];
    unsigned wrong = 0;
    (void)state;
    memset(worst, 0xff, sizeof worst);
    printf("\nIntervals that hold their middle, %% of %zu: by ranks, sign, ranks at the level of 71\n", runs);
    gsl_rng_set(sim_rng, 600);
    for (size_t a = 0; a < sim_noise_count; a++)
        for (size_t b = 0; b < sim_noise_count; b++) {
            const struct sim_noise *noise[] = {&sim_noises[a], &sim_noises[b]};
            struct middles truth = middles_of(noise[1], noise[0]);
            printf("%-18s%-18s", noise[0]->name, noise[1]->name);
            for (size_t i = 0; i < COUNT(worst); i++) {
                struct covered now = {0}, *low = &worst[i];
                if (i >= COUNT(fixed_blocks) && !sample_all())
                    continue;
                unsigned blocks = fixed_blocks[i % COUNT(fixed_blocks)];
                now = pair_cover(noise, &truth, blocks, runs, i < COUNT(fixed_blocks) ? 0 : SIM_DRIFT);
                printf(" |");
                wrong += sim_share(now.ranks, runs, least(COVERED, runs), true);
                wrong += sim_share(now.sign, runs, least(COVERED, runs), true);
                sim_share(now.table, runs, 0, true);
                low->ranks = now.ranks < low->ranks ? now.ranks : low->ranks;
                low->sign = now.sign < low->sign ? now.sign : low->sign;
                low->table = now.table < low->table ? now.table : low->table;
            }
            puts("");
        }
    for (size_t i = 0; i < (sample_all() ? 2 : 1) * COUNT(fixed_blocks); i++)
        printf("worst, %u blocks, drift %.0f %%: %.2f %.2f %.2f\n", fixed_blocks[i % COUNT(fixed_blocks)],
               i < COUNT(fixed_blocks) ? 0 : 100 * SIM_DRIFT, 100 * (double)worst[i].ranks / (double)runs,
               100 * (double)worst[i].sign / (double)runs, 100 * (double)worst[i].table / (double)runs);
    assert_int_equal(wrong, 0);
}

/* Noise in two levels that come ever closer, against none: where the rule for groups sets in. */
static void test_gaps(void **state)
{
    static const double gaps[] = {2, 3, 3.5, 4, 4.5, 5, 6, 8}, shares[] = {0.1, 0.2, 0.3, 0.4};
    const size_t runs = sample_all() ? 10000 : 300;
    enum { MANY = 200000 };
    static double two[MANY];
    unsigned wrong = 0;
    (void)state;
    printf("\nIntervals by ranks that hold, two levels of noise so many deviations apart, %% of %zu\n", runs);
    gsl_rng_set(sim_rng, 610);
    for (size_t g = 0; g < COUNT(gaps); g++) {
        printf("%4.1f", gaps[g]);
        for (size_t s = 0; s < COUNT(shares) * COUNT(fixed_blocks); s++) {
            double share = shares[s / COUNT(fixed_blocks)], x[LOOK_MAX];
            unsigned blocks = fixed_blocks[s % COUNT(fixed_blocks)];
            size_t many = sample_all() ? MANY : MANY / 10, held = 0;
            for (size_t i = 0; i < many; i++)
                two[i] = (gaps[g] * gsl_ran_binomial(sim_rng, share, 2) + gsl_ran_gaussian(sim_rng, M_SQRT2)) / 2;
            double truth = stats_median(two, stats_sort(two, many));
            for (size_t e = 0; e < runs; e++) {
                struct interval interval;
                for (size_t i = 0; i < blocks; i++)
                    x[i] = gaps[g] * gsl_ran_bernoulli(sim_rng, share) + gsl_ran_gaussian(sim_rng, 1);
                assert_int_equal(ranks_interval(x, stats_sort(x, blocks), 0.95, &interval), 0);
                held += sim_holds(&interval, truth);
            }
            wrong += sim_share(held, runs, least(COVERED, runs), true);
        }
        puts("");
    }
    assert_int_equal(wrong, 0);
}

/* ---- what is seen ---- */

static bool t_sees(const double *costs, size_t blocks)
{
    double logs[LOOK_MAX], mean, deviation;
    for (size_t i = 0; i < blocks; i++)
        logs[i] = log(costs[blocks + i] / costs[i]);
    mean = gsl_stats_mean(logs, 1, blocks);
    deviation = gsl_stats_sd(logs, 1, blocks) / sqrt((double)blocks);
    return fabs(mean) > gsl_cdf_tdist_Qinv(0.025, (double)blocks - 1) * deviation;
}

static double draw_two(gsl_rng *of)
{
    return 1 + gsl_ran_gaussian(of, 0.02);
}

/* Two pools, a true 2 %, normal noise of 2 %, no margin. */
static void test_power(void **state)
{
    const struct sim_noise two = {"normal 2 %", draw_two, 1}, *noise[] = {&two, &two};
    const struct family family = family_make(1, LOOKS_NONE, 0);
    const double truth[] = {1, 1.02};
    const size_t runs = sample_all() ? 40000 : 2000;
    (void)state;
    printf("\nA true 2 %% that is seen, noise of 2 %%, %% of %zu: by ranks, sign, t-test\n", runs);
    gsl_rng_set(sim_rng, 620);
    for (size_t i = 0; i < COUNT(fixed_blocks); i++) {
        unsigned blocks = fixed_blocks[i];
        size_t ranks = 0, sign = 0, student = 0;
        for (size_t e = 0; e < runs; e++) {
            double costs[2 * LOOK_MAX];
            struct comparison made;
            struct interval interval;
            sim_run_unlike(sim_rng, noise, 0, truth, 2, blocks, costs);
            assert_int_equal(comparison_make(costs + blocks, costs, blocks, &family, &made), 0);
            ranks += !sim_holds(&made.interval, 1);
            sign_interval(costs, blocks, family.level, &interval);
            sign += !sim_holds(&interval, 1);
            student += t_sees(costs, blocks);
        }
        printf("%3u blocks:", blocks);
        unsigned wrong = sim_share(ranks, runs, 0.5, true);
        sim_share(sign, runs, 0, true);
        sim_share(student, runs, 0, true);
        puts("");
        assert_int_equal(wrong, 0);
    }
}

/* ---- looks: how often the interval of any of them is wrong, which is what they share ---- */

static void looks_print(unsigned comparisons, size_t runs)
{
    const unsigned planned = looks_planned(comparisons);
    const struct family family = family_make(comparisons, (struct looks){.planned = planned}, 0);
    const double allowed = FAMILY_ERROR / comparisons;
    size_t missed = 0;
    for (size_t e = 0; e < runs; e++) {
        double logs[LOOK_MAX], sorted[LOOK_MAX];
        bool wrong = false;
        for (size_t i = 0; i < LOOK_MAX; i++)
            logs[i] = gsl_ran_gaussian(sim_rng, 1);
        for (unsigned look = look_next(0); look; look = look_next(look)) {
            struct interval interval;
            memcpy(sorted, logs, look * sizeof *logs);
            stats_sort(sorted, look);
            if (!ranks_interval(sorted, look, family.level, &interval))
                wrong = wrong || !sim_holds(&interval, 0);
        }
        missed += wrong;
    }
    printf("%3u comparisons, %u looks at %.4f %%: %.4f of %.4f %%\n", comparisons, planned, 100 * family.level,
           100 * (double)missed / (double)runs, 100 * allowed);
    assert_true((double)missed <= (double)runs * allowed + 4 * sqrt((double)runs * allowed));
}

static void test_looks(void **state)
{
    (void)state;
    printf("\nLooks of which one is wrong\n");
    gsl_rng_set(sim_rng, 630);
    looks_print(1, sample_all() ? 100000 : 5000);
    looks_print(10, sample_all() ? 200000 : 5000);
    looks_print(PAIRS, sample_all() ? 1000000 : 5000);
}

/* ---- a table like that of the suite quick ---- */

/* True times of the first pools of a row; of those after the last of them too. */
static const struct {
    const char *name;
    double truth[6];
} tables[] = {
    {"all equal", {1, 1, 1, 1, 1, 1}},
    {"two slower", {1, 1.5, 1.2, 1, 1, 1}},
    {"one slower", {1.3, 1, 1, 1, 1, 1}},
    {"hardly apart", {1, 1.002, 1.021, 1.0005, 1.04, 1.1}}, /* directions, and just beyond the margin */
};

struct table_sim {
    double truth[POOLS], costs[POOLS * LOOK_MAX];
    size_t cell[PAIRS], base[PAIRS];
};

static void table_fill(struct table_sim *table, const double *truth)
{
    size_t first = 0, pair = 0;
    for (size_t row = 0; row < ROWS; first += row_pools[row++])
        for (size_t a = 0; a < row_pools[row]; a++) {
            table->truth[first + a] = truth[a];
            for (size_t b = 0; b < a; b++, pair++) {
                table->cell[pair] = first + a;
                table->base[pair] = first + b;
            }
        }
    assert_int_equal(first, POOLS);
    assert_int_equal(pair, PAIRS);
}

static bool is_false(enum verdict verdict, double ratio)
{
    switch (verdict) {
    case VERDICT_EQUAL:
        return fabs(log(ratio)) > log1p(FAMILY_MARGIN);
    case VERDICT_FASTER:
        return ratio >= 1;
    case VERDICT_SLOWER:
        return ratio <= 1;
    default:
        return false;
    }
}

struct judged {
    size_t differ, right; /* pairs that do, and that are said to */
    bool wrong;           /* any verdict of any pair */
};

/* All pairs at one level, or by steps. */
static void table_judge(const struct table_sim *table, unsigned blocks, unsigned looks, bool steps, double margin,
                        struct judged *judged)
{
    struct family family = family_make(PAIRS, (struct looks){.planned = looks}, margin), last = family;
    struct cost_pair pairs[PAIRS];
    for (size_t i = 0; i < PAIRS; i++)
        pairs[i] =
            (struct cost_pair){table->costs + table->cell[i] * LOOK_MAX, table->costs + table->base[i] * LOOK_MAX};
    if (steps)
        assert_int_equal(family_step_down(&family, pairs, PAIRS, blocks, &last), 0);
    for (size_t i = 0; i < PAIRS; i++) {
        double ratio = table->truth[table->cell[i]] / table->truth[table->base[i]];
        struct comparison made;
        assert_int_equal(comparison_make(pairs[i].cell, pairs[i].baseline, blocks, &last, &made), 0);
        judged->wrong = judged->wrong || is_false(made.verdict, ratio);
        judged->differ += ratio != 1;
        judged->right += ratio != 1 && (made.verdict == VERDICT_FASTER || made.verdict == VERDICT_SLOWER);
    }
}

struct tally {
    size_t wrong_single, wrong_steps, wrong_looks;
    struct judged single, steps;
};

/* Without a margin: it would hide false `slower` behind `equal`; with it for those just beyond. */
static void table_play(struct table_sim *table, const struct sim_noise *noise, double margin, struct tally *tally)
{
    const unsigned blocks = 19, planned = looks_planned(PAIRS); /* 19: those of a minute here */
    struct judged at_looks = {0};
    tally->single.wrong = tally->steps.wrong = false;
    sim_run(sim_rng, noise, SIM_DRIFT, table->truth, POOLS, LOOK_MAX, table->costs);
    table_judge(table, blocks, 0, false, margin, &tally->single);
    table_judge(table, blocks, 0, true, margin, &tally->steps);
    for (unsigned look = look_next(0); look && sample_all(); look = look_next(look))
        table_judge(table, look, planned, true, margin, &at_looks);
    tally->wrong_single += tally->single.wrong;
    tally->wrong_steps += tally->steps.wrong;
    tally->wrong_looks += at_looks.wrong;
}

static void test_tables(void **state)
{
    static struct table_sim table;
    const size_t runs = sample_all() ? 200 : 8;
    unsigned wrong = 0;
    (void)state;
    printf("\nTables of quick, 19 blocks, with any false verdict, %% of %zu: at one level, by steps, at any look by "
           "steps | differences seen at one level, by steps\n",
           runs);
    gsl_rng_set(sim_rng, 640);
    for (size_t t = 0; t < COUNT(tables); t++) {
        struct tally sum = {0};
        table_fill(&table, tables[t].truth);
        for (size_t k = 0; k < sim_noise_count; k++) {
            struct tally tally = {0};
            for (size_t e = 0; e < runs; e++)
                table_play(&table, &sim_noises[k], e % 2 ? FAMILY_MARGIN : 0, &tally);
            printf("%-13s %-18s", tables[t].name, sim_noises[k].name);
            sim_share(tally.wrong_single, runs, 1, false);
            wrong += sim_share(tally.wrong_steps, runs, 0.05 + 4 * sqrt(0.05 * 0.95 / (double)runs), false);
            wrong += sim_share(tally.wrong_looks, runs, 0.05 + 4 * sqrt(0.05 * 0.95 / (double)runs), false);
            if (tally.single.differ)
                printf(" | %6.2f %6.2f", 100 * (double)tally.single.right / (double)tally.single.differ,
                       100 * (double)tally.steps.right / (double)tally.steps.differ);
            puts("");
            sum.wrong_steps += tally.wrong_steps;
        }
        size_t tables_in_all = runs * sim_noise_count;
        printf("%-13s in all            ", tables[t].name);
        wrong += sim_share(sum.wrong_steps, tables_in_all, 0.05 + 4 * sqrt(0.05 * 0.95 / (double)tables_in_all), false);
        puts("");
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs), cmocka_unit_test(test_gaps),   cmocka_unit_test(test_power),
        cmocka_unit_test(test_looks), cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, sim_open, sim_close);
}
