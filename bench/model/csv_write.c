/* Writing CSV files: rows are formatted into one buffer, so that a flush is one write(2) and a reader (or a crash)
 * never meets half a row of ours unless the disk is full. libcsv quotes what must be. */
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "workloads/text.h"
#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_BYTES    (1u << 20) /* a buffer this full is flushed by csv_put: memory stays bounded for any --samples */
#define NUMBER_BYTES   32         /* any number as text */
#define TEXT_BYTES_MAX 512        /* of a text column */

struct csv_writer {
    int fd;
    int64_t flushed;
    size_t length, size, row_max; /* of buffer; row_max: no row takes more */
    char *buffer;
    size_t count;
    struct column columns[COLUMNS_MAX];
};

static int room_make(struct csv_writer *writer, size_t bytes)
{
    if (writer->size - writer->length >= bytes)
        return 0;
    size_t size = (writer->size + bytes) * 2;
    char *buffer = realloc(writer->buffer, size);
    if (!buffer)
        return -ENOMEM;
    writer->buffer = buffer;
    writer->size = size;
    return 0;
}

/* Text goes through libcsv, quoted, only where it must be: the files stay pleasant to read. libcsv strips spaces around
 * fields without quotes. */
static size_t text_write(char *out, size_t size, const char *text, size_t max)
{
    char copy[TEXT_BYTES_MAX];
    size_t length = text_put(copy, max < sizeof copy ? max : sizeof copy, text, false);

    if (!length)
        return 0;
    for (size_t i = 0; i < length; i++)
        if (strchr("\",\r\n", copy[i]) || ((i == 0 || i == length - 1) && strchr(" \t", copy[i])))
            return csv_write(out, size, copy, length);
    memcpy(out, copy, length);
    return length;
}

/* The fewest digits that read back as the same number. */
static size_t real_write(char *out, size_t size, double value)
{
    int length = 0;

    if (!isfinite(value))
        return 0;
    for (int digits = 15; digits <= 17; digits++) {
        length = snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    return (size_t)length;
}

static size_t field_write(char *out, size_t size, const struct column *column, const void *row)
{
    const void *field = (const char *)row + column->offset;
    int64_t integer;
    double real;

    if (column->kind == COLUMN_TEXT)
        return text_write(out, size, field, column->size);
    if (column->kind == COLUMN_REAL) {
        memcpy(&real, field, sizeof real);
        return real_write(out, size, real);
    }
    memcpy(&integer, field, sizeof integer);
    if (integer == MISSING)
        return 0;
    if (column->kind == COLUMN_WORD || column->kind == COLUMN_SPELLED) {
        char text[SPEC_MAX];
        if (column->kind == COLUMN_WORD)
            param_spell(column->param, integer, text, sizeof text);
        else
            column->spelling->spell(field, text);
        return text_write(out, size, text, sizeof text);
    }
    if (column->kind == COLUMN_UINT)
        return (size_t)snprintf(out, size, "%" PRIu64, (uint64_t)integer);
    return (size_t)snprintf(out, size, "%" PRId64, integer);
}

int csv_put(struct csv_writer *writer, const void *row)
{
    int error = writer->length >= FLUSH_BYTES ? csv_flush(writer) : 0;

    if (!error)
        error = room_make(writer, writer->row_max);
    if (error)
        return error;
    for (size_t i = 0; i < writer->count; i++) {
        if (i)
            writer->buffer[writer->length++] = ',';
        writer->length +=
            field_write(writer->buffer + writer->length, writer->size - writer->length, &writer->columns[i], row);
    }
    writer->buffer[writer->length++] = '\n';
    return 0;
}

static int header_put(struct csv_writer *writer)
{
    for (size_t i = 0; i < writer->count; i++) {
        size_t length = strlen(writer->columns[i].name);
        int error = room_make(writer, length + 1);
        if (error)
            return error;
        memcpy(writer->buffer + writer->length, writer->columns[i].name, length);
        writer->length += length;
        writer->buffer[writer->length++] = i + 1 < writer->count ? ',' : '\n';
    }
    return 0;
}

static void writer_free(struct csv_writer *w)
{
    close(w->fd);
    free(w->buffer);
    free(w);
}

/* At worst every character is a quote, which libcsv doubles. */
static size_t width_max(const struct column *column)
{
    if (column->kind == COLUMN_TEXT)
        return 2 * column->size + 2;
    return column->kind == COLUMN_WORD || column->kind == COLUMN_SPELLED ? 2 * SPEC_MAX + 2 : NUMBER_BYTES;
}

/* With the header line in its buffer. Takes the descriptor over, on an error too. */
static int writer_new(int fd, const struct file_format *format, struct csv_writer **writer)
{
    struct csv_writer *w = calloc(1, sizeof *w);

    if (!w) {
        close(fd);
        return -ENOMEM;
    }
    w->fd = fd;
    w->count = format_columns(format, w->columns);
    for (size_t i = 0; i < w->count; i++)
        w->row_max += 1 + width_max(&w->columns[i]);
    int error = header_put(w);
    if (error)
        writer_free(w);
    else
        *writer = w;
    return error;
}

int csv_open(int fd, const struct file_format *format, struct csv_writer **writer)
{
    int error = writer_new(fd, format, writer);

    if (error)
        return error;
    error = csv_flush(*writer);
    if (error)
        writer_free(*writer);
    return error;
}

static int file_open(const char *directory, const struct file_format *format, int flags, char *path)
{
    int error = csv_path(path, directory, format->file), fd;

    if (error)
        return error;
    fd = open(path, flags | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666); /* a FIFO in its place does not hold us */
    return fd < 0 ? -errno : fd;
}

int csv_create(const char *directory, const struct file_format *format, struct csv_writer **writer)
{
    char path[PATH_MAX];
    int fd = file_open(directory, format, O_WRONLY | O_CREAT | O_EXCL, path);

    if (fd < 0)
        return fd;
    int error = csv_open(fd, format, writer);
    if (error)
        unlink(path);
    return error;
}

/* Where to go on in an open file of `size` bytes; `header`: how long its header line is. 0: that line is torn. */
static int64_t end_find(int fd, int64_t size, int64_t end, int64_t header)
{
    if (end > 0)
        return end;
    int64_t whole = end == 0 && size > header ? header : csv_lines_end(fd, size < 0 ? 0 : size);
    return whole > 0 && whole < header ? -EBADMSG : whole;
}

int64_t csv_behind(const char *directory, const struct file_format *format, int64_t end)
{
    char path[PATH_MAX];
    int64_t header = 0;
    int fd = file_open(directory, format, O_RDONLY, path);

    if (fd < 0)
        return fd;
    struct column columns[COLUMNS_MAX];
    size_t count = format_columns(format, columns);
    for (size_t i = 0; i < count; i++)
        header += (int64_t)strlen(columns[i].name) + 1;
    int64_t size = lseek(fd, 0, SEEK_END), from = size < 0 ? -errno : end_find(fd, size, end, header);
    close(fd);
    return from < 0 ? from : size - from;
}

/* Whether the file begins with the header line in the writer's buffer. */
static int header_check(const struct csv_writer *writer)
{
    char *header = malloc(writer->length);
    int error = 0;

    if (!header)
        return -ENOMEM;
    ssize_t n = pread(writer->fd, header, writer->length, 0);
    if (n < 0)
        error = -errno;
    else if ((size_t)n != writer->length || memcmp(header, writer->buffer, writer->length) != 0)
        error = -EBADMSG;
    free(header);
    return error;
}

int csv_append(const char *directory, const struct file_format *format, int64_t end, struct csv_writer **writer)
{
    char path[PATH_MAX];
    int fd = file_open(directory, format, O_RDWR, path);
    int error = fd < 0 ? fd : writer_new(fd, format, writer);

    if (error)
        return error;
    struct csv_writer *w = *writer;
    int64_t size = lseek(w->fd, 0, SEEK_END);
    if (size < 0)
        error = -errno;
    end = end_find(w->fd, size, end, (int64_t)w->length);
    if (!error && end < 0)
        error = (int)end;
    if (!error && end > size)
        error = -EBADMSG;
    if (!error && end)
        error = header_check(w);
    if (!error && size > end && ftruncate(w->fd, end) < 0)
        error = -errno;
    w->flushed = end;
    if (!error && !end)
        error = csv_flush(w);
    w->length = 0;
    if (error)
        writer_free(w);
    return error;
}

void csv_drop(struct csv_writer *writer)
{
    writer->length = 0;
}

int csv_flush(struct csv_writer *writer)
{
    size_t written = 0;

    while (written < writer->length) {
        ssize_t n = write(writer->fd, writer->buffer + written, writer->length - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n < 0 ? -errno : -EIO;
            /* Cut half-written rows off again; where even that fails, they stay and the next flush goes on from there.
             */
            if (written && ftruncate(writer->fd, writer->flushed) < 0) {
                writer->flushed += (int64_t)written;
                writer->length -= written;
                memmove(writer->buffer, writer->buffer + written, writer->length);
            }
            return error;
        }
        written += (size_t)n;
    }
    writer->flushed += (int64_t)written;
    writer->length = 0;
    return 0;
}

int64_t csv_end(const struct csv_writer *writer)
{
    return writer->flushed;
}

int csv_close(struct csv_writer *writer)
{
    if (!writer)
        return 0;
    int error = csv_flush(writer);
    if (close(writer->fd) < 0 && !error)
        error = -errno;
    free(writer->buffer);
    free(writer);
    return error;
}
