/* Going through a plan, for the verbs run and resume. */
#ifndef POOLBENCH_RUN_H
#define POOLBENCH_RUN_H
#include "bench/remaining.h"
#include "bench/session.h"

/* After session_begin(): what of the plan is not there yet (`before`: what is; NULL: nothing), to the end of the files,
 * the summary, the screen. Says how to go on where that did not work out. Returns the exit code. */
int run_go(struct session *session, const char *verb, struct remaining *before);

#endif
