/* A service's queue: tasks come one by one, wait in the order in which they came, and are done by c workers. Once in
 * simulated time, for any gaps and service times (G/G/c), and where theory has a formula, by that. What is simulated or
 * worked out is a prediction: nothing of it is measured. Times in ns, rates in tasks a second. Pure, and seeded: the
 * same numbers each time. Thread-safe. */
#ifndef POOLBENCH_STATS_QUEUE_H
#define POOLBENCH_STATS_QUEUE_H
#include "bench/stats/stats.h"
#include <stdbool.h>

/* Who does the tasks. */
struct queue {
    unsigned workers;
    /* While more tasks are worked on than there are CPUs for, all of them slow down alike (limited processor sharing):
     * n tasks advance at min(1, cpus / (n x cpu_share)). cpus 0: each task has what it wants. */
    double cpus, cpu_share; /* of its service time, what a task computes: 0 .. 1 */
    double handover_ns;     /* of the submitter for each task, one after the other, before anybody can begin it */
    double beside_ns;       /* more of each latency: until it is begun, and until its result is in hand */
};

/* Latencies, from due to the result in hand, of tasks that are due at due_ns[] (ascending) and take service_ns[] each
 * when they are not slowed. With CPUs for all it is the recursion of Kiefer and Wolfowitz (On the Theory of Queues with
 * Many Servers, Transactions of the AMS 78, 1955): a task begins when it is handed over and a worker is free. The queue
 * is empty at first. 0 or -ENOMEM. */
int queue_simulate(const struct queue *queue, const double *due_ns, const double *service_ns, size_t tasks,
                   double *latency_ns);

/* Gaps between tasks, with a mean of 1, and their service times: drawn once, so that what is asked of them at one rate
 * and another, of one pool and another, differs by rate and pool alone. */
struct queue_sample {
    size_t tasks;
    double *gap, *service_ns; /* owned; gaps may be set to others */
    double *due_ns, *latency_ns;
};
#define QUEUE_TASKS 40000 /* p99 to about 2 % at a utilisation of 0.7, 5 % at 0.9 */
#define QUEUE_WARM  0.1   /* of the tasks, those that come first and count nowhere: the queue is empty before them */

/* Service times as the histogram has them (ascending buckets), evenly over its quantiles, in random order. Gaps are
 * exponential (poisson) or all the same, and levelled to their mean. 0; -ENOMEM; -EDOM: no tasks, or none in the
 * histogram. To be released in any case. */
int queue_draw(const struct bucket *service, size_t buckets, bool poisson, uint64_t seed, size_t tasks,
               struct queue_sample *sample);
void queue_sample_release(struct queue_sample *sample);

/* The rate at which workers, CPUs or the submitter are all busy: beyond it the queue grows for ever. INFINITY: none. */
double queue_rate_most(const struct queue *queue, const struct queue_sample *sample);

/* The latency that a share p (0 < p < 1) of the tasks does not exceed at that rate. INFINITY: at or beyond
 * queue_rate_most(). 0 or -ENOMEM. */
int queue_percentile(const struct queue *queue, const struct queue_sample *sample, double rate, double p, double *ns);

/* The highest rate at which that latency is at most limit_ns, to 0.1 %; 0: it is not even with a task at a time. 0 or
 * -ENOMEM. */
int queue_rate_for_percentile(const struct queue *queue, const struct queue_sample *sample, double p, double limit_ns,
                              double *rate);

/* ---- theory: random (Poisson) arrivals, c workers, nothing beside ---- */

/* The probability that a task has to wait, where times are exponential; load: rate x mean time, below workers, else 1.
 * A. K. Erlang: Solution of some Problems in the Theory of Probabilities of Significance in Automatic Telephone
 * Exchanges, 1917; by the recursion of Erlang B. */
double queue_erlang_c(unsigned workers, double load);

/* The percentile of latency where times are exponential (M/M/c). D. Gross, C. M. Harris: Fundamentals of Queueing
 * Theory, 2.3. NAN: no steady state. */
double queue_mmc_percentile(unsigned workers, double rate, double mean_ns, double p);

/* Mean latency of one worker (M/G/1), for times of that mean and mean square: F. Pollaczek 1930, A. Khinchine 1932.
 * NAN: no steady state. */
double queue_mg1_mean(double rate, double mean_ns, double mean_square_ns2);

/* Its percentile: waiting is a sum of what is left of service times, geometrically many of them (Pollaczek, Khinchine);
 * summed on a lattice by the recursion of H. H. Panjer (Recursive Evaluation of a Family of Compound Distributions,
 * ASTIN Bulletin 12, 1981). service: ascending buckets. NAN: no steady state, or no memory. */
double queue_mg1_percentile(double rate, const struct bucket *service, size_t buckets, double p);

/* The percentile of latency where all tasks take the same (M/D/c): C. D. Crommelin: Delay Probability Formulae When the
 * Holding Times Are Constant, 1932; by the formula of G. J. Franx: A Simple Solution for the M/D/c Waiting Time
 * Distribution, Operations Research Letters 29, 2001. NAN: no steady state, a utilisation above 0.98 (for which this
 * goes too long a way), or no memory. */
double queue_mdc_percentile(unsigned workers, double rate, double service_ns, double p);

#endif
