/* A list of owned strings: the values of an option, the alternatives of a spec. Zeroed is empty. 0 or -errno. A list
 * is of one thread at a time. */
#ifndef POOLBENCH_BASE_WORDS_H
#define POOLBENCH_BASE_WORDS_H
#include <stdbool.h>
#include <stddef.h>

struct words {
    char **word;
    size_t count;
};

int words_add(struct words *words, const char *text, size_t length);
/* Adds the parts of text between separators outside quotes ('...'), blanks around them removed; -EINVAL when a part is
 * empty. */
int words_split(struct words *words, const char *text, char separator);
bool words_have(const struct words *words, const char *text);
int words_copy(struct words *to, const struct words *from); /* replaces what `to` holds */
void words_release(struct words *words);                    /* empty again */

#endif
