/* Where a noisy quantity crosses a level, on a logarithmic scale. g(x) is measured in blocks, as a log ratio to the
 * level, so that it crosses 0. First a bracket is found and halved, a few blocks at a time, until it is narrow or the
 * blocks contradict each other; that much is search, and nothing is claimed by it. Then both ends are measured in
 * fresh blocks that they share, and an interval is read off those alone (search_resolve). Pure; thread-safe. */
#ifndef POOLBENCH_STATS_SEARCH_H
#define POOLBENCH_STATS_SEARCH_H
#include "bench/stats/stats.h"
#include <stdbool.h>

#define SEARCH_WIDTH 1.25 /* hi / lo of a bracket that is narrow: over it g is as good as a straight line */
#define SEARCH_SCAN  5    /* points at which to look for a change where it is not known which way g goes */
/* Of the interval that tells a side there, so that all of them hold together at 95 %. */
#define SEARCH_SCAN_LEVEL 0.99
#define SEARCH_POINTS_MAX 48

enum search_direction { SEARCH_FALLS = -1, SEARCH_UNKNOWN = 0, SEARCH_RISES = 1 };

struct search_rules {
    double from, to; /* the range: 0 < from < to */
    double width;    /* hi / lo of a bracket that is narrow enough, above 1 */
    bool whole;      /* x is a whole number: neighbours are narrow enough, too */
    enum search_direction direction;
};

enum search_state {
    SEARCH_ON,        /* search_next() says where to measure */
    SEARCH_BRACKETED, /* lo and hi are the bracket, for search_resolve() */
    SEARCH_BEYOND_LO, /* the crossing is below the range: g at `lo` is on the side of high x already */
    SEARCH_BEYOND_HI, /* above the range: g at `hi` is on the side of low x still */
    SEARCH_ONE_SIDE,  /* direction unknown: g is on one side wherever it was measured */
    SEARCH_UNTOLD,    /* direction unknown: no side could be told anywhere */
    SEARCH_FAILED,    /* a point gave no value */
};

struct search_point {
    double x, g; /* g: median over blocks; NAN: not measured */
    int side;    /* of the level, 1 above, -1 below; 0: that cannot be told, or not measured */
};

struct search {
    struct search_rules rules;
    enum search_state state;
    enum search_direction direction; /* as known by now */
    struct search_point lo, hi;
    double doubt_lo, doubt_hi; /* from the one to the other no side can be told; NAN: no doubt yet */
    double scan[SEARCH_SCAN];
    size_t scans; /* points of the scan */
    double next;
    struct search_point point[SEARCH_POINTS_MAX]; /* all that were measured, in that order */
    size_t points;
};

void search_begin(struct search *search, const struct search_rules *rules);
double search_next(const struct search *search); /* NAN: the search has ended, see state */
/* Whether it is still looking for a change, and what is told of sides will be claimed: 12 blocks allow one exception,
 * fewer than 8 tell nothing. */
bool search_scanning(const struct search *search);
/* What was measured at search_next(): one value a block, NAN for a block without. Sorts `g`. A side is told by all
 * blocks together, while scanning by their interval. */
void search_tell(struct search *search, double *g, size_t blocks);
/* Makes do with the bracket as it is. */
void search_stop(struct search *search);

/* Searches on beyond the bracket, below (-1) or above (1), where fresh blocks have shown the crossing to be: the
 * machine has changed meanwhile. */
void search_reopen(struct search *search, int beyond);

/* Where g crosses 0, by blocks that measured both ends of a bracket. */
struct crossing {
    size_t blocks;            /* that have both ends */
    double x;                 /* where the median over blocks of the interpolated g is 0; NAN: nowhere near */
    struct interval interval; /* an end is NAN where the blocks do not bound it, or are too few (bounded) */
    bool bounded;             /* there were enough blocks for this level */
    int beyond;               /* x is NAN: the crossing is below (-1) or above (1) */
};

/* g_lo[b] and g_hi[b] are of block b. Within a block g is interpolated on the log scale, and up to a bracket's width
 * beyond it extrapolated. The interval has every x at which a sign test over blocks does not tell the interpolated g
 * from 0: at the true crossing each block is above or below with the same probability, whatever the noise, as long as
 * that is symmetric on the log scale, which the ratio of two costs of a block is if both are disturbed alike; what
 * blocks have in common cancels in the ratio. How many of n blocks are above is then binomial(n, 1/2), which gives the
 * ranks. The bracket itself was chosen by other blocks, so choosing it biases nothing. 0 or -ENOMEM. */
int search_resolve(const struct search *search, const double *g_lo, const double *g_hi, size_t blocks, double level,
                   struct crossing *crossing);

#endif
