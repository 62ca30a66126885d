/* A chart: a row of the table in table.c, a file here that says what is drawn (lines of numbers and a few variables),
 * and a gnuplot script of the same name in scripts/ that says what it looks like. One thread. */
#ifndef POOLBENCH_CHART_H
#define POOLBENCH_CHART_H
#include "bench/summary.h"

struct chart_source {
    const char *directory; /* of the run */
    const struct summary *summary;
};

struct chart {
    const char *name;    /* of the script and of the files: charts/NAME.svg, .dat, .gp */
    const char *title;   /* stands in the picture */
    const char *caption; /* what is shown, how to read it, what the bars are: stands below it in a report */
    /* Writes the numbers to `data` (charts/NAME.dat), and to `script` the variables that scripts/NAME.gp needs. Returns
     * how many pictures that makes; 0 when there is nothing sensible to draw, with the reason in why (ERROR_MAX bytes);
     * or -errno, likewise. */
    int (*make)(const struct chart *chart, const struct chart_source *source, FILE *data, FILE *script, char *why);
};
extern const struct chart *const chart_table[]; /* ends with NULL; in the order of reports */

/* What all scripts get. */
void chart_quoted(FILE *script, const char *text); /* as gnuplot reads text without looking into it */
/* chart_source and chart_note: machine, date, run, number of trials, what bars mean. `bars`: a sentence. */
void chart_notes(FILE *script, const struct chart_source *source, const char *bars);

#endif
