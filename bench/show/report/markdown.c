/* report.md: GitHub's Markdown, charts as links to the files beside it, tables that are tables in an editor too. */
#include "bench/show/report/document.h"
#include "workloads/text.h"
#include <stdlib.h>
#include <string.h>

/* Whatever could be markup gets a backslash; what ends a line becomes a space. */
static void text_print_n(FILE *out, const char *text, size_t size)
{
    size_t digits = strspn(text, "0123456789");

    for (size_t i = 0, length; i < size; i += length) {
        const char *c = text + i;
        length = text_character(c);
        if (!length || length > size - i) {
            length = 1;
            fputs("\xEF\xBF\xBD", out);
        } else if (*c == '&') {
            fputs("&amp;", out);
        } else if (*c == '<') {
            fputs("&lt;", out);
        } else if ((unsigned char)*c < ' ' || *c == 0x7f) {
            fputc(' ', out);
        } else {
            bool begins_list = (!i && strchr("-+=", *c)) || (digits && i == digits && strchr(".)", *c) && c[1] == ' ');
            if (begins_list || strchr("\\`*_[]>#|~", *c))
                fputc('\\', out);
            fwrite(c, 1, length, out);
        }
    }
}

static void text_print(FILE *out, const char *text)
{
    text_print_n(out, text, strlen(text));
}

static void begin(FILE *out, const char *title)
{
    fputs("# ", out);
    text_print(out, title);
    fputs("\n\n", out);
}

static void nothing(FILE *out)
{
    (void)out;
}

static void section(FILE *out, const char *title)
{
    fputs("## ", out);
    text_print(out, title);
    fputs("\n\n", out);
}

static void paragraph(FILE *out, const char *text)
{
    text_print(out, text);
    fputs("\n\n", out);
}

/* Warnings are a quotation, so that they do not become one list with what stands before. */
static void list(FILE *out, const char *lines, enum document_list kind)
{
    const char *between = "";

    for (size_t length; *lines; lines += length + (lines[length] == '\n')) {
        lines += strspn(lines, " ");
        length = strcspn(lines, "\n");
        fputs(kind == LIST_WARNINGS ? between : "", out);
        fputs(kind == LIST_WARNINGS ? "> **Warning:** " : "- ", out);
        text_print_n(out, lines, length);
        fputc('\n', out);
        between = ">\n";
    }
    fputc('\n', out);
}

static void facts(FILE *out, const struct document_fact *fact, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputs("- **", out);
        text_print(out, fact[i].label);
        fputs(":** ", out);
        text_print(out, fact[i].text);
        fputc('\n', out);
    }
    fputc('\n', out);
}

/* Indented code needs no escaping, whatever is in it. */
static void code(FILE *out, const char *text)
{
    bool fresh = true;

    for (; *text; text++) {
        if (fresh && *text != '\n')
            fputs("    ", out);
        fputc(*text, out);
        fresh = *text == '\n';
    }
    fputs(fresh ? "\n" : "\n\n", out);
}

/* ---- tables ---- */

static void cell_print(FILE *out, const struct document_cell *cell)
{
    bool is_best = strchr(cell->mark, '*') != NULL;

    fputs(is_best ? "**" : "", out);
    text_print(out, cell->text ? cell->text : "");
    fputs(is_best ? "**" : "", out);
    if (*cell->mark) {
        fputc(' ', out);
        text_print(out, cell->mark);
    }
    if (cell->note && *cell->note) {
        fputs(" (", out);
        text_print(out, cell->note);
        fputc(')', out);
    }
}

/* A cell as it is written; the caller's to free, NULL without memory. */
static char *cell_make(const struct document_cell *cell)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    cell_print(out, cell);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* Characters, as far as an editor's columns go by them. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += (*text & 0xC0) != 0x80;
    return width;
}

static void padded(FILE *out, const char *text, size_t width, bool right)
{
    int padding = (int)(width - width_of(text));

    fprintf(out, " %*s%s%*s |", right ? padding : 0, "", text, right ? 0 : padding, "");
}

static void rule_print(FILE *out, const struct document_table *t, const size_t *widths)
{
    fputc('|', out);
    for (size_t c = 0; c < t->columns; c++) {
        fputc(' ', out);
        for (size_t i = 1; i < widths[c]; i++)
            fputc('-', out);
        fputs(c && !t->words ? ": |" : "- |", out);
    }
    fputc('\n', out);
}

static void table(FILE *out, const struct document_table *t)
{
    size_t count = t->rows * t->columns;
    char **cells = calloc(count, sizeof *cells);
    size_t *widths = calloc(t->columns, sizeof *widths);
    bool all = cells && widths;

    for (size_t i = 0; i < count && all; i++) {
        size_t *width = &widths[i % t->columns];
        cells[i] = cell_make(&t->cells[i]);
        all = cells[i] != NULL;
        *width = all && width_of(cells[i]) > *width ? width_of(cells[i]) : *width;
        *width = *width < 3 ? 3 : *width;
    }
    fputs("**", out);
    text_print(out, t->title);
    fputs("**\n\n", out);
    for (size_t r = 0; r < t->rows && all; r++) {
        fputc('|', out);
        for (size_t c = 0; c < t->columns; c++)
            padded(out, cells[r * t->columns + c], widths[c], c && !t->words);
        fputc('\n', out);
        if (!r)
            rule_print(out, t, widths);
    }
    fputc('\n', out);
    for (size_t i = 0; i < count && cells; i++)
        free(cells[i]);
    free(cells);
    free(widths);
}

static void chart(FILE *out, const struct document_chart *c)
{
    fputs("![", out);
    text_print(out, c->title);
    fprintf(out, "](charts/%s.svg)\n\n**Figure %u.** ", c->name, c->number);
    text_print(out, c->caption ? c->caption : c->title);
    fputs("\n\n", out);
}

const struct document_format document_markdown = {.file = "report.md",
                                                  .begin = begin,
                                                  .end = nothing,
                                                  .header_end = nothing,
                                                  .section = section,
                                                  .section_end = nothing,
                                                  .paragraph = paragraph,
                                                  .list = list,
                                                  .facts = facts,
                                                  .code = code,
                                                  .table = table,
                                                  .chart = chart};
