/* Lines of text, from functions that print. One thread. */
#ifndef POOLBENCH_SHOW_LINES_H
#define POOLBENCH_SHOW_LINES_H
#include <stdio.h>

struct lines {
    char *text;
    size_t size;
    FILE *out;
};
FILE *lines_open(struct lines *lines);        /* NULL without memory */
const char *lines_close(struct lines *lines); /* what was printed; "" without memory. Free lines->text. */
/* Closes them and prints each, if it is not empty, behind `mark` and wrapped; frees them. */
void lines_print(FILE *out, struct lines *lines, const char *mark);

/* A text, wrapped: it begins at `indent`, further lines at `column`. */
__attribute__((format(printf, 4, 5))) void wrapped_print(FILE *out, unsigned indent, unsigned column,
                                                         const char *format, ...);

#endif
