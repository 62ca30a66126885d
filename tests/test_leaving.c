/* How often a whole run is right whose rows and cells leave by what was found of them: tables like that of the suite
 * quick with a known truth, played to the end of their time by the functions that judge real runs. A few tables of each
 * kind of noise, with wide slack; `ALL=1 build/default/test_leaving` plays those that docs/STATISTICS.md tells of.
 * Seeded.
 */
/* sanitizers: none (arithmetic, thousands of times over; test_verdict goes the same ways once) */
#include "bench/stats/drop.h"
#include "bench/stats/verdict.h"
#include "tests/quick_rows.h"
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

enum { BLOCKS = 200, TIME = 21 * POOLS, LEAVE_FROM = 12 };

/* True times of the first pools of a row. */
static const struct {
    const char *name;
    double truth[6];
} tables[] = {
    {"all equal", {1, 1, 1, 1, 1, 1}},
    {"two slower", {1, 1.5, 1.2, 1, 1, 1}},
    {"far behind", {1, 1, 1.02, 1, 2, 3}},
    {"hardly apart", {1, 1.002, 1.021, 1.0005, 1.04, 1.1}}, /* directions, and just beyond the margin */
};

static bool all; /* plays as many as STATISTICS.md says */

struct game {
    double truth[POOLS], costs[POOLS * BLOCKS]; /* what trials would take, */
    double seen[POOLS * BLOCKS];                /* and those that were run; NAN: it was not */
    bool runs[POOLS], dropped[POOLS];
    struct looks looks;
    double margin;
    unsigned false_drops, wrong;
    double apart;                                    /* true differences of so much from the best are counted, */
    size_t apart_count, apart_told, apart_told_by_t; /* and whether they are told in the end */
};

static const double *seen_of(const struct game *game, size_t cell)
{
    return game->seen + cell * BLOCKS;
}

static double median_of(const struct game *game, size_t cell)
{
    double sorted[BLOCKS];
    memcpy(sorted, seen_of(game, cell), sizeof sorted);
    return stats_median(sorted, stats_sort(sorted, BLOCKS));
}

/* The observed best of a row, of those that still run if any do. */
static size_t best_of(const struct game *game, size_t first, size_t count)
{
    size_t best = first;
    for (size_t i = first; i < first + count; i++)
        if (game->dropped[best] || (!game->dropped[i] && median_of(game, i) < median_of(game, best)))
            best = i;
    return best;
}

/* The level by steps, over all pairs of cells of which not both were dropped: as bench/analyse/table.c. */
static struct family family_of(const struct game *game)
{
    struct cost_pair pairs[PAIRS];
    struct family last;
    size_t count = 0;
    for (size_t row = 0, first = 0; row < ROWS; first += row_pools[row++])
        for (size_t a = first; a < first + row_pools[row]; a++)
            for (size_t b = first; b < a; b++)
                if (!game->dropped[a] || !game->dropped[b])
                    pairs[count++] = (struct cost_pair){seen_of(game, a), seen_of(game, b)};
    const struct family all_pairs = family_make((unsigned)count, game->looks, game->margin);
    assert_int_equal(family_step_down(&all_pairs, pairs, count, game->looks.end, &last), 0);
    return last;
}

static bool is_false(enum verdict verdict, double ratio)
{
    return (verdict == VERDICT_EQUAL && fabs(log(ratio)) > log1p(FAMILY_MARGIN)) ||
           (verdict == VERDICT_FASTER && ratio >= 1) || (verdict == VERDICT_SLOWER && ratio <= 1);
}

/* Student's t of the same trials, which knows of no looks, at a level that all pairs share. */
static bool t_tells(const struct game *game, size_t cell, size_t best)
{
    double logs[BLOCKS];
    size_t n = 0;
    for (size_t b = 0; b < BLOCKS; b++)
        if (!isnan(seen_of(game, cell)[b]) && !isnan(seen_of(game, best)[b]))
            logs[n++] = log(seen_of(game, cell)[b] / seen_of(game, best)[b]);
    const double error = gsl_stats_sd(logs, 1, n) / sqrt((double)n);
    return gsl_stats_mean(logs, 1, n) > gsl_cdf_tdist_Qinv(FAMILY_ERROR / PAIRS / 2, (double)n - 1) * error;
}

/* What the row says of its pools against its best; false where it runs on: a verdict is not told, or (is_judged is
 * false) not by what a few blocks tell, which is all that counts then. */
static bool row_judge(struct game *game, size_t first, size_t count, const struct family *family, bool is_judged)
{
    size_t best = best_of(game, first, count);
    bool told = true, clear = true;
    for (size_t i = first; i < first + count; i++) {
        struct comparison made;
        double ratio = game->truth[i] / game->truth[best];
        if (i == best)
            continue;
        assert_int_equal(comparison_make(seen_of(game, i), seen_of(game, best), game->looks.end, family, &made), 0);
        game->wrong += (is_judged || made.is_clear) && is_false(made.verdict, ratio);
        told = told && made.verdict != VERDICT_UNRESOLVED;
        clear = clear && made.is_clear;
        if (made.is_far && game->runs[i]) {
            game->dropped[i] = true;
            game->runs[i] = false;
            game->false_drops += ratio <= 1;
        }
        if (!game->looks.is_open && fabs(ratio - 1 - game->apart) < 0.001) {
            game->apart_count++;
            game->apart_told += made.verdict == VERDICT_SLOWER;
            game->apart_told_by_t += t_tells(game, i, best);
        }
    }
    return clear || (is_judged && told);
}

/* After every block: as bench/measure/look.c. */
static void look(struct game *game)
{
    const unsigned blocks = game->looks.end;
    const bool is_judged = !game->looks.is_open || (blocks >= LEAVE_FROM && look_after(blocks - 1) == blocks);
    const struct family family = is_judged ? family_of(game) : family_make(PAIRS, game->looks, game->margin);
    for (size_t row = 0, first = 0; row < ROWS; first += row_pools[row++]) {
        bool leaves = row_judge(game, first, row_pools[row], &family, is_judged) && game->looks.is_open;
        for (size_t i = first; leaves && i < first + row_pools[row]; i++)
            game->runs[i] = false;
    }
}

/* Blocks until their time is used up: what left gives its time to what has not. Returns how many. */
static unsigned play(struct game *game)
{
    size_t used = 0, running = POOLS;
    for (size_t i = 0; i < POOLS * BLOCKS; i++)
        game->seen[i] = NAN;
    for (size_t i = 0; i < POOLS; i++) {
        game->runs[i] = true;
        game->dropped[i] = false;
    }
    game->looks = (struct looks){.leave_from = LEAVE_FROM, .is_open = true};
    for (unsigned block = 0; running && used + running <= TIME && block < BLOCKS; block++) {
        for (size_t i = 0; i < POOLS; i++)
            if (game->runs[i])
                game->seen[i * BLOCKS + block] = game->costs[i * BLOCKS + block];
        used += running;
        game->looks.end = block + 1;
        if (block + 1 >= DROP_LEAST)
            look(game);
        running = 0;
        for (size_t i = 0; i < POOLS; i++)
            running += game->runs[i];
    }
    game->looks.is_open = false;
    look(game);
    return game->looks.end;
}

static void truth_fill(struct game *game, const double *truth)
{
    for (size_t row = 0, first = 0; row < ROWS; first += row_pools[row++])
        memcpy(game->truth + first, truth, row_pools[row] * sizeof *truth);
}

static void test_runs(void **state)
{
    static struct game game;
    const size_t runs = all ? 250 : 5;
    unsigned wrong = 0;
    (void)state;
    printf(
        "\nRuns of quick whose rows leave, %% of %zu with a false verdict, with a false drop; blocks; differences of 2 "
        "%% told\n",
        runs);
    gsl_rng_set(sim_rng, 700);
    for (size_t t = 0; t < COUNT(tables); t++) {
        size_t table_wrong = 0, table_drops = 0;
        truth_fill(&game, tables[t].truth);
        for (size_t k = 0; k < sim_noise_count; k++) {
            size_t any_wrong = 0, any_drop = 0, blocks = 0;
            game.apart = 0.02;
            game.apart_count = game.apart_told = 0;
            for (size_t e = 0; e < runs; e++) {
                game.wrong = game.false_drops = 0;
                game.margin = e % 2 ? FAMILY_MARGIN : 0;
                sim_run(sim_rng, &sim_noises[k], SIM_DRIFT, game.truth, POOLS, BLOCKS, game.costs);
                blocks += play(&game);
                any_wrong += game.wrong > 0;
                any_drop += game.false_drops > 0;
            }
            printf("%-13s %-18s", tables[t].name, sim_noises[k].name);
            wrong += sim_share(any_wrong, runs, 0.05 + 4 * sqrt(0.05 * 0.95 / (double)runs), false);
            sim_share(any_drop, runs, 1, false);
            printf(" | %5.1f", (double)blocks / (double)runs);
            if (game.apart_count)
                printf(" | %6.2f", 100 * (double)game.apart_told / (double)game.apart_count);
            puts("");
            table_wrong += any_wrong;
            table_drops += any_drop;
        }
        size_t tables_in_all = runs * sim_noise_count;
        printf("%-13s in all            ", tables[t].name);
        wrong += sim_share(table_wrong, tables_in_all, 0.05 + 4 * sqrt(0.05 * 0.95 / (double)tables_in_all), false);
        wrong += sim_share(table_drops, tables_in_all, 0.001 + 4 * sqrt(0.001 / (double)tables_in_all), false);
        puts("");
    }
    assert_int_equal(wrong, 0);
}

/* How many blocks in all would tell every verdict of the row, as the run says it; 0: it is told. */
static size_t row_needs(const struct game *game, size_t first, size_t count, const struct family *family)
{
    size_t best = best_of(game, first, count), needs = 0;
    for (size_t i = first; i < first + count; i++) {
        struct comparison made;
        assert_int_equal(comparison_make(seen_of(game, i), seen_of(game, best), game->looks.end, family, &made), 0);
        if (i != best && made.verdict == VERDICT_UNRESOLVED && made.blocks_to_resolve > needs)
            needs = made.blocks_to_resolve;
    }
    return needs;
}

/* Goes on with a run that has ended, as --more does, until the blocks that a row was said to need; is it told then, and
 * (wrong) is any of it false? */
static bool more_tells(const struct game *ended, size_t first, size_t count, size_t needs, bool *wrong)
{
    static struct game game;
    game = *ended;
    game.wrong = 0;
    game.looks.ends[game.looks.end_count++] = game.looks.end;
    for (size_t i = first; i < first + count; i++)
        for (size_t block = game.looks.end; block < needs && !game.dropped[i]; block++)
            game.seen[i * BLOCKS + block] = game.costs[i * BLOCKS + block];
    game.looks.end = (unsigned)needs;
    const struct family family = family_of(&game);
    const bool told = row_judge(&game, first, count, &family, true);
    *wrong = game.wrong > 0;
    return told;
}

struct asked {
    size_t rows, told, wrong; /* that need at most BLOCKS; after that many; falsely */
};

/* What becomes of the rows that a minute does not tell, of one kind of noise. */
static struct asked rows_ask(struct game *game, const struct sim_noise *noise, size_t runs)
{
    struct asked asked = {0};
    for (size_t e = 0; e < runs; e++) {
        sim_run(sim_rng, noise, SIM_DRIFT, game->truth, POOLS, BLOCKS, game->costs);
        play(game);
        const struct family family = family_of(game);
        for (size_t row = 0, first = 0; row < ROWS; first += row_pools[row++]) {
            const size_t needs = row_needs(game, first, row_pools[row], &family);
            bool wrong = false;
            if (!needs || needs > BLOCKS)
                continue;
            asked.rows++;
            asked.told += more_tells(game, first, row_pools[row], needs, &wrong);
            asked.wrong += wrong;
        }
    }
    return asked;
}

/* Rows that a minute does not tell: does the time that it names? With the margin, so that pools that are equal end as
 * such: of pools that are, any other verdict is false. */
static void test_more(void **state)
{
    static struct game game;
    const size_t runs = all ? 100 : 5;
    size_t rows = 0, told = 0, wrong = 0;
    (void)state;
    gsl_rng_set(sim_rng, 720);
    game.margin = FAMILY_MARGIN;
    printf("\nRows told after the blocks that they were said to need, %% of those, at most %d; falsely\n", BLOCKS);
    for (size_t t = 0; t < 2; t++)
        for (size_t k = 0; k < sim_noise_count; k++) {
            truth_fill(&game, tables[t ? 2 : 0].truth);
            const struct asked asked = rows_ask(&game, &sim_noises[k], runs);
            printf("%-13s %-18s %5zu:", tables[t ? 2 : 0].name, sim_noises[k].name, asked.rows);
            if (asked.rows) {
                sim_share(asked.told, asked.rows, 0, true);
                sim_share(asked.wrong, asked.rows, 1, false);
            }
            puts("");
            rows += asked.rows;
            told += asked.told;
            wrong += asked.wrong;
        }
    unsigned missed = sim_share(told, rows, 0.8, true) + sim_share(wrong, rows, 0.05, false);
    puts(" in all");
    assert_int_equal(missed, 0);
}

static double draw_two(gsl_rng *of)
{
    return 1 + gsl_ran_gaussian(of, 0.02);
}

/* Where a share of 80 % lies between two differences, on a straight line. */
static double seen_from(const double *apart, const double *share, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (share[i] >= 0.8)
            return apart[i - 1] + (apart[i] - apart[i - 1]) * (0.8 - share[i - 1]) / (share[i] - share[i - 1]);
    return INFINITY;
}

/* Rows as a minute here has them: processes for each task far behind, the others so far apart. */
static void truth_apart(struct game *game, double apart)
{
    game->apart = apart;
    for (size_t row = 0, first = 0; row < ROWS; first += row_pools[row++])
        for (size_t i = 0; i < row_pools[row]; i++)
            game->truth[first + i] = i + 1 == row_pools[row]            ? 2
                                     : i + 2 == row_pools[row] && i > 2 ? 3
                                     : i % 2                            ? 1 + apart
                                                                        : 1;
}

/* How small a difference a minute tells, and how small a one Student's t would tell of the same trials. */
static void test_power(void **state)
{
    static const double apart[] = {0.01, 0.015, 0.02, 0.0225, 0.025, 0.03, 0.04};
    static struct game game;
    const struct sim_noise two = {"normal 2 %", draw_two, 1};
    const size_t runs = all ? 200 : 10;
    double told[COUNT(apart)], told_by_t[COUNT(apart)];
    (void)state;
    printf("\nTrue differences that a minute of quick tells, noise of 2 %%, %% of %zu runs; by a t-test; blocks\n",
           runs);
    for (size_t d = 0; d < COUNT(apart); d++) {
        size_t blocks = 0;
        truth_apart(&game, apart[d]);
        game.apart_count = game.apart_told = game.apart_told_by_t = 0;
        gsl_rng_set(sim_rng, 710);
        for (size_t e = 0; e < runs; e++) {
            sim_run(sim_rng, &two, 0, game.truth, POOLS, BLOCKS, game.costs);
            blocks += play(&game);
        }
        told[d] = (double)game.apart_told / (double)game.apart_count;
        told_by_t[d] = (double)game.apart_told_by_t / (double)game.apart_count;
        printf("%5.2f %%  %6.2f  %6.2f  %5.1f\n", 100 * apart[d], 100 * told[d], 100 * told_by_t[d],
               (double)blocks / (double)runs);
    }
    const double seen = seen_from(apart, told, COUNT(apart)), by_t = seen_from(apart, told_by_t, COUNT(apart));
    printf("80 %% of differences from %.2f %% are told, by a t-test from %.2f %%: %.3f times\n", 100 * seen, 100 * by_t,
           seen / by_t);
    assert_true(told[2] >= 0.5 && seen <= 0.03 && seen <= 1.15 * by_t);
}

int main(void)
{
    const char *asked = getenv("ALL");
    all = asked && *asked;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_more),
        cmocka_unit_test(test_runs),
    };
    return cmocka_run_group_tests(tests, sim_open, sim_close);
}
