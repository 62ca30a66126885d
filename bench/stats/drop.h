/* What a few blocks tell already: Student's t on the log ratios of the costs of two cells, by block. It may be asked
 * after every block from DROP_LEAST on, as it speaks of what is far from the line alone. A cell that is
 * one-sided at DROP_ERROR beyond DROP_RATIO, or at NEAR_ERROR beyond NEAR_RATIO, runs no more. At CLEAR_ERROR, one
 * beyond CLEAR_RATIO is slower, one within CLEAR_WITHIN of the margin is equal. Neither is told of a cell on the other
 * side of 1, or of the margin, unless noise hits it alone in nearly every block; and of one that is dropped nothing
 * more is learnt, so that takes most. How seldom it is, with noise of any shape, tests/test_leaving.c measures. Pure;
 * thread-safe. */
#ifndef POOLBENCH_STATS_DROP_H
#define POOLBENCH_STATS_DROP_H
#include "bench/stats/stats.h"
#include <stdbool.h>

#define DROP_LEAST   6
#define DROP_RATIO   1.2
#define DROP_ERROR   1e-4
#define NEAR_RATIO   1.125
#define NEAR_ERROR   1e-6
#define CLEAR_ERROR  2e-5
#define CLEAR_RATIO  1.05
#define CLEAR_WITHIN 0.5 /* of the margin */

/* Of log ratios: the interval of their mean, at 1 - 2 x error. -EDOM leaves both ends NAN: fewer than DROP_LEAST. */
int drop_interval(const double *logs, size_t count, double error, struct interval *interval);

/* The whole interval lies beyond DROP_RATIO, or below its inverse. */
bool drop_tells(const struct interval *interval);
/* Of log ratios: it is so surely beyond that it runs no more. */
bool drop_decides(const double *logs, size_t count);

#endif
