/* See regular.h. */
#include "bench/regular.h"
#include "bench/refuse.h"
#include <sys/stat.h>

FILE *file_open(const char *path, char *error)
{
    struct stat status;
    FILE *file = NULL;
    if (stat(path, &status) < 0)
        refuse(error, "%s: %s", path, strerror(errno));
    else if (S_ISDIR(status.st_mode))
        refuse(error, "%s: is a directory, expected a file of text", path);
    else if (!S_ISREG(status.st_mode))
        refuse(error, "%s: is no regular file", path);
    else if (!(file = fopen(path, "re")))
        refuse(error, "%s: %s", path, strerror(errno));
    return file;
}
