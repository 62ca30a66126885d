/* The machinery of charts of what a search went through: for each pool what was found at every x, the level that was
 * looked for, and a mark where it was found. One thread. */
#ifndef POOLBENCH_SHOW_CHARTS_SEARCH_H
#define POOLBENCH_SHOW_CHARTS_SEARCH_H
#include "bench/show/charts/chart.h"

/* What was looked for and found for a pool: a series of the chart. */
struct search_mark {
    char pool[SPEC_MAX], workload[SPEC_MAX];
    int64_t workers;
    double level, x, lo, hi; /* NAN: none */
};

struct search_chart {                 /* `of` of struct chart */
    const struct file_format *format; /* of what was found: metg.csv */
    void (*take)(const void *row, struct search_mark *mark);
    const char *x_label, *y_label, *level_label;
    double x_scale, y_scale;                               /* from the file's units to those of the axes */
    double (*x)(const struct summary_row *row);            /* of a cell, in the file's units; NAN: none */
    double (*y)(const struct run_data *run, size_t trial); /* likewise */
    const char *note;
    /* Percentiles of latency of all trials of a cell together, in the place of y: the one that is looked at, and
     * another one that stands below it. 0: y. */
    double upper, lower;
    /* What theory says of the upper one at x, for cells like this; NAN where its assumptions do not hold, or no steady
     * state. `words` (64 bytes) gets its name, or why there is none. NULL: none. */
    double (*theory)(const struct run_data *run, const struct summary_row *row, double x, double p, char *words);
};

/* What `make` of struct chart does: data has, for each pool, a block of lines "x y lo hi" and one with the mark "x
 * level lo hi"; with percentiles one of the lower one and one of theory, "x y", behind them. */
int search_make(const struct chart_work *work);

#endif
