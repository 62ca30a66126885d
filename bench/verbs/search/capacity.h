/* The verb capacity: its parts. What is searched for is in bench/stats/sustained.h; here are the cells and trials of
 * it, one pool beside the other in every block. One thread. 0 or -errno, with a line in error (ERROR_MAX bytes). */
#ifndef POOLBENCH_VERBS_SEARCH_CAPACITY_H
#define POOLBENCH_VERBS_SEARCH_CAPACITY_H
#include "bench/analyse/summary.h"
#include "bench/base/status.h"
#include "bench/measure/session.h"
#include "bench/stats/sustained.h"
#include "bench/verbs/verbs.h"

/* One pool. */
struct capacity_pool {
    uint32_t subject;       /* the cell that is copied for every rate */
    unsigned workers;       /* of its queue */
    double label_ns;        /* of a task whose workload has no size */
    double guess, from, to; /* rates: by theory, and between which is measured */
    uint32_t *cell;         /* those of its rates; owned */
    size_t cells;
    struct rate_trial *trial; /* owned, with all that they point to */
    size_t trials;
    size_t disturbed; /* further trials that do not count: others took more than OUTSIDE_MOST of the CPUs */
    struct long_run run;
    struct sustained found;
    char failure[160]; /* of the last trial that failed */
};

struct capacity {
    struct session session;
    struct capacity_pool *pool; /* owned */
    size_t pools;
    double deadline_ns, share; /* of the tasks, within it */
    int64_t budget_ns;
    unsigned rounds_asked, rounds; /* blocks: by --blocks (0: auto), and planned */
    double times;                  /* as long as the shortest trial of its pool that is of any use */
    unsigned block;                /* the last one that ran */
    bool over_budget;
    struct status status;
};

/* ---- before (capacity_plan.c) ---- */

/* Queue, guess and range of each pool, by what is known or found out of how long tasks take. range: from 0 where none
 * was asked for. */
int capacity_guess(struct capacity *capacity, double from, double to, char *error);
/* How many blocks and how long a trial: by the budget. -EINVAL where it is too short, with one that is not. */
int capacity_plan(struct capacity *capacity, char *error);
int64_t capacity_tasks(const struct capacity *capacity, const struct capacity_pool *pool, double rate); /* of a trial */

/* ---- trials (capacity_trials.c) ---- */

int capacity_run(struct capacity *capacity, char *error);
void capacity_close(struct capacity *capacity);

/* ---- the answer (capacity_answer.c) ---- */

int capacity_write(const struct capacity *capacity);
void capacity_screen(const struct capacity *capacity, const struct run_data *run, FILE *out);
/* Those of which nothing is told, by name on stderr. How many. */
size_t capacity_blind(const struct capacity *capacity);

static inline const struct cell *capacity_subject(const struct capacity *capacity, const struct capacity_pool *pool)
{
    return &capacity->session.plan.cells.cell[pool->subject];
}

#endif
