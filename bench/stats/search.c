/* Bracketing, halving and the interval of a crossing, see search.h. */
#include "bench/stats/search.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DIGITS   3   /* of the points that are tried: short numbers, and finer than any bracket */
#define BEYOND   2.0 /* how far to extrapolate, in widths of the bracket */
#define HALVINGS 60

static bool narrow(const struct search *search, double lo, double hi)
{
    return hi / lo <= search->rules.width * (1 + 1e-9) || (search->rules.whole && hi - lo <= 1);
}

/* Between lo and hi on the log scale, as a short number; NAN: there is none. */
static double between(const struct search *search, double lo, double hi, double share)
{
    double x = lo * pow(hi / lo, share), unit = pow(10, floor(log10(x)) - (DIGITS - 1));
    double rounded = search->rules.whole ? rint(x) : rint(x / unit) * unit;
    if (!search->rules.whole && unit >= 1)
        rounded = rint(rounded); /* 3 * 0.1 is not 0.3, but units of 1 and more are exact */
    if (rounded > lo && rounded < hi)
        return rounded;
    return search->rules.whole ? NAN : x;
}

static void end_set(struct search *search, enum search_state state)
{
    search->state = state;
    search->next = NAN;
}

/* Where to measure next. */
static void aim(struct search *search)
{
    const struct search_point *lo = &search->lo, *hi = &search->hi;
    search->next = NAN;
    if (search->points == SEARCH_POINTS_MAX) {
        end_set(search, SEARCH_BRACKETED);
    } else if (isnan(search->doubt_lo)) {
        if (!narrow(search, lo->x, hi->x))
            search->next = between(search, lo->x, hi->x, 0.5);
    } else {
        if (!narrow(search, lo->x, search->doubt_lo))
            search->next = between(search, lo->x, search->doubt_lo, 0.5);
        if (isnan(search->next) && !narrow(search, search->doubt_hi, hi->x))
            search->next = between(search, search->doubt_hi, hi->x, 0.5);
    }
    if (search->state != SEARCH_ON || !isnan(search->next))
        return;
    /* The ends of the range last: most searches never come to them. */
    if (isnan(lo->g))
        search->next = lo->x;
    else if (isnan(hi->g))
        search->next = hi->x;
    else
        search->state = SEARCH_BRACKETED;
}

static void scan_add(struct search *search, double x)
{
    if (!isnan(x) && (!search->scans || x > search->scan[search->scans - 1]))
        search->scan[search->scans++] = x;
}

void search_begin(struct search *search, const struct search_rules *rules)
{
    *search = (struct search){.rules = *rules,
                              .direction = rules->direction,
                              .lo = {.x = rules->from, .g = NAN},
                              .hi = {.x = rules->to, .g = NAN},
                              .doubt_lo = NAN,
                              .doubt_hi = NAN};
    if (rules->direction != SEARCH_UNKNOWN) {
        aim(search);
        return;
    }
    scan_add(search, rules->from);
    for (int i = 1; i < SEARCH_SCAN - 1; i++)
        scan_add(search, between(search, rules->from, rules->to, (double)i / (SEARCH_SCAN - 1)));
    scan_add(search, rules->to);
    search->next = rules->from;
}

double search_next(const struct search *search)
{
    return search->state == SEARCH_ON ? search->next : NAN;
}

bool search_scanning(const struct search *search)
{
    return search->state == SEARCH_ON && search->direction == SEARCH_UNKNOWN;
}

/* Where no point is told to be on the other side: next to one that is on a side, one whose median is not. */
static void scan_suspect(const struct search *search, const struct search_point **from, const struct search_point **to)
{
    for (size_t i = 0; i + 1 < search->scans && !*to; i++) {
        const struct search_point *pair = &search->point[i];
        if ((pair[0].side != 0 && pair[1].side == 0 && pair[1].g * pair[0].side < 0) ||
            (pair[1].side != 0 && pair[0].side == 0 && pair[0].g * pair[1].side < 0)) {
            *from = &pair[0];
            *to = &pair[1];
        }
    }
}

/* The scan is complete: the first change of sides is the bracket, what lies between is in doubt. */
static void scan_read(struct search *search)
{
    const struct search_point *from = NULL, *to = NULL;
    for (size_t i = 0; i < search->scans && !to; i++) {
        const struct search_point *point = &search->point[i];
        if (from && point->side == -from->side)
            to = point;
        else if (point->side)
            from = point;
    }
    if (!to && from) {
        scan_suspect(search, &from, &to);
        if (!to) {
            end_set(search, SEARCH_ONE_SIDE);
            return;
        }
    }
    if (!to) {
        end_set(search, SEARCH_UNTOLD);
        return;
    }
    search->lo = *from;
    search->hi = *to;
    search->direction = to->g > from->g ? SEARCH_RISES : SEARCH_FALLS;
    if (to - from > 1) {
        search->doubt_lo = from[1].x;
        search->doubt_hi = to[-1].x;
    }
    aim(search);
}

/* An end of the range, or a point between. */
static void point_read(struct search *search, const struct search_point *point)
{
    const int side = point->side * (int)search->direction; /* -1: where g is at low x */
    if (point->x <= search->lo.x) {
        search->lo = *point;
        if (side > 0)
            end_set(search, SEARCH_BEYOND_LO);
    } else if (point->x >= search->hi.x) {
        search->hi = *point;
        if (side < 0)
            end_set(search, SEARCH_BEYOND_HI);
    } else if (isnan(search->doubt_lo)) {
        if (side < 0)
            search->lo = *point;
        else if (side > 0)
            search->hi = *point;
        else
            search->doubt_lo = search->doubt_hi = point->x;
    } else if (point->x < search->doubt_lo) {
        if (side < 0)
            search->lo = *point;
        else
            search->doubt_lo = point->x;
    } else {
        if (side > 0)
            search->hi = *point;
        else
            search->doubt_hi = point->x;
    }
    if (search->state == SEARCH_ON)
        aim(search);
}

void search_tell(struct search *search, double *g, size_t blocks)
{
    struct search_point point = {.x = search->next};
    struct interval interval;
    size_t count = stats_sort(g, blocks);
    if (!count) {
        end_set(search, SEARCH_FAILED);
        return;
    }
    point.g = stats_median(g, count);
    if (!search_scanning(search))
        interval = (struct interval){g[0], g[count - 1]};
    else if (stats_median_interval(g, count, SEARCH_SCAN_LEVEL, &interval))
        interval = (struct interval){-1, 1};
    point.side = interval.lo > 0 ? 1 : interval.hi < 0 ? -1 : 0;
    search->point[search->points++] = point;
    if (!search_scanning(search))
        point_read(search, &point);
    else if (search->points < search->scans)
        search->next = search->scan[search->points];
    else
        scan_read(search);
}

void search_stop(struct search *search)
{
    if (search->state == SEARCH_ON)
        end_set(search, search->direction == SEARCH_UNKNOWN ? SEARCH_UNTOLD : SEARCH_BRACKETED);
}

void search_reopen(struct search *search, int beyond)
{
    const struct search_point from = {.x = search->rules.from, .g = NAN}, to = {.x = search->rules.to, .g = NAN};
    if (beyond < 0 ? search->lo.x <= from.x : search->hi.x >= to.x) { /* the end of the range itself */
        end_set(search, beyond < 0 ? SEARCH_BEYOND_LO : SEARCH_BEYOND_HI);
        return;
    }
    if (beyond < 0) {
        search->hi = search->lo;
        search->lo = from;
    } else {
        search->lo = search->hi;
        search->hi = to;
    }
    search->doubt_lo = search->doubt_hi = NAN;
    search->state = SEARCH_ON;
    aim(search);
}

/* ---- the interval ---- */

/* Blocks as straight lines over the bracket, rising ones: g = at[b] + slope[b] x w, where w goes from 0 at lo to 1 at
 * hi. */
struct lines {
    size_t count;
    double *at, *slope, *room;
};

/* The order statistic of all lines at w; rank 0: their median. */
static double lines_rank(const struct lines *lines, double w, size_t rank)
{
    for (size_t i = 0; i < lines->count; i++)
        lines->room[i] = lines->at[i] + lines->slope[i] * w;
    stats_sort(lines->room, lines->count);
    return rank ? lines->room[rank - 1] : stats_median(lines->room, lines->count);
}

/* Where it crosses 0; -INFINITY or INFINITY: nowhere near, but below or above. */
static double lines_root(const struct lines *lines, size_t rank)
{
    double lo = -BEYOND, hi = 1 + BEYOND;
    if (lines_rank(lines, lo, rank) >= 0)
        return -INFINITY;
    if (lines_rank(lines, hi, rank) < 0)
        return INFINITY;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (lo + hi) / 2;
        if (lines_rank(lines, middle, rank) < 0)
            lo = middle;
        else
            hi = middle;
    }
    return (lo + hi) / 2;
}

/* Nothing is said of what lies outside of the range. */
static double x_at(const struct search *search, double w)
{
    double x = isfinite(w) ? search->lo.x * pow(search->hi.x / search->lo.x, w) : NAN;
    return x >= search->rules.from && x <= search->rules.to ? x : NAN;
}

int search_resolve(const struct search *search, const double *g_lo, const double *g_hi, size_t blocks, double level,
                   struct crossing *crossing)
{
    const double sign = search->direction == SEARCH_FALLS ? -1 : 1;
    double *room = calloc(3 * blocks + 1, sizeof *room);
    struct lines lines = {.at = room};
    size_t lo, hi;
    *crossing = (struct crossing){.x = NAN, .interval = {NAN, NAN}};
    if (!room)
        return -ENOMEM;
    lines.slope = room + blocks;
    lines.room = room + 2 * blocks;
    for (size_t b = 0; b < blocks; b++) {
        if (isnan(g_lo[b]) || isnan(g_hi[b]))
            continue;
        lines.at[lines.count] = sign * g_lo[b];
        lines.slope[lines.count++] = sign * (g_hi[b] - g_lo[b]);
    }
    crossing->blocks = lines.count;
    if (lines.count) {
        double w = lines_root(&lines, 0);
        crossing->x = x_at(search, w);
        crossing->beyond = !isnan(crossing->x) ? 0 : w < 0.5 ? -1 : 1;
    }
    crossing->bounded = !stats_median_ranks(lines.count, level, &lo, &hi);
    if (crossing->bounded) { /* the largest values are the first to be above 0 */
        crossing->interval.lo = x_at(search, lines_root(&lines, hi));
        crossing->interval.hi = x_at(search, lines_root(&lines, lo));
    }
    free(room);
    return 0;
}
