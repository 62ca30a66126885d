/* The highest rate of arrivals at which a share of the tasks is back within a deadline (99 %: the 99th percentile of
 * latency is within it), from trials at several rates. Pure, seeded, thread-safe. The method, and what it rests on, is
 * in docs/OPEN-LOOP.md, *Capacity*. */
#ifndef POOLBENCH_STATS_SUSTAINED_H
#define POOLBENCH_STATS_SUSTAINED_H
#include "bench/stats/queue.h"
#include <stdbool.h>

#define SUSTAINED_RATES_MAX  64
#define SUSTAINED_TRIALS_MIN 6 /* there is no interval from fewer */

/* What a trial at a rate found. */
struct rate_trial {
    double rate;                            /* tasks a second, above 0 */
    const struct bucket *latency, *service; /* of its tasks, ascending; latencies from due */
    size_t latency_count, service_count;    /* buckets; 0: it did not end */
    const double *due_ns, *service_ns;      /* of each task; service_ns as sustained_deal() has it */
    size_t tasks;
    bool unlabelled; /* nothing is known of which task took how long: service_ns are theirs in any order */
};

struct sustained_question {
    unsigned workers;
    double deadline_ns;
    double share; /* of the tasks that must be within it: 0.99 */
    double level; /* of the interval; 0: none */
};

#define LONG_RUN_PLACES 128

/* A queue in the long run, with the service times of trials: how long the question's share of its tasks takes at most,
 * by utilisation, which is worked out where it is asked for. */
struct long_run {
    struct queue_sample sample;
    double mean_ns, most; /* of its service times; the rate at which all workers are busy */
    double known[LONG_RUN_PLACES];
};

/* All trials at a rate. */
struct rate_point {
    double rate;
    size_t trials;
    int64_t tasks;
    double latency_ns; /* that the share of the pooled tasks does not exceed, as measured; NAN: no trial ended */
    double capacity;   /* by these trials alone */
};

struct sustained {
    struct rate_point point[SUSTAINED_RATES_MAX]; /* ascending */
    size_t points, trials;
    double rate;              /* the capacity; NAN: not between the rates that were measured */
    struct interval interval; /* an end that is NAN is not bounded; one at the last rate measured is a bound */
};

#define SUSTAINED_LONG_RUN 200000 /* tasks of it, for an answer */

/* 0; -ENOMEM; -EDOM: no trial ended. To be released in any case. */
int long_run_make(const struct rate_trial *trials, size_t count, size_t tasks, uint64_t seed, struct long_run *run);
void long_run_release(struct long_run *run);

/* `run` is of this question alone: it keeps what was worked out. 0; -ENOMEM; -ERANGE: more than SUSTAINED_RATES_MAX
 * rates. */
int sustained_make(const struct rate_trial *trials, size_t count, const struct sustained_question *question,
                   struct long_run *run, struct sustained *found);

/* The rate to measure next, by what was found so far (nothing at first): near `guess` times a power of 1.05, so that
 * some have several trials, within from .. to. round counts from 0. */
double sustained_next(const struct sustained *found, double guess, double from, double to, unsigned round);

/* Deals the service times of a trial out to its tasks, the longest to those with the largest labels, and in random
 * order among equal ones: what is known of each task, and no more. 0; -ENOMEM; -EDOM: nothing in the histogram. */
int sustained_deal(const struct bucket *service, size_t count, const double *labels, size_t tasks, uint64_t seed,
                   double *service_ns);

#endif
