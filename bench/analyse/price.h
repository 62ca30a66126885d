/* What a pool costs beside the work: starting a worker, its memory, handing over a task. Each is read off one cell of
 * the pool, trial by trial: the one that runs `empty` tasks if there is one, rather one whose trials are timed as a
 * whole, so that no clock readings are in the price; else the first without payload and ballast, which would be in the
 * price of every worker. Memory is read off the one with the fewest tasks among those with as many workers, because the
 * submitter keeps a few bytes for every task. One thread. */
#ifndef POOLBENCH_ANALYSE_PRICE_H
#define POOLBENCH_ANALYSE_PRICE_H
#include "bench/analyse/table.h"

struct amount {
    double value;             /* median over trials; NAN: not known */
    struct interval interval; /* at TABLE_LEVEL; NAN: fewer than 6 trials */
    size_t trials;
};

struct price {
    size_t cell;            /* what start and hand-over are read off; NO_CELL: nothing */
    bool per_task;          /* a worker is made for every task: there is no start to pay in advance */
    bool clocked;           /* tasks of that cell were timed: two clock readings each are in the hand-over */
    struct amount start_ns; /* opening the pool, by the workers that makes */
    struct amount bytes;    /* proportional set size beyond that of the base pool with the same tasks, by the workers */
    struct amount handover_ns; /* wall time per task of `empty` */
};

/* Of numbers of trials, which it sorts; NAN: of those that do not know it. */
struct amount amount_make(const struct run_data *run, double *values, size_t count);
/* Of the pool of that column. 0 or -ENOMEM. */
int price_make(const struct table *table, size_t column, struct price *price);
bool price_known(const struct price *price); /* there is something to show */

#endif
