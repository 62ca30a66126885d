/* The numbers of the pairs that are compared. In one run block by block; of two runs block i of one and block i of the
 * other, and what lies between the runs is taken in; of several runs a side a number a run. */
#include "bench/analyse/compare.h"
#include "bench/analyse/table.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/design.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of one pair, room for everything. */
struct judging {
    struct compare *c;
    size_t blocks;         /* that all runs have */
    double *cell, *base;   /* `blocks`: what is compared, of one run */
    double *room;          /* `blocks` */
    double *ratios;        /* a row a pair that is in the mean, by block; or by run */
    size_t kept;           /* such rows */
    double *cells, *bases; /* a number a run, of a row each like `ratios` */
};

static double median_of(const double *values, size_t blocks, double *room)
{
    memcpy(room, values, blocks * sizeof *room);
    size_t count = stats_sort(room, blocks);
    return stats_median(room, count);
}

/* The series of a cell, divided by its own baseline where it is measured by one. */
static void compared_of(const struct side *side, size_t cell, size_t own, size_t blocks, double *values)
{
    const double *costs = series_of(&side->series, cell),
                 *base = own == RUN_NOTHING ? NULL : series_of(&side->series, own);
    for (size_t i = 0; i < blocks; i++)
        values[i] = !base ? costs[i] : base[i] > 0 ? costs[i] / base[i] : NAN;
}

/* Whether there is nothing but 0 on both sides: a time or a size below what is measured here, and no result. */
static bool is_unmeasured(const struct judging *j)
{
    enum metric_unit unit = j->c->question.metric->unit;
    bool zero = unit == UNIT_NS || unit == UNIT_BYTES;
    for (size_t b = 0; b < j->blocks && zero; b++)
        zero = !(j->cell[b] > 0) && !(j->base[b] > 0);
    return zero;
}

static double own_cost(const struct judging *j, const struct side *side, size_t own)
{
    return own == RUN_NOTHING ? NAN : median_of(series_of(&side->series, own), j->blocks, j->room);
}

/* The machine as it was is in absolute times, even where nothing of it is seen. */
static double told_of(const struct compare *c, const struct pair *p)
{
    return pair_is_relative(p) || !compare_is_of_time(c) ? 0 : c->question.between_runs;
}

static int64_t most_trials(const struct run_data *run)
{
    int64_t most = 0;
    for (size_t i = 0; i < run->count; i++)
        most = run->rows[i].trials > most ? run->rows[i].trials : most;
    return most;
}

/* Runs that are the units have one number each, of however many blocks. */
static bool ran_to_the_end(const struct compare *c, const struct pair *p)
{
    const struct run_data *cells = &c->cell->run, *bases = &c->base->run;
    return c->several || !c->family.looks.leave_from ||
           (cells->rows[p->cell].trials == most_trials(cells) && bases->rows[p->base].trials == most_trials(bases));
}

/* Whether a row stands for the others in the mean, which is counted: numbers of one kind. One that left would leave few
 * blocks with all cells. */
static bool mean_takes(struct compare *c, const struct pair *p)
{
    const bool is_one = p->comparison.blocks && pair_is_relative(p) == (c->apart || (c->two && c->relative));
    const bool is_whole = is_one && ran_to_the_end(c, p);
    if (c->question.metric->pooled) /* no number a block */
        return c->several && is_whole;
    c->mean_cells += is_whole;
    c->mean_left_out += is_one && !is_whole;
    return is_whole;
}

static int pair_judge(struct judging *j, struct pair *p)
{
    struct compare *c = j->c;
    struct apart apart = {0};
    int result = 0;
    compared_of(c->cell, p->cell, p->cell_own, j->blocks, j->cell);
    compared_of(c->base, p->base, p->base_own, j->blocks, j->base);
    const bool measured = !is_unmeasured(j);
    for (size_t b = 0; b < j->blocks && !measured; b++)
        j->cell[b] = j->base[b] = NAN;
    if (c->two || c->apart)
        result = apart_see(j->cell, j->base, j->blocks, told_of(c, p), &apart);
    if (!result)
        result = comparison_make(j->cell, j->base, j->blocks, &c->family, &p->comparison);
    if (!result)
        result = comparison_of_pooled(c->question.metric,
                                      &(struct metric_pair){&c->cell->run, &c->base->run, p->cell, p->base}, &c->family,
                                      &p->comparison);
    if (!result)
        comparison_widen(&p->comparison, &apart, &c->family);
    for (size_t b = 0; b < j->blocks; b++)
        j->room[b] = log(j->cell[b] / j->base[b]);
    if (!result)
        result = lag_find(j->room, j->blocks, &p->lag);
    p->cell_cost = median_of(j->cell, j->blocks, j->room);
    p->base_cost = median_of(j->base, j->blocks, j->room);
    p->cell_own_cost = own_cost(j, c->cell, p->cell_own);
    p->base_own_cost = own_cost(j, c->base, p->base_own);
    if (mean_takes(c, p)) /* a cell that failed throughout would leave no block with all cells */
        for (size_t b = 0, row = j->kept++; b < j->blocks; b++)
            j->ratios[row * j->blocks + b] = j->base[b] > 0 ? j->cell[b] / j->base[b] : NAN;
    return result;
}

/* ---- several runs a side ---- */

/* The number of each run of a side, and medians over runs. */
static void runs_judge(const struct judging *j, const struct sides *sides, size_t cell, size_t own, double *numbers,
                       double *cost, double *cost_of_own)
{
    const struct run_data *first = &sides->run->run;
    double costs[SIDE_RUNS_MAX] = {0}, owns[SIDE_RUNS_MAX] = {0}, room[SIDE_RUNS_MAX];
    for (size_t r = 0; r < sides->count; r++) {
        const struct side *side = &sides->run[r];
        size_t twin = cell_twin(j->c, &first->rows[cell], &side->run);
        size_t by = own == RUN_NOTHING ? own : cell_twin(j->c, &first->rows[own], &side->run);
        numbers[r] = costs[r] = owns[r] = NAN;
        if (twin == RUN_NOTHING || (own != RUN_NOTHING && by == RUN_NOTHING))
            continue;
        compared_of(side, twin, by, j->blocks, j->cell);
        numbers[r] = run_middle(j->cell, j->blocks, j->room);
        costs[r] = median_of(j->cell, j->blocks, j->room);
        owns[r] = own_cost(j, side, by);
    }
    *cost = median_of(costs, sides->count, room);
    *cost_of_own = median_of(owns, sides->count, room);
}

static int pair_judge_runs(struct judging *j, struct pair *p)
{
    struct compare *c = j->c;
    double *cells = j->cells + j->kept * SIDE_RUNS_MAX, *bases = j->bases + j->kept * SIDE_RUNS_MAX;
    runs_judge(j, &c->cells, p->cell, p->cell_own, cells, &p->cell_cost, &p->cell_own_cost);
    runs_judge(j, &c->bases, p->base, p->base_own, bases, &p->base_cost, &p->base_own_cost);
    comparison_of_runs(cells, c->cells.count, bases, c->bases.count, &c->family, &p->comparison);
    j->kept += mean_takes(c, p);
    return 0;
}

/* The mean over cells of the numbers of each run. */
static void runs_mean(const struct judging *j, double *rows, size_t runs, double *means)
{
    for (size_t r = 0; r < runs; r++) {
        means[r] = j->kept ? 0 : NAN;
        for (size_t k = 0; k < j->kept; k++)
            means[r] += rows[k * SIDE_RUNS_MAX + r] / (double)j->kept;
    }
}

static int mean_make(const struct judging *j, const struct family *alone)
{
    struct compare *c = j->c;
    double cells[SIDE_RUNS_MAX], bases[SIDE_RUNS_MAX];
    const struct apart apart = {.told = c->two && !c->relative && compare_is_of_time(c) ? c->question.between_runs : 0};
    if (!c->several) {
        int result = comparison_of_all(j->ratios, j->kept, j->blocks, alone, &c->mean);
        comparison_widen(&c->mean, &apart, alone);
        return result;
    }
    runs_mean(j, j->cells, c->cells.count, cells);
    runs_mean(j, j->bases, c->bases.count, bases);
    comparison_of_runs(cells, c->cells.count, bases, c->bases.count, alone, &c->mean);
    return 0;
}

/* ---- all of it ---- */

static size_t blocks_of(const struct compare *c)
{
    size_t blocks = SIZE_MAX;
    for (size_t r = 0; r < c->bases.count; r++)
        blocks = c->bases.run[r].series.blocks < blocks ? c->bases.run[r].series.blocks : blocks;
    for (size_t r = 0; r < c->cells.count; r++)
        blocks = c->cells.run[r].series.blocks < blocks ? c->cells.run[r].series.blocks : blocks;
    return blocks;
}

static int judging_open(struct judging *j, struct compare *c)
{
    const size_t rows = c->count + 1, runs = c->several ? SIDE_RUNS_MAX : 0;
    *j = (struct judging){.c = c, .blocks = blocks_of(c)};
    j->cell = calloc(3 * j->blocks + 1, sizeof *j->cell);
    j->ratios = calloc(rows * j->blocks + 1, sizeof *j->ratios);
    j->cells = calloc(2 * rows * runs + 1, sizeof *j->cells);
    j->base = j->cell ? j->cell + j->blocks : NULL;
    j->room = j->cell ? j->cell + 2 * j->blocks : NULL;
    j->bases = j->cells ? j->cells + rows * runs : NULL;
    return j->cell && j->ratios && j->cells ? 0 : -ENOMEM;
}

static void judging_close(struct judging *j)
{
    free(j->cell);
    free(j->ratios);
    free(j->cells);
}

/* Where rows leave, pairs that are far apart have few blocks; elsewhere they have all, and tell as much as others. */
static int visible_find(struct compare *c)
{
    size_t count = 0;
    struct comparison *all = calloc(c->count + 1, sizeof *all);
    double *room = calloc(2 * c->count + 1, sizeof *room);
    for (size_t i = 0; i < c->count && all; i++)
        if (!c->family.looks.leave_from || !comparison_far(&c->pairs[i].comparison))
            all[count++] = c->pairs[i].comparison;
    c->visible = all && room ? difference_visible(all, count, false, room) : NAN;
    int result = all && room ? 0 : -ENOMEM;
    free(all);
    free(room);
    return result;
}

double run_disturbed(const struct run_data *run)
{
    double waited_ns = 0, wall_ns = 0;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_row *t = &run->trials[i];
        if (!trial_is_ok(t) || t->runqueue_ns == MISSING || !row_has_pool(&run->rows[run->cell[i]], BASE_POOL))
            continue;
        waited_ns += (double)t->runqueue_ns;
        wall_ns += (double)t->wall_ns;
    }
    return wall_ns > 0 ? waited_ns / wall_ns : NAN;
}

/* The runs of a side by what they were disturbed; the most disturbed one is returned, NULL: of none it is known. */
static const struct side *disturbed_most(const struct sides *sides, double *least, double *most)
{
    const struct side *side = NULL;
    *least = INFINITY;
    *most = 0;
    for (size_t r = 0; r < sides->count; r++) {
        double share = run_disturbed(&sides->run[r].run);
        *least = fmin(*least, share); /* NAN is left out */
        if (share >= *most) {
            *most = share;
            side = &sides->run[r];
        }
    }
    return side;
}

/* Others took CPUs of one run, and not as many of the other: whatever is found may be that. Runs that are the units
 * tell of it by themselves, unless all of one side were disturbed more than all of the other. */
static void disturbed_find(struct compare *c)
{
    double base_least, base_most, cell_least, cell_most;
    if (!c->two || !compare_is_of_time(c))
        return;
    const struct side *base = disturbed_most(&c->bases, &base_least, &base_most),
                      *cell = disturbed_most(&c->cells, &cell_least, &cell_most);
    bool apart = !c->several || base_least > cell_most || cell_least > base_most;
    c->disturbed = apart && fmax(base_most, cell_most) > DISTURBED ? cell_most > base_most ? cell : base : NULL;
    for (size_t i = 0; i < c->count; i++) {
        if (!pair_is_disturbed(c, &c->pairs[i]))
            continue;
        c->pairs[i].comparison.verdict = VERDICT_UNRESOLVED;
        c->pairs[i].comparison.blocks_to_resolve = 0;
    }
}

bool pair_is_disturbed(const struct compare *c, const struct pair *p)
{
    return c->disturbed && !(c->question.metric->of_cpu && pair_is_relative(p));
}

enum gate pair_gate(const struct compare *c, const struct pair *p, double limit)
{
    return pair_is_disturbed(c, p) ? GATE_BLIND : gate_read(&p->comparison.interval, limit);
}

int pairs_judge(struct compare *c)
{
    /* A run that could stop by what it saw had several chances to be wrong. */
    const struct looks *base = &c->base->run.looks, *cell = &c->cell->run.looks;
    struct looks looks = c->several ? LOOKS_NONE : cell->leave_from || cell->planned > base->planned ? *cell : *base;
    looks.end = (unsigned)blocks_of(c); /* what both have */
    struct family alone = family_make(1, looks, c->question.margin);
    struct judging j;
    int result = judging_open(&j, c);
    c->family = family_make((unsigned)c->count, looks, c->question.margin);
    c->blocks_needed = blocks_needed((unsigned)c->count);
    if (c->blocks_needed < c->family.blocks)
        c->blocks_needed = c->family.blocks;
    if (c->several)
        c->blocks_needed = RUNS_LEAST;
    for (size_t i = 0; i < c->count && !result; i++) {
        struct pair *p = &c->pairs[i];
        result = c->several ? pair_judge_runs(&j, p) : pair_judge(&j, p);
        c->blocks = p->comparison.blocks > c->blocks ? p->comparison.blocks : c->blocks;
    }
    if (!result)
        result = mean_make(&j, &alone);
    if (!result)
        result = visible_find(c);
    if (!result)
        disturbed_find(c);
    judging_close(&j);
    return result;
}
