/* The design of a run: in which order cells run in its blocks, and how many blocks its comparisons need. Pure. */
#ifndef POOLBENCH_STATS_DESIGN_H
#define POOLBENCH_STATS_DESIGN_H
#include <stdint.h>

/* The orders of `blocks` passes over `cells` cells from `seed`: rows of Williams designs, pairs of squares for an odd
 * number of cells, where blocks >= cells; random permutations otherwise. order: blocks x cells numbers. Pure. */
void order_draw(uint64_t seed, unsigned blocks, unsigned cells, uint32_t *order);
/* For an interval of each of so many comparisons, that all hold together (docs/STATISTICS.md). */
unsigned blocks_needed(unsigned comparisons);

#endif
