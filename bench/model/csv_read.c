/* Reading CSV files: streamed, in pieces of the size below; libcsv reports fields and line ends, the header line says
 * which column a field is. */
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/options.h"
#include "bench/model/rare.h"
#include "workloads/text.h"
#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES      (64u << 10)
#define PARSER_OPTIONS  (CSV_STRICT | CSV_REPALL_NL | CSV_APPEND_NULL)
#define FIELD_BYTES_MAX (1u << 20)
#define HEADER_MAX      4096u

struct reader {
    const struct file_format *format;
    const char *path;
    char *error;
    int (*row)(const void *row, void *arg);
    void *arg;
    struct column columns[COLUMNS_MAX];
    size_t count;
    char *values, *empty;           /* the row being read, and one without values */
    int64_t version;                /* its schema; 0: not said */
    factor_set absent;              /* factors without a column in this file, by bit */
    const struct column **header;   /* column of each field; NULL: not one of ours */
    uint64_t *names;                /* row_sum_text() of theirs */
    size_t summed;                  /* fields to the left of row_sum; all where there is none */
    bool has_sum;                   /* the format has row_sum */
    bool salvages;                  /* a row that is refused is not the end */
    uint64_t sum;                   /* of the row */
    size_t header_size, fields;     /* fields: of the header line */
    size_t field;                   /* number of the next field in this line */
    unsigned long line, first_line; /* first_line: where this row began */
    int result;                     /* non-zero: stopped */
};

static void __attribute__((format(printf, 2, 3))) reader_fail(struct reader *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->error, ERROR_MAX, format, arguments);
    va_end(arguments);
    refuse_at(r->error, "%s:%lu", r->path, r->first_line);
    r->result = -EBADMSG;
}

/* Room for more columns; false: out of memory. */
static bool header_grow(struct reader *r)
{
    size_t size = r->header_size * 2 + 64;
    const struct column **header = reallocarray(r->header, size, sizeof *header);
    if (!header)
        return false;
    r->header = header;
    uint64_t *names = reallocarray(r->names, size, sizeof *names);
    if (!names)
        return false;
    r->names = names;
    r->header_size = size;
    return true;
}

static void header_field(struct reader *r, const char *name)
{
    const size_t mark = strlen(BYTE_ORDER_MARK);
    if (r->field == 0 && !strncmp(name, BYTE_ORDER_MARK, mark)) /* as spreadsheets write it */
        name += mark;
    if (r->field == HEADER_MAX) {
        reader_fail(r, "more than %u columns", HEADER_MAX);
        return;
    }
    if (r->field == r->header_size && !header_grow(r)) {
        r->result = refuse_as(-ENOMEM, r->error, "%s: out of memory", r->path);
        return;
    }
    r->header[r->field] = NULL;
    r->names[r->field] = row_sum_text(0, name, strlen(name));
    if (!strcmp(name, ROW_SUM_NAME))
        r->summed = r->field;
    for (size_t i = 0; i < r->count; i++)
        if (!strcmp(r->columns[i].name, name))
            r->header[r->field] = &r->columns[i];
}

static bool number_parse(const struct column *column, const char *text, void *field)
{
    char *end = NULL;
    errno = 0;
    if (column->kind == COLUMN_REAL) {
        double value = strtod(text, &end);
        memcpy(field, &value, sizeof value);
        if (!isfinite(value)) /* what is not known is empty */
            return false;
    } else if (column->kind == COLUMN_UINT) {
        uint64_t value = strtoull(text, &end, 10);
        memcpy(field, &value, sizeof value);
        if (*text == '-')
            return false;
    } else {
        int64_t value = strtoll(text, &end, 10);
        memcpy(field, &value, sizeof value);
        if (value > CSV_INTEGER_MOST || value < -CSV_INTEGER_MOST)
            return false;
    }
    /* A real may be so small that strtod calls it out of range while reading it well. */
    return end != text && !*end && (!errno || column->kind == COLUMN_REAL);
}

/* Before the fields behind it, which another version may fill otherwise. */
static void version_check(struct reader *r, const struct column *column)
{
    int64_t version;
    if (strcmp(column->name, "schema_version") != 0)
        return;
    memcpy(&version, r->values + column->offset, sizeof version);
    if (version < 1 || version > SCHEMA_VERSION)
        reader_fail(r, "schema_version: expected %s%d, found %" PRId64, SCHEMA_VERSION > 1 ? "1 .. " : "",
                    SCHEMA_VERSION, version);
    else
        r->version = version;
}

static void text_field(struct reader *r, const struct column *column, const char *text, size_t length)
{
    char *field = r->values + column->offset;
    if (length >= column->size || strlen(text) < length) {
        reader_fail(r, "%s: expected text of at most %zu bytes, found %zu", column->name, column->size - 1, length);
        return;
    }
    memcpy(field, text, length + 1);
    for (const char *c = field; *c; c += text_character(c))
        if (!text_character(c)) {
            reader_fail(r, "%s: is not UTF-8", column->name);
            return;
        }
}

/* Words that stand for numbers, as options take them. */
static void spelled_field(struct reader *r, const struct column *column, const char *text, size_t length)
{
    char error[ERROR_MAX] = "is longer than any";
    void *field = r->values + column->offset;
    int rc = -EINVAL;
    if (length < SPEC_MAX && strlen(text) == length)
        rc = column->kind == COLUMN_WORD ? param_parse(column->param, text, field, error)
                                         : column->spelling->parse(text, field, error);
    if (rc)
        reader_fail(r, "%s: %s", column->name, error);
}

static void value_field(struct reader *r, const char *text, size_t length)
{
    static const char *const expected[] = {"a whole number up to 10^18", "a whole number from 0", "a finite number"};
    const struct column *column = r->field < r->fields ? r->header[r->field] : NULL;
    if (!column || !length)
        return;
    if (column->kind == COLUMN_TEXT) {
        text_field(r, column, text, length);
        return;
    }
    if (column->kind == COLUMN_WORD || column->kind == COLUMN_SPELLED) {
        spelled_field(r, column, text, length);
        return;
    }
    if (length < CSV_NUMBER_BYTES && strlen(text) == length && number_parse(column, text, r->values + column->offset))
        version_check(r, column);
    else
        reader_fail(r, "%s: expected %s, found '%.*s'", column->name, expected[column->kind],
                    length > 40 ? 40 : (int)length, text);
}

/* As poolbench writes it. */
static bool is_plain_integer(const char *text)
{
    text += *text == '-';
    return strspn(text, "0123456789") == strlen(text) && (*text != '0' || !text[1]);
}

/* What the field adds to the sum of its row. Spreadsheets write numbers their own way. */
static void sum_add(struct reader *r, const char *text, size_t length)
{
    const struct column *column = r->field < r->fields ? r->header[r->field] : NULL;
    char plain[CSV_NUMBER_BYTES];
    if (!length || r->field >= r->summed || r->field >= r->fields)
        return;
    if (column && column->kind == COLUMN_REAL) {
        csv_real_text(plain, strtod(text, NULL));
        text = plain;
    } else if (column && (column->kind == COLUMN_INT || column->kind == COLUMN_UINT) && !is_plain_integer(text)) {
        if (column->kind == COLUMN_UINT)
            snprintf(plain, sizeof plain, "%" PRIu64, (uint64_t)strtoull(text, NULL, 10));
        else
            snprintf(plain, sizeof plain, "%" PRId64, (int64_t)strtoll(text, NULL, 10));
        text = plain;
    }
    r->sum += row_sum_text(r->names[r->field], text, text == plain ? strlen(plain) : length);
}

static void on_field(void *text, size_t length, void *arg)
{
    struct reader *r = arg;
    if (r->result)
        return;
    if (r->fields)
        value_field(r, text, length);
    else
        header_field(r, text);
    if (r->fields && !r->result && r->has_sum)
        sum_add(r, text, length);
    r->field++;
    for (const char *c = text; length && (c = memchr(c, '\n', length - (size_t)(c - (const char *)text))); c++)
        r->line++; /* within quotes */
}

static void header_end(struct reader *r)
{
    bool known = false;
    for (size_t i = 0; i < r->field; i++) {
        known = known || r->header[i];
        if (r->header[i] && r->header[i]->rare) /* who writes what was read has it, too */
            rare_note(r->header[i]->rare - 1);
    }
    for (unsigned o = 0; options[o].name; o++) {
        bool there = !options[o].columns[0].name;
        for (size_t i = 0; i < r->field && !there; i++)
            there = r->header[i] && !strcmp(r->header[i]->name, options[o].columns[0].name);
        r->absent |= there ? 0 : OPTION_BIT(o);
        if (there && options[o].traits & OPTION_RARE)
            rare_note(o);
    }
    if (known)
        r->fields = r->field;
    else
        reader_fail(r, "expected the header line of %s, found none of its columns", r->format->file);
}

/* What its factors meant when the row was written, and of those that were not known yet, their presets; false: that
 * cannot be. */
static bool factors_modernise(struct reader *r)
{
    char error[ERROR_MAX];
    for (size_t i = 0; i < r->format->count; i++) {
        struct factors *factors = (struct factors *)(r->values + r->format->columns[i].offset);
        if (r->format->columns[i].kind == COLUMN_FACTORS && r->version &&
            factors_update(options, r->version, r->absent, factors, error)) {
            reader_fail(r, "%s", error);
            return false;
        }
    }
    return true;
}

/* False: the row has other values than were written. */
static bool sum_check(struct reader *r)
{
    const struct column *column = r->has_sum ? &r->columns[r->count - 1] : NULL;
    int64_t said, is = row_sum_fold(r->sum);
    if (!column)
        return true;
    memcpy(&said, r->values + column->offset, sizeof said);
    memcpy(r->values + column->offset, &is, sizeof is);
    if (said != MISSING && said != is)
        reader_fail(r,
                    "the values of this row are not those that were written (row_sum is %" PRId64 ", expected %" PRId64
                    ")%s",
                    said, is, r->salvages ? "" : "; `poolbench repair RUN` keeps the rows that are whole");
    return r->result == 0;
}

static void row_end(struct reader *r)
{
    if (r->field != r->fields)
        reader_fail(r, "expected %zu fields as in the header line, found %zu", r->fields, r->field);
    else if (sum_check(r) && factors_modernise(r))
        r->result = r->row(r->values, r->arg);
    memcpy(r->values, r->empty, r->format->row_size);
    r->version = 0;
    r->sum = 0;
}

/* libcsv calls this for every line end, for \r\n twice (CSV_REPALL_NL): a line without fields is no row. */
static void on_line(int end, void *arg)
{
    struct reader *r = arg;
    if (r->result)
        return;
    if (r->field) {
        if (r->fields)
            row_end(r);
        else
            header_end(r);
    }
    r->field = 0;
    if (end == '\n')
        r->line++;
    r->first_line = r->line;
}

static int file_parse(struct reader *r, int fd, int64_t end, struct csv_parser *parser)
{
    char piece[READ_BYTES];
    int64_t at = 0;
    while (!r->result && (end < 0 || at < end)) {
        size_t wanted = end >= 0 && end - at < (int64_t)READ_BYTES ? (size_t)(end - at) : READ_BYTES;
        ssize_t n = read(fd, piece, wanted);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refuse_as(-errno, r->error, "%s: cannot be read: %s", r->path, strerror(errno));
        if (!n)
            break;
        if (csv_parse(parser, piece, (size_t)n, on_field, on_line, r) != (size_t)n && !r->result)
            reader_fail(r, "%s", csv_strerror(csv_error(parser)));
        if (csv_get_buffer_size(parser) > FIELD_BYTES_MAX && !r->result) /* a quote that is not closed */
            reader_fail(r, "a field of more than %u bytes", FIELD_BYTES_MAX);
        at += n;
    }
    if (r->result)
        return r->result;
    if (!r->fields)
        reader_fail(r, "expected the header line of %s", r->format->file);
    else if (at < end) /* someone cut the file */
        reader_fail(r, "expected at least %" PRId64 " bytes, found %" PRId64, end, at);
    return r->result;
}

/* For reading that file; 0 or -errno with a line in error. */
static int reader_open(struct reader *r, const char *directory, char path[PATH_MAX], int *fd)
{
    int rc = csv_path(path, directory, r->format->file);
    *fd = rc ? -1 : inside_fd(directory, r->format->file);
    rc = rc ? rc : *fd < 0 ? *fd : 0;
    if (rc)
        return refuse_as(rc, r->error, "%s/%s: cannot be read: %s", directory, r->format->file, text_file_why(rc));
    r->path = path;
    r->values = malloc(2 * r->format->row_size);
    if (!r->values) {
        close(*fd);
        return refuse_as(-ENOMEM, r->error, "%s/%s: out of memory", directory, r->format->file);
    }
    r->line = r->first_line = 1;
    r->count = format_columns(r->format, r->columns);
    r->has_sum = r->count && !strcmp(r->columns[r->count - 1].name, ROW_SUM_NAME);
    r->summed = SIZE_MAX;
    r->empty = r->values + r->format->row_size;
    row_clear(r->format, r->empty);
    memcpy(r->values, r->empty, r->format->row_size);
    return 0;
}

static void reader_close(struct reader *r)
{
    free(r->values);
    free(r->header);
    free(r->names);
}

int csv_read(const char *directory, const struct file_format *format, int64_t end,
             int (*row)(const void *row, void *arg), void *arg, char *error)
{
    char path[PATH_MAX];
    struct csv_parser parser;
    struct reader r = {.format = format, .error = error, .row = row, .arg = arg};
    int fd, result = reader_open(&r, directory, path, &fd);
    if (result)
        return result;
    if (csv_init(&parser, PARSER_OPTIONS)) {
        reader_close(&r);
        close(fd);
        return refuse_as(-ENOMEM, error, "%s: out of memory", path);
    }
    if (end < 0) { /* a torn last line is not read at all: half a field would look like a wrong one */
        off_t size = lseek(fd, 0, SEEK_END);
        int64_t whole = size > 0 ? csv_lines_end(fd, size) : 0;
        end = whole > 0 ? whole : -1;
        if (size >= 0)
            lseek(fd, 0, SEEK_SET);
    }
    result = file_parse(&r, fd, end, &parser);
    csv_free(&parser); /* no csv_fini: it would report a torn last line as a row */
    reader_close(&r);
    close(fd);
    return result;
}

/* ---- what is left of a damaged file ---- */

/* A parser of its own for each line: what is wrong with one is nothing to the next. */
static void line_parse(struct reader *r, const char *line, size_t length)
{
    struct csv_parser parser;
    const unsigned long number = r->line;
    if (csv_init(&parser, PARSER_OPTIONS)) {
        r->result = refuse_as(-ENOMEM, r->error, "%s: out of memory", r->path);
        return;
    }
    if (line[length - 1] != '\n')
        reader_fail(r, "the line was cut off");
    else if (csv_parse(&parser, line, length, on_field, on_line, r) != length && !r->result)
        reader_fail(r, "%s", csv_strerror(csv_error(&parser)));
    else if (r->line == number && !r->result)
        reader_fail(r, "a quote that is not closed");
    csv_free(&parser);
    r->line = r->first_line = number + 1;
}

/* A row that was refused is not in the way of the next one. */
static void row_forget(struct reader *r)
{
    memcpy(r->values, r->empty, r->format->row_size);
    r->result = 0;
    r->version = 0;
    r->sum = 0;
    r->field = 0;
}

int csv_salvage(const char *directory, const struct file_format *format, int (*row)(const void *row, void *arg),
                void (*refused)(const char *why, void *arg), void *arg, char *error)
{
    char path[PATH_MAX], *line = NULL;
    struct reader r = {.format = format, .error = error, .row = row, .arg = arg, .salvages = true};
    size_t room = 0;
    int fd, rc = reader_open(&r, directory, path, &fd);
    if (rc)
        return rc;
    FILE *file = fdopen(fd, "re");
    if (!file)
        close(fd);
    for (ssize_t length; file && !r.result && (length = getline(&line, &room, file)) > 0;) {
        line_parse(&r, line, (size_t)length);
        if (r.result == -EBADMSG && r.fields) {
            refused(error, arg);
            row_forget(&r);
        }
    }
    if (!r.result && !r.fields)
        reader_fail(&r, "expected the header line of %s", format->file);
    rc = file && !ferror(file) ? r.result : refuse_as(-EIO, error, "%s: cannot be read: %s", path, strerror(errno));
    if (file)
        fclose(file);
    free(line);
    reader_close(&r);
    return rc;
}
