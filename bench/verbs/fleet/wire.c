/* See wire.h. */
#include "bench/verbs/fleet/wire.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES (256u << 10)

const char *const wire_files[] = {"suite.ini",   "host.json",   "topology.xml", "plan.csv",
                                  "samples.csv", "latency.csv", "trials.csv",   NULL};

int wire_file(const char *name)
{
    for (int i = 0; wire_files[i]; i++)
        if (!strcmp(wire_files[i], name))
            return i;
    return -1;
}

bool wire_numbers(const char *line, const char *word, int64_t *numbers, size_t count)
{
    const size_t length = strlen(word);
    if (strncmp(line, word, length) != 0)
        return false;
    line += length;
    for (size_t i = 0; i < count; i++) {
        char *end;
        errno = 0;
        if (*line != ' ' || line[1] < '0' || line[1] > '9')
            return false;
        numbers[i] = strtoll(line + 1, &end, 10);
        if (errno)
            return false;
        line = end;
    }
    return !*line;
}

int64_t wire_read(struct wire_in *in, int fd)
{
    if (in->room - in->count < READ_BYTES) {
        char *more = realloc(in->bytes, in->count + READ_BYTES);
        if (!more)
            return -ENOMEM;
        in->bytes = more;
        in->room = in->count + READ_BYTES;
    }
    ssize_t n = read(fd, in->bytes + in->count, READ_BYTES);
    if (n < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    in->count += (size_t)n;
    return n;
}

int wire_write(int fd, const char *bytes, size_t count)
{
    while (count) {
        const ssize_t n = write(fd, bytes, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        bytes += n;
        count -= (size_t)n;
    }
    return 0;
}

void wire_take(struct wire_in *in, size_t count)
{
    in->count -= count;
    memmove(in->bytes, in->bytes + count, in->count);
}

bool wire_line(struct wire_in *in, char line[WIRE_LINE_MAX], int *rc)
{
    const char *end = in->count ? memchr(in->bytes, '\n', in->count) : NULL;
    const size_t length = end ? (size_t)(end - in->bytes) : in->count;
    if (length >= WIRE_LINE_MAX) {
        *rc = -EMSGSIZE;
        return false;
    }
    if (!end)
        return false;
    memcpy(line, in->bytes, length);
    line[length] = '\0';
    if (length && line[length - 1] == '\r')
        line[length - 1] = '\0';
    wire_take(in, length + 1);
    return true;
}
