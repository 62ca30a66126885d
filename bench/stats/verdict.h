/* Two cells, one statement: the ratio of their costs with an interval, and the verdict that is read off the interval
 * alone. Costs are whatever is better when smaller (ns per task, a percentile, bytes); series are aligned by block:
 * entry i of both was measured in the same block, NAN where a cell has no ok trial there. Pure; thread-safe. */
#ifndef POOLBENCH_STATS_VERDICT_H
#define POOLBENCH_STATS_VERDICT_H
#include "bench/stats/looks.h"
#include <stdbool.h>

#define FAMILY_MARGIN 0.02 /* differences up to this one do not matter, unless --margin says otherwise */
#define RESOLVE_MAX   1000 /* blocks: beyond, nobody waits */

enum verdict { VERDICT_UNRESOLVED, VERDICT_EQUAL, VERDICT_FASTER, VERDICT_SLOWER };

const char *verdict_name(enum verdict verdict); /* "unresolved", "equal" ...: in files */
const char *verdict_said(enum verdict verdict); /* "cannot tell yet", "equal" ...: for people */

/* What FAMILY_ERROR is shared among, and what counts as equal. All intervals claimed together hold together. */
struct family {
    unsigned comparisons;
    struct looks looks;
    double margin;
    double level; /* of each interval by itself; 1 - FAMILY_ERROR / comparisons, or more where there are looks */
    double level_further; /* likewise, once the run was gone on with */
    size_t blocks;        /* the least that give an interval at that level */
};

/* comparisons: planned ones, m; 0 counts as 1. looks: how the run could stop by what it saw; LOOKS_NONE where its
 * number of blocks did not depend on that. Where rows leave, a comparison with its last block at an earlier look is
 * judged at the level of that look, and one that the rule for dropping tells (bench/stats/drop.h) by that rule.
 * margin: >= 0. */
struct family family_make(unsigned comparisons, struct looks looks, double margin);

struct comparison {
    size_t blocks;        /* with a ratio: both cells are there */
    size_t blocks_needed; /* below: no interval, verdict unresolved */
    double level;         /* of the interval: the family's, or where the comparison left before the end that of then */
    double ratio;         /* cell / baseline: its middle over blocks (bench/stats/ranks.h, of log ratios), below 1 is
                             faster; NAN for no block */
    struct interval interval; /* of the true middle; NAN, NAN: too few blocks */
    enum verdict verdict;
    bool is_clear; /* where rows leave: told by a few blocks, slower, faster or equal (bench/stats/drop.h); */
    bool is_far;   /* and so surely slower that it runs no more */
    size_t
        blocks_to_resolve; /* unresolved: blocks in all that would resolve it in about 4 of 5 cases, one of the looks
                          (bench/stats/looks.h); RESOLVE_MAX + 1: more than RESOLVE_MAX; 0: resolved, or no block yet */
};

/* 0 costs are below the resolution: 0 / 0 is 1, else the ratio is 0 or infinite and takes its place in the order.
 * 0 or -ENOMEM. */
int comparison_make(const double *cell, const double *baseline, size_t blocks, const struct family *family,
                    struct comparison *comparison);

/* The costs of two cells, aligned by block. */
struct cost_pair {
    const double *cell, *baseline;
};

/* So surely slower, or faster, that it says nothing of how small a difference would be seen. */
bool comparison_far(const struct comparison *comparison);

/* Holm's step-down over all comparisons of the family: the level rises with every one whose interval leaves 1 out, as
 * the error is then shared among the rest. Verdicts read at the level of the last step, `last`, are wrong in at most
 * FAMILY_ERROR of all families in any of them; intervals of that level are not, so those of `family` are shown.
 * 0 or -ENOMEM. */
int family_step_down(const struct family *family, const struct cost_pair *pairs, size_t count, size_t blocks,
                     struct family *last);

/* equal: the whole interval lies within 1 / (1 + margin) .. 1 + margin, even where it does not hold 1: a difference
 * that is surely below the margin is called equal. Else faster or slower: the whole interval lies on one side of 1;
 * touching 1 is not enough. Else, and without an interval, unresolved. */
enum verdict verdict_read(const struct interval *ratio, double margin);

/* The geometric mean over cells of their ratios to their baselines: of each block, then their middle with its
 * interval, so that nothing is assumed of how the cells of a block depend on each other (they may share a baseline).
 * Where noise is skewed that is not quite the geometric mean of the cells' middles. ratios[cell * blocks + block], NAN
 * where there is none; only blocks that have all cells count. Fills what comparison_make() does. 0 or -ENOMEM. */
int comparison_of_all(const double *ratios, size_t cells, size_t blocks, const struct family *family,
                      struct comparison *comparison);

/* The smallest difference (0.01 is 1 %) that comparisons like these show: were the true ratio as far from 1 as that,
 * about 4 of 5 of their intervals would lie wholly on one side of 1. (A verdict faster or slower takes more than that
 * where the interval lies within the margin.) `same`: the cells are known to be equal (selftest), and every interval is
 * measured from 1; else from its own middle, and widened by a fifth because that is off as well. NAN: no comparison has
 * an interval. It sorts in `room`: 2 x count numbers. */
double difference_visible(const struct comparison *comparisons, size_t count, bool same, double *room);

/* Cells against themselves. */
struct alarms {
    size_t comparisons; /* that have an interval */
    size_t alarms;      /* of them, intervals that do not hold 1: wrong, whatever the verdict */
    size_t verdicts;    /* of them, verdicts faster or slower: alarms that somebody would have believed */
    size_t allowed;     /* alarms that a true rate of FAMILY_ERROR exceeds in at most 1 of 100 self-tests: 18 of 200 */
};

struct alarms alarms_count(const struct comparison *comparisons, size_t count);
size_t alarms_allowed(size_t comparisons);

#endif
