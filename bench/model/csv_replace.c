/* Replacing a CSV file in one step, see csv_replace.h. */
#include "bench/model/csv_replace.h"
#include "bench/model/csv_file.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int replacement_begin(const char *directory, const struct file_format *format, struct replacement *replacement)
{
    int rc = csv_path(replacement->path, directory, format->file);
    int length = snprintf(replacement->draft, PATH_MAX, "%s/.%s", directory, format->file);
    if (rc == 0 && (length < 0 || length >= PATH_MAX))
        rc = -ENAMETOOLONG;
    if (rc < 0)
        return rc;
    unlink(replacement->draft); /* of a poolbench that was killed here */
    int fd = open(replacement->draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    rc = fd < 0 ? -errno : csv_open(fd, format, &replacement->writer);
    if (rc < 0 && fd >= 0)
        unlink(replacement->draft);
    return rc;
}

int replacement_end(struct replacement *replacement, int rc)
{
    int closed = csv_close(replacement->writer);
    rc = rc < 0 ? rc : closed;
    if (rc == 0 && rename(replacement->draft, replacement->path) < 0)
        rc = -errno;
    if (rc < 0)
        unlink(replacement->draft);
    return rc;
}
