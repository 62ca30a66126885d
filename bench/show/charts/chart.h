/* A chart: a row of the table in table.c, a file here that says what is drawn (lines of numbers and a few variables),
 * and a gnuplot script of the same name in scripts/ that says what it looks like. One thread. */
#ifndef POOLBENCH_SHOW_CHARTS_CHART_H
#define POOLBENCH_SHOW_CHARTS_CHART_H
#include "bench/analyse/analysis.h"

#define CHART_NOTE_MAX 512

struct chart_source {
    const struct analysis *analysis;
    const struct run_data *run; /* of the analysis */
    char *note; /* CHART_NOTE_MAX bytes: chart_notes() leaves there what it was told, for captions; or NULL */
};

struct chart {
    const char *name;  /* of the script and of the files: charts/NAME.svg, .dat, .gp */
    const char *title; /* stands in the picture */
    const char
        *caption; /* what is shown and how to read it: stands below it in a report, with what chart_notes() said */
    /* Writes the numbers to `data` (charts/NAME.dat), and to `script` the variables that scripts/NAME.gp needs. Returns
     * how many pictures that makes; 0 when there is nothing sensible to draw, with the reason in why (ERROR_MAX bytes);
     * or -errno, likewise. */
    int (*make)(const struct chart *chart, const struct chart_source *source, FILE *data, FILE *script, char *why);
};
extern const struct chart *const chart_table[]; /* ends with NULL; in the order of reports */

/* What all scripts get: chart_name, chart_title, chart_format and chart_width by themselves; of `make` they need what
 * scripts/style.gp names. */
void chart_quoted(FILE *script, const char *text); /* as gnuplot reads text without looking into it */
/* chart_source and chart_note: machine, date, run, number of trials, what bars mean. `bars`: a sentence, without its
 * full stop. */
void chart_notes(FILE *script, const struct chart_source *source, const char *bars);
/* The same where points are medians over trials, n_min .. n_max of them. bars: at least one point has an interval. */
void chart_notes_medians(FILE *script, const struct chart_source *source, size_t n_min, size_t n_max, bool bars);
char *chart_origin(char *text, size_t size, const struct chart_source *source); /* what chart_source says */

/* How all charts of a run are drawn. */
struct drawing {
    const struct analysis *analysis;
    const char *format; /* svg, png, pdf, tex */
    double width_px;    /* of 1/96 inch; 0: what the panels need */
    FILE *talk;         /* is told what was drawn and what not, and why; or NULL */
    uint64_t limit_ns;  /* for a chart, until one has taken longer: see drawing_make(). 0: CHART_LIMIT_NS */
};

#define CHART_LIMIT_NS (30ull * 1000000000u) /* a chart takes tenths of a second */

/* Draws all that can be. A gnuplot that takes longer than the limit is ended, and those behind it have a quarter of it:
 * one that always hangs costs a third more than the limit, and a single chart that is slow none of the others. 0; or
 * -errno of the first that could not, with a line in error (ERROR_MAX bytes): -ENOENT, there is no gnuplot. */
int drawing_make(const struct drawing *drawing, char *error);

#endif
