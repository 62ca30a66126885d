/* How a gate does on trials that were really run: pairs of runs whose blocks are drawn anew from those of the reference
 * run, as they are, with one pool slower, and with everything slower; two runs, and two builds in one. With RUNS, the
 * directories of runs of one program, each of these is compared with each, too: tasks of the same size, whatever seed
 * and calibration made of them. Seeded; counts are printed, so that docs/STATISTICS.md can say them. */
/* sanitizers: none (arithmetic, hundreds of times over; test_compare goes the same ways once) */
#include "bench/analyse/compare.h"
#include "bench/analyse/summary_work.h"
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/base/words.h"
#include "bench/stats/drop.h"
#include "tests/sim.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

#define REFERENCE "results/reference"
#define LIMIT     0.05
#define SLOWER    1.1
#define BETWEEN   0.005 /* standard deviation of log times from run to run, of all cells alike; */
#define OWN       0.001 /* and of each cell by itself, which is more than eleven real runs of quick show */

enum { DRAWN = 100, EVERYTHING = 2, ONE_POOL = 1, NOTHING = 0, CASES = 3 };
static const char slow_pool[] = "pthread";
static const char *const cases[CASES] = {"the same program", "one pool 10 % slower", "all 10 % slower"};

struct counts {
    size_t red, blind, pairs;
    size_t disturbed; /* of those that could not be told */
    size_t differ;    /* a verdict is faster or slower, by however little */
};

static void recorded_open(const char *directory, struct run_data *run)
{
    char error[ERROR_MAX] = "";
    if (run_trials_open(directory, run, error))
        fail_msg("%s", error);
}

static bool is_slow(const struct trial_row *trial, int slower)
{
    return slower == EVERYTHING || (slower == ONE_POOL && !strcmp(trial->f.pool, slow_pool));
}

/* Of a cell, the block of the source that stands for one of its own: the one drawn for all, where it ran there. */
static size_t trial_draw(const struct run_data *source, size_t cell, size_t block)
{
    size_t trial = run_data_at(source, cell, block), there = 0;
    for (size_t b = 1; b <= source->blocks; b++)
        there += run_data_at(source, cell, b) != RUN_NOTHING;
    for (size_t left = trial == RUN_NOTHING && there ? 1 + gsl_rng_uniform_int(sim_rng, there) : 0, b = 1; left; b++) {
        trial = run_data_at(source, cell, b);
        left -= trial != RUN_NOTHING;
    }
    return trial;
}

/* Adds the trials of a run that never was: cells run in as many blocks as in the source, each block one of those drawn.
 * program: of a run of several, whose cells are told apart by it; else NULL. */
static void trials_draw(const struct run_data *source, int slower, const char *program, struct run_data *run)
{
    double own[source->count], between = gsl_ran_gaussian(sim_rng, program ? 0 : BETWEEN);
    for (size_t cell = 0; cell < source->count; cell++)
        own[cell] = gsl_ran_gaussian(sim_rng, program ? 0 : OWN);
    for (size_t b = 1; b <= source->blocks; b++) {
        size_t drawn = 1 + gsl_rng_uniform_int(sim_rng, source->blocks);
        for (size_t cell = 0; cell < source->count; cell++) {
            size_t from = run_data_at(source, cell, b) == RUN_NOTHING ? RUN_NOTHING : trial_draw(source, cell, drawn);
            if (from == RUN_NOTHING)
                continue;
            struct trial_row *trial = &run->trials[run->trial_count++];
            *trial = source->trials[from];
            trial->trial_id = (int64_t)run->trial_count;
            trial->block = (int64_t)b;
            trial->wall_ns =
                llround((double)trial->wall_ns * exp(between + own[cell]) * (is_slow(trial, slower) ? SLOWER : 1));
            if (program) {
                snprintf(trial->f.trial_program, sizeof trial->f.trial_program, "%s", program);
                trial->cell_id[0] = program[0]; /* c001, of "this" t001 */
            }
        }
    }
}

static void side_index(const struct run_data *source, struct side *side)
{
    char error[ERROR_MAX] = "";
    side->id = "drawn";
    side->run.looks = source->looks;
    assert_int_equal(run_data_index(&side->run, error), 0);
    assert_int_equal(side_costs(side, METRIC_WALL), 0);
}

static void side_new(const struct run_data *source, size_t builds, struct side *side)
{
    *side = (struct side){0};
    side->run.trials = calloc(builds * source->trial_count + 1, sizeof *side->run.trials);
    assert_non_null(side->run.trials);
}

static void gate_count(struct side *base, struct side *cell, struct counts *counts)
{
    const struct question question = {.metric = METRIC_WALL, .baseline = "", .margin = 0.02, .between_runs = 0.015};
    const struct sides bases = {base, 1}, cells = {cell, 1};
    struct compare compare;
    bool red = false, blind = false, differ = false;
    assert_int_equal(compare_make(&bases, &cells, &question, false, &compare), 0);
    for (size_t i = 0; i < compare.count; i++) {
        enum gate gate = pair_gate(&compare, &compare.pairs[i], LIMIT);
        red = red || gate == GATE_BEYOND;
        blind = blind || gate == GATE_BLIND;
        enum verdict verdict = compare.pairs[i].comparison.verdict;
        differ = differ || verdict == VERDICT_FASTER || verdict == VERDICT_SLOWER;
    }
    counts->pairs++;
    counts->differ += differ;
    counts->disturbed += compare.disturbed != NULL;
    counts->red += red;
    counts->blind += !red && blind;
    compare_release(&compare);
}

static void counts_print(const char *what, const struct counts *counts)
{
    printf(
        "%-22s of %zu pairs: red %zu, could not tell %zu (disturbed %zu), green %zu; with a verdict that differs %zu\n",
        what, counts->pairs, counts->red, counts->blind, counts->disturbed, counts->pairs - counts->red - counts->blind,
        counts->differ);
}

static void test_two_runs(void **state)
{
    struct run_data source;
    (void)state;
    recorded_open(REFERENCE, &source);
    gsl_rng_set(sim_rng, 900);
    printf("\nTwo runs, blocks drawn from %s\n", REFERENCE);
    for (int slower = 0; slower < CASES; slower++) {
        struct counts counts = {0};
        for (size_t i = 0; i < DRAWN; i++) {
            struct side sides[2];
            for (size_t s = 0; s < 2; s++) {
                side_new(&source, 1, &sides[s]);
                trials_draw(&source, s ? slower : NOTHING, NULL, &sides[s].run);
                side_index(&source, &sides[s]);
            }
            gate_count(&sides[0], &sides[1], &counts);
            side_release(&sides[0]);
            side_release(&sides[1]);
        }
        counts_print(cases[slower], &counts);
        assert_true(slower ? counts.red >= DRAWN * 9 / 10 : counts.red <= DRAWN / 100);
    }
    run_data_close(&source);
}

static void test_two_builds(void **state)
{
    struct run_data source;
    (void)state;
    recorded_open(REFERENCE, &source);
    gsl_rng_set(sim_rng, 910);
    printf("\nTwo builds in one run, likewise\n");
    for (int slower = 0; slower < CASES; slower++) {
        struct counts counts = {0};
        for (size_t i = 0; i < DRAWN; i++) {
            struct side side;
            side_new(&source, 2, &side);
            trials_draw(&source, NOTHING, "old", &side.run);
            trials_draw(&source, slower, "this", &side.run);
            side_index(&source, &side);
            gate_count(&side, &side, &counts);
            side_release(&side);
        }
        counts_print(cases[slower], &counts);
        assert_true(slower ? counts.red >= DRAWN * 9 / 10 : counts.red <= DRAWN / 100);
    }
    run_data_close(&source);
}

/* ---- a minute ---- */

enum {
    MINUTES = 20,
    LEAVE_FROM = 12,
    LOOK_NS = 20000000
}; /* a look at 600 trials takes so long, with the machine busy */

/* What a trial of each cell takes, with what stands beside it: on average, from start to start within a block. */
static void costs_take(const struct run_data *source, double *cost_ns)
{
    double count[source->count];
    memset(count, 0, sizeof count);
    for (size_t i = 0; i + 1 < source->trial_count; i++) {
        const struct trial_row *t = &source->trials[i];
        if (t[0].block != t[1].block || t[1].trial_id != t[0].trial_id + 1)
            continue;
        size_t cell = source->cell[i];
        cost_ns[cell] += ((double)(t[1].started_ns - t[0].started_ns) - cost_ns[cell]) / ++count[cell];
    }
}

/* The table of what a minute has so far. */
static void minute_open(const struct trial_row *trials, size_t count, struct looks looks, struct run_data *run,
                        struct table *table)
{
    char error[ERROR_MAX] = "";
    double values[count + 1];
    const struct work work = {.run = run, .values = values};
    *run = (struct run_data){.trials = calloc(count + 1, sizeof *trials), .trial_count = count};
    assert_non_null(run->trials);
    memcpy(run->trials, trials, count * sizeof *trials);
    run->looks = looks;
    assert_int_equal(run_data_index(run, error), 0);
    for (size_t cell = 0; cell < run->count; cell++)
        cell_time(&work, cell);
    assert_int_equal(table_init(table, run), 0);
}

/* What runs on, as bench/measure/look.c has it. */
static void minute_look(const struct run_data *source, const struct run_data *run, const struct table *table,
                        bool *wanted)
{
    const unsigned blocks = run->looks.end;
    const bool judged = blocks >= LEAVE_FROM && look_after(blocks - 1) == blocks;
    bool now[source->count];
    memset(now, 0, sizeof now);
    for (size_t r = 0; r < table->rows; r++)
        for (size_t c = 0; c < table->pools; c++) {
            const size_t cell = table_entry(table, r, c)->cell;
            if (table_clear(table, r) || (judged && table_told(table, r)) || cell == NO_CELL ||
                table_dropped(table, r, c))
                continue;
            for (size_t i = 0; i < source->count; i++)
                now[i] = now[i] || !strcmp(source->rows[i].cell_id, run->rows[cell].cell_id);
        }
    for (size_t i = 0; i < source->count; i++)
        wanted[i] = wanted[i] && now[i];
}

/* Adds a block of what is wanted; returns how long it takes. */
static double minute_block(const struct run_data *source, const bool *wanted, const double *cost_ns, size_t block,
                           struct trial_row *trials, size_t *count)
{
    const size_t drawn = 1 + gsl_rng_uniform_int(sim_rng, source->blocks);
    double ns = LOOK_NS;
    for (size_t cell = 0; cell < source->count; cell++) {
        if (!wanted[cell])
            continue;
        trials[*count] = source->trials[trial_draw(source, cell, drawn)];
        trials[*count].trial_id = (int64_t)*count + 1;
        trials[*count].block = (int64_t)block;
        (*count)++;
        ns += cost_ns[cell];
    }
    return ns;
}

struct minute {
    size_t blocks, told, open, fewest; /* fewest: of a row that is not told */
};

static struct minute minute_play(const struct run_data *source, const double *cost_ns, double budget_ns)
{
    struct trial_row *trials = calloc(200 * source->count, sizeof *trials);
    struct looks looks = {.leave_from = LEAVE_FROM, .is_open = true};
    struct minute minute = {.fewest = SIZE_MAX};
    bool wanted[source->count];
    struct run_data run;
    struct table table;
    size_t count = 0;
    assert_non_null(trials);
    memset(wanted, true, sizeof wanted);
    for (double ns = 0, last = 0; minute.blocks < 200 && ns + last / 2 <= budget_ns; ns += last) {
        last = minute_block(source, wanted, cost_ns, ++minute.blocks, trials, &count);
        looks.end = (unsigned)minute.blocks;
        if (minute.blocks < DROP_LEAST)
            continue;
        minute_open(trials, count, looks, &run, &table);
        minute_look(source, &run, &table, wanted);
        table_release(&table);
        run_data_close(&run);
    }
    looks.is_open = false;
    minute_open(trials, count, looks, &run, &table);
    for (size_t r = 0; r < table.rows; r++) {
        struct sight sight;
        assert_int_equal(table_sight(&table, r, &sight), 0);
        if (!table_compares(&table, r))
            continue;
        minute.told += table_told(&table, r);
        minute.open += !table_told(&table, r);
        if (!table_told(&table, r) && sight.blocks < minute.fewest)
            minute.fewest = sight.blocks;
    }
    table_release(&table);
    run_data_close(&run);
    free(trials);
    return minute;
}

/* The reference run once more, its trials as long as they were there, by the rules of today. */
static void test_minute(void **state)
{
    struct run_data source;
    size_t fewest[MINUTES], told = 0, open = 0;
    (void)state;
    recorded_open(REFERENCE, &source);
    const struct trial_row *last = &source.trials[source.trial_count - 1];
    double cost_ns[source.count];
    memset(cost_ns, 0, sizeof cost_ns);
    costs_take(&source, cost_ns);
    gsl_rng_set(sim_rng, 920);
    printf("\nMinutes drawn from %s, of %zu blocks: blocks of rows that are not told, the row with the fewest:",
           REFERENCE, source.blocks);
    for (size_t i = 0; i < MINUTES; i++) {
        struct minute minute = minute_play(&source, cost_ns, (double)last->started_ns);
        fewest[i] = minute.fewest;
        told += minute.told;
        open += minute.open;
        printf(" %zd", (ssize_t)minute.fewest);
    }
    printf("\nrows told %.1f, not told %.1f\n", (double)told / MINUTES, (double)open / MINUTES);
    for (size_t i = 0; i < MINUTES; i++)
        assert_true(fewest[i] >= source.blocks * 4 / 5); /* it may have been recorded by these rules */
    run_data_close(&source);
}

/* As if it had done the tasks of the other: each cell with its own time for a task. */
static void side_level(const struct run_data *to, struct side *side)
{
    struct run_data *run = &side->run;
    for (size_t i = 0; i < run->trial_count; i++) {
        struct trial_row *trial = &run->trials[i];
        for (size_t row = 0; row < to->count; row++) {
            const struct factors *f = &to->rows[row].f;
            if (strcmp(to->rows[row].cell_id, trial->cell_id) != 0)
                continue;
            trial->wall_ns = llround((double)trial->wall_ns * (double)f->tasks / (double)trial->f.tasks);
            trial->f.tasks = f->tasks;
            trial->f.iterations = f->iterations;
        }
        trial->seed = to->trials[0].seed;
    }
}

static void side_recorded(const char *directory, const struct run_data *to, int slower, struct side *side)
{
    struct run_data source;
    recorded_open(directory, &source);
    side_new(&source, 1, side);
    memcpy(side->run.trials, source.trials, source.trial_count * sizeof *source.trials);
    side->run.trial_count = source.trial_count;
    for (size_t i = 0; i < source.trial_count; i++)
        if (is_slow(&side->run.trials[i], slower))
            side->run.trials[i].wall_ns = llround((double)side->run.trials[i].wall_ns * SLOWER);
    side_level(to, side);
    side_index(&source, side);
    run_data_close(&source);
}

static void test_recorded_runs(void **state)
{
    struct words runs = {0};
    const char *asked = getenv("RUNS");
    (void)state;
    if (!asked || !*asked)
        skip();
    assert_int_equal(words_split(&runs, asked, ','), 0);
    printf("\nTwo of the runs in RUNS\n");
    for (int slower = 0; slower < CASES; slower++) {
        struct counts counts = {0};
        for (size_t a = 0; a < runs.count; a++)
            for (size_t b = a + 1; b < runs.count; b++) {
                struct run_data first;
                struct side sides[2];
                recorded_open(runs.word[a], &first);
                side_recorded(runs.word[a], &first, NOTHING, &sides[0]);
                side_recorded(runs.word[b], &first, slower, &sides[1]);
                gate_count(&sides[0], &sides[1], &counts);
                side_release(&sides[0]);
                side_release(&sides[1]);
                run_data_close(&first);
            }
        counts_print(cases[slower], &counts);
    }
    words_release(&runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_runs), cmocka_unit_test(test_two_builds),
                                       cmocka_unit_test(test_minute), cmocka_unit_test(test_recorded_runs)};
    return cmocka_run_group_tests(tests, sim_open, sim_close);
}
