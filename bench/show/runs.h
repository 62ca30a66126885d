/* The runs in results/, for people. One thread. */
#ifndef POOLBENCH_SHOW_RUNS_H
#define POOLBENCH_SHOW_RUNS_H
#include "bench/show/sheet.h"

/* A row a run, the oldest first: when it began, how much of it there is, how long it took, how far it has come; below
 * it its command and its note (--note). 0 or -errno. */
int runs_make(struct sheet *sheet);

#endif
