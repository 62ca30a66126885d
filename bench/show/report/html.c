/* report.html: one file, charts inlined, no script and nothing to load; its own policy forbids both to the browser. */
#include "bench/show/report/document.h"
#include "bench/show/report/style.h"
#include "workloads/text.h"
#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";

static void character_print(FILE *out, const char *c, size_t length)
{
    if (*c == '&')
        fputs("&amp;", out);
    else if (*c == '<')
        fputs("&lt;", out);
    else if (*c == '>')
        fputs("&gt;", out);
    else if (*c == '"')
        fputs("&quot;", out);
    else if (((unsigned char)*c < ' ' && *c != '\n') || *c == 0x7f)
        fputc(' ', out);
    else
        fwrite(c, 1, length, out);
}

static void text_print_n(FILE *out, const char *text, size_t size)
{
    for (size_t i = 0, length; i < size; i += length) {
        length = text_character(text + i);
        if (size - i >= 4 && !strncmp(text + i, " .. ", 4)) {
            fputs("&nbsp;..&nbsp;", out); /* an interval stays on its line */
            length = 4;
        } else if (length && length <= size - i) {
            character_print(out, text + i, length);
        } else {
            length = 1;
            fputs("\xEF\xBF\xBD", out);
        }
    }
}

static void text_print(FILE *out, const char *text)
{
    text_print_n(out, text, strlen(text));
}

static void element_print(FILE *out, const char *name, const char *text)
{
    fprintf(out, "<%s>", name);
    text_print(out, text);
    fprintf(out, "</%s>\n", name);
}

static void begin(FILE *out, const char *title)
{
    fputs(head, out);
    element_print(out, "title", title);
    fprintf(out, "<style>\n%s</style>\n</head>\n<body>\n<main>\n<header>\n", html_style);
    element_print(out, "h1", title);
}

static void end(FILE *out)
{
    fputs("</main>\n</body>\n</html>\n", out);
}

/* What comes before the first section is the header's. */
static void section(FILE *out, const char *title)
{
    fputs("<section>\n", out);
    element_print(out, "h2", title);
}

static void section_end(FILE *out)
{
    fputs("</section>\n", out);
}

static void header_end(FILE *out)
{
    fputs("</header>\n", out);
}

static void paragraph(FILE *out, const char *text)
{
    element_print(out, "p", text);
}

static void list(FILE *out, const char *lines, enum document_list kind)
{
    static const char *const classes[] = {
        [LIST_ANSWER] = "answer", [LIST_WARNINGS] = "warnings", [LIST_LEGEND] = "legend"};

    fprintf(out, "<ul class=\"%s\">\n", classes[kind]);
    for (size_t length; *lines; lines += length + (lines[length] == '\n')) {
        lines += strspn(lines, " ");
        length = strcspn(lines, "\n");
        fputs("<li>", out);
        text_print_n(out, lines, length);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void facts(FILE *out, const struct document_fact *fact, size_t count)
{
    fputs("<dl>\n", out);
    for (size_t i = 0; i < count; i++) {
        fputs("<div><dt>", out);
        text_print(out, fact[i].label);
        fputs("</dt><dd>", out);
        text_print(out, fact[i].text);
        fputs("</dd></div>\n", out);
    }
    fputs("</dl>\n", out);
}

static void code(FILE *out, const char *text)
{
    fputs("<pre tabindex=\"0\"><code>", out);
    text_print(out, text);
    fputs("</code></pre>\n", out);
}

/* ---- tables ---- */

static void cell_print(FILE *out, const struct document_cell *cell, const char *tag, const char *attributes)
{
    fprintf(out, "<%s%s>", tag, attributes);
    text_print(out, cell->text ? cell->text : "");
    if (*cell->mark) {
        fputs("<span class=\"mark\">", out);
        text_print(out, cell->mark);
        fputs("</span>", out);
    }
    if (cell->note && *cell->note) {
        fputs("<small>", out);
        text_print(out, cell->note);
        fputs("</small>", out);
    }
    fprintf(out, "</%s>", tag);
}

static void row_print(FILE *out, const struct document_table *t, size_t row)
{
    const struct document_cell *cells = &t->cells[row * t->columns];

    fputs("<tr>", out);
    for (size_t c = 0; c < t->columns; c++) {
        if (!row)
            cell_print(out, &cells[c], "th", " scope=\"col\"");
        else if (!c)
            cell_print(out, &cells[c], "th", " scope=\"row\"");
        else
            cell_print(out, &cells[c], "td", strchr(cells[c].mark, '*') ? " class=\"best\"" : "");
    }
    fputs("</tr>\n", out);
}

/* The box scrolls, not the page; it is named and can be reached by keys for that. */
static void table(FILE *out, const struct document_table *t)
{
    bool is_marked = false;

    for (size_t i = 0; i < t->rows * t->columns; i++)
        is_marked = is_marked || *t->cells[i].mark;
    element_print(out, "h3", t->title);
    fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", out);
    text_print(out, t->title);
    fprintf(out, "\">\n<table class=\"%s%s\">\n<thead>\n", t->words ? "words" : "figures", is_marked ? " marked" : "");
    row_print(out, t, 0);
    fputs("</thead>\n<tbody>\n", out);
    for (size_t r = 1; r < t->rows; r++)
        row_print(out, t, r);
    fputs("</tbody>\n</table>\n</div>\n", out);
}

static void chart(FILE *out, const struct document_chart *c)
{
    fputs("<figure>\n<div class=\"card\" role=\"region\" tabindex=\"0\" aria-label=\"", out);
    text_print(out, c->title);
    fprintf(out, "\">\n%s\n</div>\n<figcaption><b>Figure %u.</b> ", c->picture, c->number);
    text_print(out, c->caption ? c->caption : c->title);
    fputs("</figcaption>\n</figure>\n", out);
}

const struct document_format document_html = {.file = "report.html",
                                              .begin = begin,
                                              .end = end,
                                              .section = section,
                                              .section_end = section_end,
                                              .header_end = header_end,
                                              .paragraph = paragraph,
                                              .list = list,
                                              .facts = facts,
                                              .code = code,
                                              .table = table,
                                              .chart = chart};
