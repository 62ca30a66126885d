/* The factors of a cell: what is asked of a trial, and told apart when trials are compared. A cell, a row of plan.csv,
 * trials.csv and summary.csv, and the job file each embed one. What there is to know of a factor beside its value
 * (name, range, default, column, words) is a row of bench/model/options.c. Plain data: no pointers, the same in both
 * programs.
 */
#ifndef POOLBENCH_JOB_FACTORS_H
#define POOLBENCH_JOB_FACTORS_H
#include "bench/base/spec.h"
#include <stdint.h>

/* A set of factors, or of other options: bit i is row i of bench/model/options.c. */
typedef uint64_t factor_set;

enum arrival_kind { ARRIVAL_BURST, ARRIVAL_WAVE, ARRIVAL_WINDOW, ARRIVAL_RATE }; /* RATE: whenever they are due */
enum arrival_process { PROCESS_EVEN, PROCESS_POISSON, PROCESS_ON_OFF, PROCESS_TRACE };
enum collect_kind { COLLECT_JOINED, COLLECT_COMPLETED, COLLECT_ORDERED, COLLECT_AUTO };
enum timing_kind { TIMING_TRIAL, TIMING_TASK };

struct arrival {
    int64_t kind; /* enum arrival_kind */
    int64_t k;    /* of wave and window, else 0 */
    /* of ARRIVAL_RATE, else 0 */
    int64_t process;                /* enum arrival_process: when tasks are due */
    double rate;                    /* tasks a second, in the long run */
    int64_t on_ns, off_ns, low_ppm; /* of PROCESS_ON_OFF: how long the states last, and the rate while off by that on */
    /* of PROCESS_TRACE */
    double speed;            /* the file's times are divided by it */
    int64_t column, is_gaps; /* 0: wherever a time stamp stands; of times between tasks, not time stamps */
    int64_t hash;            /* of the file's bytes; 0: not read yet */
    int64_t file_tasks;      /* of the file; 0: of a run that did not note them */
    double dispersion;       /* index of dispersion of its counts; 0: likewise */
    char file[SPEC_MAX];
};

struct payload {
    int64_t in, out; /* bytes */
};

struct ballast {
    int64_t bytes, thp, write_ppm;
};

struct numa {
    int64_t kind; /* enum numa_kind (pools/parts/numa.h) */
    int64_t node; /* of NUMA_NODE, else 0 */
};

/* Texts are canonical: what the option takes, with nothing in it that is the default. In rows that were read, a number
 * whose column is not there is MISSING (bench/model/column.h). */
struct factors {
    char pool[SPEC_MAX], workload[SPEC_MAX]; /* the label and = where it has one, the name, every option given */
    int64_t size_ns;
    char size_dist[SPEC_MAX]; /* "fixed", "lognormal", "file:PATH" */
    int64_t iterations;       /* at size_ns */
    int64_t tasks;            /* -1: auto, until the plan has chosen */
    int64_t workers, processes, threads;
    char place[SPEC_MAX];
    struct arrival arrival;
    int64_t collect; /* enum collect_kind; not auto once a cell is made */
    struct payload payload;
    struct ballast ballast;
    char faults[SPEC_MAX];        /* "": none */
    int64_t timing;               /* enum timing_kind */
    char trial_program[SPEC_MAX]; /* "this", or the label of another one */
    char host[SPEC_MAX];          /* "h1": where it ran, in a run of several hosts; "": in a run of one */
    int64_t queue_limit; /* of ARRIVAL_RATE: with so many in flight, a task that comes due is dropped; 0: none */
    struct numa numa;
};

#endif
