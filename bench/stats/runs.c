/* See runs.h. Everything happens on logarithms. */
#include "bench/stats/runs.h"
#include "bench/stats/ranks.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PARTS      4    /* of a run; enough to tell that it wandered, and long enough to have a middle */
#define PART_LEAST 2    /* blocks */
#define WANDER_P   0.01 /* that quarters of a run which did not wander are said to */

/* Of positive costs the logarithms, in the order of the blocks. Returns how many. */
static size_t logs_of(const double *costs, size_t blocks, double *logs)
{
    size_t count = 0;
    for (size_t i = 0; i < blocks; i++)
        if (costs[i] > 0 && isfinite(costs[i]))
            logs[count++] = log(costs[i]);
    return count;
}

static double middle_of(const double *values, size_t count, double *room)
{
    memcpy(room, values, count * sizeof *room);
    return ranks_middle(room, stats_sort(room, count));
}

double run_middle(const double *costs, size_t blocks, double *room)
{
    size_t count = logs_of(costs, blocks, room);
    return ranks_middle(room, stats_sort(room, count));
}

struct wander {
    double between, noise; /* variance of the middles of quarters; what noise makes of it */
    double freedom;        /* of the noise */
};

/* The quarters of a run. room: as many as there are logs; they are changed into what is left of each. */
static bool wander_of(double *logs, size_t count, double *room, struct wander *wander)
{
    double middle[PARTS], mean = 0;
    if (count < PARTS * PART_LEAST)
        return false;
    *wander = (struct wander){.freedom = (double)count - PARTS};
    for (size_t p = 0; p < PARTS; p++) {
        size_t from = p * count / PARTS, end = (p + 1) * count / PARTS;
        middle[p] = middle_of(logs + from, end - from, room);
        mean += middle[p] / PARTS;
        for (size_t i = from; i < end; i++)
            logs[i] -= middle[p];
    }
    for (size_t p = 0; p < PARTS; p++)
        wander->between += (middle[p] - mean) * (middle[p] - mean) / (PARTS - 1);
    double error = ranks_error_of_one(logs, stats_sort(logs, count));
    wander->noise =
        error * error * PARTS / wander->freedom; /* of one block, with what the middles took; of a quarter */
    return true;
}

int apart_see(const double *cell, const double *baseline, size_t blocks, double told, struct apart *apart)
{
    const double *side[] = {cell, baseline};
    double *room = calloc(2 * blocks + 1, sizeof *room), between = 0, noise = 0, freedom = 0;
    bool seen = room != NULL;
    *apart = (struct apart){.told = told};
    for (size_t i = 0; i < 2 && seen; i++) {
        struct wander wander;
        seen = wander_of(room, logs_of(side[i], blocks, room), room + blocks, &wander);
        if (!seen)
            break;
        between += wander.between;
        noise += wander.noise;
        freedom += wander.freedom;
    }
    if (seen && noise > 0 && gsl_cdf_fdist_Q(between / noise, 2 * (PARTS - 1), freedom) < WANDER_P)
        apart->variance = between - noise;
    free(room);
    return room ? 0 : -ENOMEM;
}

/* How far the interval reaches to each side for what lies between the runs. */
static double reach_of(const struct apart *apart, double level)
{
    double tail = (1 - level) / 2;
    double told = log1p(apart->told) * gsl_cdf_ugaussian_Qinv(tail) / gsl_cdf_ugaussian_Qinv(FAMILY_ERROR / 2);
    double seen = sqrt(apart->variance) * gsl_cdf_tdist_Qinv(tail, 2 * (PARTS - 1));
    return hypot(told, seen);
}

void comparison_widen(struct comparison *comparison, const struct apart *apart, const struct family *family)
{
    double reach = reach_of(apart, family->level), middle = log(comparison->ratio);
    if (!isfinite(middle) || isnan(comparison->interval.lo) || !(reach > 0))
        return;
    double below = middle - log(comparison->interval.lo), above = log(comparison->interval.hi) - middle;
    comparison->interval = (struct interval){exp(middle - hypot(below, reach)), exp(middle + hypot(above, reach))};
    comparison->verdict = verdict_read(&comparison->interval, family->margin);
    if (comparison->verdict != VERDICT_UNRESOLVED)
        comparison->blocks_to_resolve = 0;
    else if (!comparison->blocks_to_resolve || (reach >= fabs(middle) && reach >= log1p(family->margin)))
        comparison->blocks_to_resolve = RESOLVE_MAX + 1;
}

/* Of those that are known. */
struct sample_of_runs {
    size_t count;
    double mean, error2; /* the squared standard error of the mean */
};

static struct sample_of_runs sample_take(const double *values, size_t count)
{
    struct sample_of_runs sample = {0};
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i]))
            continue;
        double off = values[i] - sample.mean;
        sample.mean += off / (double)++sample.count;
        squares += off * (values[i] - sample.mean);
    }
    if (sample.count > 1)
        sample.error2 = squares / (double)(sample.count - 1) / (double)sample.count;
    return sample;
}

void comparison_of_runs(const double *cells, size_t cell_count, const double *baselines, size_t baseline_count,
                        const struct family *family, struct comparison *comparison)
{
    struct sample_of_runs a = sample_take(cells, cell_count), b = sample_take(baselines, baseline_count);
    double difference = a.mean - b.mean, error2 = a.error2 + b.error2, reach = 0;
    *comparison = (struct comparison){.blocks = a.count < b.count ? a.count : b.count,
                                      .blocks_needed = RUNS_LEAST,
                                      .ratio = a.count && b.count ? exp(difference) : NAN,
                                      .interval = {NAN, NAN}};
    if (comparison->blocks < RUNS_LEAST)
        return;
    if (error2 > 0) {
        double freedom = error2 * error2 /
                         (a.error2 * a.error2 / (double)(a.count - 1) + b.error2 * b.error2 / (double)(b.count - 1));
        reach = sqrt(error2) * gsl_cdf_tdist_Qinv((1 - family->level) / 2, freedom);
    }
    comparison->interval = (struct interval){exp(difference - reach), exp(difference + reach)};
    comparison->verdict = verdict_read(&comparison->interval, family->margin);
}

enum gate gate_read(const struct interval *ratio, double limit)
{
    if (ratio->lo > 1 + limit)
        return GATE_BEYOND;
    return ratio->hi <= 1 + limit ? GATE_WITHIN : GATE_BLIND; /* NAN is no bound */
}
