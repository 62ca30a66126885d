/* The machinery of charts that are panels of points: a panel for everything that varies but the pool and the factor
 * along x, in it a series for each pool, each point the median over a cell's trials. One thread. */
#ifndef POOLBENCH_SHOW_CHARTS_PANELS_H
#define POOLBENCH_SHOW_CHARTS_PANELS_H
#include "bench/show/charts/chart.h"

struct panels { /* `of` of struct chart */
    const char *x_label, *y_label;
    const char *without;                            /* why it is not drawn when there is nothing to draw */
    factor_set axis;                                /* the factor along x, a FACTOR_ bit */
    double (*value)(const struct trial_row *trial); /* y; NAN: none */
    double (*bound)(const struct trial_row *trial); /* what y cannot exceed, drawn as a line; NULL: none */
};

/* What `make` of struct chart does: to `data` the series, blocks of lines "x y lo hi n" with two empty lines between,
 * to `script` the variables that say which is what. */
int panels_make(const struct chart_work *work);

#endif
