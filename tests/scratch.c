/* See scratch.h. */
#include "tests/scratch.h"
#include <errno.h>
#include <ftw.h>
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

static int entry_remove(const char *path, const struct stat *entry, int kind, struct FTW *walk)
{
    (void)entry, (void)kind, (void)walk;
    return remove(path);
}

int scratch_remove(const char *path)
{
    return nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}
