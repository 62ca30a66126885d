/* Reading a file of targets. inih splits lines; this file feeds it the lines, so that every complaint has its line. */
#include "bench/base/data_path.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/text_file.h"
#include "bench/base/units.h"
#include "bench/base/words.h"
#include "bench/model/options.h"
#include "bench/model/summary_factors.h"
#include "bench/verbs/targets/targets.h"
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TARGETS_BYTES_MAX (1u << 20)
#define READINGS          "readings+" /* of the clock, two */

struct reader {
    const char *path;
    struct text_lines lines;
    unsigned line, section_line;
    struct targets *targets;
    struct target shared; /* above the first section */
    char *error;
    int rc;
};

const char *target_metric_name(const struct target *target)
{
    return target->metg ? "metg" : target->metric->name;
}

/* ---- values ---- */

static int metric_parse(const char *value, struct target *target, char *error)
{
    struct nearest nearest;
    char hint[320];
    nearest_init(&nearest, value);
    nearest_offer(&nearest, "metg");
    for (const struct metric *metric = metrics; metric->name; metric++)
        nearest_offer(&nearest, metric->name);
    target->metg = !strcmp(value, "metg");
    target->metric = target->metg ? METRIC_WALL : metric_named(value);
    return target->metric
               ? 0
               : refuse(error, "there is no metric '%.64s'%s", value, nearest_advice(&nearest, hint, sizeof hint));
}

/* As the run spells it. What this build does not know stays as it is: the run may have it all the same. */
static int value_spell(const char *factor, const char *value, char *spelled, size_t size, char *error)
{
    static struct cell cell;
    char ignored[ERROR_MAX], text[VALUE_MAX] = "";
    const struct option *option = option_find(factor, ignored);
    snprintf(spelled, size, "%s", value);
    if (!option || !option_is_of_cell(option) || option->traits & OPTION_RARE) /* that one by its label */
        return 0;
    if (cell_set(&cell, option, value, error))
        return !strcmp(factor, "pool") || !strcmp(factor, "workload") ? 0 : -EINVAL;
    cell_spell(&cell, option, text);
    bool is_pool = !strcmp(factor, "pool"), is_workload = !strcmp(factor, "workload"); /* without a plug-in's path */
    if (is_pool || is_workload)
        snprintf(text, sizeof text, "%s", is_pool ? cell.f.pool : cell.f.workload);
    snprintf(spelled, size, "%s", text);
    return 0;
}

static int factor_named(const char *name, factor_set *factor, char *error)
{
    struct nearest nearest;
    char hint[320];
    *factor = 0;
    if (!strcmp(name, "experiment"))
        return 0;
    nearest_init(&nearest, name);
    nearest_offer(&nearest, "experiment");
    for (unsigned i = 0; factor_name(i); i++) {
        nearest_offer(&nearest, factor_name(i));
        if (!strcmp(factor_name(i), name)) {
            *factor = OPTION_BIT(i);
            return 0;
        }
    }
    return refuse(error, "there is no factor '%.64s'%s", name, nearest_advice(&nearest, hint, sizeof hint));
}

/* The place of a factor, which may be a new one; NULL, with the reason, when there is no room for it. */
static char *wanted_value(struct selector *selector, factor_set factor, char *error)
{
    unsigned at = 0;
    while (at < selector->count && selector->wanted[at].factor != factor)
        at++;
    if (at == SELECTOR_MAX) {
        refuse(error, "more than %d factors", SELECTOR_MAX);
        return NULL;
    }
    selector->wanted[at].factor = factor;
    selector->count += at == selector->count;
    return selector->wanted[at].value;
}

/* "pool=pthread:wait=spin": a later one replaces an earlier one of the same factor. */
static int wanted_add(struct selector *selector, const char *word, char *error)
{
    const char *equals = strchr(word, '=');
    char name[64], *value;
    factor_set factor;
    if (!equals || equals == word || !equals[1])
        return refuse(error, "'%.64s': expected FACTOR=VALUE, as in pool=pthread", word);
    snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
    for (size_t end = strlen(name); end && isspace((unsigned char)name[end - 1]);)
        name[--end] = '\0';
    if (factor_named(name, &factor, error) || !(value = wanted_value(selector, factor, error)))
        return -EINVAL;
    int rc = value_spell(name, equals + 1 + strspn(equals + 1, " \t"), value, WANTED_MAX, error);
    return rc ? refuse_at(error, "%s", name) : 0;
}

static int selector_parse(struct selector *selector, const char *value, char *error)
{
    struct words words = {0};
    int rc = words_split(&words, value, ',');
    if (rc)
        rc = refuse(error, "expected FACTOR=VALUE, FACTOR=VALUE ..., found '%.64s'", value);
    for (size_t i = 0; i < words.count && !rc; i++)
        rc = wanted_add(selector, words.word[i], error);
    words_release(&words);
    return rc;
}

static int at_most_parse(struct target *target, char *error)
{
    const char *text = target->at_most_text;
    target->with_readings = target->metric->unit == UNIT_NS && !strncmp(text, READINGS, strlen(READINGS));
    text += target->with_readings ? strlen(READINGS) : 0;
    size_t length = strlen(text);
    char *end;
    int64_t number;
    target->at_most = strtod(text, &end);
    if (length > 1 && !strcmp(end, "x") && target->at_most > 0 && !target->with_readings) {
        target->kind = TARGET_RATIO;
        return target->bases ? 0 : refuse(error, "at_most = %s is a ratio, expected a base", text);
    }
    static const struct {
        int (*parse)(const char *text, int64_t *number);
        const char *words;
        double one; /* that many of what is parsed */
    } units[] = {[UNIT_NS] = {parse_duration, "a time as 15ns or " READINGS "5ns", 1},
                 [UNIT_BYTES] = {parse_bytes, "bytes as 40KiB", 1},
                 [UNIT_COUNT] = {parse_count, "a whole number", 1},
                 [UNIT_SHARE] = {parse_share, "a share as 1%", 1e6}};
    if (units[target->metric->unit].parse(text, &number))
        return refuse(error, "at_most: expected a ratio as 1.5x or %s, found '%s'", units[target->metric->unit].words,
                      target->at_most_text);
    target->at_most = (double)number / units[target->metric->unit].one;
    target->kind = target->bases ? TARGET_DIFFERENCE : TARGET_AMOUNT;
    if (target->with_readings && !target->bases)
        return refuse(error, "at_most = %s is a difference, expected a base", target->at_most_text);
    return 0;
}

/* ---- sections ---- */

/* What could only be seen when all of a section was there: bases are what the cell is, but for what they say. */
static int target_finish(struct reader *reader)
{
    struct target *target = &reader->targets->target[reader->targets->count - 1];
    if (!reader->targets->count)
        return 0;
    for (unsigned i = 0; i < target->bases; i++) {
        struct selector own = target->base[i];
        target->base[i] = target->cell;
        for (unsigned k = 0; k < own.count; k++) {
            char *value = wanted_value(&target->base[i], own.wanted[k].factor, reader->error);
            if (!value)
                return -EINVAL;
            memcpy(value, own.wanted[k].value, WANTED_MAX);
        }
    }
    if (!target->cell.count)
        return refuse(reader->error, "[%s] has no cell, expected cell = pool=..., ...", target->name);
    if (!*target->at_most_text)
        return refuse(reader->error, "[%s] has no at_most, expected at_most = 1.5x", target->name);
    if (target->metg && target->bases > 1)
        return refuse(reader->error, "[%s]: metg is compared with one other, expected one base", target->name);
    int rc = at_most_parse(target, reader->error);
    if (!rc && target->metg && target->kind == TARGET_DIFFERENCE)
        return refuse(
            reader->error,
            "[%s]: metg is measured by the tasks of 1ms in the same blocks, whatever the base: expected at_most "
            "= %s without a base, or at_most = 1.3x, a ratio to the metg of the base",
            target->name, target->at_most_text);
    return rc;
}

static int section_begin(struct reader *reader, const char *line)
{
    struct targets *targets = reader->targets;
    const char *end = strrchr(line, ']');
    unsigned line_number = reader->line;
    if (targets->count) {
        reader->line = reader->section_line;
        if (target_finish(reader))
            return -EINVAL;
        reader->line = line_number;
    }
    if (!end || end == line + 1)
        return refuse(reader->error, "'%.*s' is no section, expected [NAME OF A TARGET]", (int)strcspn(line, "\r\n"),
                      line);
    struct target *grown = realloc(targets->target, (targets->count + 1) * sizeof *grown);
    if (!grown)
        return refuse(reader->error, "out of memory");
    targets->target = grown;
    struct target *target = &grown[targets->count];
    *target = reader->shared;
    target->line = reader->section_line = reader->line;
    snprintf(target->name, sizeof target->name, "%.*s", (int)(end - line - 1), line + 1);
    for (size_t i = 0; i < targets->count; i++)
        if (!strcmp(grown[i].name, target->name))
            return refuse(reader->error, "there is a target '%s' already", target->name);
    targets->count++;
    return 0;
}

/* ---- lines ---- */

static char *line_next(char *line, int size, void *stream)
{
    struct reader *reader = stream;
    const char *next = reader->rc ? NULL : text_next(&reader->lines);
    if (!next)
        return NULL;
    reader->line = reader->lines.number;
    bool fits = strlen(next) + 2 <= (size_t)size;
    snprintf(line, (size_t)size, "%s", next);
    const char *text = line + strspn(line, " \t\r\n");
    if (!fits)
        reader->rc = refuse(reader->error, "longer than %d letters", size - 2);
    else if (*text == '[')
        reader->rc = section_begin(reader, text);
    else if (*text && *text != ';' && *text != '#' && !strchr(text, '='))
        reader->rc = refuse(reader->error, "a line without '=', expected KEY = VALUE");
    if (reader->rc)
        reader->rc = refuse_at(reader->error, "%s:%u", reader->path, reader->line);
    return reader->rc ? NULL : line;
}

static int key_set(struct reader *reader, struct target *target, const char *key, const char *value)
{
    static const char *const keys[] = {"metric", "cell", "base", "at_most"};
    struct nearest nearest;
    char hint[320];
    if (!strcmp(key, "metric"))
        return metric_parse(value, target, reader->error);
    if (!strcmp(key, "cell"))
        return selector_parse(&target->cell, value, reader->error);
    if (!strcmp(key, "base") && target->bases == BASES_MAX)
        return refuse(reader->error, "more than %d bases", BASES_MAX);
    if (!strcmp(key, "base"))
        return selector_parse(&target->base[target->bases++], value, reader->error);
    if (!strcmp(key, "at_most")) {
        if (strlen(value) >= sizeof target->at_most_text)
            return refuse(reader->error, "at_most: expected a ratio as 1.5x or a time as 15ns, found '%.32s...'",
                          value);
        snprintf(target->at_most_text, sizeof target->at_most_text, "%s", value);
        return 0;
    }
    nearest_init(&nearest, key);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        nearest_offer(&nearest, keys[i]);
    return refuse(reader->error, "there is no key '%.64s'%s", key, nearest_advice(&nearest, hint, sizeof hint));
}

static int pair_take(void *user, const char *section, const char *key, const char *value)
{
    struct reader *reader = user;
    struct targets *targets = reader->targets;
    (void)section;
    if (!reader->rc &&
        key_set(reader, targets->count ? &targets->target[targets->count - 1] : &reader->shared, key, value))
        reader->rc = refuse_at(reader->error, "%s:%u", reader->path, reader->line);
    return reader->rc == 0;
}

static void path_find(const char *file, char *path, size_t size)
{
    struct stat status;
    char relative[PATH_MAX];
    snprintf(path, size, "%s", file);
    if (strchr(file, '/') || !stat(file, &status) || strlen(file) > NAME_MAX)
        return;
    snprintf(relative, sizeof relative, "suites/%s.targets", file);
    if (data_path(relative, path, size))
        snprintf(path, size, "%s", file);
}

int targets_read(const char *file, struct targets *targets, char *error)
{
    static struct reader reader; /* it has a target in it, which is large */
    char *path = targets->path;
    *targets = (struct targets){0};
    path_find(file, path, sizeof targets->path);
    reader = (struct reader){.path = path, .targets = targets, .shared.metric = METRIC_WALL, .error = error};
    if (text_file_open(path, TARGETS_BYTES_MAX, "a file of targets (an INI file)", &reader.lines, error))
        return -EINVAL;
    int line = ini_parse_stream(line_next, &reader, pair_take, &reader);
    if (!reader.rc && line)
        reader.rc = refuse(error, "%s:%d: expected KEY = VALUE or [NAME OF A TARGET]", path, line);
    reader.line = reader.section_line;
    if (!reader.rc && targets->count && target_finish(&reader))
        reader.rc = refuse_at(error, "%s:%u", path, reader.line);
    if (!reader.rc && !targets->count)
        reader.rc = refuse(error, "%s: no target, expected [NAME] sections with cell and at_most", path);
    text_close(&reader.lines);
    if (reader.rc)
        targets_release(targets);
    return reader.rc;
}

void targets_release(struct targets *targets)
{
    free(targets->target);
    *targets = (struct targets){0};
}
