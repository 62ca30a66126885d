/* Recording: the files of a run while it is made. The trials.csv row is the commit: samples and latency of a trial are
 * written before it, and it says how far they reach. One thread. 0 or -errno with a line in error. */
#ifndef POOLBENCH_MEASURE_RECORD_H
#define POOLBENCH_MEASURE_RECORD_H
#include "bench/machine/outside.h"
#include "bench/measure/job.h"
#include "bench/measure/plan.h"
#include "bench/model/agree.h"
#include "bench/model/columns.h"
#include "bench/model/csv.h"
#include "bench/model/recorded.h"

struct recorder {
    const char *directory, *run_id;
    uint64_t seed;
    struct csv_writer *trials, *samples, *latency;
    struct agreement agreement;
    int64_t trial_id; /* of the last row */
    size_t kept,
        noted; /* rows but those of interrupted trials, which are run again; how many host.json says there are */
};

/* Where and how a trial ran. */
struct trial_facts {
    const struct cell *cell;
    unsigned block, position, attempt; /* from 1 */
    int64_t started_ns;                /* after the run began */
    bool labelled;                     /* sizes are what tasks take: what is computed from them may stand */
    struct outside outside;            /* what others did meanwhile */
    double load;                       /* before it */
    int64_t frequency_khz;             /* after it, of the first worker's CPU */
    struct outcome outcome;
    struct job_parts parts;
};

/* Of the tasks of a trial, by its histogram; NAN: none is counted, or no memory. */
double trial_quantile_ns(const struct job_parts *parts, enum phase phase, double q);
/* Likewise: the mean time inside a task, and its standard deviation over it. */
double trial_service_ns(const struct job_parts *parts, double *cv);
/* plan.csv; with plan->blocks_before the rows of those blocks stay, and others that were never run make room. In one
 * step. */
int plan_write(const char *directory, const struct plan *plan, uint64_t seed, char *error);
/* Makes the files; or, with `recorded`, goes on behind the last commit of an earlier run and cuts off what is behind
 * it. directory must stay valid. */
int recorder_open(struct recorder *recorder, const char *directory, uint64_t seed, const struct recorded *recorded,
                  char *error);
/* Writes the trial; row, when not NULL, is what was written to trials.csv. */
int recorder_put(struct recorder *recorder, const struct trial_facts *facts, struct trial_row *row, char *error);
/* The trials of these cells in that block, those that are ok or stood still, are `disturbed` from now on: trials.csv is
 * replaced in one step. */
int recorder_set_aside(struct recorder *recorder, unsigned block, const struct cells *cells, const uint32_t *order,
                       size_t count, char *error);
/* Behind a block, between trials: what they wrote is on the disk, the rows of trials.csv last, so that a crash of the
 * machine loses no more than the block in which it comes; then how many there are is in host.json ("committed" of
 * "run"), so that one that goes is missed, whatever becomes of us; and whether the files of the run are still what is
 * written to. -ESTALE: they were deleted, or others took their place; what was measured since then is lost. */
int recorder_commit(struct recorder *recorder, char *error);
int recorder_close(struct recorder *recorder, char *error);

#endif
