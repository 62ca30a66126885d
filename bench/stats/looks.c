/* The looks grow by half, so that whoever needs more waits for at most half as much again. */
#include "bench/stats/looks.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

static const unsigned look_at[] = {8, 12, 18, 27, 40, LOOK_MAX, 90, 135, 200, 300, 450, 670, 1000};
#define LOOK_COUNT   (sizeof look_at / sizeof look_at[0])
#define LOOK_COUNTED 6 /* up to LOOK_MAX */

unsigned look_after(unsigned blocks)
{
    for (size_t i = 0; i < LOOK_COUNT; i++)
        if (look_at[i] > blocks)
            return look_at[i];
    return 0;
}

unsigned look_next(unsigned blocks)
{
    return blocks < LOOK_MAX ? look_after(blocks) : 0;
}

/* Signed ranks have levels between those of whole blocks: at the two ends of the walk as much is wrong as is missing
 * from the level. */
static void ends_trim(double *at, unsigned blocks, size_t lo, double level)
{
    double missing = (1 - level) / 2 - gsl_cdf_binomial_P((unsigned)lo - 1, 0.5, blocks),
           kept = 1 - missing / gsl_ran_binomial_pdf((unsigned)lo, 0.5, blocks);
    at[lo] *= kept;
    at[blocks - lo] *= kept;
}

/* How probable it is that at least one of the last `planned` looks has an interval of this level beside the median: the
 * number of values below the median is a random walk, up by 0 or 1 with every block, and an interval is wrong where it
 * has left the ranks. 1 where a look has too few blocks for the level. */
static double error_of_looks(unsigned planned, double level, bool signed_ranks)
{
    double at[LOOK_MAX + 1] = {1}; /* the probability that so many lie below, and that no interval was wrong yet */
    unsigned blocks = 0;
    double right = 0;
    for (unsigned look = LOOK_COUNTED - planned; look < LOOK_COUNTED; look++) {
        size_t lo, hi;
        for (; blocks < look_at[look]; blocks++) {
            for (unsigned below = blocks + 1; below; below--)
                at[below] = (at[below] + at[below - 1]) / 2;
            at[0] /= 2;
        }
        if (stats_median_ranks(blocks, level, &lo, &hi))
            return 1;
        for (unsigned below = 0; below <= blocks; below++)
            if (below < lo || below >= hi)
                at[below] = 0;
        if (signed_ranks)
            ends_trim(at, blocks, lo, level);
    }
    for (unsigned below = 0; below <= blocks; below++)
        right += at[below];
    return 1 - right;
}

static double level_of(unsigned planned, double error, bool signed_ranks)
{
    double lo = 1 - error, hi = 1 - error / LOOK_COUNTED; /* holds: Bonferroni */
    if (planned < 2)
        return lo;
    while (hi - lo > error * 1e-3) {
        double level = (lo + hi) / 2;
        if (error_of_looks(planned, level, signed_ranks) <= error)
            hi = level;
        else
            lo = level;
    }
    return hi;
}

double looks_level(unsigned planned, double error)
{
    return level_of(planned, error, true);
}

double looks_level_alone(struct looks looks)
{
    static _Thread_local double known[LOOK_COUNTED + 1]; /* asked for each cell, several times */
    unsigned planned = looks.leave_from || looks.planned > LOOK_COUNTED ? LOOK_COUNTED : looks.planned;
    if (!planned)
        return 1 - FAMILY_ERROR;
    if (!known[planned])
        known[planned] = level_of(planned, FAMILY_ERROR, false);
    return known[planned];
}

static bool is_end(const struct looks *looks, unsigned blocks)
{
    for (size_t i = 0; i < looks->end_count; i++)
        if (looks->ends[i] == blocks)
            return blocks >= looks->leave_from;
    return false;
}

static bool is_look(const struct looks *looks, unsigned blocks)
{
    return blocks >= looks->leave_from && look_after(blocks - 1) == blocks;
}

bool looks_left_at(const struct looks *looks, unsigned blocks)
{
    return looks->leave_from && blocks < looks->end && (is_end(looks, blocks) || is_look(looks, blocks));
}

double looks_share(const struct looks *looks, unsigned blocks)
{
    double left = 1;
    if (!looks->leave_from)
        return 1;
    for (unsigned before = 1; before < blocks; before++) {
        if (is_end(looks, before))
            left *= 1 - END_SHARE;
        else if (is_look(looks, before))
            left *= 1 - LOOK_SHARE;
    }
    bool looked = !is_end(looks, blocks) && is_look(looks, blocks) && (blocks < looks->end || looks->is_open);
    return left * (looked ? LOOK_SHARE : END_SHARE);
}

unsigned looks_planned(unsigned comparisons)
{
    double error = FAMILY_ERROR / (comparisons ? comparisons : 1);
    unsigned planned = LOOK_COUNTED;
    while (planned && stats_interval_least(looks_level(planned, error)) > look_at[LOOK_COUNTED - planned])
        planned--;
    return planned;
}

bool precision_reached(const struct interval *interval, double precision)
{
    return interval->lo > 0 && sqrt(interval->hi / interval->lo) <= 1 + precision;
}
