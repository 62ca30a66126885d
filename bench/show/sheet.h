/* A table of texts, and the ways to write it down; report/html.c has one more. Cells are put row by row, the heads
 * first; what is put is copied. A sheet for which there was no memory has no rows. One thread. */
#ifndef POOLBENCH_SHOW_SHEET_H
#define POOLBENCH_SHOW_SHEET_H
#include "bench/model/columns.h"
#include <jansson.h>

struct sheet_cell {
    char *text;
    char *mark; /* right behind the text; in a report, one with a '*' stands out. NULL: none */
    char *note; /* in small: an interval; in CSV left out, on a screen, too, but for a label's, which stands below its
                   row. NULL: none */
};

struct sheet {
    const char *title; /* in a report */
    size_t columns;
    const char *align;          /* a letter a column, 'l' or 'r'; the last one is that of all others, too */
    const unsigned char *least; /* letters of each column on a screen, where there is room; NULL: 0 */
    bool split; /* on a screen, columns for which there is no room stand in further tables below; else that comes after
                   labels were put on lines of their own */
    size_t count; /* of cells */
    struct sheet_cell *cells;
    char *foot;  /* lines below it, about what stands in it; NULL: none */
    bool failed; /* no memory */
};

__attribute__((format(printf, 2, 3))) void sheet_put(struct sheet *sheet, const char *format, ...); /* the next cell */
/* The next cells, as many as there are texts. */
#define sheet_row(sheet, ...) sheet_texts(sheet, (const char *const[]){__VA_ARGS__, NULL})
void sheet_texts(struct sheet *sheet, const char *const *texts);              /* up to a NULL */
void sheet_numbers(struct sheet *sheet, size_t count, const double *numbers); /* with nine digits; NAN: "" */
void sheet_note(struct sheet *sheet, const char *mark, const char *note);     /* of the last one; "": none */
size_t sheet_rows(const struct sheet *sheet);                                 /* with the heads */
bool sheet_left(const struct sheet *sheet, size_t column);                    /* aligned so */
void sheet_trim(struct sheet *sheet); /* drops columns in which no row has anything */
void sheet_release(struct sheet *sheet);

size_t sheet_width(const struct sheet *sheet); /* letters of a line on a screen */
/* On a screen of so many columns. A row that has nothing but a label is a heading, and as wide as it is. */
void sheet_print(FILE *out, const struct sheet *sheet, size_t columns);
void sheet_markdown(FILE *out, const struct sheet *sheet); /* a table in an editor, too */
/* For a document that uses booktabs: what stands out is bold, intervals stand behind what they are of. */
void sheet_latex(FILE *out, const struct sheet *sheet);
/* For people, who open it in a spreadsheet: a text that would be a formula there has a ' before, and is one line. 0;
 * -ENOMEM: it was not made, and nothing is written. */
int sheet_csv(FILE *out, const struct sheet *sheet);

/* Rows of a format, with full digits, as CSV on standard output; of texts as sheet_csv(). 0 or -errno. */
int rows_csv(const struct file_format *format, const void *rows, size_t count);

/* The same as one JSON document (docs/JSON.md): "table" is its name, "rows" an object a row with the heads as names, a
 * row a line. Columns that are aligned to the right are numbers, in a format those of kinds INT and REAL; what is empty
 * in CSV, or no number JSON can have, is null. 0 or -errno. */
int sheet_json(FILE *out, const char *table, const struct sheet *sheet);
int rows_json(FILE *out, const char *table, const struct file_format *format, const void *rows, size_t count);
int objects_json(FILE *out, const char *table, const json_t *rows); /* of rows that are objects already */
/* how: "json", or else CSV. Rows go to standard output. */
int sheet_write(FILE *out, const char *how, const char *table, const struct sheet *sheet);
int rows_write(const char *how, const char *table, const struct file_format *format, const void *rows, size_t count);

#endif
