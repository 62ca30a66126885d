/* What gnuplot would be given for one chart of a run, as texts. One chart at a time; what fails, fails the test. */
#ifndef POOLBENCH_TESTS_CHARTED_H
#define POOLBENCH_TESTS_CHARTED_H
#include "bench/base/refuse.h"
#include "bench/show/charts/chart.h"

/* Of the last chart_make(); why: the reason where nothing was drawn. */
extern struct charted {
    char *data, *script, why[ERROR_MAX];
} charted;

/* The chart of the run in that directory; returns the number of pictures, or -errno. */
int chart_make(const char *directory, const struct chart *chart);
void expect_in(const char *text, const char *part);
void charted_free(void);

#endif
