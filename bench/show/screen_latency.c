/* Percentiles of latency, of the cells in which a task does not wait for the trial's own burst. */
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/summary_factors.h"
#include "bench/show/screen_table.h"
#include <stdlib.h>
#include <string.h>

#define WIDTH 20 /* of a column on the screen: "1.02 ms .. 1.10 ms" */

static const struct {
    const char *head;
    size_t value, lo, hi;
} shown[LATENCY_COLUMNS] = {
    {"p50", offsetof(struct summary_row, latency_p50_ns), offsetof(struct summary_row, latency_p50_lo_ns),
     offsetof(struct summary_row, latency_p50_hi_ns)},
    {"p90", offsetof(struct summary_row, latency_p90_ns), offsetof(struct summary_row, latency_p90_lo_ns),
     offsetof(struct summary_row, latency_p90_hi_ns)},
    {"p99", offsetof(struct summary_row, latency_p99_ns), offsetof(struct summary_row, latency_p99_lo_ns),
     offsetof(struct summary_row, latency_p99_hi_ns)},
    {"p99.9", offsetof(struct summary_row, latency_p999_ns), offsetof(struct summary_row, latency_p999_lo_ns),
     offsetof(struct summary_row, latency_p999_hi_ns)},
};

const char latency_title[] = "Latency, from due or handed in to the result: median over trials";

const char *latency_head(size_t column)
{
    return shown[column].head;
}

static int64_t number_of(const struct summary_row *row, size_t offset)
{
    int64_t value;

    memcpy(&value, (const char *)row + offset, sizeof value);
    return value;
}

bool latency_text(const struct table *t, size_t cell, struct latency_text *text)
{
    const struct summary_row *row = &t->run->rows[cell];
    char lo[32], hi[32];

    *text = (struct latency_text){.label = ""};
    if ((row->f.arrival.kind != ARRIVAL_RATE && row->f.arrival.kind != ARRIVAL_WINDOW) ||
        row->latency_p50_ns == MISSING)
        return false;
    factors_label(text->label, sizeof text->label, row, t->shown | FACTOR_POOL);
    for (size_t c = 0; c < LATENCY_COLUMNS; c++) {
        int64_t value = number_of(row, shown[c].value);
        if (value == MISSING)
            continue;
        format_duration(text->value[c], sizeof text->value[c], (double)value);
        if (number_of(row, shown[c].lo) != MISSING)
            snprintf(text->interval[c], sizeof text->interval[c], "%s .. %s",
                     format_duration(lo, sizeof lo, (double)number_of(row, shown[c].lo)),
                     format_duration(hi, sizeof hi, (double)number_of(row, shown[c].hi)));
    }
    return true;
}

static void texts_print(FILE *out, const char *label, char (*texts)[LATENCY_TEXT_MAX], unsigned used, int width)
{
    if ((int)strlen(label) > width)
        wrap_print(out, label, 0);
    fprintf(out, "%-*s", width, (int)strlen(label) > width ? "" : label);
    for (size_t c = 0; c < LATENCY_COLUMNS; c++)
        if (used >> c & 1)
            fprintf(out, "%*s", WIDTH, texts[c]);
    fputc('\n', out);
}

void latencies_print(FILE *out, const struct table *t, unsigned columns)
{
    char heads[LATENCY_COLUMNS][LATENCY_TEXT_MAX];
    unsigned used = 0, label = 0, rest = columns;
    bool bounded = false;
    struct latency_text text;

    for (size_t i = 0; i < t->run->count; i++) {
        if (!latency_text(t, i, &text))
            continue;
        label = strlen(text.label) > label ? (unsigned)strlen(text.label) : label;
        for (size_t c = 0; c < LATENCY_COLUMNS; c++) {
            used |= (unsigned)(*text.value[c] != 0) << c;
            bounded = bounded || *text.interval[c];
        }
    }
    if (!used)
        return;
    for (size_t c = 0; c < LATENCY_COLUMNS; c++) {
        snprintf(heads[c], sizeof heads[c], "%s", latency_head(c));
        rest -= used >> c & 1 && rest > WIDTH ? WIDTH : 0;
    }
    if (label > rest)
        label = rest > 4 ? rest : 4;
    fputc('\n', out);
    wrap_print(out, latency_title, 0);
    texts_print(out, "", heads, used, (int)label);
    for (size_t i = 0; i < t->run->count; i++) {
        if (!latency_text(t, i, &text))
            continue;
        texts_print(out, text.label, text.value, used, (int)label);
        if (bounded)
            texts_print(out, "", text.interval, used, (int)label);
    }
    if (bounded)
        wrap_print(out, "  below each: 95 % interval of the median, where at least 6 trials have it", 2);
}
