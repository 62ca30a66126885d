/* One line on a terminal: how far the run is, how long it will take, how sure it is by now, and what is running.
 * Elsewhere a line when nothing was said for PROGRESS_EVERY_NS, also within a long trial. One thread. */
#ifndef POOLBENCH_MEASURE_PROGRESS_H
#define POOLBENCH_MEASURE_PROGRESS_H
#include "bench/model/cell.h"
#include <stdbool.h>

#define PROGRESS_EVERY_NS 20000000000u
#define PROGRESS_TICK_NS  1000000000u /* how often somebody should call progress_tick() */

struct progress {
    bool on;
    uint64_t said_ns, shown_ns; /* the last line elsewhere; the last call of progress_show() */
    size_t done;                /* as it was called */
    double left_ns;
    const struct cell *cell;
    unsigned columns; /* of the terminal */
    size_t total, cells, blocks, blocks_before;
    double after_ns; /* forecast of all that comes after the block that runs, for who calls progress_show() */
    bool may_stop;   /* what it finds may end it before */
    double *ns;      /* per task, by block and cell; NAN: none yet. NULL: no memory, and no interval is shown */
    double *room;    /* one cell's, to sort */
    double widest;   /* half the width of the widest 95 % interval of a cell's median, as a share; NAN: none yet */
};

/* blocks_before: those that were run before, and are not shown. */
void progress_begin(struct progress *progress, size_t cells, size_t blocks, size_t blocks_before);
/* left_ns: until the prompt. */
void progress_show(struct progress *progress, size_t done, double left_ns, const struct cell *cell);
/* Time goes by: what was shown last, as it is by now. */
void progress_tick(struct progress *progress);
void progress_grow(struct progress *progress, size_t blocks); /* so many more than at first */
/* A line of its own on stderr, terminal or not. */
__attribute__((format(printf, 2, 3))) void progress_tell(const struct progress *progress, const char *format, ...);
/* What a trial found, NAN when it failed; block from 0. Cells that came later are not noted. */
void progress_note(struct progress *progress, unsigned cell, unsigned block, double ns_per_task);
void progress_end(struct progress *progress); /* clears the line */

#endif
