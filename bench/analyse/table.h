/* The table everything is read off: a row for every combination of factors but the pool, a column for every pool. Every
 * pool of a row is compared with the fastest of it, block by block; which that is, the same trials say, so intervals
 * hold for all pairs of pools at once, and so do verdicts, by steps (docs/STATISTICS.md). The base pool is what the
 * others are measured by and no contender, unless a row has just one other. One thread. */
#ifndef POOLBENCH_ANALYSE_TABLE_H
#define POOLBENCH_ANALYSE_TABLE_H
#include "bench/model/metrics.h"
#include "bench/stats/verdict.h"

#define TABLE_LEVEL 0.95
#define NO_CELL     SIZE_MAX

enum mark { MARK_NONE, MARK_BEST, MARK_UNRESOLVED }; /* best, or equal to it */

struct entry {
    size_t cell;              /* in run->rows; NO_CELL: the pool does not run this */
    double ns;                /* per task: median; NAN: no trial ended well */
    double speedup;           /* over the base of the row: middle over blocks; NAN: no base */
    struct interval interval; /* of the speed-up, or without a base of ns, at TABLE_LEVEL by itself; NAN: too few */
    bool contends;
    struct comparison to_best; /* its cost over that of the row's best, verdict by step-down; of contenders */
    enum mark mark;            /* NONE for all when there are too few blocks */
};

struct table {
    const struct run_data *run;
    struct series series;
    factor_set factors; /* what tells cells apart */
    factor_set shown;   /* what of it the labels of rows say */
    size_t rows, pools;
    size_t *row;           /* per row: a cell of it */
    size_t *base;          /* per row: its cell of the base pool, or NO_CELL */
    size_t *base_of;       /* per cell, for table.c alone */
    size_t *best;          /* per row: the column of the fastest contender, or NO_CELL */
    size_t *pool;          /* per column: a cell of that pool */
    struct entry *entries; /* rows x pools */
    struct family family;
    size_t blocks_needed; /* for that many comparisons; more than series.blocks: no marks */
};

int table_init(struct table *table, const struct run_data *run); /* 0 or -ENOMEM; the run has a cell */
void table_release(struct table *table);
const struct entry *table_entry(const struct table *table, size_t row, size_t column);
bool table_marked(const struct table *table); /* enough blocks for marks */
/* Every comparison of the row with its best, or where there is none the median of its cell, has an interval that
 * reaches at most this far from its middle. */
bool table_precise(const struct table *table, size_t row, double precision);
/* What a row could tell. */
struct sight {
    size_t blocks; /* that the best of the row has in common with another contender, of which that are most */
    double
        visible; /* the smallest difference from its best that comparisons like these show; NAN: none has an interval */
    size_t to_resolve; /* blocks in all that would resolve what is unresolved, in about 4 of 5 cases each; 0: nothing
                          is; RESOLVE_MAX + 1: more than RESOLVE_MAX */
};
int table_sight(const struct table *table, size_t row, struct sight *sight); /* 0 or -ENOMEM */
/* What the rows could tell in which a verdict is not told. */
struct sights {
    size_t rows;        /* such rows that have an interval; the others are of them */
    double least, most; /* visible of the best row, and the worst of `near` */
    size_t near;        /* three quarters of the rows, those that see most */
    size_t widest;      /* the row that sees least, */
    double visible;     /* and what it sees */
};
int table_sights(const struct table *table, struct sights *sights); /* 0 or -ENOMEM */
bool table_compares(const struct table *table, size_t row);         /* it has two contenders */
/* Every verdict of the row on a contender against its best is told; false where it has no two contenders. */
bool table_told(const struct table *table, size_t row);
/* Likewise, and each by what a few blocks tell (bench/stats/drop.h), however few there are. */
bool table_clear(const struct table *table, size_t row);
/* The cell is so surely slower than the best of its row that it needs to run no more (bench/stats/drop.h). */
bool table_dropped(const struct table *table, size_t row, size_t column);
/* The blocks of a cell that was dropped while its row ran on without it; 0: it was not. */
int64_t table_left(const struct table *table, size_t row, size_t column);
/* The cell of the base pool with the same tasks, or NO_CELL. */
size_t table_base(const struct table *table, size_t cell);

#endif
