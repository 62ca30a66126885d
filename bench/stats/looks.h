/* When a run may stop by what it saw: after 8, 12, 18, 27, 40 or 60 blocks, and only because the interval is narrow,
 * never because of where it lies. Pure; thread-safe. */
#ifndef POOLBENCH_STATS_LOOKS_H
#define POOLBENCH_STATS_LOOKS_H
#include "bench/stats/stats.h"
#include <stdbool.h>

#define LOOK_MAX 60 /* blocks: the last look */

unsigned look_next(unsigned blocks); /* the first look after so many blocks; 0: none is left */

/* Likewise, but goes on after LOOK_MAX (90, 135 ... 1000), for plans and forecasts; 0: above 1000. */
unsigned look_after(unsigned blocks);

/* How many looks a run of m comparisons has: the last so many of 8, 12, 18, 27, 40, 60, those with enough blocks for an
 * interval at all. 0: not even LOOK_MAX blocks suffice. */
unsigned looks_planned(unsigned comparisons);

/* The level that every interval of signed ranks (bench/stats/ranks.h) needs so that those of the last so many looks
 * hold all together but for this probability of error, whatever the rule that picks the look to stop at. By the walk of
 * the sign test, trimmed to levels between its own; how well that does tests/test_levels.c measures. */
double looks_level(unsigned looks, double error);

/* The level of a median's interval of 95 % by itself, in a run that has so many looks; 0: it has none, and 0.95 will
 * do. Exact, whatever the distribution. */
double looks_level_alone(unsigned looks);

/* The interval reaches at most this far from its middle, as a factor: sqrt(hi / lo) <= 1 + precision. For ratios and
 * for medians of costs alike. False without an interval. */
bool precision_reached(const struct interval *interval, double precision);

#endif
