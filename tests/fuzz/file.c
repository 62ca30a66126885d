/* The one directory of a fuzzing process. */
#include "tests/fuzz/fuzz.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[4096];

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void directory_remove(void)
{
    nftw(directory, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

void fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    static int is_there;
    if (!is_there) {
        const char *parent = getenv("TMPDIR");
        snprintf(directory, sizeof directory, "%s/poolbench-fuzz-XXXXXX", parent && *parent ? parent : "/tmp");
        if (!mkdtemp(directory) || chdir(directory) < 0)
            abort();
        atexit(directory_remove);
        is_there = 1;
    }
    FILE *file = fopen(name, "we");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
}
