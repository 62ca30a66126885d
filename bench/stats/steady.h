/* How long a queue that begins empty takes to forget that, and how long a trial must last to tell of its steady state.
 * Planning, not measuring. Pure; thread-safe. */
#ifndef POOLBENCH_STATS_STEADY_H
#define POOLBENCH_STATS_STEADY_H

/* Tasks of one kind that come at a rate to c workers. */
struct steady_queue {
    double rate, service_ns;          /* tasks a second; mean time inside a task */
    double workers;                   /* at work at once */
    double arrivals_scv, service_scv; /* squared coefficient of variation: of gaps (Poisson: 1, fixed: 0), of times */
    double period_ns;                 /* after which arrivals come again as they were; 0: never */
    double limit;                     /* tasks that may be there at once, at work included; 0: any number */
};

#define STEADY_WARMUP 4  /* relaxation times until the mean queue is within 2 % of where it stays */
#define STEADY_RUN    20 /* and from then on, so that a trial has seen the queue full and empty again */

#define STEADY_ENOUGH 0.5 /* of that: what a queue needs is known to about a factor of two */

/* Offered: rate x service / workers. From 1 on the queue grows for ever. */
double steady_utilisation(const struct steady_queue *queue);
/* The time constant with which the queue nears its steady state, in ns: A. Odoni and E. Roth, An Empirical
 * Investigation of the Transient Behavior of Stationary Queueing Systems, Operations Research 31, 1983; of c workers as
 * of one that is c times as fast, and no less than a task. Where so many may be there and no more, (1 - root of the
 * utilisation)^2 gives way to what it is then (P. Morse, Stochastic Properties of Waiting Lines, Operations Research 3,
 * 1955). NAN: there is no steady state. */
double steady_relaxation_ns(const struct steady_queue *queue);
/* STEADY_WARMUP and STEADY_RUN of it. How long a simulation of a queue must run grows in the same way, with
 * 1 / (1 - utilisation)^2 (W. Whitt, Planning Queueing Simulations, Management Science 35, 1989). No longer than a
 * period, which has all that there is to be seen, where that is longer than STEADY_WARMUP. */
double steady_needed_ns(const struct steady_queue *queue);

#endif
