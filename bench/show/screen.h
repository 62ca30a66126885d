/* The closing screen: what a run found, on 96 columns of ASCII. Everything printed is borne out by the files of the
 * run; a failure is listed with its reason and never stands as a number. One thread. */
#ifndef POOLBENCH_SHOW_SCREEN_H
#define POOLBENCH_SHOW_SCREEN_H
#include "bench/analyse/analysis.h"
#include <stdio.h>

void screen_print(FILE *out, const struct analysis *analysis);

/* Its parts, for reports. table may be NULL where no cell has a trial. */
void screen_header(FILE *out, const struct run_data *run); /* machine; trials and time */
/* What spoils the run, a line each, without a mark: steal, too few blocks, what cannot be seen, pinning. */
void screen_warnings(FILE *out, const struct run_data *run, const struct table *table);
/* The same on a screen, each wrapped behind a mark. */
void screen_warnings_print(FILE *out, const struct run_data *run, const struct table *table);
/* What failed and why, a line for each of up to `kinds` kinds; of more, how many. */
void screen_failures(FILE *out, const struct table *table, size_t kinds);

#endif
