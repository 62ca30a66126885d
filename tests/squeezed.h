/* Text with one blank between words, wherever its lines ended. */
#ifndef POOLBENCH_TESTS_SQUEEZED_H
#define POOLBENCH_TESTS_SQUEEZED_H
#include <ctype.h>

/* In place; returns text. */
static inline char *squeezed(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (!isspace((unsigned char)*from) || (to > text && to[-1] != ' '))
            *to++ = isspace((unsigned char)*from) ? ' ' : *from;
    *to = '\0';
    return text;
}

#endif
