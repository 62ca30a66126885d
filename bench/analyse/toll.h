/* What failures on purpose cost: for every cell with --faults, what became of the tasks, how long failures took to be
 * noticed and workers to be replaced, and the time per good task over that of the same cell without faults, block by
 * block. The intervals of those ratios hold together. One thread. */
#ifndef POOLBENCH_ANALYSE_TOLL_H
#define POOLBENCH_ANALYSE_TOLL_H
#include "bench/analyse/price.h"

struct toll {
    size_t cell;        /* of summary->rows */
    size_t clean;       /* the same without faults; NO_CELL: not run */
    size_t ended;       /* trials that did not end well; the first one's */
    const char *status; /* is this; NULL: none */
    /* tasks of a trial, medians over trials; NAN: none came to run a task */
    double failed, collateral, lost;
    double workers;                      /* worker processes that died and were replaced, likewise */
    struct amount detect_ns, replace_ns; /* over trials in which there was something to notice, or to replace */
    struct comparison dip;               /* ns per ok task over that of `clean`; no blocks: not known */
};

struct tolls {
    struct toll *toll;
    size_t count; /* 0: a run without faults */
    struct claim claim;
};

int tolls_make(const struct summary *summary, struct tolls *tolls); /* 0 or -ENOMEM */
void tolls_release(struct tolls *tolls);

/* The columns as people read them, the first one's head left out: it is the cell. "" where there is nothing to say. */
enum { TOLL_COLUMNS = 6 };
extern const char *const toll_heads[TOLL_COLUMNS], *const toll_explained[TOLL_COLUMNS];
struct toll_text {
    char column[TOLL_COLUMNS][40];
    char note[TOLL_COLUMNS][48]; /* intervals */
};
void toll_text(const struct toll *toll, const struct summary *summary, struct toll_text *text);
/* "prefork, segv:rate=1%": what tells the cell from others of the run. Returns text. */
char *toll_label(const struct toll *toll, const struct summary *summary, char *text, size_t size);

#endif
