/* From the files of a run to statements: summary.csv, the closing screen, the charts. Only reads files of the run. */
#ifndef POOLBENCH_ANALYSE_SUMMARY_H
#define POOLBENCH_ANALYSE_SUMMARY_H
#include "bench/model/columns.h"
#include <stdbool.h>
#include <stdio.h>

struct summary {
    struct summary_row *rows; /* in order of the first trial of each cell */
    size_t count;
    struct trial_row *trials; /* all committed trials, as read */
    size_t trial_count;
    bool partial;  /* latency.csv is not there: no percentiles */
    bool torn;     /* trials.csv ends within a line, which is not used */
    bool hostless; /* nor is host.json, or it is broken: the machine is not known, nor whether the run could stop early
                    */
    double *latency_p99_ns; /* one a trial; NAN: not known, or of too few tasks */
    unsigned looks; /* at which the run could stop by what it saw (host.json); 0: its number of blocks was fixed */
};

/* Reads plan, trials and latency of the run directory and computes; deterministic, so that a copied run gives the same
 * summary.csv byte for byte. 0 or -errno with a line in error (ERROR_MAX bytes). */
int summary_make(const char *directory, struct summary *summary, char *error);
void summary_release(struct summary *summary);
/* What of the run is not there or not used, a line each; nothing for a whole one. */
void summary_gaps(FILE *talk, const char *directory, const struct summary *summary);
/* summary.csv, replaced atomically; a partial summary does not replace one. */
int summary_write(const char *directory, const struct summary *summary, char *error);
/* Draws charts/NAME.FORMAT by the scripts; -ENOENT with a line in error when there is no gnuplot. Says to `talk`, when
 * not NULL, what was drawn and what not, and why. format: "svg" or "png". */
int charts_draw(const char *directory, const char *format, uint64_t limit_ns, FILE *talk, char *error);

#endif
