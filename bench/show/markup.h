/* Plain text, so that a format takes none of it for markup. What is not UTF-8 is replaced, control characters are
 * blanks. Thread-safe. */
#ifndef POOLBENCH_SHOW_MARKUP_H
#define POOLBENCH_SHOW_MARKUP_H
#include <stdio.h>

enum markup {
    MARKUP_HTML, /* " .. " does not break, so that an interval stays on its line */
    MARKUP_MARKDOWN,
    MARKUP_LATEX,
};

/* Prints the pattern as it is, but for every '@' the next text. */
void markup_print(FILE *out, enum markup markup, const char *pattern, ...);

#endif
