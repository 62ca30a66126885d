/* See scratch.h. */
#include "tests/scratch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int template_of(char path[SCRATCH_MAX])
{
    const char *parent = getenv("TMPDIR");
    int length = snprintf(path, SCRATCH_MAX, "%s/poolbench-XXXXXX", parent && *parent ? parent : "/tmp");
    if (length < SCRATCH_MAX)
        return 0;
    errno = ENAMETOOLONG;
    return -1;
}

int scratch_file(char path[SCRATCH_MAX])
{
    return template_of(path) < 0 ? -1 : mkstemp(path);
}

int scratch_directory(char path[SCRATCH_MAX])
{
    return template_of(path) < 0 || !mkdtemp(path) ? -1 : 0;
}
