/* When a queue that began empty is in its steady state: what came before is cut off. Pure; C library only. */
#ifndef POOLBENCH_TRIAL_STEADY_H
#define POOLBENCH_TRIAL_STEADY_H
#include <stddef.h>

struct steady {
    size_t cut;       /* the first so many are cut: all of them where no steady state is reached */
    double lag1;      /* of what is left: correlation of one with the next; NAN: of too few, or all are equal */
    double effective; /* how many independent ones tell as much of the mean; NAN likewise */
};

/* Of latencies in the order in which tasks were due. MSER-5 (K. P. White, Simulation 69, 1997): of all cuts, in steps
 * of five, the one with the smallest standard error of what is left, but for cuts that leave less than five batches. A
 * cut in the second half means that the steady state was not reached (K. Hoad, S. Robinson and R. Davies, Automating
 * warm-up length estimation, J. Oper. Res. Soc. 61, 2010). Below 50 latencies nothing can be told: no cut, and the rest
 * NAN. values is overwritten. */
struct steady steady_find(double *values, size_t count);

#endif
