/* The table of the closing screen. Marks are read off intervals of per-block ratios against the best of the row,
 * simultaneous over all comparisons on the screen (docs/METHOD.md): equal when the whole interval lies within the
 * margin, slower when it lies above 1, else unresolved. */
#include "bench/screen_table.h"
#include "bench/stats.h"
#include "bench/summary_factors.h"
#include "bench/units.h"
#include "bench/wrap.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN    0.02
#define LEVEL     0.95
#define WIDE      1.1 /* an interval whose ends differ by more is worth printing */
#define LABEL_MAX 72
#define POOL_MAX  20
#define NOBODY    SIZE_MAX

static bool is_base(const struct summary_row *cell)
{
    return row_has_pool(cell, BASE_POOL);
}

static bool trial_counts(const struct trial_row *trial, const struct summary_row *cell)
{
    return !strcmp(trial->cell_id, cell->cell_id) && !strcmp(trial->status, "ok") && trial->tasks > 0 &&
           trial->wall_ns > 0;
}

/* Time per task of a over that of b, per block that has both, sorted. Returns how many. */
static size_t ratios_make(const struct table *t, const struct summary_row *a, const struct summary_row *b)
{
    const struct summary *s = t->summary;
    size_t count = 0;

    for (size_t i = 0; i < s->trial_count; i++) {
        const struct trial_row *x = &s->trials[i], *y = NULL;
        if (!trial_counts(x, a))
            continue;
        for (size_t j = 0; j < s->trial_count && !y; j++)
            if (s->trials[j].block == x->block && trial_counts(&s->trials[j], b))
                y = &s->trials[j];
        if (y)
            t->values[count++] = (double)x->wall_ns / (double)x->tasks / ((double)y->wall_ns / (double)y->tasks);
    }
    return stats_sort(t->values, count);
}

/* What all cells have in common is said once, above the table. */
static void common_print(FILE *out, const struct table *t)
{
    char text[8 * SCREEN_COLUMNS];
    const struct summary_row *first = &t->summary->rows[0];

    factors_label(text, sizeof text, first, t->factors & ~t->shown & ~(unsigned)FACTOR_POOL);
    if (*text) {
        fputs("everywhere: ", out);
        wrap_print(out, text, 12);
    }
}

size_t table_base(const struct table *t, size_t cell)
{
    const struct summary_row *rows = t->summary->rows;
    unsigned same = t->factors & ~(unsigned)(FACTOR_POOL | FACTOR_WORKERS | FACTOR_PLACE);

    for (size_t i = 0; i < t->summary->count; i++)
        if (is_base(&rows[i]) && factors_equal(&rows[i], &rows[cell], same))
            return i;
    return NOBODY;
}

/* Is the cell in that row of the table? The base is in every row it fits, whatever its workers and place. */
static bool in_row(const struct table *t, size_t row, size_t cell)
{
    const struct summary_row *rows = t->summary->rows;

    if (is_base(&rows[cell]))
        return t->base[row] == cell;
    return factors_equal(&rows[t->row[row]], &rows[cell], t->factors & ~(unsigned)FACTOR_POOL) &&
           !is_base(&rows[t->row[row]]);
}

static size_t cell_at(const struct table *t, size_t row, size_t column)
{
    for (size_t i = 0; i < t->summary->count; i++)
        if (in_row(t, row, i) && !strcmp(t->summary->rows[i].pool, t->summary->rows[t->pool[column]].pool))
            return i;
    return NOBODY;
}

static bool has_time(const struct table *t, size_t cell)
{
    return cell != NOBODY && t->summary->rows[cell].ns_per_task > 0;
}

/* In the order of the plan, which is the order of cell ids and unlike the order of trials not a random one. */
static int order_compare(const void *a, const void *b, void *rows)
{
    const struct summary_row *r = rows;

    return strverscmp(r[*(const size_t *)a].cell_id, r[*(const size_t *)b].cell_id);
}

static bool row_known(const struct table *t, size_t cell)
{
    for (size_t r = 0; r < t->rows; r++)
        if (in_row(t, r, cell))
            return true;
    return false;
}

static bool pool_known(const struct table *t, size_t cell)
{
    for (size_t c = 0; c < t->pools; c++)
        if (!strcmp(t->summary->rows[t->pool[c]].pool, t->summary->rows[cell].pool))
            return true;
    return false;
}

static void table_layout(struct table *t)
{
    const struct summary *s = t->summary;

    for (size_t i = 0; i < s->count; i++) {
        t->order[i] = i;
        t->blocks = s->rows[i].trials > (int64_t)t->blocks ? (size_t)s->rows[i].trials : t->blocks;
    }
    qsort_r(t->order, s->count, sizeof *t->order, order_compare, s->rows);
    /* The base is the first column; rows that it has to itself come last. */
    for (int base = 1; base >= 0; base--)
        for (size_t i = 0; i < s->count; i++)
            if (is_base(&s->rows[t->order[i]]) == base && !pool_known(t, t->order[i]))
                t->pool[t->pools++] = t->order[i];
    for (int base = 0; base <= 1; base++)
        for (size_t i = 0; i < s->count; i++)
            if (is_base(&s->rows[t->order[i]]) == base && !row_known(t, t->order[i])) {
                t->row[t->rows] = t->order[i];
                t->base[t->rows++] = base ? t->order[i] : table_base(t, t->order[i]);
            }
    size_t lo, hi;
    for (size_t r = 0; r < t->rows; r++) {
        size_t timed = 0;
        for (size_t c = 0; c < t->pools; c++)
            timed += has_time(t, cell_at(t, r, c));
        t->comparisons += timed ? timed - 1 : 0;
    }
    t->level = 1 - (1 - LEVEL) / (double)(t->comparisons ? t->comparisons : 1);
    t->too_few = t->comparisons && stats_median_ranks(t->blocks, t->level, &lo, &hi) != 0;
}

static char mark_of(struct table *t, size_t cell, size_t best)
{
    struct interval ratio;

    if (t->too_few || !t->comparisons)
        return ' ';
    if (cell != best) {
        size_t count = ratios_make(t, &t->summary->rows[cell], &t->summary->rows[best]);
        if (stats_median_interval(t->values, count, t->level, &ratio) || ratio.lo <= 1) {
            if (!(ratio.lo >= 1 / (1 + MARGIN) && ratio.hi <= 1 + MARGIN)) { /* NANs too */
                t->unresolved = true;
                return '?';
            }
        } else if (ratio.hi > 1 + MARGIN) {
            return ' ';
        }
    }
    t->equal = true;
    return '*';
}

struct text {
    char value[24], after[40]; /* "1.93", " * [1.90 .. 1.95]" */
};

static void cell_format(struct table *t, size_t row, size_t cell, size_t best, struct text *text)
{
    const struct summary_row *c;
    size_t base = t->base[row];
    struct interval interval = {NAN, NAN};

    if (cell == NOBODY)
        return;
    c = &t->summary->rows[cell];
    if (!has_time(t, cell)) {
        snprintf(text->value, sizeof text->value, c->failed == c->trials ? "failed" : "-");
        return;
    }
    if (cell != base && has_time(t, base)) {
        size_t count = ratios_make(t, &t->summary->rows[base], c);
        stats_median_interval(t->values, count, LEVEL, &interval);
        double speedup = stats_median(t->values, count);
        snprintf(text->value, sizeof text->value, speedup < 0.1 ? "%.2g" : "%.2f", speedup);
    } else {
        format_duration(text->value, sizeof text->value, c->ns_per_task);
    }
    t->partly = t->partly || c->failed;
    int length = snprintf(text->after, sizeof text->after, " %c%s", mark_of(t, cell, best), c->failed ? "!" : "");
    if (interval.hi > interval.lo * WIDE) {
        t->wide = true;
        snprintf(text->after + length, sizeof text->after - (size_t)length, " [%.2f .. %.2f]", interval.lo,
                 interval.hi);
    }
}

static size_t best_of(const struct table *t, size_t row)
{
    size_t best = NOBODY;

    for (size_t c = 0; c < t->pools; c++) {
        size_t cell = cell_at(t, row, c);
        if (has_time(t, cell) &&
            (best == NOBODY || t->summary->rows[cell].ns_per_task < t->summary->rows[best].ns_per_task))
            best = cell;
    }
    return best;
}

/* A name too long for a column stands as "hybrid (2)" in it, and in full below the table. */
void table_pool(const struct table *t, size_t column, char *text, size_t size)
{
    const char *pool = t->summary->rows[t->pool[column]].pool;

    if (strlen(pool) <= POOL_MAX)
        snprintf(text, size, "%s", pool);
    else
        snprintf(text, size, "%.*s (%zu)", (int)(strcspn(pool, ":") > 12 ? 12 : strcspn(pool, ":")), pool, column + 1);
}

struct width {
    int value, after;
};

static struct width column_width(const struct table *t, const struct text *texts, size_t column)
{
    char head[64];
    struct width width = {.after = 2};

    table_pool(t, column, head, sizeof head);
    for (size_t r = 0; r < t->rows; r++) {
        const struct text *text = &texts[r * t->pools + column];
        int value = (int)strlen(text->value), after = (int)strlen(text->after);
        width.value = value > width.value ? value : width.value;
        width.after = after > width.after ? after : width.after;
    }
    if (width.value + 2 < (int)strlen(head)) /* a head ends above the mark */
        width.value = (int)strlen(head) - 2;
    return width;
}

static void line_end(FILE *out, char *line)
{
    size_t length = strlen(line);

    while (length && line[length - 1] == ' ')
        length--;
    fprintf(out, "%.*s\n", (int)length, line);
}

/* As many columns as fit, and the rest in further tables below. */
static void table_draw(FILE *out, const struct table *t, const struct text *texts, int label_width)
{
    struct width width[SCREEN_COLUMNS];
    char line[4 * SCREEN_COLUMNS], text[LABEL_MAX];

    for (size_t from = 0, to; from < t->pools; from = to) {
        int total = label_width;
        for (to = from; to < t->pools; to++) {
            struct width w = column_width(t, texts, to);
            if (to > from && total + 2 + w.value + w.after > SCREEN_COLUMNS)
                break;
            width[to - from] = w;
            total += 2 + w.value + w.after;
        }
        int at = snprintf(line, sizeof line, "%*s", label_width, "");
        for (size_t c = from; c < to; c++) {
            const struct width *w = &width[c - from];
            table_pool(t, c, text, sizeof text);
            at += snprintf(line + at, sizeof line - (size_t)at, "  %*s%*s", w->value + 2, text, w->after - 2, "");
        }
        line_end(out, line);
        for (size_t r = 0; r < t->rows; r++) {
            factors_label(text, LABEL_MAX, &t->summary->rows[t->row[r]], t->shown);
            at = snprintf(line, sizeof line, "%-*s", label_width, text);
            for (size_t c = from; c < to; c++) {
                const struct text *cell = &texts[r * t->pools + c];
                at += snprintf(line + at, sizeof line - (size_t)at, "  %*s%-*s", width[c - from].value, cell->value,
                               width[c - from].after, cell->after);
            }
            line_end(out, line);
        }
    }
}

static void legend_print(FILE *out, const struct table *t)
{

    for (size_t c = 0; c < t->pools; c++) {
        char head[64];
        table_pool(t, c, head, sizeof head);
        if (strcmp(head, t->summary->rows[t->pool[c]].pool))
            fprintf(out, "  %s = %.*s\n", head, SCREEN_COLUMNS - 28, t->summary->rows[t->pool[c]].pool);
    }
    if (t->equal)
        fprintf(out, "  * the best of its row, or equal to it within %.0f %%\n", MARGIN * 100);
    if (t->unresolved)
        fputs("  ? unresolved against the best\n", out);
    if (t->too_few) {
        size_t lo, hi, needed = STATS_INTERVAL_MIN;
        while (stats_median_ranks(needed, t->level, &lo, &hi))
            needed++;
        fprintf(out, "  no best is marked: %zu comparison%s at least %zu blocks, this run has %zu\n", t->comparisons,
                t->comparisons == 1 ? " needs" : "s need", needed, t->blocks);
    }
    if (t->partly)
        fprintf(out, "  ! of the trials that did not fail, see below\n");
    if (t->wide)
        fprintf(out, "  [..] %.0f %% interval of the median over blocks, where it is wide\n", LEVEL * 100);
}

void table_print(FILE *out, struct table *t)
{
    struct text *texts = calloc(t->rows * t->pools + 1, sizeof *texts);
    bool based = false;
    int label_width = 0;

    if (!texts)
        return;
    for (size_t r = 0; r < t->rows; r++) {
        char label[LABEL_MAX];
        size_t best = best_of(t, r);
        int length = (int)strlen(factors_label(label, sizeof label, &t->summary->rows[t->row[r]], t->shown));
        label_width = length > label_width ? length : label_width;
        based = based || (has_time(t, t->base[r]) && t->base[r] != t->row[r]);
        for (size_t c = 0; c < t->pools; c++)
            cell_format(t, r, cell_at(t, r, c), best, &texts[r * t->pools + c]);
    }
    fputs(based ? "\nSpeed-up over serial (of serial itself, and with a unit: time per task)\n" : "\nTime per task\n",
          out);
    common_print(out, t);
    table_draw(out, t, texts, label_width);
    legend_print(out, t);
    free(texts);
}

int table_init(struct table *table, const struct summary *summary)
{
    size_t count = summary->count + 1;

    *table = (struct table){.summary = summary};
    table->order = calloc(count, sizeof *table->order);
    table->row = calloc(count, sizeof *table->row);
    table->base = calloc(count, sizeof *table->base);
    table->pool = calloc(count, sizeof *table->pool);
    table->values = calloc(summary->trial_count + count, sizeof *table->values);
    if (!table->order || !table->row || !table->base || !table->pool || !table->values) {
        table_release(table);
        return -ENOMEM;
    }
    table->factors = factors_of(summary->rows, summary->count);
    /* The workload and the workers are what people look for first: they are said even where there is one. */
    table->shown = (factors_varying(summary->rows, summary->count, table->factors) | FACTOR_WORKLOAD | FACTOR_WORKERS) &
                   ~(unsigned)FACTOR_POOL;
    table_layout(table);
    return 0;
}

void table_release(struct table *table)
{
    free(table->order);
    free(table->row);
    free(table->base);
    free(table->pool);
    free(table->values);
    *table = (struct table){0};
}
