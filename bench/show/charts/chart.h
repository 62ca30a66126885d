/* A chart: a row of the table in table.c, a file here that says what is drawn (lines of numbers and a few variables),
 * and a gnuplot script of the same name in scripts/ that says what it looks like. One thread. */
#ifndef POOLBENCH_SHOW_CHARTS_CHART_H
#define POOLBENCH_SHOW_CHARTS_CHART_H
#include "bench/analyse/analysis.h"

#define CHART_NOTE_MAX 512
#define CHART_PANELS_MAX                                                                                               \
    12 /* of one picture; more panels, or such as make it taller than a page, make more pictures                       \
        */

/* What a chart is drawn from, and where it goes. */
struct chart_work {
    const struct chart *chart;
    const struct analysis *analysis;
    const struct run_data *run; /* of the analysis */
    FILE *data;                 /* charts/NAME.dat: numbers */
    FILE *script;               /* charts/NAME.gp: variables that scripts/NAME.gp needs */
    char *why;                  /* ERROR_MAX bytes */
    char *note; /* CHART_NOTE_MAX bytes: chart_notes() leaves there what it was told, for captions; or NULL */
};

struct chart {
    const char *name;  /* of the script and of the files: charts/NAME.svg, .dat, .gp */
    const char *title; /* stands in the picture */
    const char
        *caption; /* what is shown and how to read it: stands below it in a report, with what chart_notes() said */
    /* Writes data and script. Returns 1, and the script makes as many pictures as its panels take; 0 when there is
     * nothing sensible to draw, with the reason in why; or -errno, with the reason there if the code does not say it.
     */
    int (*make)(const struct chart_work *work);
    const void *of;       /* what charts that share a `make` differ in */
    const char *drawn_by; /* whose script draws it; NULL: its own */
};
extern const struct chart *const chart_table[]; /* ends with NULL; in the order of reports */

/* What all scripts get: chart_name, chart_title, chart_format and chart_width by themselves; of `make` they need what
 * scripts/style.gp names. */
/* A line "array[number] = 'text'", or "variable = 'text'" for number 0; with µs for us behind a number. */
void chart_text(FILE *script, const char *variable, size_t number, const char *text);
void chart_datum(FILE *data, const char *text); /* the last of a line of data: a text */
/* A line of comment in data; what is too long is cut. */
__attribute__((format(printf, 2, 3))) void chart_comment(FILE *data, const char *format, ...);
/* pool_look[], and with it pool_name[], of the pools of these cells. */
void chart_looks(FILE *script, const struct run_data *run, const size_t *cell, size_t pools);
void chart_pools(FILE *script, const struct run_data *run, const size_t *cell, size_t pools);

/* Trials (or blocks) of the points of a chart, from the fewest to the most. */
struct chart_counts {
    size_t least, most;
    bool bars; /* one of them has an interval */
};
void chart_count(struct chart_counts *counts, size_t trials, bool bar);
char *chart_counts_text(char *text, size_t size, const struct chart_counts *counts); /* "6 .. 8"; returns text */

/* The median of the numbers, which it sorts, with its interval by itself. */
struct amount chart_median(const struct run_data *run, double *values, size_t count);
void chart_interval(FILE *data, const struct interval *interval); /* " lo hi", or " NaN NaN" */

/* A line "line value lo hi trials pool words": without an interval, its ends are the value; of a value that is not
 * known, `instead` stands there. */
void chart_amount(FILE *data, size_t line, size_t pool, const struct amount *amount, const char *instead,
                  struct chart_counts *counts);

/* chart_source and chart_note: machine, date, run, number of trials, what bars mean. `bars`: a sentence, without its
 * full stop. */
void chart_notes(const struct chart_work *work, const char *bars);
void chart_notes_medians(const struct chart_work *work, const struct chart_counts *counts,
                         const char *more);                              /* of points over trials */
char *chart_origin(char *text, size_t size, const struct run_data *run); /* what chart_source says; returns text */

/* How all charts of a run are drawn. */
struct drawing {
    const struct analysis *analysis;
    const char *format; /* svg, png, pdf, tex */
    double width_px;    /* of 1/96 inch; 0: what the panels need */
    unsigned columns;   /* of panels; 0: as many as are wide enough to read */
    bool bare;          /* nothing above the panels: no title, machine, run and note */
    FILE *talk;         /* is told what was drawn and what not, and why; or NULL */
    uint64_t limit_ns;  /* for a chart, until one has taken longer: see drawing_make(). 0: CHART_LIMIT_NS */
};

#define CHART_LIMIT_NS (30ull * 1000000000u) /* a chart takes tenths of a second */

/* Draws all that can be. A gnuplot that takes longer than the limit is ended, and those behind it have a quarter of it:
 * one that always hangs costs a third more than the limit, and a single chart that is slow none of the others. 0; or
 * -errno of the first that could not, with a line in error (ERROR_MAX bytes): drawing_wants_gnuplot(), or a file could
 * not be written, which goes before. */
int drawing_make(const struct drawing *drawing, char *error);
/* Of its result: there is no gnuplot (-ENOENT), it failed (-ECHILD), or took too long (-ETIMEDOUT). */
bool drawing_wants_gnuplot(int result);

#endif
