/* Summing up, between reading the files (summary.c) and the numbers of a cell (summary_cells.c). One thread. */
#ifndef POOLBENCH_ANALYSE_SUMMARY_WORK_H
#define POOLBENCH_ANALYSE_SUMMARY_WORK_H
#include "bench/analyse/summary.h"
#include "bench/model/histograms.h"
#include <string.h>

#define NOTHING SIZE_MAX

/* The percentiles of a summary row. */
struct percentile {
    size_t offset; /* in struct summary_row */
    size_t lo, hi; /* where its interval goes, there; 0: nowhere */
    enum histogram_phase phase;
    double q;
    int64_t tasks_min;
};
#define PERCENTILE_COUNT 8
#define LATENCY_P99      5 /* the row that is kept for every trial */
extern const struct percentile percentiles[PERCENTILE_COUNT];

/* What is known of a trial beside its row. */
struct detail {
    size_t cell, next; /* its summary row; the next trial of that cell or NOTHING */
    double percentile[PERCENTILE_COUNT];
};

struct work {
    struct summary *summary;
    struct detail *details; /* one a trial */
    size_t *first;          /* per cell: its first trial */
    double *values;         /* room for one number a trial */
    double *imbalance;      /* of workers, one a trial */
    size_t trials_size;
    char *error;
};

static inline bool trial_is_ok(const struct trial_row *trial)
{
    return !strcmp(trial->status, "ok");
}

/* Fills the rest of the cell's row. factors: what tells cells apart. 0 or -ENOMEM. */
int cell_sum_up(const struct work *work, size_t cell, unsigned factors);

#endif
