/* The chart `workers` where the run has profiled siblings: what each slot did when. One thread. */
#ifndef POOLBENCH_SHOW_CHARTS_STATES_H
#define POOLBENCH_SHOW_CHARTS_STATES_H
#include "bench/show/charts/chart.h"
#include "bench/show/charts/groups.h"

/* Of the panel in which most pools have spans. 1: drawn; 0: none has; -errno, with the reason in work->why if the code
 * does not say it. */
int states_draw(const struct chart_work *work, struct groups *groups);

#endif
