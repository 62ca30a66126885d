/* Percentiles of the latencies of all trials of a cell together, with an interval that takes each trial for one
 * observation: the tasks of a trial waited in the same queue, so however many they are, they tell much the same. How
 * well the intervals hold, tests/test_pooled.c measures; docs/OPEN-LOOP.md (Percentiles) says why they are made so.
 * Pure; thread-safe. */
#ifndef POOLBENCH_STATS_POOLED_H
#define POOLBENCH_STATS_POOLED_H
#include "bench/stats/stats.h"

/* The histogram of one trial: buckets in ascending order, owned by the caller. */
struct pooled_trial {
    const struct bucket *buckets;
    size_t count;
};

struct pooled {
    double value, lo, hi; /* in ns; NAN: not known */
    int64_t n;            /* tasks in all trials */
    size_t trials;        /* that have any */
};

#define POOLED_SLOWER 10 /* tasks in all that must be slower: p99 from 1,000 tasks in all on, p99.9 from 10,000 */

/* The smallest time that a share p (0 < p < 1) of all tasks does not exceed, and its interval at `level`. 0; -EDOM:
 * there is no interval (lo and hi are NAN), and below POOLED_SLOWER / (1 - p) tasks no value either; -ENOMEM. n and
 * trials are told in any case. No interval: fewer than STATS_INTERVAL_MIN trials, or a tail that rests on too few
 * independent tasks, which only longer trials, or more of them, can change. */
int pooled_percentile(const struct pooled_trial *trials, size_t count, double p, double level, struct pooled *result);

/* The share of all tasks that took longer than limit_ns: value, lo and hi are shares. A bucket that has the limit in it
 * counts by the part of it that lies above. Where no task did, lo is 0 and hi a bound. Else as above; the value is
 * there from one task on. */
int pooled_beyond(const struct pooled_trial *trials, size_t count, double limit_ns, double level,
                  struct pooled *result);

/* x / y of two cells, with an interval from those of both at the same level: MOVER on logarithms (Zou and Donner,
 * "Construction of confidence limits about effect measures: a general approach", Statistics in Medicine 27, 2008). Both
 * are taken to be independent; what cells of a block have in common makes it wider than it need be. NAN where either is
 * not known; hi is INFINITY where y may be 0. n and trials are the smaller ones. */
void pooled_ratio(const struct pooled *x, const struct pooled *y, struct pooled *ratio);

#endif
