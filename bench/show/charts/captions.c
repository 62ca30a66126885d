/* Reading captions, see captions.h. They are lines "NAME: text", and "all: ..., N trials." */
#include "bench/show/charts/captions.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL "all"

static const char *line_after(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line == '\n');
}

char *caption_of(const char *captions, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = captions; line && *line; line = line_after(line))
        if (!strncmp(line, name, length) && !strncmp(line + length, ": ", 2)) {
            line += length + 2;
            return strndup(line, strcspn(line, "\n"));
        }
    return NULL;
}

bool caption_is_drawn(const char *caption)
{
    return caption && strncmp(caption, CAPTION_UNMADE, strlen(CAPTION_UNMADE)) != 0;
}

size_t captions_trials(const char *captions)
{
    char *all = caption_of(captions, ALL);
    const char *comma = all ? strrchr(all, ',') : NULL;
    size_t trials = 0;
    if (comma && sscanf(comma, ", %zu trials", &trials) != 1)
        trials = 0;
    free(all);
    return trials;
}

bool captions_any_drawn(const char *captions)
{
    for (const char *line = captions; line && *line; line = line_after(line)) {
        const char *colon = memchr(line, ':', strcspn(line, "\n"));
        if (colon && strncmp(line, ALL ":", strlen(ALL ":")) != 0 && colon[1] && caption_is_drawn(colon + 2))
            return true;
    }
    return false;
}
