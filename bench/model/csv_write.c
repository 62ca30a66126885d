/* Writing CSV files: rows are formatted into memory, so that a flush is one write(2) and a reader (or a crash) never
 * meets half a row of ours unless the disk is full. libcsv quotes what must be. */
#include "bench/base/inside.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "workloads/text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_BYTES (1u << 20) /* so much is flushed by csv_put: memory stays bounded for any --samples */

struct csv_writer {
    int fd;
    int64_t flushed;
    FILE *rows; /* what is not written yet, */
    char *text; /* in memory */
    size_t size, count;
    struct column columns[COLUMNS_MAX];
    uint64_t names[COLUMNS_MAX]; /* row_sum_text() of theirs */
    size_t summed;               /* columns to the left of row_sum; count: it has none */
    struct row_tally tally;
};

static void text_copy(char copy[CSV_FIELD_BYTES], const char *text, size_t max)
{
    text_put(copy, max < CSV_FIELD_BYTES ? max : CSV_FIELD_BYTES, text, false);
}

void csv_field(char text[CSV_FIELD_BYTES], const struct column *column, const void *row)
{
    const void *field = (const char *)row + column->offset;
    char spelled[SPEC_MAX];
    int64_t integer;
    double real;
    *text = '\0';
    if (column->kind == COLUMN_TEXT) {
        text_copy(text, field, column->size);
        return;
    }
    memcpy(&integer, field, sizeof integer);
    memcpy(&real, field, sizeof real);
    if (column->kind == COLUMN_REAL) {
        csv_real_text(text, real);
    } else if (integer == MISSING) {
        return;
    } else if (column->kind == COLUMN_WORD || column->kind == COLUMN_SPELLED) {
        if (column->kind == COLUMN_WORD)
            param_spell(column->param, integer, spelled, sizeof spelled);
        else
            column->spelling->spell(field, spelled);
        text_copy(text, spelled, sizeof spelled);
    } else {
        snprintf(text, CSV_NUMBER_BYTES, column->kind == COLUMN_UINT ? "%" PRIu64 : "%" PRId64, integer);
    }
}

int csv_put(struct csv_writer *writer, const void *row)
{
    int error = ftello(writer->rows) >= (off_t)FLUSH_BYTES ? csv_flush(writer) : 0;
    if (error)
        return error;
    uint64_t sum = 0;
    for (size_t i = 0; i < writer->count; i++) {
        char text[CSV_FIELD_BYTES];
        if (i == writer->summed) {
            snprintf(text, sizeof text, "%" PRId64, row_sum_fold(sum));
            row_tally_add(&writer->tally, row_sum_fold(sum));
        } else {
            csv_field(text, &writer->columns[i], row);
        }
        sum += *text ? row_sum_text(writer->names[i], text, strlen(text)) : 0;
        if (i)
            fputc(',', writer->rows);
        csv_text_print(writer->rows, text);
    }
    fputc('\n', writer->rows);
    return ferror(writer->rows) ? -ENOMEM : 0;
}

/* 0 or -errno of closing the file. */
static int writer_free(struct csv_writer *w)
{
    int error = close(w->fd) < 0 ? -errno : 0;
    if (w->rows)
        fclose(w->rows);
    free(w->text);
    free(w);
    return error;
}

/* With the header line not written yet. Takes the descriptor over, on an error too. */
static int writer_new(int fd, const struct file_format *format, struct csv_writer **writer)
{
    struct csv_writer *w = calloc(1, sizeof *w);
    if (!w) {
        close(fd);
        return -ENOMEM;
    }
    w->fd = fd;
    w->count = format_columns_written(format, w->columns);
    w->summed = w->count;
    for (size_t i = 0; i < w->count; i++) {
        w->names[i] = row_sum_text(0, w->columns[i].name, strlen(w->columns[i].name));
        w->summed = strcmp(w->columns[i].name, ROW_SUM_NAME) != 0 ? w->summed : i;
    }
    w->rows = open_memstream(&w->text, &w->size);
    for (size_t i = 0; i < w->count && w->rows; i++)
        fprintf(w->rows, "%s%c", w->columns[i].name, i + 1 < w->count ? ',' : '\n');
    if (!w->rows || fflush(w->rows)) {
        writer_free(w);
        return -ENOMEM;
    }
    *writer = w;
    return 0;
}

int csv_open(int fd, const struct file_format *format, struct csv_writer **writer)
{
    int error = writer_new(fd, format, writer);
    if (error)
        return error;
    error = csv_flush(*writer);
    if (error) {
        writer_free(*writer);
        *writer = NULL;
    }
    return error;
}

/* The name of a file while it is not whole yet. */
static char *draft_name(char draft[DRAFT_BYTES], const struct file_format *format)
{
    snprintf(draft, DRAFT_BYTES, ".%s", format->file);
    return draft;
}

/* Under another name first: a file without its header line would be none of ours. */
int csv_create(const char *directory, const struct file_format *format, struct csv_writer **writer)
{
    char draft[DRAFT_BYTES];
    if (inside_is_there(directory, format->file))
        return -EEXIST;
    int fd = inside_create_fd(directory, draft_name(draft, format));
    if (fd < 0)
        return fd;
    int rc = csv_open(fd, format, writer), named = inside_replace(directory, draft, format->file, rc);
    if (named && !rc) {
        writer_free(*writer);
        *writer = NULL;
    }
    return named;
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
    int64_t header = 0;
    int fd = inside_open(directory, format->file, O_RDONLY);
    if (fd < 0)
        return fd;
    struct column columns[COLUMNS_MAX];
    size_t count = format_columns_written(format, columns);
    for (size_t i = 0; i < count; i++)
        header += (int64_t)strlen(columns[i].name) + 1;
    int64_t size = lseek(fd, 0, SEEK_END), from = size < 0 ? -errno : end_find(fd, size, end, header);
    close(fd);
    return from < 0 ? from : size - from;
}

/* Whether the file begins with the header line that is not written. */
static int header_check(const struct csv_writer *writer)
{
    char *header = malloc(writer->size);
    int error = 0;
    if (!header)
        return -ENOMEM;
    ssize_t n = pread(writer->fd, header, writer->size, 0);
    if (n < 0)
        error = -errno;
    else if ((size_t)n != writer->size || memcmp(header, writer->text, writer->size) != 0)
        error = -EBADMSG;
    free(header);
    return error;
}

int csv_append(const char *directory, const struct file_format *format, int64_t end, struct csv_writer **writer)
{
    int fd = inside_open(directory, format->file, O_RDWR | O_APPEND);
    int error = fd < 0 ? fd : writer_new(fd, format, writer);
    if (error)
        return error;
    struct csv_writer *w = *writer;
    int64_t size = lseek(w->fd, 0, SEEK_END);
    if (size < 0)
        error = -errno;
    end = end_find(w->fd, size, end, (int64_t)w->size);
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
    if (!error)
        error = csv_sync(w);
    rewind(w->rows);
    if (error) {
        writer_free(w);
        *writer = NULL;
    }
    return error;
}

void csv_drop(struct csv_writer *writer)
{
    rewind(writer->rows);
    writer->tally = (struct row_tally){0};
}

struct row_tally csv_tally_take(struct csv_writer *writer)
{
    struct row_tally tally = writer->tally;
    writer->tally = (struct row_tally){0};
    return tally;
}

int csv_flush(struct csv_writer *writer)
{
    size_t written = 0, length = (size_t)ftello(writer->rows);
    if (fflush(writer->rows))
        return -ENOMEM;
    while (written < length) {
        ssize_t n = write(writer->fd, writer->text + written, length - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n < 0 ? -errno : -EIO;
            /* Cut half-written rows off again; where even that fails, they stay and the next flush goes on from there.
             */
            if (written && ftruncate(writer->fd, writer->flushed) < 0) {
                writer->flushed += (int64_t)written;
                memmove(writer->text, writer->text + written, length - written);
                fseeko(writer->rows, (off_t)(length - written), SEEK_SET);
            }
            return error;
        }
        written += (size_t)n;
    }
    writer->flushed += (int64_t)written;
    rewind(writer->rows);
    return 0;
}

int csv_sync(const struct csv_writer *writer)
{
    return inside_sync_fd(writer->fd);
}

int64_t csv_end(const struct csv_writer *writer)
{
    return writer->flushed;
}

int csv_named(const struct csv_writer *writer, const char *directory, const struct file_format *format)
{
    struct stat own, named;
    if (fstat(writer->fd, &own) < 0)
        return -errno;
    int rc = inside_stat(directory, format->file, &named);
    bool is_named = rc == 0 && own.st_dev == named.st_dev && own.st_ino == named.st_ino;
    return is_named ? 0 : rc < 0 && rc != -ENOENT ? rc : -ESTALE;
}

int csv_close(struct csv_writer *writer)
{
    if (!writer)
        return 0;
    int error = csv_flush(writer), closed = writer_free(writer);
    return error ? error : closed;
}

int replacement_begin(const char *directory, const struct file_format *format, struct replacement *replacement)
{
    replacement->directory = directory;
    replacement->file = format->file;
    int fd = inside_create_fd(
        directory, draft_name(replacement->draft, format)); /* there is one of a poolbench that was killed here */
    int rc = fd < 0 ? fd : csv_open(fd, format, &replacement->writer);
    if (rc < 0 && fd >= 0)
        inside_remove(directory, replacement->draft);
    return rc;
}

int replacement_end(struct replacement *replacement, int rc)
{
    int closed = csv_close(replacement->writer);
    return inside_replace(replacement->directory, replacement->draft, replacement->file, rc < 0 ? rc : closed);
}
