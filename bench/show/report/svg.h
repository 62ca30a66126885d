/* A picture that gnuplot drew, to stand inside a page. What is in a file named charts/NAME.svg need not be one: only
 * elements that gnuplot draws with get through, nothing that runs, loads or leaves the picture. */
#ifndef POOLBENCH_SHOW_REPORT_SVG_H
#define POOLBENCH_SHOW_REPORT_SVG_H
#include <stdio.h>

struct svg_place {
    const char *prefix; /* of its ids, which are the same in all of gnuplot's pictures */
    const char *label;  /* plain; for those who cannot see it */
};

/* 0; or -EBADMSG with a line in why (ERROR_MAX bytes), and what was written by then is of no use. */
int svg_write(FILE *out, const char *svg, const struct svg_place *place, char *why);

#endif
