/* Metrics: what of a trial is compared, judged and drawn. One table: `compare`, `isolation`, `targets`, charts, help
 * and `list metrics` take names, words and values from it; adding one is adding a row. Pure. */
#ifndef POOLBENCH_MODEL_METRICS_H
#define POOLBENCH_MODEL_METRICS_H
#include "bench/model/run_data.h"
#include "bench/stats/verdict.h"

enum metric_unit { UNIT_NS, UNIT_BYTES, UNIT_COUNT, UNIT_SHARE };

struct metric {
    const char *name; /* --metric, targets, CSV */
    const char *words;
    const char *more; /* what 1.09x means: "takes 9 % more time per task" */
    enum metric_unit unit;
    bool more_is_better;                                       /* else less */
    double (*value)(const struct run_data *run, size_t trial); /* of one that ended well; NAN: not known */
    /* Instead, of all trials of a cell together, with an interval at `level`, as run_pooled_at(): the series has the
     * same number in each block, and comparison_of_pooled() is what compares. */
    int (*pooled)(const struct run_data *run, size_t cell, double level, struct pooled *result);
    bool by_base;      /* time that tasks take: cells of two runs are measured by the base pool of their own */
    bool of_cpu;       /* CPU time: waiting for a CPU is no part of it */
    const char *lacks; /* why no trial may have it; NULL: nothing is known */
};
#define METRICS_MAX 64
extern const struct metric metrics[]; /* ends with a row without a name */
#define METRIC_WALL (&metrics[0])

/* NULL and a line in error, with the nearest name, where there is none. */
const struct metric *metric_find(const char *name, char *error);
/* The same of a name that the program itself uses. */
const struct metric *metric_named(const char *name);
char *metric_text(const struct metric *metric, double value, char *text, size_t size); /* with its unit; "-": none */

/* A metric, cell by cell and block by block: what is compared. */
struct series {
    size_t cells, blocks;
    double *value; /* cells x blocks; NAN where a cell has no trial that ended well in that block */
};
int series_make(const struct run_data *run, const struct metric *metric, struct series *series); /* 0 or -ENOMEM */
/* A cell and the one it is compared with, which may be of another run. */
struct metric_pair {
    const struct run_data *run, *base_run;
    size_t cell, base;
};
/* Of a metric of all trials together, ratio, interval and verdict of a comparison that comparison_make() made of the
 * two series (bench/stats/pooled.h), at the level that it had; of others, nothing. 0 or -ENOMEM. */
int comparison_of_pooled(const struct metric *metric, const struct metric_pair *pair, const struct family *family,
                         struct comparison *comparison);
void series_release(struct series *series);
/* `blocks` numbers of the cell with that number in run->rows. */
double *series_of(const struct series *series, size_t cell);

#endif
