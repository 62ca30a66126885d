/* See damage.h. */
#include "tests/damage.h"
#include "workloads/mix.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_SOME = 12, PIECE_MOST = 200, NULS_MOST = 64 };

/* A piece of a file. */
struct span {
    size_t from, length;
};

uint64_t draw_below(struct draws *draws, uint64_t below)
{
    uint32_t word = 0;
    if (!below)
        return 0;
    if (!draws->data)
        return mix64(draws->seed, draws->drawn++) % below;
    for (size_t i = 0; i < sizeof word && draws->size; i++, draws->size--)
        word = word << 8 | *draws->data++;
    return word % below;
}

struct bytes bytes_read(const char *path)
{
    struct bytes bytes = {0};
    size_t room = 1 << 16;
    FILE *file = fopen(path, "re");
    bytes.data = file ? malloc(room) : NULL;
    for (size_t n; bytes.data && (n = fread(bytes.data + bytes.size, 1, room - bytes.size, file)) > 0;) {
        bytes.size += n;
        if (bytes.size == room)
            bytes.data = realloc(bytes.data, room *= 2);
    }
    if (file)
        fclose(file);
    return bytes;
}

int bytes_write(const char *path, const struct bytes *bytes)
{
    FILE *file = fopen(path, "we");
    int rc = file && fwrite(bytes->data, 1, bytes->size, file) == bytes->size ? 0 : -errno;
    if (file && fclose(file) != 0 && rc == 0)
        rc = -errno;
    return rc;
}

/* In the place of a piece of the file, another text. */
static struct bytes spliced(const struct bytes *file, struct span gone, const char *text, size_t length)
{
    struct bytes made = {malloc(file->size + length + 1), file->size - gone.length + length};
    if (!made.data)
        abort();
    memcpy(made.data, file->data, gone.from);
    memcpy(made.data + gone.from, text, length);
    memcpy(made.data + gone.from + length, file->data + gone.from + gone.length, file->size - gone.from - gone.length);
    return made;
}

static struct bytes copied(const struct bytes *file)
{
    return spliced(file, (struct span){0, 0}, "", 0);
}

/* ---- places ---- */

/* The line that begins there, with its end. */
static struct span line_at(const struct bytes *file, size_t from)
{
    const char *end = from < file->size ? memchr(file->data + from, '\n', file->size - from) : NULL;
    return (struct span){from, end ? (size_t)(end - file->data) + 1 - from : file->size - from};
}

static size_t lines_of(const struct bytes *file)
{
    size_t lines = 0;
    for (struct span line = {0, 0}; line.from < file->size; line.from += line.length, lines++)
        line = line_at(file, line.from);
    return lines;
}

static struct span line_number(const struct bytes *file, size_t number)
{
    struct span line = line_at(file, 0);
    for (; number && line.from < file->size; number--)
        line = line_at(file, line.from + line.length);
    return line;
}

/* Any but the first, in which columns have their names; of a file with one line that one. */
static struct span line_draw(const struct bytes *file, struct draws *draws)
{
    size_t lines = lines_of(file);
    return line_number(file, lines > 1 ? 1 + draw_below(draws, lines - 1) : 0);
}

/* The n-th field of a line, without commas; commas within quotes are none, as nothing here has them. */
static struct span field_number(const struct bytes *file, struct span line, size_t number)
{
    size_t at = line.from, end = line.from + line.length;
    end -= end > at && file->data[end - 1] == '\n';
    for (;; at++) {
        size_t from = at;
        while (at < end && file->data[at] != ',')
            at++;
        if (!number-- || at >= end)
            return (struct span){from, at - from};
    }
}

static size_t fields_of(const struct bytes *file, struct span line)
{
    size_t fields = 1;
    for (size_t i = 0; i < line.length; i++)
        fields += file->data[line.from + i] == ',';
    return fields;
}

/* A digit of the file, SIZE_MAX without any: the first from some place on, going round. */
static size_t digit_draw(const struct bytes *file, struct draws *draws)
{
    size_t from = draw_below(draws, file->size);
    for (size_t i = 0; i < file->size; i++) {
        size_t at = (from + i) % file->size;
        if (file->data[at] >= '0' && file->data[at] <= '9')
            return at;
    }
    return SIZE_MAX;
}

/* ---- bytes and digits ---- */

static struct bytes byte_damaged(const struct bytes *file, enum damage damage, struct draws *draws)
{
    static const char telling[] = "\n\r,\"'=:/+-%.[]<>&;#0919eExn {}\t\xff\x80";
    struct bytes made = copied(file);
    size_t at = draw_below(draws, file->size), nuls = 1 + draw_below(draws, NULS_MOST);
    if (!file->size)
        return made;
    if (damage == DAMAGE_BYTE)
        made.data[at] = draw_below(draws, 2) ? telling[draw_below(draws, sizeof telling - 1)]
                                             : (char)(made.data[at] + 1 + (char)draw_below(draws, 255));
    else if (damage == DAMAGE_BIT)
        made.data[at] ^= (char)(1u << draw_below(draws, 8));
    else
        memset(made.data + at, 0, nuls < file->size - at ? nuls : file->size - at);
    return made;
}

static struct bytes digit_damaged(const struct bytes *file, enum damage damage, struct draws *draws)
{
    size_t at = file->size ? digit_draw(file, draws) : SIZE_MAX;
    char digit = (char)('0' + draw_below(draws, 10));
    if (at == SIZE_MAX)
        return copied(file);
    if (damage == DAMAGE_DIGIT_GONE)
        return spliced(file, (struct span){at, 1}, "", 0);
    if (damage == DAMAGE_DIGIT_MORE)
        return spliced(file, (struct span){at, 0}, &digit, 1);
    if (damage == DAMAGE_SIGN) {
        while (at && file->data[at - 1] >= '0' && file->data[at - 1] <= '9')
            at--;
        bool has_sign = at && file->data[at - 1] == '-';
        return has_sign ? spliced(file, (struct span){at - 1, 1}, "", 0) : spliced(file, (struct span){at, 0}, "-", 1);
    }
    digit = digit == file->data[at] ? (char)('0' + (digit - '0' + 1) % 10) : digit;
    return spliced(file, (struct span){at, 1}, &digit, 1);
}

static struct bytes piece_damaged(const struct bytes *file, enum damage damage, struct draws *draws)
{
    size_t from = draw_below(draws, file->size), length = 1 + draw_below(draws, PIECE_MOST);
    length = length < file->size - from ? length : file->size - from;
    if (damage == DAMAGE_PIECE_DOUBLED)
        return spliced(file, (struct span){from, 0}, file->data + from, length);
    return spliced(file, (struct span){from, length}, "", 0);
}

/* ---- lines ---- */

static struct bytes lines_swapped(const struct bytes *file, struct span a, struct span b)
{
    if (b.from < a.from)
        return lines_swapped(file, b, a);
    if (a.from == b.from)
        return copied(file);
    struct bytes once = spliced(file, b, file->data + a.from, a.length);
    struct bytes made = spliced(&once, a, file->data + b.from, b.length);
    free(once.data);
    return made;
}

struct line {
    const char *text;
    size_t length;
};

static int line_compare(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->length < y->length ? x->length : y->length);
    return order ? -order : (x->length < y->length) - (x->length > y->length);
}

static struct bytes lines_sorted(const struct bytes *file)
{
    struct bytes made = {malloc(file->size + 1), 0};
    struct line *lines = calloc(lines_of(file) + 1, sizeof *lines);
    size_t count = 0;
    if (!made.data || !lines)
        abort();
    for (struct span line = line_at(file, 0); line.from < file->size; line = line_at(file, line.from + line.length))
        lines[count++] = (struct line){file->data + line.from, line.length};
    if (count > 1)
        qsort(lines + 1, count - 1, sizeof *lines, line_compare);
    for (size_t i = 0; i < count; i++) {
        memcpy(made.data + made.size, lines[i].text, lines[i].length);
        made.size += lines[i].length;
    }
    free(lines);
    return made;
}

static struct bytes lines_damaged(const struct bytes *file, enum damage damage, struct draws *draws)
{
    struct span line = line_draw(file, draws), other = line_draw(file, draws);
    if (damage == DAMAGE_SWAPPED)
        return lines_swapped(file, line, other);
    if (damage == DAMAGE_DOUBLED)
        return spliced(file, (struct span){draw_below(draws, 2) ? line.from : other.from, 0}, file->data + line.from,
                       line.length);
    if (damage == DAMAGE_LINES_GONE)
        for (uint64_t more = draw_below(draws, LINES_SOME); more && line.from + line.length < file->size; more--)
            line.length += line_at(file, line.from + line.length).length;
    return spliced(file, line, "", 0);
}

static struct bytes crlf_made(const struct bytes *file, struct draws *draws)
{
    struct bytes made = {malloc(2 * file->size + 1), 0};
    size_t lines = lines_of(file), only = draw_below(draws, 2) ? draw_below(draws, lines) : SIZE_MAX, line = 0;
    if (!made.data)
        abort();
    for (size_t i = 0; i < file->size; i++) {
        if (file->data[i] == '\n' && (only == SIZE_MAX || line == only))
            made.data[made.size++] = '\r';
        line += file->data[i] == '\n';
        made.data[made.size++] = file->data[i];
    }
    return made;
}

/* ---- cells and columns ---- */

static struct bytes cell_damaged(const struct bytes *file, enum damage damage, struct draws *draws)
{
    struct span line = line_draw(file, draws), other = line_draw(file, draws);
    size_t number = draw_below(draws, fields_of(file, line));
    struct span cell = field_number(file, line, number), from = field_number(file, other, number);
    if (damage == DAMAGE_CELL_EMPTY)
        return spliced(file, cell, "", 0);
    if (damage == DAMAGE_CELL_COPIED)
        return spliced(file, cell, file->data + from.from, from.length);
    struct span next = field_number(file, line, number + 1);
    return next.from > cell.from ? lines_swapped(file, cell, next) : copied(file);
}

/* A line without its field `gone`, and with it again before the field `to`; SIZE_MAX: nowhere. */
static void column_put(struct bytes *made, const struct bytes *file, struct span line, size_t gone, size_t to)
{
    size_t fields = fields_of(file, line);
    bool first = true;
    for (size_t i = 0; i <= fields; i++)
        for (int again = 0; again < 2; again++) {
            bool is_moved = !again && i == to && gone < fields, is_own = again && i < fields && i != gone;
            if (!is_moved && !is_own)
                continue;
            struct span field = field_number(file, line, is_moved ? gone : i);
            if (!first)
                made->data[made->size++] = ',';
            first = false;
            memcpy(made->data + made->size, file->data + field.from, field.length);
            made->size += field.length;
        }
    made->data[made->size++] = '\n';
}

static struct bytes column_damaged(const struct bytes *file, enum damage damage, struct draws *draws)
{
    struct span line = line_at(file, 0);
    size_t fields = fields_of(file, line), gone = draw_below(draws, fields), to = draw_below(draws, fields);
    if (damage == DAMAGE_NAMES_SWAPPED)
        return lines_swapped(file, field_number(file, line, gone), field_number(file, line, to));
    struct bytes made = {malloc(2 * file->size + 2), 0};
    if (!made.data)
        abort();
    for (; line.from < file->size; line = line_at(file, line.from + line.length))
        column_put(&made, file, line, gone, damage == DAMAGE_COLUMN_MOVED ? to : SIZE_MAX);
    return made;
}

/* ---- all of it ---- */

static struct bytes whole_damaged(const struct bytes *file, const struct bytes *other, enum damage damage,
                                  struct draws *draws)
{
    size_t at = draw_below(draws, file->size + 1);
    struct span line = line_draw(file, draws), others = line_draw(other, draws);
    if (damage == DAMAGE_TRUNCATED)
        return spliced(file, (struct span){at, file->size - at}, "", 0);
    if (damage == DAMAGE_LINES_LEFT)
        return spliced(file, (struct span){line.from, file->size - line.from}, "", 0);
    if (damage == DAMAGE_EXCHANGED && other->size)
        return copied(other);
    return spliced(file, (struct span){line.from, draw_below(draws, 2) ? line.length : 0},
                   other->size ? other->data + others.from : "", other->size ? others.length : 0);
}

static const char *const words[DAMAGES] = {
    [DAMAGE_BYTE] = "byte",
    [DAMAGE_BIT] = "bit",
    [DAMAGE_NUL] = "zeros",
    [DAMAGE_DIGIT] = "digit",
    [DAMAGE_DIGIT_GONE] = "digit gone",
    [DAMAGE_DIGIT_MORE] = "digit more",
    [DAMAGE_SIGN] = "sign",
    [DAMAGE_SWAPPED] = "lines swapped",
    [DAMAGE_SORTED] = "lines sorted",
    [DAMAGE_DOUBLED] = "line doubled",
    [DAMAGE_LINE_GONE] = "line gone",
    [DAMAGE_LINES_GONE] = "lines gone",
    [DAMAGE_PIECE_GONE] = "piece gone",
    [DAMAGE_PIECE_DOUBLED] = "piece doubled",
    [DAMAGE_CELL_EMPTY] = "cell emptied",
    [DAMAGE_CELL_COPIED] = "cell copied",
    [DAMAGE_CELLS_SWAPPED] = "cells swapped",
    [DAMAGE_COLUMN_GONE] = "column gone",
    [DAMAGE_COLUMN_MOVED] = "column moved",
    [DAMAGE_NAMES_SWAPPED] = "names of columns swapped",
    [DAMAGE_CRLF] = "CRLF",
    [DAMAGE_TRUNCATED] = "truncated",
    [DAMAGE_LINES_LEFT] = "truncated behind a line",
    [DAMAGE_EXCHANGED] = "file of another run",
    [DAMAGE_MIXED] = "line of another run",
};

const char *damage_word(enum damage damage)
{
    return words[damage];
}

struct bytes damaged(const struct bytes *file, const struct bytes *other, enum damage damage, struct draws *draws)
{
    if (damage <= DAMAGE_NUL)
        return byte_damaged(file, damage, draws);
    if (damage <= DAMAGE_SIGN)
        return digit_damaged(file, damage, draws);
    if (damage == DAMAGE_SORTED)
        return lines_sorted(file);
    if (damage <= DAMAGE_LINES_GONE)
        return lines_damaged(file, damage, draws);
    if (damage <= DAMAGE_PIECE_DOUBLED)
        return piece_damaged(file, damage, draws);
    if (damage <= DAMAGE_CELLS_SWAPPED)
        return cell_damaged(file, damage, draws);
    if (damage <= DAMAGE_NAMES_SWAPPED)
        return column_damaged(file, damage, draws);
    return damage == DAMAGE_CRLF ? crlf_made(file, draws) : whole_damaged(file, other, damage, draws);
}
