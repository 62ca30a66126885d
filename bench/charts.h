/* The verb charts; drawing itself is charts_draw() of bench/summary.h. */
#ifndef POOLBENCH_CHARTS_H
#define POOLBENCH_CHARTS_H

/* argv: after the verb. The exit code: 0, 1 when a chart could not be drawn, or 2 with one line on stderr. */
int verb_charts(int argc, char **argv);

#endif
