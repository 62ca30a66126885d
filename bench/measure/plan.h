/* The plan: cells completed for this machine, and the order in which every block runs them. One thread. */
#ifndef POOLBENCH_MEASURE_PLAN_H
#define POOLBENCH_MEASURE_PLAN_H
#include "bench/ask/request.h"
#include "bench/base/words.h"
#include "bench/measure/calibrate.h"
#include "bench/measure/rows.h"
#include "bench/stats/looks.h"

#define PILOTS_SHARE 0.05 /* of the budget, all pilots together */
#define BUDGET_SLACK 1.1  /* what a budget may be missed by */

struct plan {
    struct cells cells;             /* owned */
    struct row *rows;               /* one a cell as they were asked for; owned */
    size_t kept;                    /* the first so many cells have time in the budget; the others have left */
    unsigned blocks, blocks_before; /* before: those that the run of --more has already */
    uint32_t *order;                /* blocks x cells.count cell numbers, in running order; owned */
    unsigned comparisons;           /* m: pairs of cells that differ in the pool alone */
    struct looks looks;             /* how the run may stop by what it sees */
    bool leaves;                    /* rows and cells leave by what is found of them (bench/measure/look.h) */
    unsigned blocks_needed;         /* max(8, ceil(1 + log2(m / 0.05))) (docs/METHOD.md) */
    struct words left_out;          /* rows that the budget has no time for, with their pools */
    unsigned siblings;              /* blocks that have profiled siblings besides, which take as long */
    double block_ns;                /* forecast, of a block */
    double around_ns;    /* and of what stands before the first and behind the last: set-up, pilots; charts, report */
    int64_t estimate_ns; /* of the whole run, from entering the command to the prompt */
};

/* Completes the request's cells (takes them over): shape, placement, number of tasks, costs in iterations by
 * calibration, limits (processes, memory); then draws the order. How long trials take is forecast, by pilots where that
 * is not known yet (forecast/). Calibrations come from `calibrations`; where one is missing and calibrations may
 * not measure (plan verb), iterations stay MISSING and the estimate uses the labels. -EINVAL with a line in error that
 * names the option. */
int plan_make(struct request *request, const struct machine *machine, struct calibrations *calibrations,
              struct plan *plan, char *error);
void plan_release(struct plan *plan);

/* How many blocks, behind those before, a run may have that can be read. */
unsigned plan_blocks_most(const struct plan *plan);
/* How far off forecasts may be before a row leaves for them: the more blocks have been run, the less. */
double plan_slack(unsigned blocks);
/* More blocks, behind those that are planned. As plan_make(). */
int plan_extend(struct plan *plan, uint64_t seed, unsigned blocks, char *error);
/* The cells from number `kept` on run no more. Those that still did (runs; NULL: all) are named as left out, after so
 * many blocks (a number a cell; NULL: none was run). 0 or -ENOMEM. */
int plan_leave_out(struct plan *plan, size_t kept, const bool *runs, const unsigned *blocks);

/* Completes one more cell, numbers it and appends it. Pointers to cells are stale afterwards. As plan_make(). */
int plan_add(struct plan *plan, const struct cell *cell, const struct settings *settings, const struct machine *machine,
             struct calibrations *calibrations, char *error);
/* The cells from number `count` on are taken off again. */
void plan_drop(struct plan *plan, size_t count);
/* Makes a copy of a completed cell one that is to be completed anew: its number of tasks is auto, and what the original
 * owns is the original's. */
void cell_forget(struct cell *cell);

#endif
