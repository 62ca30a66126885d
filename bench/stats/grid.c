/* The crossing by several points a block, see search.h: for what is too noisy to be extrapolated from two. */
#include "bench/stats/search.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DIGITS      3
#define BEYOND_MOST 1.25 /* of a bracket that noise has left wide */
#define WIDEN       2.0

size_t search_grid(const struct search *search, size_t wanted, double *x)
{
    const double lo = search->lo.x, hi = search->hi.x, beyond = fmin(hi / lo, BEYOND_MOST);
    const double from = fmax(lo / beyond, search->rules.from), to = fmin(hi * beyond, search->rules.to);
    size_t count = 0;
    for (size_t i = 0; i < wanted; i++) {
        double at = from * pow(to / from, (double)i / (double)(wanted - 1));
        double unit = pow(10, floor(log10(at)) - (DIGITS - 1));
        at = fmin(fmax(rint(at / unit) * unit, search->rules.from), search->rules.to);
        if (!count || at > x[count - 1])
            x[count++] = at;
    }
    return count;
}

void search_widen(struct search *search, const struct search_grid *grid, int beyond)
{
    const double first = grid->x[0], last = grid->x[grid->points - 1];
    if (beyond < 0) {
        search->lo = (struct search_point){.x = fmax(first / WIDEN, search->rules.from), .g = NAN};
        search->hi = (struct search_point){.x = grid->x[1], .g = NAN};
        if (first <= search->rules.from)
            search->state = SEARCH_BEYOND_LO;
    } else {
        search->lo = (struct search_point){.x = grid->x[grid->points - 2], .g = NAN};
        search->hi = (struct search_point){.x = fmin(last * WIDEN, search->rules.to), .g = NAN};
        if (last >= search->rules.to)
            search->state = SEARCH_BEYOND_HI;
    }
}

/* Least squares among those that never fall (pool adjacent violators): what noise has turned round is levelled. */
static void level_out(double *g, size_t *weight, size_t count)
{
    size_t kept = 0, at = count;
    for (size_t i = 0; i < count; i++) {
        g[kept] = g[i];
        weight[kept++] = 1;
        for (; kept > 1 && g[kept - 2] > g[kept - 1]; kept--) {
            size_t both = weight[kept - 2] + weight[kept - 1];
            g[kept - 2] =
                (g[kept - 2] * (double)weight[kept - 2] + g[kept - 1] * (double)weight[kept - 1]) / (double)both;
            weight[kept - 2] = both;
        }
    }
    while (kept--)
        for (size_t w = weight[kept]; w--;)
            g[--at] = g[kept];
}

/* x of one block: where what never falls passes 0; -INFINITY, INFINITY: before the first point, behind the last. On a
 * straight line between points, as the reciprocal of latency is one where queues build up. */
static double block_crossing(const double *x, const double *g, size_t count)
{
    if (g[0] >= 0)
        return -INFINITY;
    for (size_t i = 1; i < count; i++)
        if (g[i] >= 0)
            return x[i - 1] + (x[i] - x[i - 1]) * g[i - 1] / (g[i - 1] - g[i]);
    return INFINITY;
}

/* Is some point surely on the side of high x, and a later one surely on that of low x? */
static bool is_several(const double *g, size_t points, size_t blocks, double sign, double *room)
{
    bool was_high = false;
    for (size_t p = 0; p < points; p++) {
        struct interval interval;
        for (size_t b = 0; b < blocks; b++)
            room[b] = sign * g[p * blocks + b];
        size_t count = stats_sort(room, blocks);
        if (stats_median_interval(room, count, SEARCH_SCAN_LEVEL, &interval))
            continue;
        if (was_high && interval.hi < 0)
            return true;
        was_high = was_high || interval.lo > 0;
    }
    return false;
}

int search_resolve_grid(const struct search *search, const struct search_grid *grid, double level,
                        struct crossing *crossing)
{
    const double sign = search->direction == SEARCH_FALLS ? -1 : 1;
    const size_t blocks = grid->blocks;
    double *found = calloc(2 * blocks + 1, sizeof *found);
    size_t lo, hi;
    *crossing = (struct crossing){.x = NAN, .interval = {NAN, NAN}};
    if (!found)
        return -ENOMEM;
    for (size_t b = 0; b < blocks; b++) {
        double x[SEARCH_GRID_MAX], g[SEARCH_GRID_MAX];
        size_t weight[SEARCH_GRID_MAX], known = 0;
        for (size_t p = 0; p < grid->points; p++)
            if (!isnan(grid->g[p * blocks + b])) {
                x[known] = grid->x[p];
                g[known++] = sign * grid->g[p * blocks + b];
            }
        if (!known || known < grid->points)
            continue; /* a trial failed: the others alone would say where it is from where it is not */
        level_out(g, weight, known);
        found[crossing->blocks] = block_crossing(x, g, known);
        crossing->below += isinf(found[crossing->blocks]) && found[crossing->blocks] < 0;
        crossing->above += isinf(found[crossing->blocks]) && found[crossing->blocks] > 0;
        crossing->blocks++;
    }
    stats_sort(found, crossing->blocks);
    if (crossing->blocks) {
        double middle = stats_median(found, crossing->blocks);
        crossing->x = isfinite(middle) ? middle : NAN;
        crossing->beyond = isfinite(middle) ? 0 : middle < 0 || crossing->below > crossing->above ? -1 : 1;
    }
    crossing->bounded = !stats_median_ranks(crossing->blocks, level, &lo, &hi);
    if (crossing->bounded) {
        crossing->interval.lo = isfinite(found[lo - 1]) ? found[lo - 1] : NAN;
        crossing->interval.hi = isfinite(found[hi - 1]) ? found[hi - 1] : NAN;
    }
    crossing->several = is_several(grid->g, grid->points, blocks, sign, found + blocks);
    free(found);
    return 0;
}
