/* Texts of parameters (workloads/param.h, PARAM_TEXT), each kept once and until the program ends, so that their
 * addresses can be compared and copied like numbers. Not thread-safe. */
#ifndef POOLBENCH_BASE_TEXTS_H
#define POOLBENCH_BASE_TEXTS_H
#include <stdint.h>

/* The value of a text, 0 for an empty one. 0 or -ENOMEM. */
int text_intern(const char *text, int64_t *value);

#endif
