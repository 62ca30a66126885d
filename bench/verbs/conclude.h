/* The end of a run, for the verbs that make one. */
#ifndef POOLBENCH_VERBS_CONCLUDE_H
#define POOLBENCH_VERBS_CONCLUDE_H
#include "bench/measure/run.h"
#include "bench/model/run_data.h"

/* After the files have ended: summary.csv, the screen on stdout unless `quiet`, charts, the report. The exit code. */
int session_conclude(const struct session *session, const char *verb, bool quiet);

/* The same of a run that is open already, without the screen. */
int run_conclude(const struct session *session, const char *verb, struct run_data *run);

/* run_blocks(), then session_conclude(). The exit code. */
int run_go(struct session *session, const char *verb, struct remaining *before);

#endif
