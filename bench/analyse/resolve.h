/* What would probably resolve the unresolved comparisons: those that need equally many blocks have one command.
 * Nothing is written. One thread. */
#ifndef POOLBENCH_ANALYSE_SETTLE_H
#define POOLBENCH_ANALYSE_SETTLE_H
#include "bench/analyse/compare.h"

/* The least number of blocks above `above` that some comparison needs; 0: none. RESOLVE_MAX + 1 is a number like any:
 * those that nobody waits for. */
size_t resolve_next(const struct compare *compare, size_t above);
bool resolve_is(const struct pair *pair, size_t blocks);

/* The command for those that need `blocks`: the whole run goes on, or their cells alone are run anew, whichever takes
 * fewer trials. side: 0 for the run of the baseline, 1 for that of the cells; the same in one run. Lines after the
 * first are continued with a backslash; none where the run cannot go on. Returns about how long it takes, in ns; NAN:
 * not known. */
double resolve_command(char *text, size_t size, const struct compare *compare, size_t blocks, int side);

/* A run made elsewhere may lack the question it was asked (suite.ini). */
bool resolve_possible(const struct side *side);

#endif
