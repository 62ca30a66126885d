/* Going through a plan, for the verbs run and resume. One thread. */
#ifndef POOLBENCH_MEASURE_RUN_H
#define POOLBENCH_MEASURE_RUN_H
#include "bench/analyse/remaining.h"
#include "bench/measure/session.h"

/* After session_begin(): what of the plan is not there yet (`before`: what is; NULL: nothing), to the end of the files.
 * Says how to go on where that did not work out. 0, or the exit code. */
int run_blocks(struct session *session, const char *verb, struct remaining *before);

#endif
