/* The valid name nearest to a mistyped one, for "did you mean". Offer all valid names, then ask. Thread-safe. */
#ifndef POOLBENCH_BASE_NEAREST_H
#define POOLBENCH_BASE_NEAREST_H
#include <stddef.h>

struct nearest {
    const char *word;
    char name[64]; /* nearest so far, "" */
    unsigned distance;
    char offered[256]; /* all of them, as far as they fit: "serial, static, fork" */
};

void nearest_init(struct nearest *nearest, const char *word);
void nearest_offer(struct nearest *nearest, const char *name);
/* NULL when nothing offered is near enough to be meant. */
const char *nearest_name(const struct nearest *nearest);
/* "; did you mean 'pthread'?" or "": the end of an error line. Returns text. */
char *nearest_hint(const struct nearest *nearest, char *text, size_t size);
/* The same, or "; expected serial, static, fork" where nothing is near. */
char *nearest_advice(const struct nearest *nearest, char *text, size_t size);

#endif
