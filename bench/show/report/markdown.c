/* report.md: GitHub's Markdown, charts as links to the files beside it, tables that are tables in an editor too. */
#include "bench/show/markup.h"
#include "bench/show/report/document.h"
#include <string.h>

static void begin(FILE *out, const char *title)
{
    fputs("# ", out);
    markdown_text(out, title);
    fputs("\n\n", out);
}

static void nothing(FILE *out)
{
    (void)out;
}

static void section(FILE *out, const char *title)
{
    fputs("## ", out);
    markdown_text(out, title);
    fputs("\n\n", out);
}

static void paragraph(FILE *out, const char *text)
{
    markdown_text(out, text);
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
        markdown_text_n(out, lines, length);
        fputc('\n', out);
        between = ">\n";
    }
    fputc('\n', out);
}

static void facts(FILE *out, const struct document_fact *fact, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputs("- **", out);
        markdown_text(out, fact[i].label);
        fputs(":** ", out);
        markdown_text(out, fact[i].text);
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

static void table(FILE *out, const struct sheet *t)
{
    fputs("**", out);
    markdown_text(out, t->title);
    fputs("**\n\n", out);
    sheet_markdown(out, t);
    fputc('\n', out);
}

static void chart(FILE *out, const struct document_chart *c)
{
    fputs("![", out);
    markdown_text(out, c->title);
    fprintf(out, "](charts/%s.svg)\n\n**Figure %u.** ", c->name, c->number);
    markdown_text(out, c->caption ? c->caption : c->title);
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
