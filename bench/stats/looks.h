/* When a run, or a row of it, may stop by what it saw: after 8, 12, 18, 27, 40 or 60 blocks ... and how the looks at it
 * share the error that all verdicts may have. Pure; thread-safe. */
#ifndef POOLBENCH_STATS_LOOKS_H
#define POOLBENCH_STATS_LOOKS_H
#include "bench/stats/stats.h"
#include <stdbool.h>

#define LOOK_MAX  60 /* blocks: the last look of --precision */
#define LOOK_ENDS 16 /* commands that a run may be made of, of those that are counted */

/* How a run could stop. None of it: its number of blocks did not depend on what it found. */
struct looks {
    unsigned planned;    /* --precision: so many looks, with one level for all; see looks_planned() */
    unsigned leave_from; /* rows leave as their verdicts are told, at looks from so many blocks on; 0: none does */
    unsigned end;        /* whole blocks of the run by now; one that was cut off may have trials of a further one */
    bool is_open;        /* it has not ended there: after `end` blocks it only looks */
    unsigned ends[LOOK_ENDS]; /* ascending: after so many commands ended that the run was gone on from */
    size_t end_count;
};

#define LOOKS_NONE ((struct looks){.planned = 0})

/* Of the error that a verdict may have, what is spent on verdicts read after so many blocks, where rows leave. A look
 * spends LOOK_SHARE of what is left, the end of a command END_SHARE: little early, most at the end, and never all, so
 * that the run may go on; before `leave_from` nothing is told, and nothing spent. They sum to less than 1, so whichever
 * of them a verdict is read at, the error is kept to (Bonferroni over looks). 1 where rows do not leave. */
#define LOOK_SHARE 0.05
#define END_SHARE  0.8
double looks_share(const struct looks *looks, unsigned blocks);
/* What has no block after `blocks` was judged then, and left: it is a look, or the end of an earlier command. */
bool looks_left_at(const struct looks *looks, unsigned blocks);

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

/* The level of a median's interval of 95 % by itself, in a run that could stop so; 0.95 where it could not. Exact,
 * whatever the distribution, at any of the looks of --precision; rows that leave are taken to have those. */
double looks_level_alone(struct looks looks);

/* The interval reaches at most this far from its middle, as a factor: sqrt(hi / lo) <= 1 + precision. For ratios and
 * for medians of costs alike. False without an interval. */
bool precision_reached(const struct interval *interval, double precision);

#endif
