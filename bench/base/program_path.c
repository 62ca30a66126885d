/* Where programs are, see program_path.h. */
#include "bench/base/program_path.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int program_path(const char *name, char *path, size_t size)
{
    struct stat status;
    for (const char *at = getenv("PATH"), *end; at; at = *end ? end + 1 : NULL) {
        end = at + strcspn(at, ":");
        int length = *at == '/' ? snprintf(path, size, "%.*s/%s", (int)(end - at), at, name) : -1;
        if (length > 0 && (size_t)length < size && stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
            access(path, X_OK) == 0)
            return 0;
    }
    return -ENOENT;
}
