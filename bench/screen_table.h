/* The table of the closing screen: a row for every combination of factors but the pool, a column for every pool, marks
 * for the best of a row and what equals it. One thread. */
#ifndef POOLBENCH_SCREEN_TABLE_H
#define POOLBENCH_SCREEN_TABLE_H
#include "bench/summary.h"

#define SCREEN_COLUMNS 96

struct table {
    const struct summary *summary;
    unsigned factors;   /* what tells cells apart */
    unsigned shown;     /* what of it the labels of rows say */
    size_t *order;      /* all cells, in the order of the plan */
    size_t *row, *base; /* per row: a cell of it; its cell of the base pool or SIZE_MAX */
    size_t rows;
    size_t *pool; /* per column: a cell of that pool */
    size_t pools;
    double *values; /* room for one number a trial or cell */
    size_t comparisons, blocks;
    double level;                         /* of an interval, so that all comparisons hold at once */
    bool too_few;                         /* blocks to resolve that many comparisons: no marks */
    bool equal, unresolved, partly, wide; /* marks used, for the legend */
};

int table_init(struct table *table, const struct summary *summary); /* 0 or -ENOMEM; summary has a cell */
void table_release(struct table *table);
void table_print(FILE *out, struct table *table);

/* A pool as it stands over a column: one too long for it is called "hybrid (2)" there. */
void table_pool(const struct table *table, size_t column, char *text, size_t size);
/* The cell of the base pool with the same tasks, or SIZE_MAX. */
size_t table_base(const struct table *table, size_t cell);

#endif
