/* Which cells of a run stand for the pools, and which for the groups (rows of a table, panels of a chart) that cells
 * fall into: the first of each in the order given. Pure. */
#ifndef POOLBENCH_ANALYSE_LAYOUT_H
#define POOLBENCH_ANALYSE_LAYOUT_H
#include "bench/model/run_data.h"

/* Of `count` cells in that order, one a pool goes to `pool`. base_first: the base pool before the others. Returns how
 * many. */
size_t layout_pools(const struct run_data *run, const size_t *cells, size_t count, bool base_first, size_t *pool);

/* Whether a cell belongs to the group that `first` stands for. */
typedef bool layout_fits(const void *arg, size_t first, size_t cell);

/* One a group goes to `group`; groups that the base pool has to itself come last, or with base_alone false only where
 * there is no other. Returns how many. */
size_t layout_groups(const struct run_data *run, const size_t *cells, size_t count, layout_fits *fits, const void *arg,
                     bool base_alone, size_t *group);

#endif
