/* Where the files that come with the program are. */
#include "bench/base/data_path.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int path_try(const char *directory, const char *between, const char *relative, char *path, size_t size)
{
    int length = snprintf(path, size, "%s%s/%s", directory, between, relative);
    if (length < 0 || (size_t)length >= size)
        return -ENAMETOOLONG;
    return access(path, F_OK) ? -ENOENT : 0;
}

int data_path(const char *relative, char *path, size_t size)
{
    static const char *const beside[] = {"/scripts", "/../scripts", "/../../scripts", "/../share/poolbench/scripts"};
    const char *given = getenv("POOLBENCH_SCRIPTS");
    if (given && *given)
        return path_try(given, "", relative, path, size);
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        *strrchr(program, '/') = '\0';
        for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
            if (!path_try(program, beside[i], relative, path, size))
                return 0;
    }
    return path_try(POOLBENCH_DATADIR, "/scripts", relative, path, size);
}
