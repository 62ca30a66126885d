/* What a report is made of, and the two formats that write it. All text that is handed in is plain: what is markup in a
 * format, that format escapes. A write that fails is left to ferror(). */
#ifndef POOLBENCH_SHOW_REPORT_DOCUMENT_H
#define POOLBENCH_SHOW_REPORT_DOCUMENT_H
#include "bench/show/markup.h"
#include "bench/show/sheet.h"

struct document_fact {
    const char *label, *text;
};

struct document_chart {
    const char *name;    /* DIRECTORY/charts/NAME.svg */
    const char *title;   /* what stands in the picture */
    const char *caption; /* stands below it; NULL: the title does */
    unsigned number;
    const char *picture; /* the content of that file */
};

enum document_list { LIST_ANSWER, LIST_WARNINGS, LIST_LEGEND, LISTS };

struct document_format {
    const char *file;
    enum markup markup;
    /* Patterns for markup_print(): a paragraph and an item of a list have a text, a fact has two. */
    const char *header_end, *end, *section_end, *paragraph;
    const char *facts_begin, *fact, *facts_end;
    struct {
        const char *begin, *item, *between, *end;
    } list[LISTS];
    void (*begin)(FILE *out, const char *title, const char *script); /* the script that it may run; "": none */
    void (*section)(FILE *out, unsigned number, const char *title);
    void (*contents)(FILE *out, const char *const *titles, const unsigned *numbers, size_t count); /* NULL: has none */
    bool is_page; /* has all in itself: pictures, and before `end` the script and its data */
    void (*code)(FILE *out, const char *text); /* as it is, line by line */
    void (*table)(FILE *out, const struct sheet *table);
    void (*chart)(FILE *out, const struct document_chart *chart);
};
extern const char html_style[]; /* what report.html looks like: CSS, a line a rule */
extern const struct document_format document_html, document_markdown;
extern const struct document_format *const document_formats[]; /* report.c: both, NULL after the last */

#endif
