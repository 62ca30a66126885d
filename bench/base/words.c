/* A list of owned strings. */
#include "bench/base/words.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int words_add(struct words *words, const char *text, size_t length)
{
    char **grown = realloc(words->word, (words->count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    words->word = grown;
    char *copy = strndup(text, length);
    if (!copy)
        return -ENOMEM;
    words->word[words->count++] = copy;
    return 0;
}

int words_split(struct words *words, const char *text, char separator)
{
    static const char blanks[] = " \t\r\n";
    for (;;) {
        const char *end = text;
        for (; *end && *end != separator; end++) {
            const char *close = *end == '\'' ? strchr(end + 1, '\'') : NULL;
            if (close)
                end = close;
        }
        const char *first = text + strspn(text, blanks);
        const char *last = end;
        while (last > first && strchr(blanks, last[-1]))
            last--;
        if (first >= last)
            return -EINVAL;
        int rc = words_add(words, first, (size_t)(last - first));
        if (rc)
            return rc;
        if (!*end)
            return 0;
        text = end + 1;
    }
}

bool words_have(const struct words *words, const char *text)
{
    for (size_t i = 0; i < words->count; i++)
        if (!strcmp(words->word[i], text))
            return true;
    return false;
}

int words_copy(struct words *to, const struct words *from)
{
    struct words copy = {0};
    for (size_t i = 0; i < from->count; i++) {
        int rc = words_add(&copy, from->word[i], strlen(from->word[i]));
        if (rc) {
            words_release(&copy);
            return rc;
        }
    }
    words_release(to);
    *to = copy;
    return 0;
}

void words_release(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->word[i]);
    free(words->word);
    *words = (struct words){0};
}
