/* The verbs of the command line. Each returns the exit code of docs/METHOD.md: 0, 1 something ran and failed, 2 bad
 * input (one line on stderr, nothing written). */
#ifndef POOLBENCH_VERBS_H
#define POOLBENCH_VERBS_H
#include "bench/arguments.h"
#include <stdio.h>

extern const struct verb verbs[]; /* main.c; ends with a row without a name */

int verb_run(const struct arguments *given);
int verb_plan(const struct arguments *given);
int verb_resume(const struct arguments *given);
int verb_metg(const struct arguments *given);
int verb_crossover(const struct arguments *given);
int verb_capacity(const struct arguments *given);
int verb_list(const struct arguments *given);
int verb_topo(const struct arguments *given);
int verb_summarise(const struct arguments *given);
int verb_compare(const struct arguments *given);
int verb_targets(const struct arguments *given);
int verb_charts(const struct arguments *given);
int verb_report(const struct arguments *given);
int verb_scaling(const struct arguments *given);
int verb_isolation(const struct arguments *given);
int verb_check(const struct arguments *given);
int verb_selftest(const struct arguments *given);
int verb_advise(const struct arguments *given);
int verb_conformance(const struct arguments *given);
int verb_tour(const struct arguments *given);
int verb_version(const struct arguments *given);
int verb_help(const struct arguments *given);

/* The options of each stand beside what reads them. */
extern const struct argument topo_arguments[], compare_arguments[], targets_arguments[], charts_arguments[],
    scaling_arguments[], isolation_arguments[], check_arguments[], selftest_arguments[], advise_arguments[],
    metg_arguments[], crossover_arguments[], capacity_arguments[], tour_arguments[], help_arguments[],
    conformance_arguments[];
extern const char *const metg_options[], *const crossover_options[], *const capacity_options[];

/* NULL and a line on stderr when there is no such verb. */
const struct verb *verb_find(const char *name);
void verb_help_print(const struct verb *verb);
/* All factors and settings, from the option table. */
void options_print(FILE *out);

#endif
