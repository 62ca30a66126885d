/* What a person wants to know first of a run: what to take and for which tasks, how sure that is, why, and where the
 * report is. One thread. */
#ifndef POOLBENCH_SHOW_HEADLINE_H
#define POOLBENCH_SHOW_HEADLINE_H
#include "bench/analyse/analysis.h"
#include <stdio.h>

void headline_print(FILE *out, const struct analysis *analysis);
/* How sure: the level of all verdicts together and the blocks behind them; what ended the run before its plan did; what
 * was dropped; a precision that was missed. A line, or nothing where none of that is to be said. */
void headline_sure(FILE *out, const struct table *table);

#endif
