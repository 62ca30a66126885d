/* Plain text, so that a language takes none of it for more than that: the one place for languages that are written to
 * files. (For a terminal and a shell: workloads/text.h. Run files are read back and keep what they have.) What is not
 * UTF-8 is replaced; control characters of ASCII are blanks, others are replaced too. Thread-safe. */
#ifndef POOLBENCH_SHOW_MARKUP_H
#define POOLBENCH_SHOW_MARKUP_H
#include <stdio.h>

enum markup {
    MARKUP_HTML, /* " .. " does not break, so that an interval stays on its line */
    MARKUP_MARKDOWN,
    MARKUP_LATEX,
    MARKUP_JSON,    /* between double quotes, also in a script element, which nothing in it ends */
    MARKUP_CODE,    /* a line in which nothing is markup: of code, which Markdown has indented, of comment */
    MARKUP_GNUPLOT, /* between single quotes, in which gnuplot looks for nothing but their end */
    MARKUP_XML,     /* between tags, or in an attribute between double quotes: of SVG, which has no names of HTML's */
    MARKUP_FOLDED,  /* a frame of a folded stack, which ends with ; or the last blank of the line */
    MARKUP_GNUPLOT_DATA, /* of a file of data: between double quotes, or a line of comment */
};

/* Prints the pattern as it is, but for every '@' the next text. */
void markup_print(FILE *out, enum markup markup, const char *pattern, ...);

#endif
