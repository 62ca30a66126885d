/* Studies for people, and for programs. One thread. */
#ifndef POOLBENCH_VERBS_SCALING_REPORT_H
#define POOLBENCH_VERBS_SCALING_REPORT_H
#include "bench/analyse/study.h"
#include <stdio.h>

void studies_print(FILE *out, const struct studies *studies); /* at most 96 columns */
/* In long form: a line for each number, one for each law that was refused. */
int studies_table(FILE *out, const struct studies *studies, const char *how); /* csv, json; 0 or -ENOMEM */

#endif
