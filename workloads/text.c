/* See text.h. */
#include "workloads/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t text_character(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t length = c[0] < 0x80 ? 1 : c[0] < 0xC2 ? 0 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : c[0] < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    /* longer than need be, halves of a pair, beyond the last */
    if ((c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xED && c[1] > 0x9F) || (c[0] == 0xF0 && c[1] < 0x90) ||
        (c[0] == 0xF4 && c[1] > 0x8F))
        return 0;
    if (length == 3 && c[0] == 0xEF && c[1] == 0xBF && c[2] >= 0xBE) /* which XML does not have */
        return 0;
    return length;
}

bool text_is_control(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x80)
        return c[0] < ' ' || c[0] == 0x7F;
    if (c[0] != 0xE2)
        return (c[0] == 0xC2 && c[1] < 0xA0) || (c[0] == 0xD8 && c[1] == 0x9C);
    if (c[1] == 0x80)
        return c[2] == 0x8E || c[2] == 0x8F || (c[2] >= 0xA8 && c[2] <= 0xAE);
    return c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9;
}

const char *text_wrong(const char *text)
{
    for (size_t length; *text; text += length) {
        length = text_character(text);
        if (!length)
            return "is not UTF-8";
        if (text_is_control(text) && *text != '\t')
            return "has a control character";
    }
    return NULL;
}

/* The next character as it may be written down. Steps over it; piece: 4 letters a byte. */
static size_t piece_make(const char **text, bool one_line, char piece[16])
{
    size_t length = text_character(*text), written = 0;
    bool is_plain = length && !(one_line && text_is_control(*text));
    length = length ? length : 1;
    if (is_plain)
        memcpy(piece, *text, written = length);
    for (size_t i = 0; i < length && !is_plain; i++)
        written += (size_t)sprintf(piece + written, "\\x%02x", (unsigned char)(*text)[i]);
    *text += length;
    return written;
}

static bool is_first(char byte) /* of a character */
{
    return (byte & 0xC0) != 0x80;
}

size_t text_letters(const char *text)
{
    size_t letters = 0;
    for (; text && *text; text++)
        letters += is_first(*text);
    return letters;
}

size_t text_bytes(const char *text, size_t letters)
{
    size_t bytes = 0;
    for (; text && text[bytes] && (letters || !is_first(text[bytes])); bytes++)
        letters -= is_first(text[bytes]);
    return bytes;
}

size_t text_put(char *to, size_t size, const char *text, bool one_line)
{
    char piece[16];
    size_t used = 0;
    while (*text) {
        size_t length = piece_make(&text, one_line, piece);
        if (used + length >= size)
            break;
        memcpy(to + used, piece, length);
        used += length;
    }
    if (size)
        to[used] = '\0';
    return used;
}

char *text_escaped(const char *text)
{
    size_t size = 4 * strlen(text) + 1;
    char *escaped = malloc(size);
    if (escaped)
        text_put(escaped, size, text, true);
    return escaped;
}

void text_show(FILE *out, const char *text)
{
    char piece[16];
    while (*text) {
        size_t length = piece_make(&text, true, piece);
        fwrite(piece, 1, length, out);
    }
}

char *text_for_shell(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
    char *quoted = malloc(4 * strlen(text) + 3), *to = quoted;
    if (!quoted || (*text && !text[strspn(text, plain)]))
        return quoted ? strcpy(quoted, text) : NULL;
    *to++ = '\'';
    for (; *text; text++)
        to = *text == '\'' ? mempcpy(to, "'\\''", 4) : mempcpy(to, text, 1);
    memcpy(to, "'", 2);
    return quoted;
}

/* ---- files ---- */

/* So is every file opened: a pipe without a writer does not hold us. */
enum { FILE_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* fd: what open returned. */
static int regular_only(int fd)
{
    struct stat status;
    int rc = fd < 0 ? -errno : fstat(fd, &status) < 0 ? -errno : S_ISREG(status.st_mode) ? 0 : -ENOTSUP;
    if (rc == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return rc == -ENOTSUP && S_ISDIR(status.st_mode) ? -EISDIR : rc;
}

int text_file_fd(const char *path)
{
    return regular_only(open(path, FILE_FLAGS));
}

int text_file_fd_at(int directory, const char *name)
{
    return regular_only(openat(directory, name, FILE_FLAGS | O_NOFOLLOW));
}

const char *text_file_why(int code)
{
    return code == -ENOTSUP ? "is no regular file" : code == -ELOOP ? "is a symbolic link" : strerror(-code);
}

int text_open(const char *path, size_t max, struct text_lines *lines)
{
    return text_fd_open(text_file_fd(path), max, lines);
}

int text_fd_open(int fd, size_t max, struct text_lines *lines)
{
    struct stat status;
    size_t room = 0;
    *lines = (struct text_lines){0};
    int rc = fd < 0 ? fd : fstat(fd, &status) < 0 ? -errno : 0;
    if (rc == 0 && status.st_size > 0 && (size_t)status.st_size > max)
        rc = -EFBIG;
    FILE *file = rc == 0 ? fdopen(fd, "r") : NULL;
    if (rc == 0 && !file)
        rc = -errno;
    ssize_t length = file ? getdelim(&lines->text, &room, '\0', file) : 0;
    if (rc == 0 && length < 0)
        rc = !feof(file) || !lines->text ? -errno : 0;
    else if (rc == 0)
        rc = (size_t)length > max ? -EFBIG : lines->text[length - 1] ? 0 : -EILSEQ;
    if (file)
        fclose(file);
    else if (fd >= 0)
        close(fd);
    if (rc < 0) {
        text_close(lines);
        return rc;
    }
    if (length < 0) /* the file is empty */
        *lines->text = '\0';
    lines->next = lines->text;
    if (!strncmp(lines->next, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)))
        lines->next += strlen(BYTE_ORDER_MARK);
    return 0;
}

char *text_next(struct text_lines *lines)
{
    char *line = lines->next;
    if (!line || !*line)
        return NULL;
    size_t length = strcspn(line, "\n");
    lines->next = line[length] ? line + length + 1 : NULL;
    lines->number++;
    line[length] = '\0';
    if (length && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

void text_close(struct text_lines *lines)
{
    free(lines->text);
    *lines = (struct text_lines){0};
}
