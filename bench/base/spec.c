/* Specs and parameters, from text and back. */
#include "bench/base/spec.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include <stdio.h>

#define ALTERNATIVES_MAX 1024 /* combinations of one spec */

/* How much of text comes before one of `stops`, those between quotes left aside. A quote that is not closed is a letter
 * like any other. */
static size_t span(const char *text, const char *stops)
{
    const char *at = text;
    for (; *at && !strchr(stops, *at); at++) {
        const char *close = *at == '\'' ? strchr(at + 1, '\'') : NULL;
        if (close)
            at = close;
    }
    return (size_t)(at - text);
}

int suite_can_hold(const char *text, char *error)
{
    if (strstr(text, " ;") || strstr(text, "\t;"))
        return refuse(error, "' ;' would begin a comment in a suite, expected no blank before the semicolon");
    if (strlen(text) >= SPEC_MAX)
        return refuse(error, "'%.40s...' is longer than %d letters, which is what a line of a suite holds", text,
                      SPEC_MAX - 1);
    return 0;
}

/* Texts, each kept once and until the program ends, so that their addresses can be compared and copied like numbers.
 * There are as many as a command line or a suite has. 0: an empty one. 0 or -ENOMEM. */
static int text_intern(const char *text, int64_t *value)
{
    static struct words texts;
    size_t i = 0;
    *value = 0;
    if (!*text)
        return 0;
    while (i < texts.count && strcmp(texts.word[i], text) != 0)
        i++;
    int rc = i < texts.count ? 0 : words_add(&texts, text, strlen(text));
    if (!rc)
        *value = (int64_t)(intptr_t)texts.word[i];
    return rc;
}

/* Texts end up in suites, tables and charts: one line each. */
static int text_parse(const char *text, int64_t *value, char *error)
{
    char plain[SPEC_MAX];
    size_t length = 0;
    bool quoted = *text == '\'', closed = !quoted;
    const char *at = text + quoted;
    for (; *at && length + 1 < sizeof plain; at++) {
        if (quoted && *at == '\'' && *++at != '\'') {
            closed = true;
            break;
        }
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return refuse(error, "a text cannot have control characters such as new lines");
        plain[length++] = *at;
    }
    plain[length] = '\0';
    if (!closed || *at)
        return refuse(error, "%s is not one text between quotes, expected 'text', a quote in it written as ''", text);
    if (suite_can_hold(plain, error))
        return -EINVAL;
    if (text_intern(plain, value))
        return refuse(error, "out of memory");
    return 0;
}

static size_t text_spell(const char *plain, char *text, size_t size)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+@%/-{}";
    if (*plain && !plain[strspn(plain, safe)])
        return (size_t)snprintf(text, size, "%s", plain);
    size_t used = 0;
    char quoted[2 * SPEC_MAX + 3];
    quoted[used++] = '\'';
    for (; *plain && used < 2 * SPEC_MAX; plain++) {
        if (*plain == '\'')
            quoted[used++] = '\'';
        quoted[used++] = *plain;
    }
    quoted[used++] = '\'';
    quoted[used] = '\0';
    snprintf(text, size, "%s", quoted);
    return used;
}

static int choice_parse(const struct param *param, const char *text, int64_t *value, char *error)
{
    struct nearest nearest;
    nearest_init(&nearest, text);
    int64_t index = 0;
    for (const char *word = param->choices; *word; index++) {
        const char *end = word + strcspn(word, "|");
        char name[SPEC_MAX];
        snprintf(name, sizeof name, "%.*s", (int)(end - word), word);
        if (!strcmp(name, text)) {
            *value = index;
            return 0;
        }
        nearest_offer(&nearest, name);
        word = *end ? end + 1 : end;
    }
    char hint[96];
    return refuse(error, "'%s' is not one of %s%s", text, param->choices, nearest_hint(&nearest, hint, sizeof hint));
}

int param_parse(const struct param *param, const char *text, int64_t *value, char *error)
{
    static const struct {
        int (*parse)(const char *text, int64_t *value);
        const char *example;
    } numbers[] = {[PARAM_COUNT] = {parse_count, "a whole number"},
                   [PARAM_BYTES] = {parse_bytes, "bytes such as 64KiB or 32MiB"},
                   [PARAM_DURATION] = {parse_duration, "a duration such as 200us or 5ms"},
                   [PARAM_SHARE] = {parse_share, "a share such as 10% or 0.1"}};
    if (param->kind == PARAM_CHOICE)
        return choice_parse(param, text, value, error);
    if (param->kind == PARAM_TEXT)
        return text_parse(text, value, error);
    int rc = numbers[param->kind].parse(text, value);
    if (rc == -EINVAL)
        return refuse(error, "'%s' is not %s", text, numbers[param->kind].example);
    if (rc || *value < param->min || *value > param->max) {
        char range[96];
        param_range(param, range, sizeof range);
        return refuse(error, "'%s' is out of range, expected %s", text, range);
    }
    return 0;
}

void param_spell(const struct param *param, int64_t value, char *text, size_t size)
{
    switch (param->kind) {
    case PARAM_COUNT:
        snprintf(text, size, "%lld", (long long)value);
        break;
    case PARAM_BYTES:
        spell_bytes(text, size, value);
        break;
    case PARAM_DURATION:
        spell_duration(text, size, value);
        break;
    case PARAM_SHARE:
        spell_share(text, size, value);
        break;
    case PARAM_CHOICE: {
        const char *word = param->choices;
        while (value-- > 0 && *word) {
            word += strcspn(word, "|");
            word += *word == '|';
        }
        snprintf(text, size, "%.*s", (int)strcspn(word, "|"), word);
        break;
    }
    case PARAM_TEXT:
        text_spell(param_text(value), text, size);
        break;
    }
}

int param_parse_or(const struct param *param, const char *none, const char *text, int64_t *value, char *error)
{
    *value = 0;
    return strcmp(text, none) ? param_parse(param, text, value, error) : 0;
}

void param_spell_or(const struct param *param, const char *none, int64_t value, char *text, size_t size)
{
    if (value)
        param_spell(param, value, text, size);
    else
        snprintf(text, size, "%s", none);
}

void param_range(const struct param *param, char *text, size_t size)
{
    if (param->kind == PARAM_CHOICE) {
        snprintf(text, size, "%s", param->choices);
        return;
    }
    if (param->kind == PARAM_TEXT) {
        snprintf(text, size, "a text");
        return;
    }
    char least[32], most[32];
    param_spell(param, param->min, least, sizeof least);
    param_spell(param, param->max, most, sizeof most);
    snprintf(text, size, "%s .. %s", least, most);
}

int64_t param_preset(const struct param *param)
{
    char error[ERROR_MAX];
    int64_t value = 0;
    if (!param->preset || !param->preset[0] || param_parse(param, param->preset, &value, error))
        return 0;
    return value;
}

size_t spec_name_length(const char *text)
{
    return span(text, ":");
}

size_t spec_label_length(const char *text)
{
    size_t length = strcspn(text, "=:");
    return text[length] == '=' ? length : 0;
}

const char *spec_behind_label(const char *text)
{
    size_t length = strcspn(text, "=:");
    return text[length] == '=' ? text + length + 1 : text;
}

char *spec_option(const char *spec, const char *option, char *text)
{
    const size_t length = strlen(option);
    size_t used = 0;
    for (spec += spec_name_length(spec); *spec; spec += spec_name_length(spec)) {
        spec++;
        if (strncmp(spec, option, length) != 0 || spec[length] != '=')
            continue;
        const char *at = spec + length + 1, *end = spec + spec_name_length(spec);
        const bool quoted = *at == '\'';
        for (at += quoted; at < end && used + 1 < SPEC_MAX; text[used++] = *at++)
            if (quoted && *at == '\'' && *++at != '\'') /* '' is a quote */
                break;
        break;
    }
    text[used] = '\0';
    return text;
}

/* What ends an alternative of the option at `text`, whose value begins after `head` letters. */
static const char *expand_stops(const char *text, size_t head, const struct param *params)
{
    for (; head && text[head] != '\'' && params && params->name; params++)
        if (params->kind == PARAM_TEXT && strlen(params->name) == head - 1 && !memcmp(params->name, text, head - 1))
            return ":";
    return "/:";
}

static int spec_add(struct words *specs, const char *text, size_t length, char *error)
{
    return words_add(specs, text, length) ? refuse_as(-ENOMEM, error, "out of memory") : 0;
}

/* Appends the alternatives of the part at `text` to every spec begun so far. */
static int expand_part(const char *text, size_t length, const struct param *params, struct words *specs, char *error)
{
    const char *equals = memchr(text, '=', length);
    size_t head = equals ? (size_t)(equals - text) + 1 : 0;
    const char *stops = expand_stops(text, head, params);
    struct words longer = {0};
    int rc = 0;
    for (size_t i = 0; i < specs->count && !rc; i++) {
        for (const char *value = text + head, *end = value; !rc; value = end + 1) {
            end = value + span(value, stops);
            char spec[2 * VALUE_MAX];
            int used =
                snprintf(spec, sizeof spec, "%s:%.*s%.*s", specs->word[i], (int)head, text, (int)(end - value), value);
            if (used < 0 || used >= VALUE_MAX)
                rc = refuse(error, "'%.40s...' is longer than %d letters", spec, VALUE_MAX - 1);
            else if (longer.count >= ALTERNATIVES_MAX)
                rc = refuse(error, "more than %d combinations of alternatives", ALTERNATIVES_MAX);
            else
                rc = spec_add(&longer, spec, (size_t)used, error);
            if (*end != '/')
                break;
        }
    }
    words_release(specs);
    *specs = longer;
    return rc;
}

int spec_expand(const char *text, const struct param *params, struct words *specs, char *error)
{
    struct words all = {0};
    size_t length = spec_name_length(text);
    if (length >= VALUE_MAX)
        return refuse(error, "'%.40s...' is longer than %d letters", text, VALUE_MAX - 1);
    int rc = spec_add(&all, text, length, error);
    for (text += length; *text && !rc; text += length) {
        text++;
        length = spec_name_length(text);
        rc = expand_part(text, length, params, &all, error);
    }
    for (size_t i = 0; i < all.count && !rc; i++)
        rc = spec_add(specs, all.word[i], strlen(all.word[i]), error);
    words_release(&all);
    return rc;
}

static int option_parse(const char *option, struct spec *spec, char *error)
{
    size_t key = strcspn(option, "=");
    struct nearest nearest;
    char name[SPEC_MAX], hint[288];
    snprintf(name, sizeof name, "%.*s", (int)key, option);
    if (!option[key])
        return refuse(error, "%s: '%s' is not key=value", spec->name, option);
    nearest_init(&nearest, name);
    for (unsigned i = 0; spec->params && spec->params[i].name; i++) {
        const struct param *param = &spec->params[i];
        nearest_offer(&nearest, param->name);
        if (strcmp(param->name, name))
            continue;
        if (spec->given & 1u << i)
            return refuse(error, "%s: %s is given twice", spec->name, name);
        spec->given |= 1u << i;
        if (param_parse(param, option + key + 1, &spec->values[i], error))
            return refuse_at(error, "%s: %s", spec->name, name);
        return 0;
    }
    if (!spec->params)
        return refuse(error, "%s takes no options, not '%s'", spec->name, name);
    return refuse(error, "%s has no option '%s'%s", spec->name, name, nearest_advice(&nearest, hint, sizeof hint));
}

int spec_parse(const char *text, struct spec *spec, char *error)
{
    spec->given = 0;
    memset(spec->values, 0, sizeof spec->values);
    for (unsigned i = 0; spec->params && spec->params[i].name; i++)
        spec->values[i] = param_preset(&spec->params[i]);
    text += spec_name_length(text);
    if (strlen(text) >= SPEC_MAX)
        return refuse(error, "'%.40s...' is longer than %d letters", text, SPEC_MAX - 1);
    while (*text) {
        text++;
        char option[SPEC_MAX];
        size_t length = spec_name_length(text);
        snprintf(option, sizeof option, "%.*s", (int)length, text);
        int rc = option_parse(option, spec, error);
        if (rc)
            return rc;
        text += length;
    }
    char canonical[SPEC_MAX];
    size_t length = spec_spell(spec, canonical); /* quotes may have come with it */
    return length < SPEC_MAX ? 0 : refuse(error, "'%.40s...' is longer than %d letters", canonical, SPEC_MAX - 1);
}

size_t spec_spell(const struct spec *spec, char *text)
{
    size_t used = (size_t)snprintf(text, SPEC_MAX, "%s", spec->name);
    for (unsigned i = 0; spec->params && spec->params[i].name; i++) {
        const struct param *param = &spec->params[i];
        if (spec->values[i] == param_preset(param) && !(!param->preset[0] && spec->given & 1u << i))
            continue;
        char value[2 * SPEC_MAX + 3];
        param_spell(param, spec->values[i], value, sizeof value);
        if (used < SPEC_MAX)
            used += (size_t)snprintf(text + used, SPEC_MAX - used, ":%s=%s", param->name, value);
    }
    return used;
}

void param_explain(const struct param *param, char *label, size_t label_size, char *text, size_t text_size)
{
    char range[96];
    param_range(param, range, sizeof range);
    snprintf(label, label_size, "%s=%s", param->name, param->kind == PARAM_CHOICE ? range : param->preset);
    if (param->kind == PARAM_CHOICE || (param->kind == PARAM_TEXT && param->preset[0]))
        snprintf(text, text_size, "%s; default %s", param->help, param->preset);
    else if (param->kind == PARAM_TEXT)
        snprintf(text, text_size, "%s", param->help);
    else if (param->preset[0])
        snprintf(text, text_size, "%s; %s, default %s", param->help, range, param->preset);
    else
        snprintf(text, text_size, "%s; %s", param->help, range);
}
