/* Plain text, so that a format takes none of it for markup. What is not UTF-8 is replaced, control characters are
 * blanks. Thread-safe. */
#ifndef POOLBENCH_SHOW_MARKUP_H
#define POOLBENCH_SHOW_MARKUP_H
#include <stdio.h>

typedef void markup_print(FILE *out, const char *pattern, ...);

/* Print the pattern as it is, but for every '@' the next text. */
markup_print markup_html; /* " .. " does not break, so that an interval stays on its line */
markup_print markup_markdown;
markup_print markup_latex;

#endif
