/* The closing screen: what a run found, on 96 columns of ASCII. Everything printed is borne out by the files of the
 * run; a failure is listed with its reason and never stands as a number. One thread. */
#ifndef POOLBENCH_SHOW_SCREEN_H
#define POOLBENCH_SHOW_SCREEN_H
#include "bench/analyse/analysis.h"
#include <stdio.h>

void screen_print(FILE *out, const struct analysis *analysis);

struct totals {
    size_t ok, interrupted; /* trials */
    double end_ns;          /* of the last trial; 0: not known when trials started */
    double wall_ns, steal_ns;
    double alone_ns, waited_ns; /* wall time of the base pool's trials, and what they waited for a CPU */
    double tasks, tasks_failed; /* no file makes them overflow */
};
struct totals totals_make(const struct run_data *run);

/* Its parts, for reports. table may be NULL where no cell has a trial. */
void screen_header(FILE *out, const struct run_data *run); /* machine; trials and time */
/* What spoils the run, a line each, without a mark: steal, too few blocks, what cannot be seen, pinning. */
void screen_warnings(FILE *out, const struct run_data *run, const struct table *table);
/* The same on a screen, each wrapped behind a mark. */
void screen_warnings_print(FILE *out, const struct run_data *run, const struct table *table);

#endif
