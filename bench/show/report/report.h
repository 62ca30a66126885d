/* The report of a run: report.html, one file that needs neither network nor script, and report.md. Both say the same,
 * and only what files of the run say, so that a copied run gives the same report. One thread. */
#ifndef POOLBENCH_SHOW_REPORT_REPORT_H
#define POOLBENCH_SHOW_REPORT_REPORT_H
#include "bench/analyse/analysis.h"

#define REPORT_LATEX "table.tex" /* the table of the answer, written beside them */

/* Writes these files, each beside and then renamed. 0 or -errno with a line in error (ERROR_MAX bytes). */
int report_write(const struct analysis *analysis, char *error);

#endif
