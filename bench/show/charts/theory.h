/* What queueing theory says of cells, where its assumptions hold (bench/stats/queue.h). One thread. */
#ifndef POOLBENCH_SHOW_CHARTS_THEORY_H
#define POOLBENCH_SHOW_CHARTS_THEORY_H
#include "bench/model/run_data.h"

#define THEORY_WORDS 64

/* The latency that a share p of the tasks does not exceed, in ns, of a cell like `row` at `rate` tasks a second, whose
 * tasks take service_ns: M/D/c or M/M/c. NAN where that does not hold, or there is no steady state; words (THEORY_WORDS
 * bytes) gets its name, or why there is none. */
double theory_percentile(const struct run_data *run, const struct summary_row *row, double service_ns, double rate,
                         double p, char *words);

#endif
