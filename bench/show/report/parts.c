/* What the sections of a report share: facts and files of the run, lines that become a list. */
#include "bench/show/report/parts.h"
#include "bench/base/inside.h"
#include <stdlib.h>
#include <string.h>

void report_paragraph(struct report *r, const char *text)
{
    markup_print(r->out, r->format->markup, r->format->paragraph, text);
}

void report_facts(struct report *r, const struct document_fact *facts, size_t count)
{
    fputs(r->format->facts_begin, r->out);
    for (size_t i = 0; i < count; i++)
        markup_print(r->out, r->format->markup, r->format->fact, facts[i].label, facts[i].text);
    fputs(r->format->facts_end, r->out);
}

void report_list(struct report *r, const char *lines, enum document_list kind)
{
    char *copy = strdup(lines);
    bool any = false;
    for (char *rest = copy, *line; copy && (line = strsep(&rest, "\n"));)
        if (*line) {
            fputs(any ? r->format->list[kind].between : r->format->list[kind].begin, r->out);
            markup_print(r->out, r->format->markup, r->format->list[kind].item, line + strspn(line, " "));
            any = true;
        }
    fputs(any ? r->format->list[kind].end : "", r->out);
    free(copy);
}

void report_lines(struct report *r, struct lines *lines, enum document_list kind)
{
    report_list(r, lines_close(lines), kind);
    free(lines->text);
}

void report_table(struct report *r, struct sheet *sheet)
{
    if (sheet_rows(sheet) > 1) {
        r->format->table(r->out, sheet);
        if (sheet->foot)
            report_list(r, sheet->foot, LIST_LEGEND);
    }
    sheet_release(sheet);
}

const json_t *report_fact(const struct report *r, const char *path)
{
    const json_t *value = r->run->host;
    char key[64];
    for (size_t length; value && *path; path += length + (path[length] == '.')) {
        length = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, path);
        value = json_object_get(value, key);
    }
    return value;
}

char *report_file(const struct report *r, const char *name)
{
    struct text_lines content;
    return inside_read(r->run->directory, name, FILE_MAX, &content) ? NULL : content.text;
}
