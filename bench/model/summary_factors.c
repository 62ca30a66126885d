/* Comparing and naming cells by their factors, all of them by the rows of the option table. */
#include "bench/model/summary_factors.h"
#include "bench/base/spec.h"
#include "pools/pool.h"
#include <string.h>

static bool is_factor(unsigned number)
{
    return options[number].name && options[number].kind == OPTION_FACTOR;
}

static factor_set factors_with(unsigned traits)
{
    factor_set set = 0;
    for (unsigned i = 0; is_factor(i); i++)
        set |= (options[i].traits & traits) == traits ? OPTION_BIT(i) : 0;
    return set;
}

factor_set factors_all(void)
{
    return factors_with(0);
}

factor_set factors_work(void)
{
    return factors_with(OPTION_WORK);
}

static bool value_equal(const struct option *option, const struct factors *a, const struct factors *b)
{
    const char *x = (const char *)a + option->offset, *y = (const char *)b + option->offset;
    return option->param || option->spelling ? !memcmp(x, y, option->size) : !strcmp(x, y);
}

/* As many workers of a pool are the same when they are as many of each kind, as far as is known. */
static bool workers_same(const struct factors *a, const struct factors *b)
{
    if (strcmp(spec_behind_label(a->pool), spec_behind_label(b->pool)) != 0)
        return true;
    return (a->processes == b->processes || a->processes == MISSING || b->processes == MISSING) &&
           (a->threads == b->threads || a->threads == MISSING || b->threads == MISSING);
}

bool factors_same(const struct factors *a, const struct factors *b, factor_set set)
{
    if (set & FACTOR_WORKERS && !workers_same(a, b))
        return false;
    for (unsigned i = 0; is_factor(i); i++)
        if (set >> i & 1 && !value_equal(&options[i], a, b))
            return false;
    return true;
}

bool factors_equal(const struct summary_row *a, const struct summary_row *b, factor_set factors)
{
    return factors_same(&a->f, &b->f, factors);
}

factor_set factors_of(const struct summary_row *rows, size_t count)
{
    const factor_set all = factors_all();
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (rows[i].f.tasks != rows[j].f.tasks && factors_equal(&rows[i], &rows[j], all & ~FACTOR_TASKS))
                return all;
    return all & ~FACTOR_TASKS;
}

factor_set factors_varying(const struct summary_row *rows, size_t count, factor_set factors)
{
    factor_set varying = 0;
    for (size_t i = 1; i < count; i++)
        for (unsigned f = 0; is_factor(f); f++)
            if (factors >> f & 1 && !factors_equal(&rows[0], &rows[i], OPTION_BIT(f)))
                varying |= OPTION_BIT(f);
    return varying;
}

/* "" where there is nothing to say: no ballast, no payload, no size. */
static void value_label(char *text, size_t size, const struct option *option, const struct factors *factors)
{
    char value[SPEC_MAX];
    *text = '\0';
    if (option == &options[OPTION_POOL]) {
        pool_shown(text, factors->pool);
        return;
    }
    if (option == &options[OPTION_WORKLOAD])
        workload_shown(factors->workload, value);
    else
        factor_text(option, factors, value);
    char *hash = option == &options[OPTION_ARRIVAL] ? strstr(value, ":hash=") : NULL;
    if (hash) /* of a trace: for files */
        *hash = '\0';
    if (!*value || (option->nothing && !strcmp(value, option->nothing)))
        return;
    snprintf(text, size, "%s%s%s%s", option->before ? option->before : "", value, option->after ? option->after : "",
             option->after && strcmp(value, "1") ? "s" : "");
}

const char *factor_name(unsigned number)
{
    return is_factor(number) ? options[number].name : NULL;
}

char *factor_spell(char *text, size_t size, const struct summary_row *row, factor_set factor)
{
    char value[SPEC_MAX];
    const struct option *option = &options[__builtin_ctzll(factor)];
    factor_text(option, &row->f, value);
    snprintf(text, size, "%s", *value ? value : "none");
    return text;
}

char *row_staff(char *text, size_t size, const struct summary_row *row)
{
    const int64_t processes = row->f.processes, all = row->f.threads;
    *text = '\0';
    if (processes <= 0 || all <= 0) /* MISSING is below any */
        return text;
    const bool is_nested = all == row->f.workers && all % processes == 0; /* else N are of each kind together */
    const int64_t threads = is_nested ? all / processes : all;
    snprintf(text, size, "%lld process%s %c %lld thread%s", (long long)processes, processes == 1 ? "" : "es",
             is_nested ? 'x' : '+', (long long)threads, threads == 1 ? "" : "s");
    return text;
}

char *factors_label(char *text, size_t size, const struct summary_row *row, factor_set factors)
{
    size_t length = 0;
    *text = '\0';
    for (unsigned i = 0; is_factor(i); i++) {
        char value[SPEC_MAX + 32];
        if (!(factors >> i & 1))
            continue;
        if (i != OPTION_WORKERS || !(factors & FACTOR_POOL) || !*row_staff(value, sizeof value, row))
            value_label(value, sizeof value, &options[i], &row->f);
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
    const char *pool = spec_behind_label(row->f.pool);
    size_t length = strlen(name);
    return !strncmp(pool, name, length) && (!pool[length] || pool[length] == ':');
}

const struct pool_ops *row_pool(const struct summary_row *row)
{
    const char *pool = spec_behind_label(row->f.pool);
    char name[SPEC_MAX];
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(pool), pool);
    return pool_find(name);
}

bool row_is_floor(const struct summary_row *row)
{
    const struct pool_ops *pool = row_pool(row);
    return pool && pool->traits & POOL_FLOOR;
}

bool row_has_label(const struct summary_row *row, const char *label)
{
    size_t length = spec_label_length(row->f.pool);
    return length && strlen(label) == length && !memcmp(row->f.pool, label, length);
}

char *pool_shown(char *text, const char *pool)
{
    size_t length = spec_label_length(pool);
    snprintf(text, POOL_TEXT, "%.*s", (int)(length ? length : strlen(pool)), pool);
    return text;
}
