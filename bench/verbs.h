/* The verbs of the command line. argv: after the verb. Each returns the exit code of docs/METHOD.md: 0, 1 something ran
 * and failed, 2 bad input (one line on stderr, nothing written). */
#ifndef POOLBENCH_VERBS_H
#define POOLBENCH_VERBS_H
#include "bench/charts.h"
#include "bench/summarise.h"
#include "bench/topo.h"
#include <stdio.h>

int verb_run(int argc, char **argv);
int verb_plan(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_tour(int argc, char **argv);
int verb_version(int argc, char **argv);
int verb_help(int argc, char **argv);

struct verb {
    const char *name, *arguments, *summary;
    int (*function)(int argc, char **argv);
    const char *help;  /* what --help says below the usage line; NULL: the verb answers --help itself */
    int takes_options; /* the table of bench/options.h belongs to its help */
};
extern const struct verb verbs[]; /* main.c; ends with a row without a name */

/* NULL and a line on stderr when there is no such verb. */
const struct verb *verb_find(const char *name);
int verb_help_print(const struct verb *verb);
/* All factors and settings, from the option table. */
void options_print(FILE *out);

#endif
