/* report.html: one file, charts in it, no script and nothing to load; its own policy forbids both to the browser. */
#include "bench/show/markup.h"
#include "bench/show/report/document.h"
#include "bench/show/report/style.h"
#include <string.h>

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
                           "style-src 'unsafe-inline'\">\n";

static void element_print(FILE *out, const char *name, const char *text)
{
    fprintf(out, "<%s>", name);
    html_text(out, text);
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
        html_text_n(out, lines, length);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void facts(FILE *out, const struct document_fact *fact, size_t count)
{
    fputs("<dl>\n", out);
    for (size_t i = 0; i < count; i++) {
        fputs("<div><dt>", out);
        html_text(out, fact[i].label);
        fputs("</dt><dd>", out);
        html_text(out, fact[i].text);
        fputs("</dd></div>\n", out);
    }
    fputs("</dl>\n", out);
}

static void code(FILE *out, const char *text)
{
    fputs("<pre tabindex=\"0\"><code>", out);
    html_text(out, text);
    fputs("</code></pre>\n", out);
}

/* ---- tables ---- */

static void row_print(FILE *out, const struct sheet *t, size_t row)
{
    fputs("<tr>", out);
    for (size_t c = 0; c < t->columns; c++) {
        const struct sheet_cell *cell = &t->cells[row * t->columns + c];
        bool is_best = cell->mark && strchr(cell->mark, '*');
        fputs(!row ? "<th scope=\"col\">" : !c ? "<th scope=\"row\">" : is_best ? "<td class=\"best\">" : "<td>", out);
        html_text(out, cell->text);
        if (cell->mark) {
            fputs("<span class=\"mark\">", out);
            html_text(out, cell->mark);
            fputs("</span>", out);
        }
        if (cell->note) {
            fputs("<small>", out);
            html_text(out, cell->note);
            fputs("</small>", out);
        }
        fputs(!row || !c ? "</th>" : "</td>", out);
    }
    fputs("</tr>\n", out);
}

/* The box scrolls, not the page; it is named and can be reached by keys for that. */
static void table(FILE *out, const struct sheet *t)
{
    bool is_marked = false;

    for (size_t i = 0; i < t->count; i++)
        is_marked = is_marked || t->cells[i].mark;
    element_print(out, "h3", t->title);
    fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", out);
    html_text(out, t->title);
    fprintf(out, "\">\n<table class=\"%s%s\">\n<thead>\n", sheet_left(t, 1) ? "words" : "figures",
            is_marked ? " marked" : "");
    row_print(out, t, 0);
    fputs("</thead>\n<tbody>\n", out);
    for (size_t r = 1; r < sheet_rows(t); r++)
        row_print(out, t, r);
    fputs("</tbody>\n</table>\n</div>\n", out);
}

/* As an image: a browser neither runs nor loads anything for what is in one. */
static void picture_print(FILE *out, const char *svg)
{
    fputs("data:image/svg+xml,", out);
    for (; *svg; svg++)
        fprintf(out, *svg < ' ' || *svg > '~' || strchr("\"#%&<>", *svg) ? "%%%02X" : "%c", (unsigned char)*svg);
}

static void chart(FILE *out, const struct document_chart *c)
{
    fputs("<figure>\n<div class=\"card\" role=\"region\" tabindex=\"0\" aria-label=\"", out);
    html_text(out, c->title);
    fputs("\">\n<img alt=\"", out);
    html_text(out, c->title);
    fputs("\" src=\"", out);
    picture_print(out, c->picture);
    fprintf(out, "\">\n</div>\n<figcaption><b>Figure %u.</b> ", c->number);
    html_text(out, c->caption ? c->caption : c->title);
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
