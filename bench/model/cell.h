/* A cell: one combination of factors, what is compared; and the settings of a run. Filled by option_values.c from the
 * command line and suites, completed by bench/measure/complete.c and plan.c (placement, calibration, number of
 * tasks), read by everyone after. One thread at a time. */
#ifndef POOLBENCH_MODEL_CELL_H
#define POOLBENCH_MODEL_CELL_H
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/job/factors.h"
#include "bench/job/job_file.h"
#include "bench/machine/place.h"
#include "pools/pool.h"
#include "workloads/workload.h"

enum dist_kind { DIST_FIXED, DIST_UNIFORM, DIST_EXPONENTIAL, DIST_LOGNORMAL, DIST_BIMODAL, DIST_FILE };

#define FORECAST_LAST 9 /* few, but so many that a median tells */

/* How long a trial of a cell takes, as far as that is known (bench/measure/forecast/forecast.h). In ns. */
struct forecast {
    double task_ns, beside_ns; /* wall time of a task; of a trial, what it takes beside its tasks */
    bool measured;             /* by a pilot or an earlier run; else guessed */
    bool recalled;             /* measured, and not today: by what was kept */
    double service_ns;         /* time inside a task, as last measured; 0: not known */
    double seen_ns;            /* trials that were run, summed */
    unsigned seen, well;       /* how many; of them, those that went well */
    struct {
        double whole_ns, wall_ns; /* wall: between gate and last reap */
    } last[FORECAST_LAST];        /* those that went well, the last few of them */
};

#define EXPERIMENTS_MAX 160

struct cell {
    unsigned number;                   /* 0.. in plan order */
    char id[16];                       /* "c001": cell_id in every file */
    char experiment[NAME_MAX_LEN];     /* [experiment NAME] of the suite that asked for it first, or "" */
    char experiments[EXPERIMENTS_MAX]; /* all that did: "cpu;scaling" */

    struct factors f;
    const struct pool_ops *pool; /* f.pool, f.workload, f.faults and f.size_dist, looked up */
    int64_t pool_params[PARAM_MAX];
    const struct workload_ops *workload;
    int64_t workload_params[PARAM_MAX];
    struct faults faults;
    const struct trial_program *program; /* f.trial_program, looked up; NULL: our own */
    enum dist_kind dist;
    int64_t task_limit_ns; /* 0: none */
    int64_t draw;          /* enum draw_kind (arrivals.h) */
    struct pool_shape shape;
    bool place_explicit; /* asked for by the user: a place this machine cannot give is an error */
    char place_main[SPEC_MAX];

    /* filled by bench/measure/complete.c and plan.c */
    struct placement placement;
    struct node_set nodes; /* that its memory is to be on, where --numa says something */
    bool unspread;         /* it says something, and this kernel knows of one node alone */
    double speed;          /* of its workers' CPUs, over that which sizes are labelled for: bench/measure/calibrate.h */
    struct cost *costs;    /* the size distribution as equally likely costs, owned by the plan */
    uint32_t cost_count;
    bool cost_in_order;
    bool tasks_auto;        /* their number was chosen here */
    int64_t trial_limit_ns; /* of the run: no trial takes longer; 0: not completed yet */
    struct forecast forecast;
};

#define SAMPLES_ALL (-1)
#define WRAP_WORDS  30 /* of --wrap, at most */
/* Bits: what is profiled, each in siblings of its own. */
enum profile_kind { PROFILE_NONE = 0, PROFILE_STATES = 1 << 0, PROFILE_COUNTERS = 1 << 1, PROFILE_STACKS = 1 << 2 };

struct settings {
    int64_t blocks; /* 0: not given */
    uint64_t seed;
    bool seed_given;
    int64_t budget_ns;     /* 0: none */
    int64_t precision_ppm; /* 0: none */
    bool keep_all;         /* --drop no: within a budget, nothing leaves for what was found */
    int64_t samples;       /* per trial, SAMPLES_ALL, 0: none */
    int64_t trial_limit_ns;
    unsigned profile;       /* enum profile_kind */
    int64_t deadline_ns;    /* of a task's latency; 0: none */
    char wrap[1024];        /* words that one more trial of each cell runs under; "": none */
    char out[4096];         /* "": results/<stamp>-<id> */
    char note[201];         /* of the user, for `list runs`; "": none */
    char like[4096];        /* "" or a run */
    char more[4096];        /* "" or the run that gets more blocks; then it is also what `like` names */
    unsigned blocks_before; /* that it has */
    uint64_t began_ns;      /* when its command was entered, CLOCK_MONOTONIC; 0: no time has passed */
    bool recalibrate;
    bool measure; /* of `plan` */
};

struct cells {
    struct cell *cell;
    size_t count;
};

/* What people read: the name that a workload was given (cmd:name=zip:line=...), else all of it. text: SPEC_MAX bytes.
 * Returns text. */
char *workload_shown(const char *workload, char *text);
/* "fork spin 10us, 2 workers". Returns its length, at most size - 1. */
int cell_label(const struct cell *cell, char *text, size_t size);

#endif
