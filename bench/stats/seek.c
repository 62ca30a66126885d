/* Bracketing, halving and the interval of a crossing, see seek.h. */
#include "bench/stats/seek.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS   3   /* of the points that are tried: short numbers, and finer than any bracket */
#define BEYOND   2.0 /* how far to extrapolate, in widths of the bracket */
#define HALVINGS 60

static bool narrow(const struct seek *seek, double lo, double hi)
{
    return hi / lo <= seek->rules.width * (1 + 1e-9) || (seek->rules.whole && hi - lo <= 1);
}

/* Between lo and hi on the log scale, as a short number; NAN: there is none. */
static double between(const struct seek *seek, double lo, double hi, double share)
{
    double x = lo * pow(hi / lo, share), unit = pow(10, floor(log10(x)) - (DIGITS - 1));
    double rounded = seek->rules.whole ? rint(x) : rint(x / unit) * unit;

    if (!seek->rules.whole && unit >= 1)
        rounded = rint(rounded); /* 3 * 0.1 is not 0.3, but units of 1 and more are exact */
    if (rounded > lo && rounded < hi)
        return rounded;
    return seek->rules.whole ? NAN : x;
}

static void end_set(struct seek *seek, enum seek_state state)
{
    seek->state = state;
    seek->next = NAN;
}

/* Where to measure next. */
static void aim(struct seek *seek)
{
    const struct seek_point *lo = &seek->lo, *hi = &seek->hi;

    seek->next = NAN;
    if (seek->points == SEEK_POINTS_MAX) {
        end_set(seek, SEEK_BRACKETED);
    } else if (isnan(seek->doubt_lo)) {
        if (!narrow(seek, lo->x, hi->x))
            seek->next = between(seek, lo->x, hi->x, 0.5);
    } else {
        if (!narrow(seek, lo->x, seek->doubt_lo))
            seek->next = between(seek, lo->x, seek->doubt_lo, 0.5);
        if (isnan(seek->next) && !narrow(seek, seek->doubt_hi, hi->x))
            seek->next = between(seek, seek->doubt_hi, hi->x, 0.5);
    }
    if (seek->state != SEEK_ON || !isnan(seek->next))
        return;
    /* The ends of the range last: most searches never come to them. */
    if (isnan(lo->g))
        seek->next = lo->x;
    else if (isnan(hi->g))
        seek->next = hi->x;
    else
        seek->state = SEEK_BRACKETED;
}

static void scan_add(struct seek *seek, double x)
{
    if (!isnan(x) && (!seek->scans || x > seek->scan[seek->scans - 1]))
        seek->scan[seek->scans++] = x;
}

void seek_begin(struct seek *seek, const struct seek_rules *rules)
{
    *seek = (struct seek){.rules = *rules,
                          .direction = rules->direction,
                          .lo = {.x = rules->from, .g = NAN},
                          .hi = {.x = rules->to, .g = NAN},
                          .doubt_lo = NAN,
                          .doubt_hi = NAN};
    if (rules->direction != SEEK_UNKNOWN) {
        aim(seek);
        return;
    }
    scan_add(seek, rules->from);
    for (int i = 1; i < SEEK_SCAN - 1; i++)
        scan_add(seek, between(seek, rules->from, rules->to, (double)i / (SEEK_SCAN - 1)));
    scan_add(seek, rules->to);
    seek->next = rules->from;
}

double seek_next(const struct seek *seek)
{
    return seek->state == SEEK_ON ? seek->next : NAN;
}

bool seek_scanning(const struct seek *seek)
{
    return seek->state == SEEK_ON && seek->direction == SEEK_UNKNOWN;
}

/* Where no point is told to be on the other side: next to one that is on a side, one whose median is not. */
static void scan_suspect(const struct seek *seek, const struct seek_point **from, const struct seek_point **to)
{
    for (size_t i = 0; i + 1 < seek->scans && !*to; i++) {
        const struct seek_point *pair = &seek->point[i];
        if (pair[0].side != 0 && pair[1].side == 0 && pair[1].g * pair[0].side < 0) {
            *from = &pair[0];
            *to = &pair[1];
        } else if (pair[1].side != 0 && pair[0].side == 0 && pair[0].g * pair[1].side < 0) {
            *from = &pair[0];
            *to = &pair[1];
        }
    }
}

/* The scan is complete: the first change of sides is the bracket, what lies between is in doubt. */
static void scan_read(struct seek *seek)
{
    const struct seek_point *from = NULL, *to = NULL;

    for (size_t i = 0; i < seek->scans && !to; i++) {
        const struct seek_point *point = &seek->point[i];
        if (from && point->side == -from->side)
            to = point;
        else if (point->side)
            from = point;
    }
    if (!to && from) {
        scan_suspect(seek, &from, &to);
        if (!to) {
            end_set(seek, SEEK_ONE_SIDE);
            return;
        }
    }
    if (!to) {
        end_set(seek, SEEK_UNTOLD);
        return;
    }
    seek->lo = *from;
    seek->hi = *to;
    seek->direction = to->g > from->g ? SEEK_RISES : SEEK_FALLS;
    if (to - from > 1) {
        seek->doubt_lo = from[1].x;
        seek->doubt_hi = to[-1].x;
    }
    aim(seek);
}

/* An end of the range, or a point between. */
static void point_read(struct seek *seek, const struct seek_point *point)
{
    const int side = point->side * (int)seek->direction; /* -1: where g is at low x */

    if (point->x <= seek->lo.x) {
        seek->lo = *point;
        if (side > 0)
            end_set(seek, SEEK_BEYOND_LO);
    } else if (point->x >= seek->hi.x) {
        seek->hi = *point;
        if (side < 0)
            end_set(seek, SEEK_BEYOND_HI);
    } else if (isnan(seek->doubt_lo)) {
        if (side < 0)
            seek->lo = *point;
        else if (side > 0)
            seek->hi = *point;
        else
            seek->doubt_lo = seek->doubt_hi = point->x;
    } else if (point->x < seek->doubt_lo) {
        if (side < 0)
            seek->lo = *point;
        else
            seek->doubt_lo = point->x;
    } else {
        if (side > 0)
            seek->hi = *point;
        else
            seek->doubt_hi = point->x;
    }
    if (seek->state == SEEK_ON)
        aim(seek);
}

void seek_tell(struct seek *seek, double *g, size_t blocks)
{
    struct seek_point point = {.x = seek->next};
    struct interval interval;
    size_t count = stats_sort(g, blocks);

    if (!count) {
        end_set(seek, SEEK_FAILED);
        return;
    }
    point.g = stats_median(g, count);
    if (!seek_scanning(seek))
        interval = (struct interval){g[0], g[count - 1]};
    else if (stats_median_interval(g, count, SEEK_SCAN_LEVEL, &interval))
        interval = (struct interval){-1, 1};
    point.side = interval.lo > 0 ? 1 : interval.hi < 0 ? -1 : 0;
    seek->point[seek->points++] = point;
    if (!seek_scanning(seek))
        point_read(seek, &point);
    else if (seek->points < seek->scans)
        seek->next = seek->scan[seek->points];
    else
        scan_read(seek);
}

void seek_stop(struct seek *seek)
{
    if (seek->state == SEEK_ON)
        end_set(seek, seek->direction == SEEK_UNKNOWN ? SEEK_UNTOLD : SEEK_BRACKETED);
}

void seek_reopen(struct seek *seek, int beyond)
{
    const struct seek_point from = {.x = seek->rules.from, .g = NAN}, to = {.x = seek->rules.to, .g = NAN};

    if (beyond < 0 ? seek->lo.x <= from.x : seek->hi.x >= to.x) { /* the end of the range itself */
        end_set(seek, beyond < 0 ? SEEK_BEYOND_LO : SEEK_BEYOND_HI);
        return;
    }
    if (beyond < 0) {
        seek->hi = seek->lo;
        seek->lo = from;
    } else {
        seek->lo = seek->hi;
        seek->hi = to;
    }
    seek->doubt_lo = seek->doubt_hi = NAN;
    seek->state = SEEK_ON;
    aim(seek);
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
static double x_at(const struct seek *seek, double w)
{
    double x = isfinite(w) ? seek->lo.x * pow(seek->hi.x / seek->lo.x, w) : NAN;

    return x >= seek->rules.from && x <= seek->rules.to ? x : NAN;
}

int seek_settle(const struct seek *seek, const double *g_lo, const double *g_hi, size_t blocks, double level,
                struct crossing *crossing)
{
    const double sign = seek->direction == SEEK_FALLS ? -1 : 1;
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
        crossing->x = x_at(seek, w);
        crossing->beyond = !isnan(crossing->x) ? 0 : w < 0.5 ? -1 : 1;
    }
    crossing->bounded = !stats_median_ranks(lines.count, level, &lo, &hi);
    if (crossing->bounded) { /* the largest values are the first to be above 0 */
        crossing->interval.lo = x_at(seek, lines_root(&lines, hi));
        crossing->interval.hi = x_at(seek, lines_root(&lines, lo));
    }
    free(room);
    return 0;
}
