/* The trial program: runs one cell once, in a process of its own, from the job file it inherits, and leaves a report in
 * it. libc only; it knows no CSV, no topology, no statistics. One file a step:
 *   main.c       job in, and what is to be done with it
 *   run.c        the story of a trial: its stages
 *   job_check.c  is the job what it says it is?
 *   setup.c      memory, ballast, payload, the task sequence
 *   driver.c     arrivals, submit and reap, exactly once, time stamps
 *   schedule.c   when tasks are due, and how fast they could be done
 *   record.c     histograms, samples, sums
 *   steady.c     under rate: the warm-up that is cut, and what is left
 *   apart.c      latencies of each class, and of the first tasks after idleness
 *   verify.c     were the results right?
 *   calibrate.c  how long does an iteration take?
 *   attach.c     processes that a pool executes
 *   plugin.c     loading plug-ins
 *   probe.c      what is that plug-in?
 *   kept.c       a job that was kept, once more by hand
 *   stops.c      did somebody stop and continue us?
 *   conformance.c     does a pool keep the contract?
 * Functions return 0 or -errno and leave words for people in the report's reason. One thread, the submitter; what it
 * forks inherits neither the job file nor the arrays by task. */
#ifndef POOLBENCH_TRIAL_TRIAL_H
#define POOLBENCH_TRIAL_TRIAL_H
#include "bench/job/job_file.h"
#include "bench/job/subset.h"
#include "pools/parts/clock.h"
#include "pools/pool.h"

#define NO_LATENCY UINT64_MAX /* the task was not timed, or did not come back from its worker */

struct trial {
    const struct job_file *file;
    int job_fd; /* kept open for pools that execute processes, -1 else */
    struct trial_report *report;
    struct sample *samples;
    uint32_t *histograms; /* PHASES x HISTOGRAM_BUCKETS */
    const struct pool_ops *ops;
    struct pool *pool;
    struct job job;
    struct pool_config config;
    struct cost *costs; /* private copy: inherited by forked workers with its page tables */
    uint64_t *worker_masks;
    int32_t *worker_nodes; /* only for NUMA_LOCAL */
    uint8_t *cpu_kinds;
    /* copies with texts of their own: children do not inherit the job file */
    int64_t pool_params[PARAM_MAX], workload_params[PARAM_MAX];
    struct done first_unasked; /* of the tasks that were not to fail */
    /* by task, written by the submitter alone; not inherited by children */
    uint64_t *submitted; /* ticks */
    uint64_t *due;       /* ticks after the gate; only for rate, in the job file */
    uint64_t *latencies; /* ns from due or submit to reap, NO_LATENCY; for rate, and where apart_has_classes() */
    struct done *held;   /* finished out of order; only for collect=ordered */
    uint64_t *reaped;    /* bits: reported; in the job file */
    uint64_t *failed;    /* bits: reported, and not ok */
    uint64_t *dropped;   /* bits: never handed in; only for --queue-limit */
    uint64_t *sampled;   /* bits: to be recorded */
    struct checked {
        uint32_t task;
        uint64_t result;
    } * checked;        /* results kept for verify.c */
    uint64_t *to_check; /* bits */
    uint32_t checked_count, checked_max;
    uint32_t unasked; /* tasks that came to another end than --faults says */
    bool prepared;    /* the workload's state is made */
    bool stamped;     /* somebody reads when a task was handed in */
    uint64_t gate;    /* ticks */
    struct clock_anchor gate_anchor;
    int counter_fd[COUNTERS_MOST][2]; /* of all, of the submitter; -1: not open */
};

/* Everything that main.c and the steps rely on when they follow an offset or a count: a file of `bytes` bytes has it.
 * The header must be readable. -EPROTO: it is of another version; -EINVAL. */
int job_check(const struct job_file *file, uint64_t bytes);
/* Maps the job in job_fd; flags: MAP_SHARED, or MAP_PRIVATE for one who has nobody to report to. */
int job_map(struct trial *trial, int flags);
/* A job file becomes JOB_FD. -EINVAL after a line on stderr. */
int kept_open(const char *path);
void kept_refuse(const char *path, int rc);       /* what job_map said of it, as a line on stderr */
void kept_say(const struct trial *trial, int rc); /* how it ended, on stdout */
/* From here on the report counts how often a process of this trial is continued from outside. */
void stops_watch(struct trial *trial);
/* A trial, all its stages. -ETIME: a worker cannot be stopped, and must end with the process. */
int trial_run(struct trial *trial);
/* Words for people, as the report's reason. Returns rc. */
__attribute__((format(printf, 3, 4))) int trial_say(struct trial *trial, int rc, const char *format, ...);
/* Notes in the report what failed, unless that is said already. Returns rc. */
int trial_fail(struct trial *trial, int rc, const char *what);
int setup_pool(struct trial *trial); /* which pool, and its configuration */
int setup_job(struct trial *trial);  /* workload, sequence, faults, payload */
/* So many warm-up tasks whatever they take: one a worker, or where tasks are processes all; and how long after the
 * first one the last is begun, in ns. */
uint32_t warmup_least(const struct trial *trial);
uint64_t warmup_limit_ns(const struct trial *trial);
int setup_ballast(struct trial *trial);
int setup_arrays(struct trial *trial);   /* what the driver writes by task */
void setup_release(struct trial *trial); /* what setup_pool and setup_job made; mappings end with the process */
/* -EIO: a warm-up task failed otherwise than by the end of its process (docs/METHOD.md, Warm-up). */
int drive_warmup(struct trial *trial);
int drive(struct trial *trial);          /* from the gate to the last reap; wall_ns into the report */
void schedule_make(struct trial *trial); /* due times, in place: from ns to ticks */
int64_t schedule_ideal_ns(const struct trial *trial);
/* A result that is handed on: counts, histograms, sample, sum. reaped_at: ticks. */
void record_done(struct trial *trial, const struct done *done, uint64_t reaped_at);
void record_all(struct trial *trial, const struct done *done, int count, uint64_t reaped_at); /* the same of several */
/* Under rate, after the last reap: how arrivals and tasks went, and the histogram of those after the warm-up. */
void steady_report(struct trial *trial);
/* Behind it: the histograms of some of the tasks. */
void apart_report(struct trial *trial);
bool apart_has_classes(const struct trial *trial); /* whose latencies are told apart */
int verify_results(struct trial *trial);
int attach_run(const char *where, int argc,
               char **argv); /* where: HANDLES_WHERE (pools/plugin/handles.h); the exit code */
int calibrate_run(struct trial *trial);
int probe_run(struct trial *trial);
int conformance_reap(struct trial *trial);                       /* in the place of drive() */
int conformance_fds(void);                                       /* open descriptors; -1: not known */
int conformance_threads(void);                                   /* of this process, without those that end; -1 */
void conformance_leftovers(struct trial *trial, int fds_before); /* after close */
/* The counters that the harness asks for: before the pool makes anybody; at the gate, and after the last reap. One that
 * cannot be had has its errno in the report, and the trial goes on. */
void counting_open(struct trial *trial);
void counting_read(struct trial *trial, bool is_end);
/* body, from where the pool wants it called (pool_ops.enter). What body returned, or what went wrong before. */
int pool_inside(struct trial *trial, int (*body)(struct trial *trial));

/* Loads a plug-in; NULL with words in reason (`size` bytes). It stays loaded. */
const struct pool_ops *plugin_load_pool(const char *file, char *reason, size_t size);
const struct workload_ops *plugin_load_workload(const char *file, char *reason, size_t size);

#endif
