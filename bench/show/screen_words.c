/* What the table says, in words and numbers. */
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/show/screen_table.h"
#include <math.h>
#include <string.h>

#define WIDE     1.1 /* an interval whose ends differ by more is worth printing */
#define POOL_MAX 20

const char *const price_heads[3] = {"a worker's start", "a worker's memory", "handing over a task"};

bool table_row_speedup(const struct table *t, size_t row)
{
    return t->base[row] != NO_CELL && t->base[row] != t->row[row] && t->run->rows[t->base[row]].ns_per_task > 0;
}

const char *table_title(bool speedup)
{
    return speedup ? "Speed-up over serial (of serial itself, and with a unit: time per task)" : "Time per task";
}

char *table_label(const struct table *t, size_t row, char *text, size_t size)
{
    return factors_label(text, size, &t->run->rows[t->row[row]], t->shown);
}

char *table_pool(const struct table *t, size_t column, char *text, size_t size)
{
    const char *pool = POOL_SHOWN(t->run->rows[t->pool[column]].f.pool);

    if (strlen(pool) <= POOL_MAX)
        snprintf(text, size, "%s", pool);
    else
        snprintf(text, size, "%.*s (%zu)", (int)(strcspn(pool, ":") > 12 ? 12 : strcspn(pool, ":")), pool, column + 1);
    return text;
}

char *table_common(const struct table *t, char *text, size_t size)
{
    return factors_label(text, size, &t->run->rows[0], t->factors & ~t->shown & ~(unsigned)FACTOR_POOL);
}

static char *speedup_format(char *text, size_t size, double speedup)
{
    snprintf(text, size, speedup < 0.1 ? "%.2g" : speedup < 9.995 ? "%.2f" : "%.1f", speedup);
    return text;
}

void table_text(const struct table *t, size_t row, size_t column, struct table_text *text)
{
    const struct entry *e = table_entry(t, row, column);
    char lo[16], hi[16];
    bool speedup;

    *text = (struct table_text){.mark = ' '};
    if (e->cell == NO_CELL)
        return;
    const struct summary_row *cell = &t->run->rows[e->cell];
    if (isnan(e->ns)) {
        snprintf(text->value, sizeof text->value, cell->failed == cell->trials ? "failed" : "-");
        return;
    }
    speedup = table_row_speedup(t, row) && e->cell != t->base[row];
    if (speedup)
        speedup_format(text->value, sizeof text->value, e->speedup);
    else
        format_duration(text->value, sizeof text->value, e->ns);
    text->mark = e->mark == MARK_BEST ? '*' : e->mark == MARK_UNRESOLVED ? '?' : ' ';
    text->partly = cell->failed != 0;
    if (isnan(e->interval.lo))
        return;
    text->wide = e->interval.hi > e->interval.lo * WIDE;
    snprintf(text->interval, sizeof text->interval, "%s .. %s",
             speedup ? speedup_format(lo, sizeof lo, e->interval.lo) : format_duration(lo, sizeof lo, e->interval.lo),
             speedup ? speedup_format(hi, sizeof hi, e->interval.hi) : format_duration(hi, sizeof hi, e->interval.hi));
}

void table_legend(FILE *out, const struct table *t)
{
    bool best = false, unresolved = false, partly = false;

    for (size_t c = 0; c < t->pools; c++) {
        char head[64];
        table_pool(t, c, head, sizeof head);
        if (strcmp(head, t->run->rows[t->pool[c]].f.pool))
            fprintf(out, "%s = %s\n", head, spec_behind_label(t->run->rows[t->pool[c]].f.pool));
        for (size_t r = 0; r < t->rows; r++) {
            struct table_text text;
            table_text(t, r, c, &text);
            best = best || text.mark == '*';
            unresolved = unresolved || text.mark == '?';
            partly = partly || text.partly;
        }
    }
    if (best)
        fprintf(out, "* the best of its row, or equal to it within %.0f %%\n", t->family.margin * 100);
    if (unresolved)
        fputs("? unresolved against the best\n", out);
    if (partly)
        fputs("! of the trials that did not fail, see below\n", out);
}

void price_text(const struct price *price, struct price_text *text)
{
    *text = (struct price_text){{0}, {0}, {0}};
    if (price->per_task)
        snprintf(text->start, sizeof text->start, "per task");
    else if (!isnan(price->start_ns.value))
        format_duration(text->start, sizeof text->start, price->start_ns.value);
    if (price->bytes.value >= 0)
        format_bytes(text->bytes, sizeof text->bytes, price->bytes.value);
    if (!isnan(price->handover_ns.value))
        format_duration(text->handover, sizeof text->handover, price->handover_ns.value);
}
