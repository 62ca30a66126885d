/* Nearest valid name by optimal string alignment: insert, delete, replace and swapping two neighbours cost 1 each. */
#include "bench/base/nearest.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 63

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

static unsigned distance(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > LONGEST || b_length > LONGEST)
        return UINT_MAX;
    unsigned row[3][LONGEST + 1]; /* of the table: two back, one back, this one */
    for (size_t j = 0; j <= b_length; j++)
        row[1][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        row[2][0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = row[1][j - 1] + (a[i - 1] != b[j - 1]);
            row[2][j] = min3(row[1][j] + 1, row[2][j - 1] + 1, replaced);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && row[0][j - 2] + 1 < row[2][j])
                row[2][j] = row[0][j - 2] + 1;
        }
        memcpy(row[0], row[1], sizeof row[0]);
        memcpy(row[1], row[2], sizeof row[1]);
    }
    return row[1][b_length];
}

void nearest_init(struct nearest *nearest, const char *word)
{
    *nearest = (struct nearest){.word = word, .distance = UINT_MAX};
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    unsigned d = distance(nearest->word, name);
    size_t used = strlen(nearest->offered), at = strlen(name);
    for (const char *seen = nearest->offered; (seen = strstr(seen, name)); seen += at)
        if ((seen == nearest->offered || seen[-1] == ' ') && (seen[at] == ',' || !seen[at]))
            return; /* offered before */
    snprintf(nearest->offered + used, sizeof nearest->offered - used, "%s%s", used ? ", " : "", name);
    /* A word that begins like the name, or the other way round, was probably meant: "proc" for "processes". */
    size_t length = strlen(nearest->word);
    if (d > 1 && length >= 3 && !strncmp(nearest->word, name, length))
        d = 1;
    if (d < nearest->distance) {
        nearest->distance = d;
        snprintf(nearest->name, sizeof nearest->name, "%s", name);
    }
}

const char *nearest_name(const struct nearest *nearest)
{
    /* Up to a third of the letters wrong is a slip; more is another word. */
    size_t most = strlen(nearest->word) / 3;
    return nearest->name[0] && nearest->distance <= (most > 1 ? most : 1) ? nearest->name : NULL;
}

char *nearest_hint(const struct nearest *nearest, char *text, size_t size)
{
    const char *name = nearest_name(nearest);
    if (name)
        snprintf(text, size, "; did you mean '%s'?", name);
    else
        text[0] = '\0';
    return text;
}

char *nearest_advice(const struct nearest *nearest, char *text, size_t size)
{
    if (nearest_name(nearest) || !nearest->offered[0])
        return nearest_hint(nearest, text, size);
    size_t offered = strlen(nearest->offered) + 1,
           length = (size_t)snprintf(text, size, "; expected %s", nearest->offered);
    if (length < size && offered < sizeof nearest->offered)
        return text;
    text[size - strlen(", ...")] = '\0'; /* there are more: no half of a name */
    char *last = strrchr(text, ',');
    strcpy(last ? last : text, ", ...");
    return text;
}
