/* The colour and the mark of a pool: the same in every chart of every run for one that is built in. One thread. */
#ifndef POOLBENCH_SHOW_POOL_LOOK_H
#define POOLBENCH_SHOW_POOL_LOOK_H
#include "bench/model/run_data.h"

#define POOL_COLOURS 8
#define POOL_LOOKS   (POOL_COLOURS * POOL_COLOURS)

/* From 0, less than POOL_LOOKS: look % POOL_COLOURS is the colour, and no two have both colour and mark in common
 * (scripts/style.gp). By the position of the pool in the tables of those that are built in. A plug-in, and a second one
 * of the same name with other options, has one by a hash of its name, or the next that no pool of the run has: so what
 * a pool looks like follows from the names of the pools of the run. With more pools than looks some are the same. */
unsigned pool_look(const struct run_data *run, const char *pool);

#endif
