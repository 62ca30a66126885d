/* What report.html looks like: on paper, on a phone, in the dark. */
#ifndef POOLBENCH_SHOW_REPORT_STYLE_H
#define POOLBENCH_SHOW_REPORT_STYLE_H

extern const char html_style[]; /* CSS, a line a rule */

#endif
