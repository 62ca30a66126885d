/* The table and the prices in columns of letters. */
#include "bench/show/screen_table.h"
#include "bench/analyse/fault_costs.h"
#include "bench/base/wrap.h"
#include <stdlib.h>
#include <string.h>

struct width {
    int value, after;
};

/* One of the two tables: rows with a speed-up, or rows with a time; and how it is drawn. */
struct drawing {
    const struct table *table;
    bool speedup;
    bool intervals; /* else "~" says that one is wide */
    int label;      /* width */
    unsigned columns;
};

static bool has_row(const struct drawing *d, size_t row)
{
    return table_row_speedup(d->table, row) == d->speedup;
}

static bool has_column(const struct drawing *d, size_t column)
{
    for (size_t r = 0; r < d->table->rows; r++)
        if (has_row(d, r) && table_entry(d->table, r, column)->cell != NO_CELL)
            return true;
    return false;
}

/* What stands behind a value: " * [1.90 .. 1.95]". */
static int after_format(const struct drawing *d, const struct table_text *text, char *after, size_t size)
{
    if (!*text->value)
        return snprintf(after, size, "%s", "");
    if (text->wide && d->intervals)
        return snprintf(after, size, " %c%s [%s]", text->mark, text->partly ? "!" : "", text->interval);
    return snprintf(after, size, " %c%s%s", text->mark, text->wide ? "~" : "", text->partly ? "!" : "");
}

static struct width column_width(const struct drawing *d, size_t column)
{
    struct width width = {.after = 2};
    char head[64], after[96];

    for (size_t r = 0; r < d->table->rows; r++) {
        struct table_text text;
        if (!has_row(d, r))
            continue;
        table_text(d->table, r, column, &text);
        int value = (int)strlen(text.value), length = after_format(d, &text, after, sizeof after);
        width.value = value > width.value ? value : width.value;
        width.after = length > width.after ? length : width.after;
    }
    int length = (int)strlen(table_pool(d->table, column, head, sizeof head));
    if (width.value + 2 < length) /* a head ends above the mark */
        width.value = length - 2;
    return width;
}

static int table_width(const struct drawing *d)
{
    int total = d->label;

    for (size_t c = 0; c < d->table->pools; c++)
        if (has_column(d, c)) {
            struct width w = column_width(d, c);
            total += 2 + w.value + w.after;
        }
    return total;
}

static void line_end(FILE *out, char *line)
{
    size_t length = strlen(line);

    while (length && line[length - 1] == ' ')
        length--;
    fprintf(out, "%.*s\n", (int)length, line);
}

/* The columns from .. to - 1. */
static void columns_draw(FILE *out, const struct drawing *d, size_t from, size_t to)
{
    char line[1024], text[TABLE_LABEL_MAX], after[96];
    int at = snprintf(line, sizeof line, "%*s", d->label, "");

    for (size_t c = from; c < to; c++)
        if (has_column(d, c)) {
            struct width w = column_width(d, c);
            table_pool(d->table, c, text, sizeof text);
            at += snprintf(line + at, sizeof line - (size_t)at, "  %*s%*s", w.value + 2, text, w.after - 2, "");
        }
    line_end(out, line);
    for (size_t r = 0; r < d->table->rows; r++) {
        if (!has_row(d, r))
            continue;
        table_label(d->table, r, text, sizeof text);
        at = snprintf(line, sizeof line, "%-*s", d->label, text);
        for (size_t c = from; c < to; c++) {
            struct table_text cell;
            if (!has_column(d, c))
                continue;
            struct width w = column_width(d, c);
            table_text(d->table, r, c, &cell);
            after_format(d, &cell, after, sizeof after);
            at += snprintf(line + at, sizeof line - (size_t)at, "  %*s%-*s", w.value, cell.value, w.after, after);
        }
        line_end(out, line);
    }
}

/* As many columns as fit, and the rest in further tables below. */
static void drawing_print(FILE *out, const struct drawing *d)
{
    for (size_t from = 0, to; from < d->table->pools; from = to) {
        int total = d->label;
        for (to = from; to < d->table->pools; to++) {
            struct width w = column_width(d, to);
            int more = has_column(d, to) ? 2 + w.value + w.after : 0;
            if (total > d->label && total + more > (int)d->columns)
                break;
            total += more;
        }
        if (total > d->label)
            columns_draw(out, d, from, to);
    }
}

void table_print(FILE *out, const struct table *t, unsigned columns)
{
    char text[1024];
    bool wide = false, shortened = false;
    char *legend = NULL;
    size_t length;

    if (*table_common(t, text, sizeof text)) {
        fputs("\neverywhere: ", out);
        wrap_print(out, text, (unsigned)strlen("everywhere: "));
    }
    for (int speedup = 1; speedup >= 0; speedup--) {
        struct drawing d = {.table = t, .speedup = speedup, .intervals = true, .columns = columns};
        bool any = false;
        for (size_t r = 0; r < t->rows; r++) {
            if (!has_row(&d, r))
                continue;
            any = true;
            int width = (int)strlen(table_label(t, r, text, TABLE_LABEL_MAX));
            d.label = width > d.label ? width : d.label;
            for (size_t c = 0; c < t->pools; c++) {
                struct table_text cell;
                table_text(t, r, c, &cell);
                wide = wide || cell.wide;
            }
        }
        if (!any)
            continue;
        if (table_width(&d) > (int)columns) {
            d.intervals = false;
            shortened = shortened || wide;
        }
        fputc('\n', out);
        wrap_print(out, table_title(speedup), 0);
        drawing_print(out, &d);
    }
    FILE *lines = open_memstream(&legend, &length);
    if (!lines)
        return;
    table_legend(lines, t);
    if (wide && !shortened)
        fprintf(lines, "[..] %.0f %% interval of the median over blocks, where it is wide\n", TABLE_LEVEL * 100);
    if (shortened)
        fprintf(lines, "~ wide: the ends of its %.0f %% interval differ by more than a tenth (see report.html)\n",
                TABLE_LEVEL * 100);
    fclose(lines);
    for (char *rest = legend, *line; legend && (line = strsep(&rest, "\n"));)
        if (*line) {
            fputs("  ", out);
            wrap_print(out, line, 2);
        }
    free(legend);
}

void prices_print(FILE *out, const struct analysis *analysis)
{
    const struct table *t = &analysis->table;
    bool titled = false;

    for (size_t c = 0; c < t->pools; c++) {
        const struct price *price = &analysis->prices[c];
        struct price_text text;
        char head[64], line[256];
        if (t->base[0] == t->pool[c] || !price_known(price))
            continue;
        if (!titled)
            fprintf(out, "\n%-14s %20s %20s %22s\n", "Price of", price_heads[0], price_heads[1], price_heads[2]);
        titled = true;
        price_text(price, &text);
        table_pool(t, c, head, sizeof head);
        snprintf(line, sizeof line, "  %-12s %20s %20s %22s", head, text.start, text.bytes, text.handover);
        line_end(out, line);
    }
}

void fault_costs_print(FILE *out, const struct analysis *analysis)
{
    enum { LABEL_MAX = 30 };
    static const int widths[FAULT_COST_COLUMNS] = {7, 11, 7, 10, 10, 22};
    char head[160], line[256];
    const struct fault_costs *costs = &analysis->fault_costs;

    for (size_t i = 0; i <= costs->count && costs->count; i++) {
        struct fault_cost_text text;
        if (i)
            fault_cost_text(&costs->fault_cost[i - 1], analysis->run, &text);
        if (i)
            fault_cost_label(&costs->fault_cost[i - 1], analysis->run, head, sizeof head);
        if (i && strlen(head) > LABEL_MAX - 2)
            strcpy(head + LABEL_MAX - 3, "~");
        int used = i ? snprintf(line, sizeof line, "  %-*s", LABEL_MAX - 2, head)
                     : snprintf(line, sizeof line, "\n%-*s", LABEL_MAX, "What failures cost");
        for (size_t c = 0; c < FAULT_COST_COLUMNS; c++) {
            char cell[96];
            snprintf(cell, sizeof cell, "%.40s%s%.48s", i ? text.column[c] : fault_cost_heads[c],
                     i && c == FAULT_COST_COLUMNS - 1 && text.note[c][0] ? " " : "",
                     i && c == FAULT_COST_COLUMNS - 1 ? text.note[c] : "");
            used += snprintf(line + used, sizeof line - (size_t)used, "%*s", widths[c], cell);
        }
        line_end(out, line);
    }
}
