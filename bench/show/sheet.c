/* Tables of texts, see sheet.h. */
#include "bench/show/sheet.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/show/lines.h"
#include "bench/show/markup.h"
#include "workloads/text.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GAP                 2 /* between columns of a screen */
#define LABEL_MIN           4
#define LABEL_MOST(columns) ((columns)*2 / 5) /* of a line, where columns do not fit beside the labels */
#define NOTE_INDENT         4
#define HEAD_OVER           2 /* letters of a mark that a head stands above */
#define RULE_MIN            3 /* letters of a line below the heads, in Markdown */

/* ---- what stands in it ---- */

static const struct sheet_cell *cell_at(const struct sheet *sheet, size_t row, size_t column)
{
    return &sheet->cells[row * sheet->columns + column];
}

void sheet_put(struct sheet *sheet, const char *format, ...)
{
    struct sheet_cell *cells = reallocarray(sheet->cells, sheet->count + 1, sizeof *cells);
    va_list arguments;
    if (!cells) {
        sheet->failed = true;
        return;
    }
    sheet->cells = cells;
    cells[sheet->count] = (struct sheet_cell){0};
    va_start(arguments, format);
    if (vasprintf(&cells[sheet->count].text, format, arguments) < 0)
        sheet->failed = true;
    else
        sheet->count++;
    va_end(arguments);
}

void sheet_texts(struct sheet *sheet, const char *const *texts)
{
    for (; *texts; texts++)
        sheet_put(sheet, "%s", *texts);
}

void sheet_numbers(struct sheet *sheet, size_t count, const double *numbers)
{
    char text[32];
    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%.9g", numbers[i]);
        sheet_put(sheet, "%s", isnan(numbers[i]) ? "" : text);
    }
}

void sheet_note(struct sheet *sheet, const char *mark, const char *note)
{
    struct sheet_cell *cell = sheet->failed ? NULL : &sheet->cells[sheet->count - 1];
    if (!cell)
        return;
    cell->mark = *mark ? strdup(mark) : NULL;
    cell->note = *note ? strdup(note) : NULL;
    sheet->failed = (*mark && !cell->mark) || (*note && !cell->note);
}

size_t sheet_rows(const struct sheet *sheet)
{
    return sheet->failed ? 0 : sheet->count / sheet->columns;
}

bool sheet_left(const struct sheet *sheet, size_t column)
{
    size_t last = strlen(sheet->align) - 1;
    return sheet->align[column < last ? column : last] == 'l';
}

static void cell_release(struct sheet_cell *cell)
{
    free(cell->text);
    free(cell->mark);
    free(cell->note);
}

static void column_drop(struct sheet *sheet, size_t column)
{
    size_t kept = 0;
    for (size_t i = 0; i < sheet->count; i++)
        if (i % sheet->columns == column)
            cell_release(&sheet->cells[i]);
        else
            sheet->cells[kept++] = sheet->cells[i];
    sheet->count = kept;
    sheet->columns--;
}

void sheet_trim(struct sheet *sheet)
{
    for (size_t c = sheet->columns; c-- > 1 && !sheet->failed;) {
        bool used = false;
        for (size_t r = 1; r < sheet_rows(sheet); r++)
            used = used || *cell_at(sheet, r, c)->text;
        if (!used)
            column_drop(sheet, c);
    }
}

void sheet_release(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++)
        cell_release(&sheet->cells[i]);
    free(sheet->cells);
    free(sheet->foot);
    *sheet = (struct sheet){0};
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- on a screen ---- */

struct width {
    size_t text, mark;
};

static bool is_heading(const struct sheet *sheet, size_t row)
{
    for (size_t c = 1; c < sheet->columns; c++)
        if (*cell_at(sheet, row, c)->text)
            return false;
    return row > 0;
}

static struct width column_width(const struct sheet *sheet, size_t column)
{
    struct width width = {.text = sheet->least ? sheet->least[column] : 0};
    for (size_t r = 1; r < sheet_rows(sheet); r++)
        if (column || !is_heading(sheet, r)) {
            width.text = larger(width.text, text_letters(cell_at(sheet, r, column)->text));
            width.mark = larger(width.mark, text_letters(cell_at(sheet, r, column)->mark));
        }
    size_t head = text_letters(cell_at(sheet, 0, column)->text);
    width.text = larger(width.text, head - (width.mark < HEAD_OVER ? 0 : head < HEAD_OVER ? head : HEAD_OVER));
    return width;
}

/* Of all columns but the label, with what is between; and of the widest of them. */
static size_t rest_width(const struct sheet *sheet, size_t *widest)
{
    size_t total = 0;
    *widest = 0;
    for (size_t c = 1; c < sheet->columns; c++) {
        struct width width = column_width(sheet, c);
        total += GAP + width.text + width.mark;
        *widest = larger(*widest, GAP + width.text + width.mark);
    }
    return total;
}

size_t sheet_width(const struct sheet *sheet)
{
    size_t widest;
    return sheet_rows(sheet) ? column_width(sheet, 0).text + rest_width(sheet, &widest) : 0;
}

/* A text in `width` letters; blanks are held back in `gap` until something follows, so that no line ends in them. */
static void padded_print(FILE *out, size_t *gap, const char *text, size_t width, bool left)
{
    size_t used = text_letters(text), room = width > used ? width - used : 0;
    *gap += left ? 0 : room;
    for (size_t length; text && *text; text += length) {
        bool is_shown = (length = text_character(text)) && !text_is_control(text); /* else a terminal might obey it */
        length += !length;
        if (*text == ' ') {
            ++*gap;
        } else {
            fprintf(out, "%*s%.*s", (int)*gap, "", is_shown ? (int)length : 1, is_shown ? text : "?");
            *gap = 0;
        }
    }
    *gap += left ? room : 0;
}

/* The label, and the columns from .. to - 1. */
static void row_print(FILE *out, const struct sheet *sheet, size_t row, const struct width *width, size_t from,
                      size_t to)
{
    const char *label = cell_at(sheet, row, 0)->text;
    bool fits = text_letters(label) <= width[0].text;
    size_t gap = 0;
    if (!fits)
        wrap_print(out, label, 0);
    if (!fits && is_heading(sheet, row))
        return;
    padded_print(out, &gap, fits ? label : "", width[0].text, sheet_left(sheet, 0));
    for (size_t c = from; c < to; c++) {
        size_t over = row || width[c].mark < HEAD_OVER ? 0 : HEAD_OVER;
        gap += GAP;
        padded_print(out, &gap, cell_at(sheet, row, c)->text, width[c].text + over, sheet_left(sheet, c));
        padded_print(out, &gap, cell_at(sheet, row, c)->mark, width[c].mark - over, true);
    }
    fputc('\n', out);
}

/* What is said of a row as a whole. */
static void below_print(FILE *out, const struct sheet *sheet, size_t row)
{
    const char *note = cell_at(sheet, row, 0)->note;
    if (note)
        wrapped_print(out, NOTE_INDENT, NOTE_INDENT, "%s", note);
}

/* Whether the row has anything in the columns from .. to - 1. */
static bool row_says(const struct sheet *sheet, size_t row, size_t from, size_t to)
{
    for (size_t c = from; c < to; c++)
        if (*cell_at(sheet, row, c)->text)
            return true;
    return false;
}

/* What labels may have where columns stand below each other: at least the widest column has room beside them. */
static size_t label_width(size_t label, size_t widest, size_t columns)
{
    const size_t most = lesser(LABEL_MOST(columns), columns > widest ? columns - widest : 0);
    return larger(lesser(label, most), lesser(label, LABEL_MIN));
}

void sheet_print(FILE *out, const struct sheet *given, size_t columns)
{
    struct sheet sheet = *given;
    struct width *width = sheet_rows(given) ? calloc(given->columns, sizeof *width) : NULL;
    if (!width)
        return;
    if (sheet_width(given) > columns)
        sheet.least = NULL;
    for (size_t c = 0; c < sheet.columns; c++)
        width[c] = column_width(&sheet, c);
    size_t widest, rest = rest_width(&sheet, &widest);
    sheet.split = sheet.split || rest + LABEL_MIN > columns;
    if (width[0].text + rest > columns)
        width[0].text = !sheet.split ? columns - rest : label_width(width[0].text, widest, columns);
    for (size_t from = 1, to; from < sheet.columns; from = to) {
        size_t used = width[0].text;
        for (to = from; to < sheet.columns; to++) {
            used += GAP + width[to].text + width[to].mark;
            if (sheet.split && to > from && used > columns)
                break;
        }
        for (size_t r = 0; r < sheet_rows(&sheet); r++)
            if (from == 1 || is_heading(&sheet, r) || row_says(&sheet, r, from, to)) {
                row_print(out, &sheet, r, width, from, to);
                if (from == 1)
                    below_print(out, &sheet, r);
            }
    }
    free(width);
}

/* ---- as markup ---- */

/* Into the next cell of `to`. */
static void markdown_cell(struct sheet *to, const struct sheet_cell *cell)
{
    bool bold = cell->mark && strchr(cell->mark, '*');
    struct lines lines;
    FILE *out = lines_open(&lines);
    if (!out) {
        to->failed = true;
        return;
    }
    markup_print(out, MARKUP_MARKDOWN, bold ? "**@**" : "@", cell->text);
    if (cell->mark)
        markup_print(out, MARKUP_MARKDOWN, " @", cell->mark);
    if (cell->note)
        markup_print(out, MARKUP_MARKDOWN, " (@)", cell->note);
    sheet_put(to, "%s", lines_close(&lines));
    free(lines.text);
}

static void markdown_row(FILE *out, const struct sheet *written, size_t row, const size_t *width)
{
    for (size_t c = 0; c < written->columns; c++) {
        const char *text = cell_at(written, row, c)->text;
        int room = (int)(width[c] - text_letters(text));
        bool left = sheet_left(written, c);
        fprintf(out, "| %*s%s%*s ", left ? 0 : room, "", text, left ? room : 0, "");
    }
    fputs("|\n", out);
}

void sheet_markdown(FILE *out, const struct sheet *sheet)
{
    struct sheet written = {.columns = sheet->columns, .align = sheet->align, .failed = sheet->failed};
    size_t *width = calloc(sheet->columns, sizeof *width);
    for (size_t i = 0; i < sheet->count && width; i++) {
        markdown_cell(&written, &sheet->cells[i]);
        size_t *widest = &width[i % sheet->columns];
        *widest = larger(*widest, written.failed ? 0 : larger(RULE_MIN, text_letters(written.cells[i].text)));
    }
    for (size_t r = 0; r < sheet_rows(&written) && width; r++) {
        markdown_row(out, &written, r, width);
        for (size_t c = 0; c < written.columns && !r; c++) {
            fputs("| ", out);
            for (size_t i = 1; i < width[c]; i++)
                fputc('-', out);
            fputs(sheet_left(&written, c) ? "- " : ": ", out);
        }
        fputs(r ? "" : "|\n", out);
    }
    free(width);
    sheet_release(&written);
}

static void latex_cell(FILE *out, const struct sheet_cell *cell)
{
    char text[1024], note[128];
    bool bold = cell->mark && strchr(cell->mark, '*');
    micro_shown(text, sizeof text, cell->text);
    markup_print(out, MARKUP_LATEX, bold ? "\\textbf{@}" : "@", text);
    if (cell->mark && !bold)
        markup_print(out, MARKUP_LATEX, "@", cell->mark);
    if (cell->note)
        markup_print(out, MARKUP_LATEX, " {\\footnotesize [@]}", micro_shown(note, sizeof note, cell->note));
}

void sheet_latex(FILE *out, const struct sheet *sheet)
{
    fputs("\\begin{tabular}{", out);
    for (size_t c = 0; c < sheet->columns; c++)
        fputc(sheet_left(sheet, c) ? 'l' : 'r', out);
    fputs("}\n\\toprule\n", out);
    for (size_t r = 0; r < sheet_rows(sheet); r++) {
        for (size_t c = 0; c < sheet->columns; c++) {
            fputs(c ? " & " : "", out);
            latex_cell(out, cell_at(sheet, r, c));
        }
        fputs(r ? " \\\\\n" : " \\\\\n\\midrule\n", out);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", out);
}

static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end != text && !*end;
}

/* What a spreadsheet begins a formula by; the wide ones of East Asian scripts, too. */
static bool begins_formula(const char *text)
{
    static const char *const signs[] = {"=", "+", "-", "@", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (!strncmp(text, signs[i], strlen(signs[i])))
            return text[strlen(signs[i])] != '\0';
    return false;
}

/* A table for people is opened in a spreadsheet: a text is neither a formula there nor more than a line. */
static void cell_plain(char *to, size_t size, const char *text)
{
    bool is_formula = begins_formula(text) && !is_number(text);
    *to = '\'';
    text_put(to + is_formula, size - is_formula, text, true);
}

int sheet_csv(FILE *out, const struct sheet *sheet)
{
    char text[1024];
    if (sheet->failed)
        return -ENOMEM;
    for (size_t i = 0; i < sheet->count; i++) {
        cell_plain(text, sizeof text, sheet->cells[i].text);
        csv_text_print(out, text);
        fputc((i + 1) % sheet->columns ? ',' : '\n', out);
    }
    return 0;
}

static void row_plain(const struct column *columns, size_t count, char *row)
{
    char text[1024];
    for (size_t k = 0; k < count; k++)
        if (columns[k].kind == COLUMN_TEXT) {
            cell_plain(text, columns[k].size, row + columns[k].offset);
            strcpy(row + columns[k].offset, text);
        }
}

int rows_csv(const struct file_format *format, const void *rows, size_t count)
{
    struct csv_writer *writer = NULL;
    fflush(stdout);
    int fd = dup(STDOUT_FILENO), result = fd < 0 ? -errno : csv_open(fd, format, &writer);
    if (result)
        return result;
    struct column columns[COLUMNS_MAX];
    size_t column_count = format_columns(format, columns);
    char *row = malloc(format->row_size);
    result = row ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && !result; i++) {
        memcpy(row, (const char *)rows + i * format->row_size, format->row_size);
        row_plain(columns, column_count, row);
        result = csv_put(writer, row);
    }
    free(row);
    int closed = csv_close(writer);
    return result ? result : closed;
}
