/* Options as they were asked for, see asked.h. */
#include "bench/ask/asked.h"

/* That of an option which there is. */
static size_t row_of(const char *option)
{
    return (size_t)__builtin_ctzll(option_bit(option));
}

int asked_add(struct asked *asked, const char *option, const char *text)
{
    return words_add(&asked->texts[row_of(option)], text, strlen(text));
}

int asked_pairs(struct asked *asked, const char *const *pairs)
{
    int rc = 0;
    for (; *pairs && rc == 0; pairs += 2)
        if (*pairs[1])
            rc = asked_add(asked, pairs[0], pairs[1]);
    return rc;
}

int asked_copy(struct asked *to, const struct asked *from)
{
    int rc = words_copy(&to->suites, &from->suites);
    for (size_t i = 0; i < OPTIONS_MAX && rc == 0; i++)
        rc = words_copy(&to->texts[i], &from->texts[i]);
    return rc;
}

const char *asked_last(const struct asked *asked, const char *option)
{
    const struct words *texts = option_bit(option) ? &asked->texts[row_of(option)] : NULL;
    return texts && texts->count ? texts->word[texts->count - 1] : NULL;
}

void asked_release(struct asked *asked)
{
    words_release(&asked->suites);
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        words_release(&asked->texts[i]);
}
