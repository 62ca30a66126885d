/* When a cell is so surely slower than another that running it on would tell nothing more: Student's t on the log
 * ratios of their costs, by block, against DROP_RATIO, one-sided at DROP_ERROR. It is asked at every look from
 * DROP_LEAST blocks on. What may not be dropped is a cell that is as fast as the other: for its bound to lie above
 * DROP_RATIO all the same, noise must hit it alone in nearly every block; how seldom that is, with noise of any shape,
 * tests/test_leaving.c measures. Pure; thread-safe. */
#ifndef POOLBENCH_STATS_DROP_H
#define POOLBENCH_STATS_DROP_H
#include "bench/stats/stats.h"
#include <stdbool.h>

#define DROP_LEAST 6
#define DROP_RATIO 1.2
#define DROP_ERROR 1e-4

/* Of log ratios: that interval, at 1 - 2 x DROP_ERROR, of their mean. -EDOM leaves both ends NAN: fewer than
 * DROP_LEAST. */
int drop_interval(const double *logs, size_t count, struct interval *interval);

/* The whole interval lies beyond DROP_RATIO, or below its inverse. */
bool drop_tells(const struct interval *interval);

#endif
