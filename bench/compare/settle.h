/* The command that would probably settle an unresolved comparison. Pure. */
#ifndef POOLBENCH_COMPARE_SETTLE_H
#define POOLBENCH_COMPARE_SETTLE_H
#include "bench/compare/compare.h"

/* side: 0 for the run of the baseline, 1 for that of the cell; the same in one run. Lines after the first are continued
 * with a backslash. */
void settle_command(char *text, size_t size, const struct compare *compare, const struct pair *pair, int side);

#endif
