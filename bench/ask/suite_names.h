/* The suites that come with poolbench, for `list`, the manual and the command line on a page. */
#ifndef POOLBENCH_ASK_SUITE_NAMES_H
#define POOLBENCH_ASK_SUITE_NAMES_H
#include <stddef.h>

struct suite_name {
    char name[64];   /* without .ini */
    char about[256]; /* its first comment, which says what it is for; "" without one */
};
/* All of them by name, freed by the caller with one free(). 0 or -errno. */
int suite_names(struct suite_name **suites, size_t *count);

#endif
