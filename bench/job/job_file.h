/* The job file: what harness and trial program share, one memfd. No pointers, only offsets from the start; numeric CPU
 * masks; a version and an epoch. The harness writes the job, the trial writes the report, the harness reads it after
 * the trial has gone; but stage and peeks while it runs. Same machine, and the same layout, which both check: plain
 * structs, fixed-width fields.
 */
#ifndef POOLBENCH_JOB_JOB_FILE_H
#define POOLBENCH_JOB_JOB_FILE_H
#include "bench/base/counters.h"
#include "bench/job/factors.h"
#include "pools/parts/numa.h"
#include "pools/pool.h"
#include "workloads/sequence.h"
#include <stdint.h>

#define JOB_MAGIC 0x626a6270u /* "pbjb" */
/* Another one with every field, as far as that changes a size; the first number with every other change of what a job
 * means, as trial programs of two builds may run the jobs of one (--trial-program). */
#define JOB_VERSION                                                                                                    \
    (11u << 16 ^ (uint32_t)(sizeof(struct job_file) + 5 * sizeof(struct trial_report) + 7 * sizeof(struct sample)))
#define JOB_FD 3 /* where the trial finds it */

enum job_kind { JOB_TRIAL, JOB_CALIBRATE, JOB_PROBE };

#define PLUGIN_PATH_MAX 1024

/* Latency histograms: phase x bucket, uint32_t counts (bench/job/histogram.h). The first ones are of every task that is
 * timed. */
enum phase {
    PHASE_QUEUE,
    PHASE_SERVICE,
    PHASE_RETURN,
    PHASE_LATENCY,
    PHASE_LATE,
    PHASE_DETECT,
    PHASE_STEADY, /* under rate: latency, of the tasks after the warm-up (bench/trial/steady.h) */
    /* The same latencies, of some of the tasks (bench/trial/apart.c). */
    PHASE_FIRST, /* in bursts and traces: those that came first after a while without any */
    PHASE_CPU,   /* under rate and window, where a workload has tasks of two classes: those that compute, */
    PHASE_SLEEP, /* and those that sleep */
    PHASES
};

/* Where the parts of a job file lie, one after another behind its header, each aligned for its type: offsets. */
struct job_layout {
    uint64_t main_mask;  /* cpu_words uint64_t */
    uint64_t masks;      /* shape.workers x cpu_words uint64_t */
    uint64_t nodes;      /* shape.workers int32_t: the memory node of the worker; -1: it has several */
    uint64_t kinds;      /* kind_cpus uint8_t: per CPU its kind of core */
    uint64_t costs;      /* cost_count struct cost */
    uint64_t due;        /* ARRIVAL_RATE: tasks x uint64_t, ns from the gate */
    uint64_t texts;      /* of parameters, each with its end */
    uint64_t histograms; /* PHASES x HISTOGRAM_BUCKETS uint32_t, zeroed by the harness */
    uint64_t reaped;     /* a bit for each task that is back, in uint64_t; zeroed by the harness */
    uint64_t report;     /* struct trial_report */
    uint64_t samples;    /* room for samples_max struct sample */
    uint64_t probe;      /* JOB_PROBE: struct probe */
    uint64_t bytes;      /* of the whole file */
};

struct job_file {
    uint32_t magic, version;
    uint64_t epoch; /* of this trial; the report repeats it */
    struct job_layout at;
    uint64_t tables; /* job_tables() of the build that made it */
    uint32_t kind;
    char pool[64], workload[64];
    char pool_file[PLUGIN_PATH_MAX], workload_file[PLUGIN_PATH_MAX]; /* absolute; "": it is built in */
    int64_t pool_params[PARAM_MAX], workload_params[PARAM_MAX];      /* a text: its offset, 0 for none */
    uint64_t seed;
    struct factors f;              /* as they stand in the files of the run */
    uint32_t tasks, workers, cpus; /* the first two of f; cpus: that the workers can use at once, for ideal_ns */
    double speed; /* of those CPUs over that which sizes are labelled for; NAN: not known, and no ideal_ns */
    struct pool_shape shape;
    uint32_t cpu_words, spare_cpu;
    uint32_t kind_cpus;     /* 0: all cores are of one kind */
    uint32_t numa_kind;     /* of f.numa; NUMA_AS_MADE where there is nothing to say */
    struct node_set nodes;  /* for numa_begin() */
    uint64_t task_limit_ns; /* 0: none */
    struct faults faults;
    uint32_t clock_counter; /* enum clock_counter */
    uint64_t clock_mult;    /* ns = ticks * clock_mult >> 32; 1 << 32 where ticks are ns already */
    uint32_t cost_count, cost_in_order;
    uint64_t sample_seed;
    uint64_t samples_max;
    uint64_t probe_ns;         /* JOB_CALIBRATE: about how long each size may take */
    uint64_t probe_iterations; /* JOB_CALIBRATE: the one size to be measured; 0: several, to fit a line to */
    uint32_t conformance;      /* enum conformance_mode: a trial of `conformance` */
    uint32_t probe_depth;      /* JOB_PROBE: the last step to be taken, enum probe_step */
    uint32_t counters_count;
    struct counter_asked counters[COUNTERS_MOST];
};

/* What is looked at beside a trial of any run: every result, what close has left; and in the place of the driver, how
 * reap waits. */
enum conformance_mode { CONFORMANCE_NOT, CONFORMANCE_RESULTS, CONFORMANCE_REAP };

/* JOB_PROBE: what the trial program found out about a plug-in, for a harness that never loads one. */
enum probe_step {
    PROBE_NOTHING,
    PROBE_LOAD,     /* dlopen */
    PROBE_DESCRIBE, /* its table, checked and copied */
    PROBE_SHAPE,    /* of a pool, for workers and pool_params of the job */
    PROBE_OPEN,     /* opened, */
    PROBE_WARMUP,   /* given a few tasks, */
    PROBE_CLOSE,    /* and closed */
    PROBE_DONE,
};

struct probe_param {
    char name[32], preset[64], choices[256], help[192];
    uint32_t kind;
    int64_t min, max;
};

struct probe {
    uint32_t step; /* begun; PROBE_DONE: all that was asked for is done */
    uint32_t traits, is_sleep, classifies, params;
    uint64_t handover_ns;
    char name[64], summary[192], unit[32], calibrate_as[64];
    struct probe_param param[PARAM_MAX];
    char misfit[192]; /* why workers and params do not go together; "" */
    struct pool_shape shape;
};

/* Times in ns from the gate. -1: not known. */
struct sample {
    int64_t due_ns, submit_ns, start_ns, end_ns, reap_ns;
    uint64_t result;
    uint32_t task;
    int32_t pid, code;
    uint16_t worker, cpu, status, spare;
};

#define CALIBRATION_POINTS 6

enum report_stage {
    STAGE_NONE,
    STAGE_PREPARE,
    STAGE_EARLY,
    STAGE_BALLAST,
    STAGE_OPEN,
    STAGE_WARMUP,
    STAGE_RUN,
    STAGE_CLOSE,
    STAGE_VERIFY,
    STAGE_DONE
};

struct trial_report {
    uint64_t epoch;
    uint32_t stage;   /* enum report_stage: how far the trial came */
    int32_t error;    /* errno of the failure in that stage, 0 */
    char reason[192]; /* in words, "" */
    int64_t wall_ns, open_ns, close_ns;
    /* CLOCK_MONOTONIC: when each stage began, 0 where it did not, and the gate; and how fast it went in ns of the task
     * clock. Between the gate and the last reap t ns of the task clock after the gate are gate_ns + t * clock_rate. */
    int64_t stage_ns[STAGE_DONE + 1], gate_ns;
    double clock_rate;
    int64_t tasks_ok, tasks_failed;  /* reported so far */
    int64_t tasks_by[TASK_STATUSES]; /* the same by status; what is lost, nobody can count here */
    uint64_t result_sum;
    int64_t ideal_ns;    /* of the drawn costs; -1 where METHOD.md has none */
    int64_t parent_sees; /* valid when observed */
    uint32_t observed;
    struct usage usage;        /* gate to last reap */
    int64_t submitter_ns;      /* CPU time of the submitter itself, likewise */
    int64_t submitter_wait_ns; /* and what it waited for a CPU while runnable; -1: the kernel does not tell */
    uint64_t samples_count;
    struct view views[VIEWS_MAX];
    uint32_t views_count;
    struct peek peeks[PEEKS_MAX]; /* valid from STAGE_WARMUP to STAGE_RUN */
    /* of a trial of `conformance`, after close; -1: not known. And threads that ran tasks beyond the number of workers
     * (plug-ins). */
    int32_t left_threads, left_children, left_fds;
    uint32_t strangers;
    uint32_t handed_in; /* tasks, so far */
    uint32_t continued; /* times that a process of the trial was continued by somebody outside (bench/trial/stops.c) */
    int64_t retries;    /* of programs, over all tasks reported so far */
    /* Under rate: from when the first task was due to when the last one was; from the first one handed in to the last
     * one; from when the first one was due to the last reap. */
    int64_t drawn_ns, handed_ns, served_ns;
    /* How late the least late of the last quarter of tasks was handed in, beside what the pool took to take those
     * before it. */
    int64_t behind_ns;
    int64_t cut_tasks;                    /* the warm-up, of those in PHASE_LATENCY; -1: not known */
    double latency_lag1, effective_tasks; /* of the others; NAN: not known */
    double calibrate_iterations[CALIBRATION_POINTS], calibrate_ns[CALIBRATION_POINTS];
    struct counter_answer counters[COUNTERS_MOST]; /* job_file.counters_count of them */
};

#endif
