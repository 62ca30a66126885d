/* report.html: one file, charts in it and nothing to load. Its own policy lets the browser run the one script that
 * comes with poolbench, by its hash, and forbids all else. */
#include "bench/show/markup.h"
#include "bench/show/report/document.h"
#include "workloads/sha256.h"
#include <string.h>

/* As a Content-Security-Policy names what stands between two tags: https://www.w3.org/TR/CSP3/#grammardef-hash-source
 */
static void hash_print(FILE *out, const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t digest[8];
    unsigned char bytes[33] = {0};
    sha256((const unsigned char *)text, strlen(text), digest);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (unsigned char)(digest[i / 4] >> (24 - i % 4 * 8));
    fputs("'sha256-", out);
    for (unsigned i = 0; i < 33; i += 3) { /* Base64, RFC 4648: 32 bytes are 43 letters and one "=" */
        const unsigned three = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        for (unsigned k = 0; k < (i < 30 ? 4 : 3); k++)
            fputc(letters[three >> (18 - 6 * k) & 63], out);
    }
    fputs("='", out);
}

static void begin(FILE *out, const char *title, const char *script)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src ",
          out);
    hash_print(out, html_style);
    if (*script) {
        fputs("; script-src ", out);
        hash_print(out, script);
    }
    fputs("\">\n", out);
    markup_print(out, MARKUP_HTML, "<title>@</title>\n<style>", title);
    fputs(html_style, out);
    markup_print(out, MARKUP_HTML, "</style>\n</head>\n<body>\n<main>\n<header>\n<h1>@</h1>\n", title);
}

static void section(FILE *out, unsigned number, const char *title)
{
    fprintf(out, "<section id=\"s%u\">\n", number);
    markup_print(out, MARKUP_HTML, "<h2>@</h2>\n", title);
}

static void contents(FILE *out, const char *const *titles, const unsigned *numbers, size_t count)
{
    fputs("<nav aria-label=\"Contents\">\n<ul>\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "<li><a href=\"#s%u\">", numbers[i]);
        markup_print(out, MARKUP_HTML, "@</a></li>\n", titles[i]);
    }
    fputs("</ul>\n</nav>\n", out);
}

static void code(FILE *out, const char *text)
{
    markup_print(out, MARKUP_HTML, "<pre tabindex=\"0\"><code>@</code></pre>\n", text);
}

/* ---- tables ---- */

static void row_print(FILE *out, const struct sheet *t, size_t row)
{
    fputs("<tr>", out);
    for (size_t c = 0; c < t->columns; c++) {
        const struct sheet_cell *cell = &t->cells[row * t->columns + c];
        bool is_best = cell->mark && strchr(cell->mark, '*');
        fputs(!row ? "<th scope=\"col\">" : !c ? "<th scope=\"row\">" : is_best ? "<td class=\"best\">" : "<td>", out);
        markup_print(out, MARKUP_HTML, "@", cell->text);
        if (cell->mark)
            markup_print(out, MARKUP_HTML, "<span class=\"mark\">@</span>", cell->mark);
        if (cell->note)
            markup_print(out, MARKUP_HTML, "<small>@</small>", cell->note);
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
    markup_print(
        out, MARKUP_HTML,
        "<h3>@</h3>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"@\">\n<table class=\"@@\">\n"
        "<thead>\n",
        t->title, t->title, sheet_left(t, 1) ? "words" : "figures", is_marked ? " marked" : "");
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
    markup_print(
        out, MARKUP_HTML,
        "<figure>\n<div class=\"card\" role=\"region\" tabindex=\"0\" aria-label=\"@\">\n<img alt=\"@\" src=\"",
        c->title, c->title);
    picture_print(out, c->picture);
    fprintf(out, "\">\n</div>\n<figcaption><b>Figure %u.</b> ", c->number);
    markup_print(out, MARKUP_HTML, "@</figcaption>\n</figure>\n", c->caption ? c->caption : c->title);
}

#define LIST(class)                                                                                                    \
    {                                                                                                                  \
        "<ul class=\"" class "\">\n", "<li>@</li>\n", "", "</ul>\n"                                                    \
    }

/* What comes before the first section is the header's. */
const struct document_format document_html = {
    .file = "report.html",
    .markup = MARKUP_HTML,
    .header_end = "</header>\n",
    .end = "</main>\n</body>\n</html>\n",
    .section_end = "</section>\n",
    .paragraph = "<p>@</p>\n",
    .facts_begin = "<dl>\n",
    .fact = "<div><dt>@</dt><dd>@</dd></div>\n",
    .facts_end = "</dl>\n",
    .list = {[LIST_ANSWER] = LIST("answer"), [LIST_WARNINGS] = LIST("warnings"), [LIST_LEGEND] = LIST("legend")},
    .begin = begin,
    .section = section,
    .contents = contents,
    .is_page = true,
    .code = code,
    .table = table,
    .chart = chart,
};
