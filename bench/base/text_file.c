/* See text_file.h. */
#include "bench/base/text_file.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include <stdlib.h>

#define JSON_BYTES_MAX (16u << 20)

/* The first line that is no text, named. */
static int lines_check(const char *path, const struct text_lines *lines, char *error)
{
    unsigned line = 1;
    for (const char *at = lines->next; *at;) {
        size_t length = text_character(at);
        bool is_space = *at == '\n' || *at == '\t' || (*at == '\r' && at[1] == '\n');
        if (!length || (text_is_control(at) && !is_space))
            return refuse(error, "%s:%u: %s", path, line, length ? "has a control character" : "is not UTF-8");
        line += *at == '\n';
        at += length;
    }
    return 0;
}

int text_file_open(const char *path, size_t max, const char *expected, struct text_lines *lines, char *error)
{
    return text_file_fd_open(text_file_fd(path), path, max, expected, lines, error);
}

int text_file_fd_open(int fd, const char *path, size_t max, const char *expected, struct text_lines *lines, char *error)
{
    char size[32];
    int rc = text_fd_open(fd, max, lines);
    if (rc == -EISDIR)
        return refuse(error, "%s: is a directory, expected %s", path, expected);
    if (rc == -EFBIG)
        return refuse(error, "%s: larger than %s, expected %s", path, format_bytes(size, sizeof size, (double)max),
                      expected);
    if (rc == -EILSEQ)
        return refuse(error, "%s: a binary file, expected %s", path, expected);
    if (rc)
        return refuse(error, "%s: %s", path, text_file_why(rc));
    if (lines_check(path, lines, error)) {
        text_close(lines);
        return -EINVAL;
    }
    return 0;
}

/* Not json_dumpfd, which takes a short write, as on a full disk, for an error without a number, nor hwloc's own
 * writing, which leaves the number of an older one. */
int text_file_write(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "we");
    int rc = file && fwrite(bytes, 1, length, file) == length ? 0 : -errno;
    if (file && fclose(file) != 0 && rc == 0)
        rc = -errno;
    return rc;
}

json_t *json_file_read(const char *path, json_error_t *why)
{
    return json_fd_read(text_file_fd(path), why);
}

json_t *json_fd_read(int fd, json_error_t *why)
{
    struct text_lines lines;
    int rc = text_fd_open(fd, JSON_BYTES_MAX, &lines);
    if (rc) {
        if (why)
            snprintf(why->text, sizeof why->text, "%s", text_file_why(rc));
        return NULL;
    }
    json_t *value = json_loads(lines.next, 0, why);
    text_close(&lines);
    return value;
}

json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    char *escaped = text_escaped(text);
    value = escaped ? json_string(escaped) : NULL;
    free(escaped);
    return value;
}
