/* What a chart shows: panels, series and points, from the trials of a run. */
#ifndef POOLBENCH_CHART_DATA_H
#define POOLBENCH_CHART_DATA_H
#include "bench/summary.h"

#define CHART_PANELS_MAX 12 /* of one picture; more panels make more pictures */

struct chart {
    const char *name; /* of the script and the files */
    const char *title, *x_label, *y_label;
    const char *without;                            /* why it is not drawn when there is nothing to draw */
    unsigned axis;                                  /* the factor along x, a FACTOR_ bit */
    double (*value)(const struct trial_row *trial); /* y; NAN: none */
    double (*bound)(const struct trial_row *trial); /* what y cannot exceed, drawn as a line; NULL: none */
};
extern const struct chart chart_table[]; /* ends with a row without a name */

struct chart_data {
    const struct chart *chart;
    const char *directory;
    const struct summary *summary;
    unsigned factors;
    size_t *panel, panels; /* per panel: a cell of it */
    size_t *pool, pools;   /* per pool: a cell of it */
    bool *drawable;        /* per cell: has a point */
    size_t *cells;         /* room for the cells of a series */
    double *values;        /* room for one number a trial */
};

int chart_data_init(struct chart_data *data, const struct chart *chart, const char *directory,
                    const struct summary *summary); /* 0 or -ENOMEM; release it in any case */
void chart_data_release(struct chart_data *data);
size_t chart_data_pages(const struct chart_data *data);

/* The series: blocks of lines "x y lo hi n", two empty lines between. */
void chart_data_series(FILE *out, const struct chart_data *data);
/* The variables that tell the script what the series are. */
void chart_data_header(FILE *out, const struct chart_data *data);

#endif
