/* Going on with a run, for the verbs that do: resume, and remote on behalf of one. */
#ifndef POOLBENCH_VERBS_RESUME_H
#define POOLBENCH_VERBS_RESUME_H
#include "bench/analyse/remaining.h"
#include "bench/measure/session.h"

/* Ready to go on, or nothing is to be done (remaining->left is 0). What a crash left behind the last whole trial is cut
 * off, and said on stderr. 0 or -errno with a line in error; both are to be closed in any case. */
int resume_open(struct session *session, struct remaining *remaining, const char *directory, bool trust, char *error);

#endif
