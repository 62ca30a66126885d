/* What a few blocks tell already: Student's t on the log ratios of the costs of two cells, by block. It may be asked
 * after every block from DROP_LEAST on, as it speaks of what is far from the line alone. One-sided at DROP_ERROR, a
 * cell beyond DROP_RATIO runs no more. What may not be dropped is a cell that is as fast as the other: for its bound to
 * lie there all the same, noise must hit it alone in nearly every block. At CLEAR_ERROR, one beyond CLEAR_RATIO is
 * slower, one within CLEAR_WITHIN of the margin is equal; neither is true of a cell that is on the other side of 1, or
 * of the margin, but by such noise. How seldom that is, with noise of any shape, tests/test_leaving.c measures. Pure;
 * thread-safe. */
#ifndef POOLBENCH_STATS_DROP_H
#define POOLBENCH_STATS_DROP_H
#include "bench/stats/stats.h"
#include <stdbool.h>

#define DROP_LEAST   6
#define DROP_RATIO   1.2
#define DROP_ERROR   1e-4
#define CLEAR_ERROR  2e-5
#define CLEAR_RATIO  1.05
#define CLEAR_WITHIN 0.5 /* of the margin */

/* Of log ratios: the interval of their mean, at 1 - 2 x error. -EDOM leaves both ends NAN: fewer than DROP_LEAST. */
int drop_interval(const double *logs, size_t count, double error, struct interval *interval);

/* The whole interval lies beyond DROP_RATIO, or below its inverse. */
bool drop_tells(const struct interval *interval);

#endif
