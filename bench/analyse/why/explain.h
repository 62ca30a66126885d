/* Why B takes more time per task than A: the difference taken apart into states (states.h), block by block, and what
 * of it has a reason that counts bear out. docs/WHY.md says how. Only reads. One thread. */
#ifndef POOLBENCH_ANALYSE_WHY_EXPLAIN_H
#define POOLBENCH_ANALYSE_WHY_EXPLAIN_H
#include "bench/analyse/why/counted.h"
#include "bench/analyse/why/states.h"
#include "bench/stats/verdict.h"

#define WHY_REASON 256

/* A run whose trials were taken apart. */
struct why_run {
    const struct run_data *run; /* stays in use */
    double tail;                /* what is taken apart: 0: the time per task; 0.01: the latency of the slowest 1 % */
    struct states *states;      /* one a trial */
    struct states *profiled;    /* by profiled siblings, likewise (profiled.h); NULL: there are none */
    struct counted *counted;    /* in profiled siblings; NULL: nothing was */
    double *cell_ns;            /* the median of that, one a cell; NAN: no trial tells it */
};
/* 0 or -errno with a line in error (ERROR_MAX bytes); nothing to be released then. Of a tail -ENODATA: tail.h. */
int why_open(const struct run_data *run, double tail, struct why_run *why, char *error);
void why_close(struct why_run *why);

/* A quantity of both, block by block: middles, and that of the difference B - A with an interval. */
struct change {
    double a, b, more;
    struct interval interval; /* NAN, NAN: too few blocks */
    bool is_sure;             /* it leaves 0 out */
};

struct part {
    struct change change;
    double share;            /* of the whole difference */
    double plain;            /* that of the same two without payload and ballast, in ns; NAN: they were not run */
    bool is_named;           /* it counts as explained: the state tells the reason, or counts do */
    char reason[WHY_REASON]; /* what is said of it, "in copying input"; "": nothing */
};

/* Of an event that both runs have counted. */
struct counted_change {
    const struct counted_event *event;
    struct change change; /* a task, submitter and all others together */
    size_t blocks;        /* that have it of both */
    bool is_shared;
};

struct explanation {
    const struct why_run *a_run, *b_run;
    size_t a, b;                  /* cells */
    factor_set by;                /* the factor they differ in; 0: the run */
    struct comparison comparison; /* of the time per task, B by A, what was published; or of the tail's latency */
    struct change whole;          /* in ns a task, and of the parts the sum */
    struct part part[STATES];
    struct change fact[FACTS];
    double submitter_share[2]; /* middles */
    struct counted_change counter[COUNTED_MOST];
    unsigned counters;
    size_t plain;                 /* blocks that the same two without payload and ballast have; 0: not run */
    size_t blocks, blocks_needed; /* blocks that both have; for intervals of all states together */
    double level;
    size_t profiled_blocks;          /* that have siblings of both; where they are too few, the parts rest on rusage */
    bool is_profiled;                /* the parts are those of profiled siblings, in the blocks that have both */
    struct interval profile_cost[2]; /* their time over that of published trials, A and B; NAN where it is not told */
    double profile_ratio[2];         /* B by A: of siblings, of the published trials of their blocks; middles */
    struct interval profile_apart;   /* the first over the second */
    bool has_serial, has_stamps;     /* in all blocks of both */
    bool is_uneven;   /* what the submitter waited is known of one of the two alone; waiting of the other has it */
    double explained; /* the sum of shares that are named; NAN: nothing was to be explained */
    bool is_told;     /* A and B surely differ (beyond the margin), so that there is something to explain */
};

/* comparisons: how many pairs the verdict is one of. 0 or -ENOMEM. */
int explain(const struct why_run *a_run, size_t a, const struct why_run *b_run, size_t b, factor_set by,
            unsigned comparisons, struct explanation *explanation);
/* Fills reasons and what they explain; part of explain(). */
void reasons_find(struct explanation *explanation);

/* The parts in the order of their shares, the largest first, those that are sure alone; how many. */
size_t explain_order(const struct explanation *explanation, enum state order[STATES]);

#endif
