/* What failures on purpose cost: for every cell with --faults, what became of the tasks, how long failures took to be
 * noticed and workers to be replaced, and the time per good task over that of the same cell without faults, block by
 * block. The intervals of those ratios hold together. One thread. */
#ifndef POOLBENCH_ANALYSE_FAULT_COSTS_H
#define POOLBENCH_ANALYSE_FAULT_COSTS_H
#include "bench/analyse/price.h"

struct fault_cost {
    size_t cell;        /* of run->rows */
    size_t clean;       /* the same without faults; NO_CELL: not run */
    size_t ended;       /* trials that did not end well; the first one's */
    const char *status; /* is this; NULL: none */
    /* tasks of a trial, medians over trials; NAN: none came to run a task */
    double failed, collateral, lost;
    struct amount detect_ns, replace_ns; /* over trials in which there was something to notice, or to replace */
    struct comparison dip;               /* ns per ok task over that of `clean`; no blocks: not known */
};

struct fault_costs {
    struct fault_cost *fault_cost;
    size_t count; /* 0: a run without faults */
    struct family family;
};

int fault_costs_make(const struct run_data *run, struct fault_costs *fault_costs); /* 0 or -ENOMEM */
void fault_costs_release(struct fault_costs *fault_costs);

/* The columns as people read them, the first one's head left out: it is the cell. "" where there is nothing to say. */
enum { FAULT_COST_COLUMNS = 6 };
extern const char *const fault_cost_heads[FAULT_COST_COLUMNS], *const fault_cost_explained[FAULT_COST_COLUMNS];
struct fault_cost_text {
    char column[FAULT_COST_COLUMNS][40];
    char note[FAULT_COST_COLUMNS][48]; /* intervals */
};
void fault_cost_text(const struct fault_cost *fault_cost, const struct run_data *run, struct fault_cost_text *text);
/* "prefork, segv:rate=1%": what tells the cell from others of the run. Returns text. */
char *fault_cost_label(const struct fault_cost *fault_cost, const struct run_data *run, char *text, size_t size);

#endif
