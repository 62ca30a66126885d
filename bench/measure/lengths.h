/* What there is to say of how long trials under rate last: long enough for a queue in its steady state, or not. One
 * thread. */
#ifndef POOLBENCH_MEASURE_LENGTHS_H
#define POOLBENCH_MEASURE_LENGTHS_H
#include "bench/model/cell.h"

/* Of cells with their numbers of tasks, a line of the one that lasts too short by most. false: there is none. */
bool lengths_short(const struct cells *cells, char *text, size_t size);
/* How long trials under rate last, and why. false: no cell is under rate. */
bool lengths_say(const struct cells *cells, char *text, size_t size);

#endif
