/* Values of options: text to value and back, lists of them, those of earlier runs, and keys by which cells differ. */
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/launch/plugin.h"
#include "bench/model/options.h"
#include "workloads/mix.h"
#include "workloads/text.h"
#include <stdlib.h>

int factor_parse(const struct option *option, const char *text, struct factors *factors, char *error)
{
    char *field = (char *)factors + option->offset;
    if (option->spelling)
        return option->spelling->parse(text, field, error);
    if (option->param)
        return param_parse(option->param, text, (int64_t *)field, error);
    if (strlen(text) >= option->size)
        return refuse(error, "'%.40s...' is longer than %zu letters", text, option->size - 1);
    snprintf(field, option->size, "%s", text);
    return 0;
}

int cell_set(struct cell *cell, const struct option *option, const char *text, char *error)
{
    return option->set_cell ? option->set_cell(text, cell, error) : factor_parse(option, text, &cell->f, error);
}

void cell_spell(const struct cell *cell, const struct option *option, char *text)
{
    if (option->spell_cell)
        option->spell_cell(cell, text);
    else
        factor_text(option, &cell->f, text);
}

char *factor_text(const struct option *option, const struct factors *factors, char *text)
{
    const char *field = (const char *)factors + option->offset;
    int64_t number = 0, part;
    if (!option->param && !option->spelling) {
        snprintf(text, SPEC_MAX, "%s", field);
        return text;
    }
    memcpy(&number, field, sizeof number);
    *text = '\0';
    for (size_t i = 0; i + sizeof part <= option->size; i += sizeof part) { /* all of a struct, or nothing */
        memcpy(&part, field + i, sizeof part);
        if (part == MISSING)
            return text;
    }
    if (option->spelling)
        option->spelling->spell(field, text);
    else
        param_spell(option->param, number, text, SPEC_MAX);
    return text;
}

/* A value of that schema as the row means it today. */
static int factor_update(const struct option *option, int64_t schema, struct factors *factors, char *error)
{
    char text[SPEC_MAX];
    if (option->update)
        option->update(schema, factors);
    for (const struct meaning *meaning = option->meant_before; meaning && meaning->schema; meaning++)
        if (schema <= meaning->schema && meaning->means && !strcmp(factor_text(option, factors, text), meaning->was) &&
            (!meaning->when || meaning->when(factors)))
            return factor_parse(option, meaning->means, factors, error);
    return 0;
}

int factors_update(const struct option *table, int64_t schema, factor_set absent, struct factors *factors, char *error)
{
    for (const struct option *option = table; option->name; option++) {
        struct cell scratch = {0};
        const bool is_absent = option->added && absent >> (option - table) & 1;
        if (option->kind != OPTION_FACTOR)
            continue;
        int rc = is_absent ? cell_set(&scratch, option, option->preset, error)
                           : factor_update(option, schema, factors, error);
        if (is_absent)
            memcpy((char *)factors + option->offset, (const char *)&scratch.f + option->offset, option->size);
        if (rc)
            return refuse_at(error, "%s", option->name);
    }
    return 0;
}

void factors_escape(struct factors *factors)
{
    for (const struct option *option = options; option->name; option++)
        if (option->kind == OPTION_FACTOR && !option->param && !option->spelling) {
            char text[SPEC_MAX], *field = (char *)factors + option->offset;
            snprintf(text, sizeof text, "%s", field);
            text_put(field, SPEC_MAX, text, true);
        }
}

/* One alternative, in its canonical spelling, unless it is there already. Who gives a pool a label twice means two. */
static int value_add(const struct option *option, const char *text, struct words *values, char *error)
{
    char canonical[VALUE_MAX];
    struct cell *cell = calloc(1, sizeof *cell);
    int rc = cell ? cell_set(cell, option, text, error) : refuse(error, "out of memory");
    if (!rc) {
        cell_spell(cell, option, canonical);
        rc = suite_can_hold(canonical, error);
    }
    if (!rc) {
        bool known = words_have(values, canonical);
        if (known && option == &options[OPTION_POOL] && spec_label_length(canonical))
            rc = refuse(error, "'%s' is there twice, which would be one cell; two labels make two", canonical);
        else if (!known && words_add(values, canonical, strlen(canonical)))
            rc = refuse(error, "out of memory");
    }
    free(cell);
    return rc;
}

int option_values(const struct option *option, const char *text, const struct machine *machine, struct words *values,
                  char *error)
{
    struct words parts = {0}, expanded = {0};
    int rc = words_split(&parts, text, option->kind == OPTION_FACTOR ? ',' : '\0');
    if (rc == -EINVAL)
        rc = refuse(error, "an empty value, expected %s", option->syntax);
    else if (rc)
        rc = refuse(error, "out of memory");
    for (size_t i = 0; i < parts.count && !rc; i++) {
        const char *part = parts.word[i];
        if (option == &options[OPTION_POOL] && *part == '?' && peer_is_missing(++part))
            continue;
        if (option->expand)
            rc = option->expand(part, machine, &expanded, error);
        else if (words_add(&expanded, part, strlen(part)))
            rc = refuse(error, "out of memory");
    }
    if (!rc && parts.count && !expanded.count)
        rc = refuse(error, "none of '%s' is here", text);
    for (size_t i = 0; i < expanded.count && !rc; i++)
        rc = value_add(option, expanded.word[i], values, error);
    words_release(&expanded);
    words_release(&parts);
    return rc;
}

void cell_key(const struct cell *cell, factor_set without, char *key)
{
    size_t used = 0;
    key[0] = '\0';
    for (unsigned i = 0; options[i].name; i++) {
        if (!option_is_of_cell(&options[i]) || without & OPTION_BIT(i))
            continue;
        key[used++] = '\n';
        cell_spell(cell, &options[i], key + used);
        used += strlen(key + used);
    }
}

uint64_t cell_hash(const struct cell *cell, factor_set without)
{
    char key[CELL_KEY_MAX];
    uint64_t hash = 0;
    cell_key(cell, without, key);
    for (const char *c = key; *c; c++)
        hash = mix64(hash, (unsigned char)*c);
    return hash;
}
