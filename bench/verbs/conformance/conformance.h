/* The verb conformance: does a pool keep the contract (pools/pool.h)? A table of demands, each a question as `run`
 * takes it, whose cells become trials that are looked at task by task. */
#ifndef POOLBENCH_VERBS_CONFORMANCE_CONFORMANCE_H
#define POOLBENCH_VERBS_CONFORMANCE_CONFORMANCE_H
#include "bench/measure/job.h"

struct demand {
    const char *name;        /* what must hold */
    const char *options[16]; /* of `run` and their values in turn, but for the pool, samples and blocks */
    enum conformance_mode conformance;
    unsigned traits; /* DEMAND_* */
};
enum {
    DEMAND_FEW_TASKS = 1, /* for pools that make a process for every task: a tenth of the tasks */
    DEMAND_WAITS = 2,     /* only of pools whose submitter does not run tasks itself */
    DEMAND_CPU_TIME = 4,  /* usage must tell of the work */
    DEMAND_PLACES = 8,    /* tasks must run where their worker was placed */
    DEMAND_DIES = 16,     /* a task's process ends with it: only that task is lost, or, of threads, the trial */
};
extern const struct demand demands[]; /* ends with a row without a name */

#define CONFORMANCE_SEED 42
#define FINDING_MAX      192
/* What is wrong with a trial, in words that name the task, in `finding`; "": nothing. note: what is no violation, but
 * worth knowing. */
struct trial_seen {
    const struct cell *cell;
    const struct job_parts *parts;
    const struct outcome *outcome;
    const struct demand *demand;
    uint64_t limit_ns;
    bool moves; /* at the limit it was still getting on: it is slow, and need not hang */
};
void trial_judge(const struct trial_seen *seen, char *finding, char *note);
/* DEMAND_DIES: the trial went with its task. */
bool trial_went_along(const struct trial_seen *seen);

#endif
