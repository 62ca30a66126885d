/* report.md: GitHub's Markdown, charts as links to the files beside it, tables that are tables in an editor too. */
#include "bench/show/markup.h"
#include "bench/show/report/document.h"
#include <stdlib.h>
#include <string.h>

static void begin(FILE *out, const char *title, const char *script)
{
    (void)script;
    markup_print(out, MARKUP_MARKDOWN, "# @\n\n", title);
}

static void section(FILE *out, unsigned number, const char *title)
{
    (void)number;
    markup_print(out, MARKUP_MARKDOWN, "## @\n\n", title);
}

/* Indented, so that no text ends it; a lone carriage return would. */
static void code(FILE *out, const char *text)
{
    char *copy = strdup(text);
    for (char *rest = copy, *line; copy && (line = strsep(&rest, "\n"));) {
        size_t length = strlen(line);
        if (length && line[length - 1] == '\r')
            line[length - 1] = '\0';
        if (rest || *line)
            markup_print(out, MARKUP_CODE, *line ? "    @\n" : "@\n", line);
    }
    fputc('\n', out);
    free(copy);
}

static void table(FILE *out, const struct sheet *t)
{
    markup_print(out, MARKUP_MARKDOWN, "**@**\n\n", t->title);
    sheet_markdown(out, t);
    fputc('\n', out);
}

static void chart(FILE *out, const struct document_chart *c)
{
    markup_print(out, MARKUP_MARKDOWN, "![@]", c->title);
    fprintf(out, "(charts/%s.svg)\n\n**Figure %u.** ", c->name, c->number);
    markup_print(out, MARKUP_MARKDOWN, "@\n\n", c->caption ? c->caption : c->title);
}

/* Warnings are a quotation, so that they do not become one list with what stands before. */
const struct document_format document_markdown = {
    .file = "report.md",
    .markup = MARKUP_MARKDOWN,
    .header_end = "",
    .end = "",
    .section_end = "",
    .paragraph = "@\n\n",
    .facts_begin = "",
    .fact = "- **@:** @\n",
    .facts_end = "\n",
    .list = {[LIST_ANSWER] = {"", "- @\n", "", "\n"},
             [LIST_WARNINGS] = {"", "> **Warning:** @\n", ">\n", "\n"},
             [LIST_LEGEND] = {"", "- @\n", "", "\n"}},
    .begin = begin,
    .section = section,
    .code = code,
    .table = table,
    .chart = chart,
};
