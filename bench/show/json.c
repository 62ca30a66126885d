/* Tables as JSON, see sheet.h: one document, a row a line. */
#include "bench/model/csv.h"
#include "bench/show/markup.h"
#include "bench/show/sheet.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void table_begin(FILE *out, const char *table)
{
    markup_print(out, MARKUP_JSON, "{\"poolbench\": \"@\", ", POOLBENCH_VERSION);
    fprintf(out, "\"schema_version\": %d, ", SCHEMA_VERSION);
    markup_print(out, MARKUP_JSON, "\"table\": \"@\", \"rows\": [", table);
}

static void row_begin(FILE *out, bool is_first)
{
    fputs(is_first ? "\n  {" : ",\n  {", out);
}

static void table_end(FILE *out)
{
    fputs("\n]}\n", out);
}

/* A number as JSON has it: "inf" and "0x1" are none there. */
static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return *text && !*end && strspn(text, "0123456789+-.e") == strlen(text) && *text != '+' && *text != '.';
}

/* What is empty in CSV is null. */
static void value_print(FILE *out, const char *name, const char *text, bool numeric, bool is_first)
{
    markup_print(out, MARKUP_JSON, is_first ? "\"@\": " : ", \"@\": ", name);
    if (!*text || (numeric && !is_number(text)))
        fputs("null", out);
    else if (numeric)
        fputs(text, out);
    else
        markup_print(out, MARKUP_JSON, "\"@\"", text);
}

int sheet_json(FILE *out, const char *table, const struct sheet *sheet)
{
    if (sheet->failed)
        return -ENOMEM;
    table_begin(out, table);
    for (size_t r = 1; r < sheet_rows(sheet); r++) {
        row_begin(out, r == 1);
        for (size_t c = 0; c < sheet->columns; c++)
            value_print(out, sheet->cells[c].text, sheet->cells[r * sheet->columns + c].text, !sheet_left(sheet, c),
                        !c);
        fputc('}', out);
    }
    table_end(out);
    return 0;
}

int rows_json(FILE *out, const char *table, const struct file_format *format, const void *rows, size_t count)
{
    struct column columns[COLUMNS_MAX];
    size_t column_count = format_columns_written(format, columns);
    if (column_count && !strcmp(columns[column_count - 1].name, ROW_SUM_NAME)) /* of the text of a file */
        column_count--;
    char text[CSV_FIELD_BYTES];
    table_begin(out, table);
    for (size_t r = 0; r < count; r++) {
        row_begin(out, !r);
        for (size_t k = 0; k < column_count; k++) {
            csv_field(text, &columns[k], (const char *)rows + r * format->row_size);
            value_print(out, columns[k].name, text, columns[k].kind == COLUMN_INT || columns[k].kind == COLUMN_REAL,
                        !k);
        }
        fputc('}', out);
    }
    table_end(out);
    return ferror(out) ? -EIO : 0;
}

int objects_json(FILE *out, const char *table, const json_t *rows)
{
    json_t *row;
    size_t i;
    table_begin(out, table);
    json_array_foreach(rows, i, row)
    {
        char *text = json_dumps(row, JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
        if (!text)
            return -ENOMEM;
        fprintf(out, "%s%s", i ? ",\n  " : "\n  ", text);
        free(text);
    }
    table_end(out);
    return 0;
}

int rows_write(const char *how, const char *table, const struct file_format *format, const void *rows, size_t count)
{
    return strcmp(how, "json") ? rows_csv(format, rows, count) : rows_json(stdout, table, format, rows, count);
}

int sheet_write(FILE *out, const char *how, const char *table, const struct sheet *sheet)
{
    return strcmp(how, "json") ? sheet_csv(out, sheet) : sheet_json(out, table, sheet);
}
