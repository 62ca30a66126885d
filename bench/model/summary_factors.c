/* Factors by the columns of summary.csv: a factor is a field of the row and the words around its value. */
#include "bench/model/summary_factors.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "pools/pool.h"
#include <string.h>

enum spelling { PLAIN, DURATION, BYTES };

/* In the order of the FACTOR_ bits. */
static const struct factor {
    const char *name;
    size_t offset;
    bool text;
    enum spelling spelling;
    const char *before, *after;
} factors_table[] = {
    {"pool", offsetof(struct summary_row, pool), true, PLAIN, "", ""},
    {"workload", offsetof(struct summary_row, workload), true, PLAIN, "", ""},
    {"size", offsetof(struct summary_row, size_ns), false, DURATION, "", ""},
    {"size-dist", offsetof(struct summary_row, size_dist), true, PLAIN, "sizes ", ""},
    {"tasks", offsetof(struct summary_row, tasks), false, PLAIN, "", " task"},
    {"workers", offsetof(struct summary_row, workers), false, PLAIN, "", " worker"},
    {"place", offsetof(struct summary_row, place), true, PLAIN, "place ", ""},
    {"arrival", offsetof(struct summary_row, arrival), true, PLAIN, "arrival ", ""},
    {"collect", offsetof(struct summary_row, collect), true, PLAIN, "collect ", ""},
    {"in", offsetof(struct summary_row, in_bytes), false, BYTES, "in ", ""},
    {"out", offsetof(struct summary_row, out_bytes), false, BYTES, "out ", ""},
    {"ballast", offsetof(struct summary_row, ballast), true, PLAIN, "ballast ", ""},
    {"faults", offsetof(struct summary_row, faults), true, PLAIN, "faults ", ""},
    {"timing", offsetof(struct summary_row, timing), true, PLAIN, "timing ", ""},
};
#define FACTOR_COUNT (sizeof factors_table / sizeof factors_table[0])
_Static_assert((1u << FACTOR_COUNT) - 1 == FACTORS_ALL, "one row a factor");

static const char *text_of(const struct factor *factor, const struct summary_row *row)
{
    return (const char *)row + factor->offset;
}

static int64_t number_of(const struct factor *factor, const struct summary_row *row)
{
    int64_t value;

    memcpy(&value, (const char *)row + factor->offset, sizeof value);
    return value;
}

bool factors_equal(const struct summary_row *a, const struct summary_row *b, unsigned factors)
{
    for (size_t i = 0; i < FACTOR_COUNT; i++) {
        const struct factor *f = &factors_table[i];
        if (!(factors >> i & 1))
            continue;
        if (f->text ? strcmp(text_of(f, a), text_of(f, b)) != 0 : number_of(f, a) != number_of(f, b))
            return false;
    }
    return true;
}

unsigned factors_of(const struct summary_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (rows[i].tasks != rows[j].tasks && factors_equal(&rows[i], &rows[j], FACTORS_ALL & ~FACTOR_TASKS))
                return FACTORS_ALL;
    return FACTORS_ALL & ~FACTOR_TASKS;
}

unsigned factors_varying(const struct summary_row *rows, size_t count, unsigned factors)
{
    unsigned varying = 0;

    for (size_t i = 1; i < count; i++)
        for (size_t f = 0; f < FACTOR_COUNT; f++)
            if (factors >> f & 1 && !factors_equal(&rows[0], &rows[i], 1u << f))
                varying |= 1u << f;
    return varying;
}

/* "" where there is nothing to say: no ballast, no payload, no size. */
static void value_spell(char *text, size_t size, const struct factor *factor, const struct summary_row *row)
{
    char number[64];
    int64_t value;

    *text = '\0';
    if (factor->text) {
        if (*text_of(factor, row) && strcmp(text_of(factor, row), "0") != 0)
            snprintf(text, size, "%s%s%s", factor->before, text_of(factor, row), factor->after);
        return;
    }
    value = number_of(factor, row);
    if (value == MISSING || (value == 0 && factor->spelling != PLAIN))
        return;
    if (factor->spelling == DURATION)
        spell_duration(number, sizeof number, value);
    else if (factor->spelling == BYTES)
        spell_bytes(number, sizeof number, value);
    else
        snprintf(number, sizeof number, "%lld", (long long)value);
    snprintf(text, size, "%s%s%s%s", factor->before, number, factor->after, *factor->after && value != 1 ? "s" : "");
}

const char *factor_name(unsigned number)
{
    return number < FACTOR_COUNT ? factors_table[number].name : NULL;
}

char *factor_spell(char *text, size_t size, const struct summary_row *row, unsigned factor)
{
    for (size_t i = 0; i < FACTOR_COUNT; i++)
        if (factor == 1u << i) {
            struct factor bare = factors_table[i];
            bare.before = bare.after = "";
            value_spell(text, size, &bare, row);
            if (!*text)
                snprintf(text, size, "%s", bare.text && !*text_of(&bare, row) ? "none" : "0");
        }
    return text;
}

char *factors_label(char *text, size_t size, const struct summary_row *row, unsigned factors)
{
    size_t length = 0;

    *text = '\0';
    for (size_t i = 0; i < FACTOR_COUNT; i++) {
        char value[192];
        if (!(factors >> i & 1))
            continue;
        if (1u << i == FACTOR_POOL)
            pool_shown(value, row->pool);
        else
            value_spell(value, sizeof value, &factors_table[i], row);
        if (!*value)
            continue;
        int added = snprintf(text + length, size - length, "%s%s", length ? ", " : "", value);
        if (added < 0 || (size_t)added >= size - length) {
            text[length] = '\0';
            break;
        }
        length += (size_t)added;
    }
    return text;
}

bool row_has_pool(const struct summary_row *row, const char *name)
{
    const char *pool = spec_behind_label(row->pool);
    size_t length = strlen(name);

    return !strncmp(pool, name, length) && (!pool[length] || pool[length] == ':');
}

bool row_is_floor(const struct summary_row *row)
{
    for (size_t i = 0; floor_table[i]; i++)
        if (row_has_pool(row, floor_table[i]->name))
            return true;
    return false;
}

bool row_has_label(const struct summary_row *row, const char *label)
{
    size_t length = spec_label_length(row->pool);

    return length && strlen(label) == length && !memcmp(row->pool, label, length);
}

char *pool_shown(char *text, const char *pool)
{
    size_t length = spec_label_length(pool);

    snprintf(text, POOL_TEXT, "%.*s", (int)(length ? length : strlen(pool)), pool);
    return text;
}
