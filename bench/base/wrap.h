/* Text on a screen of 80 columns, or on a narrower terminal. Thread-safe. */
#ifndef POOLBENCH_BASE_WRAP_H
#define POOLBENCH_BASE_WRAP_H
#include <stdio.h>

#define SCREEN_COLUMNS       80
#define SCREEN_COLUMNS_LEAST 40

/* Of a terminal, if it is narrower than SCREEN_COLUMNS; that many elsewhere. */
unsigned screen_columns(FILE *out);

/* Prints the words of text and a newline; the cursor stands at `column`, where further lines begin too. */
void wrap_print(FILE *out, const char *text, unsigned column);
/* The same after a label that begins at `indent`; a label that reaches to `column` gets a line of its own. */
void wrap_row(FILE *out, unsigned indent, const char *label, unsigned column, const char *text);

#endif
