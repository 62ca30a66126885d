/* Plain text, so that a format takes none of it for markup. What is not UTF-8 is replaced, control characters are
 * blanks. Thread-safe. */
#ifndef POOLBENCH_SHOW_MARKUP_H
#define POOLBENCH_SHOW_MARKUP_H
#include <stddef.h>
#include <stdio.h>

void html_text(FILE *out, const char *text); /* " .. " does not break, so that an interval stays on its line */
void markdown_text(FILE *out, const char *text);
void latex_text(FILE *out, const char *text);
/* The first `size` bytes of text. */
void html_text_n(FILE *out, const char *text, size_t size);
void markdown_text_n(FILE *out, const char *text, size_t size);

#endif
