/* A run, read once and looked at by everybody: who sums up, compares, judges, draws or prints takes a const struct
 * run_data *. Only reads files of the run. One thread. */
#ifndef POOLBENCH_MODEL_RUN_DATA_H
#define POOLBENCH_MODEL_RUN_DATA_H
#include "bench/model/columns.h"
#include "bench/model/histograms.h"
#include "bench/stats/looks.h"
#include "bench/stats/pooled.h"
#include <jansson.h>
#include <limits.h>
#include <stdio.h>

#define RUN_NOTHING     SIZE_MAX
#define RUN_TRIALS_MOST 1000000 /* more would be a broken number, and take the memory of as many */

/* Percentiles that are taken of every trial. */
enum run_percentile {
    QUEUE_P50,
    SERVICE_P50,
    RETURN_P50,
    LATENCY_P50,
    LATENCY_P90,
    LATENCY_P99,
    LATENCY_P999,
    LATE_P99,
    RUN_PERCENTILES
};

/* The tail of a trial's distribution: point i is the percentile p with 1 / (1 - p) = 10^(i / TAIL_DECADE). */
#define TAIL_DECADE 10
#define TAIL_POINTS (6 * TAIL_DECADE + 1)
#define TAIL_SLOWER 10 /* tasks that must be slower than a percentile: p99 from 1,000 tasks on, p99.9 from 10,000 */
double tail_x(unsigned point); /* 1 / (1 - p) */
double tail_p(unsigned point); /* of the first, the fastest task */

/* Of which tasks of a cell a latency is: of all of them; of those that came first after idleness; of a class of tasks,
 * where there are two. */
enum latency_of { LATENCY_ALL, LATENCY_FIRST, LATENCY_CPU, LATENCY_SLEEP, LATENCIES };

/* What latency.csv says of one trial, in ns; NAN: not known, or of too few tasks. */
struct trial_times {
    double percentile[RUN_PERCENTILES];
    double mean[SPANS];
    double tail[TAIL_POINTS]; /* of service; latency, where the cell has one (factors_have_latency), is pooled */
    int64_t tasks;            /* whose service was timed */
    /* Of latency, in its steady state where the trial tells of one; empty unless factors_have_latency(). */
    struct pooled_trial pool[LATENCIES];
};

struct run_data {
    char directory[PATH_MAX];
    json_t *host;       /* host.json; NULL: it is not there, or is no JSON of ours, and the machine is not known */
    struct looks looks; /* how the run could stop by what it saw */
    double deadline_ns; /* beyond which a task is a miss; NAN: none was told */
    bool partial;       /* latency.csv is not there: no percentiles */
    bool torn;          /* trials.csv ends within a line, which is not used */
    size_t missing;     /* rows of it that were written and are not there */

    struct trial_row *trials; /* all committed ones that count, in the order of the file */
    size_t trial_count;
    size_t set_aside;           /* others, that were run again: their rows were disturbed from outside; */
    size_t set_aside_disturbed; /* of these, those that were disturbed themselves */
    size_t stood;               /* and of those, that stood still */
    struct trial_times *times;  /* one a trial; NULL: not read */

    /* A row a cell, in the order of their first trials. What tells of the cell is here from the beginning; its numbers
     * come from run_summed_open() (bench/analyse/summary.h). */
    struct summary_row *rows;
    size_t count;

    /* The index. */
    size_t *plan;        /* rows in the order of the plan; that of the trials is a random one */
    size_t *cell, *next; /* of a trial: its row; the next trial of that cell, RUN_NOTHING */
    size_t *first;       /* of a row: its first trial */
    size_t blocks;       /* the last one's number */
    size_t *at;          /* rows x blocks: the trial that ended well there, RUN_NOTHING */
};

/* 0 or -errno with a line in error (ERROR_MAX bytes); nothing to be closed then. */
int run_data_open(const char *directory, struct run_data *run, char *error);
int run_trials_open(const char *directory, struct run_data *run, char *error); /* without latency.csv: no `times` */
void run_data_close(struct run_data *run);
/* Fills rows and index from the trials; part of run_data_open(). In a block a cell has one trial that ended well: with
 * more, which of them belongs to the others of the block? */
int run_data_index(struct run_data *run, char *error);
/* Of a cell, in a block from 1 on, the trial that ended well; RUN_NOTHING. */
size_t run_data_at(const struct run_data *run, size_t cell, size_t block);
/* Notes in host.json and in `run` what stands under `key` of "run"; takes value over. As host_note(). */
int run_data_note(struct run_data *run, const char *key, json_t *value, char *error);
/* What of the run is not there or not used, a line each; nothing for a whole one. */
void run_data_gaps(FILE *talk, const struct run_data *run);

/* Percentiles and deadline misses of all trials of a cell together that ended well (bench/stats/pooled.h), at the level
 * of a median by itself in a run that could stop as this one. 0; -EDOM, -ENOMEM as there; what cannot be told is NAN. A
 * cell whose latencies are not of the pool has 0 tasks. p and limit_ns as there. */
int run_pooled(const struct run_data *run, size_t cell, double p, struct pooled *result);
int run_misses(const struct run_data *run, size_t cell, double limit_ns, struct pooled *result);
/* Likewise, at this level. */
int run_pooled_at(const struct run_data *run, size_t cell, double p, double level, struct pooled *result);
int run_misses_at(const struct run_data *run, size_t cell, double limit_ns, double level, struct pooled *result);
/* run_pooled() of some of the tasks. */
int run_pooled_of(const struct run_data *run, size_t cell, enum latency_of of, double p, struct pooled *result);

/* Whether latencies of such a cell are of the pool: tasks come one by one, and are timed. Else most of a latency is the
 * queue that the trial itself has made. */
bool factors_have_latency(const struct factors *factors);

#endif
