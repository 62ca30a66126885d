/* One list of all texts, see texts.h. There are as many as a command line or a suite has. */
#include "bench/base/texts.h"
#include "bench/base/words.h"
#include <string.h>

static struct words texts;

int text_intern(const char *text, int64_t *value)
{
    size_t i = 0;
    *value = 0;
    if (!*text)
        return 0;
    while (i < texts.count && strcmp(texts.word[i], text) != 0)
        i++;
    int rc = i < texts.count ? 0 : words_add(&texts, text, strlen(text));
    if (!rc)
        *value = (int64_t)(intptr_t)texts.word[i];
    return rc;
}
