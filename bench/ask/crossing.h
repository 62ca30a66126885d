/* From experiments to cells: every combination of the factors of every experiment. */
#ifndef POOLBENCH_ASK_CROSSING_H
#define POOLBENCH_ASK_CROSSING_H
#include "bench/ask/request.h"

/* Fills request->cells and left_out from request->experiments, which have a value for every factor. 0, or -EINVAL and a
 * line in error; what was made is the caller's to release (request_release). */
int experiments_cross(struct request *request, const struct machine *machine, char *error);

#endif
