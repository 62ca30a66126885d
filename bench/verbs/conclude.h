/* The end of a run, for the verbs that make one. */
#ifndef POOLBENCH_VERBS_CONCLUDE_H
#define POOLBENCH_VERBS_CONCLUDE_H
#include "bench/measure/run.h"
#include "bench/model/run_data.h"
#include <limits.h>

/* A run that could not be begun: closes the session. rc, error: why. The exit code, after a line on stderr. */
int session_refuse(struct session *session, const char *verb, int rc, const char *error);
/* Ends the files after the last trial. rc, error: what came of the trials. 0; or the exit code of a run that failed or
 * was interrupted, after a line on stderr that says where its trials are. */
int session_finish(struct session *session, const char *verb, int rc, const char *error);

/* Of a run that arguments_run() has found: says on stderr where it is, if it was moved meanwhile. */
void run_moved_say(const char *verb, char directory[PATH_MAX]);

/* After the files have ended: summary.csv, charts, the report, the screen on stdout. The exit code. */
int session_conclude(const struct session *session, const char *verb);

/* The same of a run that is open already; quiet: without the screen. */
int run_conclude(const struct session *session, const char *verb, struct run_data *run, bool quiet);

/* Of a run that was made of others: summary.csv, the report, the screen on stdout. The exit code. */
int made_conclude(const char *directory, const char *verb);

/* run_blocks(), then session_conclude(). The exit code. */
int run_go(struct session *session, const char *verb, struct remaining *before);

#endif
