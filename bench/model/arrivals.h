/* When tasks are due under --arrival rate and trace: drawn here for a whole trial, by a seed, and carried to it in the
 * job, so that all pools have the same. Also --draw, how. In the harness: the trial program does without the
 * mathematical library, which it would load each time. Pure, but for traces (trace.h): one thread.
 *
 *   even       task i at i / R
 *   poisson    given that the Nth of N arrivals comes at N / R, those before it are as N - 1 uniform times in order
 *              (Ross, Stochastic Processes, 2.3): N exponential gaps, stretched (Devroye 1986, V.2)
 *   on_off     a Markov-modulated Poisson process of two states (Fischer and Meier-Hellstern 1993), interrupted where
 *              the rate while off is 0. The states are drawn backwards from an arrival at N / R, both stretched to
 *              their share of the time; given them, arrivals are those of a Poisson process in operational time
 *   trace      the file from its begin; where it has too few tasks, again and again from a task that the seed draws
 *              (circular block bootstrap, Politis and Romano 1992, with blocks as long as the file). Each task lies
 *              somewhere within what the file's clock can tell: a second where time stamps have no fractions
 */
#ifndef POOLBENCH_MODEL_ARRIVALS_H
#define POOLBENCH_MODEL_ARRIVALS_H
#include "bench/model/cell.h"
#include "bench/model/trace.h"

/* Up to the one that made --draw an option, arrivals were drawn plainly: once for all blocks of a run, and exponential
 * gaps as they came. */
enum draw_kind { DRAW_LEVELLED, DRAW_PLAIN };

#define DUE_MOST_NS 1000000000000000000ull /* 31 years: no task is due later */

/* When each of `tasks` is due, in ns from the gate, never falling. trace: of PROCESS_TRACE, else unused. */
void arrivals_draw(const struct arrival *arrival, const struct trace *trace, enum draw_kind draw, uint64_t seed,
                   uint32_t tasks, uint64_t *due_ns);
/* The seed of a block, from that of the run. */
uint64_t arrivals_seed(uint64_t seed, enum draw_kind draw, unsigned block);
/* Plain: when the last one is due, for runs that did not write it down. */
double arrivals_plain_last_ns(const struct arrival *arrival, uint64_t seed, uint32_t tasks);
/* Squared coefficient of variation of the gaps that formulas for queues take: 0 of even ones, 1 of a Poisson process.
 * In bursts gaps depend on each other, and what counts is the index of dispersion over long times (Fischer and
 * Meier-Hellstern 1993; K. Fendick and W. Whitt, Measurements and Approximations to Describe the Offered Traffic, Proc.
 * IEEE 77, 1989); of a trace as it was read, 1 where a run did not note it. */
double arrivals_scv(const struct arrival *arrival);
/* After how long all has been seen that there is, and comes again: of a trace; 0: never, or not noted. In ns. */
double arrivals_period_ns(const struct arrival *arrival);
/* About how many tasks show what there is to be seen: ten times on and off; of a trace, as many groups of tasks as it
 * is bursty, or all of it. 1: any. */
int64_t arrivals_tasks_least(const struct arrival *arrival);

#endif
