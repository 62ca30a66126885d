/* The values of factors, from text into a cell and back. Ranges live here, as parameters like those of pools. */
#include "bench/model/factors.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/launch/plugin.h"
#include "bench/model/dist.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WORKERS_MAX 65535
#define PAYLOAD_MAX (1ll << 30)
#define BALLAST_MAX (1ll << 44)
#define HOUR_NS     3600000000000ll

static const struct param size_range = {.kind = PARAM_DURATION, .min = 1, .max = HOUR_NS};
static const struct param tasks_range = {.kind = PARAM_COUNT, .min = 1, .max = TASK_WARMUP_FIRST - 1};
static const struct param workers_range = {.kind = PARAM_COUNT, .min = 1, .max = WORKERS_MAX};
static const struct param arrival_range = {.kind = PARAM_COUNT, .min = 1, .max = TASK_WARMUP_FIRST - 1};
static const struct param payload_range = {.kind = PARAM_BYTES, .min = 0, .max = PAYLOAD_MAX};
static const struct param ballast_range = {.kind = PARAM_BYTES, .min = 0, .max = BALLAST_MAX};
static const struct param write_range = {.kind = PARAM_SHARE, .min = 0, .max = 1000000};
static const struct param collect_words = {.kind = PARAM_CHOICE, .choices = "completed|ordered"};
static const struct param timing_words = {.kind = PARAM_CHOICE, .choices = "trial|task"};

/* ---- pool and workload ---- */

int expand_pool(const char *text, const struct machine *machine, struct words *values, char *error)
{
    char name[SPEC_MAX];
    (void)machine;
    const char *spec = spec_behind_label(text);
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(spec), spec);
    const struct pool_ops *pool = pool_find(name);
    return spec_expand(text, pool ? pool->params : NULL, values, error);
}

int expand_workload(const char *text, const struct machine *machine, struct words *values, char *error)
{
    char name[SPEC_MAX];
    (void)machine;
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(text), text);
    const struct workload_ops *workload = workload_find(name);
    return spec_expand(text, workload ? workload->params : NULL, values, error);
}

/* "LABEL=NAME:key=value" with the path of a plug-in in the place of its name. text: VALUE_MAX bytes. */
static void spell_with_file(const char *canonical, const char *file, char *text)
{
    size_t label = spec_label_length(canonical);
    const char *spec = spec_behind_label(canonical);
    snprintf(text, VALUE_MAX, "%.*s%s%s", (int)(label ? label + 1 : 0), canonical, file, spec + spec_name_length(spec));
}

/* What a plug-in is called where it has no label: a name like those that are built in, and none of theirs. */
static int base_name_check(const char *what, const char *name, const char *file, bool is_taken, char *error)
{
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    if (!name[good] && strlen(name) <= POOL_LABEL_MAX && !is_taken)
        return 0;
    return refuse(error, "%.200s: '%.64s' %s, expected %s", file, name,
                  is_taken ? "is the name of one that is built in" : "is no name for tables and charts", what);
}

/* What a label may be: not the name of a pool, because screens and charts show it in the place of one. */
static int label_check(const char *label, size_t length, char *error)
{
    char text[POOL_LABEL_MAX + 1];
    size_t good = strspn(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    if (good < length || !length || length > POOL_LABEL_MAX)
        return refuse(error, "'%.*s' is no label, expected 1 .. %d letters, digits, - _ . before the =",
                      length > 40 ? 40 : (int)length, label, POOL_LABEL_MAX);
    snprintf(text, sizeof text, "%.*s", (int)length, label);
    if (pool_find(text))
        return refuse(error, "'%s' is the name of a pool, expected another word as a label", text);
    return 0;
}

int set_pool(const char *value, struct cell *cell, char *error)
{
    char name[VALUE_MAX], canonical[SPEC_MAX], label[POOL_LABEL_MAX + 2] = "";
    const char *labelled = value;
    value = spec_behind_label(value);
    if (value > labelled) {
        if (label_check(labelled, spec_label_length(labelled), error))
            return -EINVAL;
        snprintf(label, sizeof label, "%.*s", (int)(value - labelled), labelled);
    }
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(value), value);
    const struct pool_ops *pool = pool_named(name, error);
    if (!pool)
        return -EINVAL;
    if (pool->file && !label[0] &&
        base_name_check("a label: LABEL=FILE", pool->name, name, pool_find(pool->name) != NULL, error))
        return -EINVAL;
    struct spec spec = {.name = pool->name, .params = pool->params};
    int rc = spec_parse(value, &spec, error);
    if (rc)
        return rc;
    cell->pool = pool;
    memcpy(cell->pool_params, spec.values, sizeof cell->pool_params);
    spec_spell(&spec, canonical);
    if (strlen(label) + strlen(canonical) >= SPEC_MAX)
        return refuse(error, "'%.40s...' is longer than %d letters", labelled, SPEC_MAX - 1);
    snprintf(cell->pool_spec, SPEC_MAX, "%.*s%.*s", (int)strlen(label), label, (int)(SPEC_MAX - 1 - strlen(label)),
             canonical);
    return 0;
}

void spell_pool(const struct cell *cell, char *text)
{
    if (cell->pool->file)
        spell_with_file(cell->pool_spec, cell->pool->file, text);
    else
        snprintf(text, SPEC_MAX, "%s", cell->pool_spec);
}

int set_workload(const char *value, struct cell *cell, char *error)
{
    char name[VALUE_MAX];
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(value), value);
    const struct workload_ops *workload = workload_named(name, error);
    if (!workload)
        return -EINVAL;
    if (workload->file && base_name_check("another name for the file", workload->name, name,
                                          workload_find(workload->name) != NULL, error))
        return -EINVAL;
    struct spec spec = {.name = workload->name, .params = workload->params};
    int rc = spec_parse(value, &spec, error);
    if (rc)
        return rc;
    cell->workload = workload;
    memcpy(cell->workload_params, spec.values, sizeof cell->workload_params);
    spec_spell(&spec, cell->workload_spec);
    return 0;
}

void spell_workload(const struct cell *cell, char *text)
{
    if (cell->workload->file)
        spell_with_file(cell->workload_spec, cell->workload->file, text);
    else
        snprintf(text, SPEC_MAX, "%s", cell->workload_spec);
}

/* ---- tasks ---- */

int set_size(const char *value, struct cell *cell, char *error)
{
    return param_parse(&size_range, value, &cell->size_ns, error);
}

void spell_size(const struct cell *cell, char *text)
{
    spell_duration(text, SPEC_MAX, cell->size_ns);
}

int set_size_dist(const char *value, struct cell *cell, char *error)
{
    return dist_parse(value, &cell->dist, cell->dist_spec, error);
}

void spell_size_dist(const struct cell *cell, char *text)
{
    snprintf(text, SPEC_MAX, "%s", cell->dist_spec);
}

int set_tasks(const char *value, struct cell *cell, char *error)
{
    if (!strcmp(value, "auto")) {
        cell->tasks = -1;
        return 0;
    }
    return param_parse(&tasks_range, value, &cell->tasks, error);
}

void spell_tasks(const struct cell *cell, char *text)
{
    if (cell->tasks < 0)
        snprintf(text, SPEC_MAX, "auto");
    else
        snprintf(text, SPEC_MAX, "%lld", (long long)cell->tasks);
}

/* ---- workers ---- */

/* N, cores, pus, 2xcores, 2xpus. */
static int workers_parse(const char *text, const struct machine *machine, int64_t *workers, char *error)
{
    const char *word = text;
    int64_t factor = 1;
    const char *times = strchr(text, 'x');
    char number[32];
    if (times && times > text && (size_t)(times - text) < sizeof number) {
        snprintf(number, sizeof number, "%.*s", (int)(times - text), text);
        if (parse_count(number, &factor) == 0 && factor >= 1 && factor <= WORKERS_MAX)
            word = times + 1;
    }
    bool cores = !strcmp(word, "cores");
    if (cores || !strcmp(word, "pus")) {
        *workers = factor * (cores ? machine->cores : machine->pus);
        if (*workers <= WORKERS_MAX)
            return 0;
        return refuse(error, "'%s' is %lld workers, expected at most %d", text, (long long)*workers, WORKERS_MAX);
    }
    int64_t count;
    if (parse_count(text, &count) == -EINVAL)
        return refuse(error, "'%s' is not N, cores, pus, 2xcores, 2xpus or A..B", text);
    return param_parse(&workers_range, text, workers, error);
}

int expand_workers(const char *text, const struct machine *machine, struct words *values, char *error)
{
    const char *dots = strstr(text, "..");
    char first[64];
    int64_t from, to;
    if (dots) {
        snprintf(first, sizeof first, "%.*s", (int)(dots - text), text);
        if (workers_parse(first, machine, &from, error) || workers_parse(dots + 2, machine, &to, error))
            return -EINVAL;
        if (from > to)
            return refuse(error, "'%s' goes from %lld down to %lld, expected the smaller number first", text,
                          (long long)from, (long long)to);
    } else {
        if (workers_parse(text, machine, &from, error))
            return -EINVAL;
        to = from;
    }
    for (int64_t n = from;; n = n * 2 < to ? n * 2 : to) {
        int length = snprintf(first, sizeof first, "%lld", (long long)n);
        if (words_add(values, first, (size_t)length))
            return refuse(error, "out of memory");
        if (n == to)
            return 0;
    }
}

int set_workers(const char *value, struct cell *cell, char *error)
{
    int64_t workers;
    int rc = param_parse(&workers_range, value, &workers, error);
    if (!rc)
        cell->workers = (unsigned)workers;
    return rc;
}

void spell_workers(const struct cell *cell, char *text)
{
    snprintf(text, SPEC_MAX, "%u", cell->workers);
}

/* The default place is compact, but unlike an explicit one it may give way to none: "auto" keeps them apart. */
int set_place(const char *value, struct cell *cell, char *error)
{
    if (strlen(value) >= sizeof cell->place)
        return refuse(error, "'%.40s...' is longer than %zu letters", value, sizeof cell->place - 1);
    cell->place_explicit = strcmp(value, "auto") != 0;
    snprintf(cell->place, sizeof cell->place, "%s", cell->place_explicit ? value : "compact");
    return 0;
}

void spell_place(const struct cell *cell, char *text)
{
    snprintf(text, SPEC_MAX, "%s", cell->place_explicit ? cell->place : "auto");
}

int set_place_main(const char *value, struct cell *cell, char *error)
{
    if (strlen(value) >= sizeof cell->place_main)
        return refuse(error, "'%.40s...' is longer than %zu letters", value, sizeof cell->place_main - 1);
    snprintf(cell->place_main, sizeof cell->place_main, "%s", value);
    return 0;
}

void spell_place_main(const struct cell *cell, char *text)
{
    snprintf(text, SPEC_MAX, "%s", cell->place_main);
}

/* ---- in and out ---- */

static int rate_parse(const char *text, struct cell *cell, char *error)
{
    char number[64];
    const char *colon = strchr(text, ':');
    snprintf(number, sizeof number, "%.*s", colon ? (int)(colon - text) : (int)strlen(text), text);
    int rc = parse_rate(number, &cell->arrival_rate);
    if (rc == -EINVAL || (colon && strcmp(colon, ":poisson") != 0))
        return refuse(error, "'rate:%s' is not rate:R or rate:R:poisson, R tasks a second such as 5000 or 10k", text);
    if (rc || cell->arrival_rate < 0.001 || cell->arrival_rate > 1e9)
        return refuse(error, "'rate:%s' is out of range, expected 0.001 .. 1G tasks a second", text);
    cell->arrival_poisson = colon != NULL;
    /* The fewest digits that read back as the same rate, plain where it is a whole number. */
    bool whole = cell->arrival_rate == floor(cell->arrival_rate);
    snprintf(number, sizeof number, "%.0f", cell->arrival_rate);
    for (int digits = 1; !whole && digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, cell->arrival_rate);
        if (strtod(number, NULL) == cell->arrival_rate)
            break;
    }
    snprintf(cell->arrival_spec, SPEC_MAX, "rate:%s%s", number, colon ? ":poisson" : "");
    return 0;
}

int set_arrival(const char *value, struct cell *cell, char *error)
{
    static const struct {
        const char *name;
        enum arrival_kind kind;
    } kinds[] = {{"burst", ARRIVAL_BURST}, {"wave", ARRIVAL_WAVE}, {"window", ARRIVAL_WINDOW}, {"rate", ARRIVAL_RATE}};
    size_t length = spec_name_length(value);
    struct nearest nearest;
    char name[SPEC_MAX], hint[96];
    snprintf(name, sizeof name, "%.*s", (int)length, value);
    nearest_init(&nearest, name);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        nearest_offer(&nearest, kinds[i].name);
        if (strcmp(kinds[i].name, name) != 0)
            continue;
        bool bare = !value[length];
        if (bare != (kinds[i].kind == ARRIVAL_BURST))
            break;
        cell->arrival = kinds[i].kind;
        cell->arrival_k = 0;
        cell->arrival_rate = 0;
        cell->arrival_poisson = false;
        if (cell->arrival == ARRIVAL_RATE)
            return rate_parse(value + length + 1, cell, error);
        if (!bare && param_parse(&arrival_range, value + length + 1, &cell->arrival_k, error))
            return refuse_at(error, "%s", name);
        if (bare)
            snprintf(cell->arrival_spec, SPEC_MAX, "burst");
        else
            snprintf(cell->arrival_spec, SPEC_MAX, "%.8s:%lld", name, (long long)cell->arrival_k);
        return 0;
    }
    const char *meant = nearest_name(&nearest);
    return refuse(error, "'%s' is not burst, wave:K, window:K, rate:R or rate:R:poisson%s", value,
                  meant && strcmp(meant, name) ? nearest_hint(&nearest, hint, sizeof hint) : "");
}

void spell_arrival(const struct cell *cell, char *text)
{
    snprintf(text, SPEC_MAX, "%s", cell->arrival_spec);
}

int set_collect(const char *value, struct cell *cell, char *error)
{
    int64_t choice;
    int rc = param_parse(&collect_words, value, &choice, error);
    if (!rc)
        cell->collect = (enum collect_kind)choice;
    return rc;
}

void spell_collect(const struct cell *cell, char *text)
{
    param_spell(&collect_words, cell->collect, text, SPEC_MAX);
}

int set_payload(const char *value, struct cell *cell, char *error)
{
    char in[64];
    const char *colon = strchr(value, ':');
    if (!colon)
        return refuse(error, "'%s' is not IN:OUT, bytes handed to and returned by each task", value);
    snprintf(in, sizeof in, "%.*s", (int)(colon - value), value);
    if (param_parse(&payload_range, in, &cell->in_bytes, error) ||
        param_parse(&payload_range, colon + 1, &cell->out_bytes, error))
        return -EINVAL;
    return 0;
}

void spell_payload(const struct cell *cell, char *text)
{
    char in[32], out[32];
    snprintf(text, SPEC_MAX, "%s:%s", spell_bytes(in, sizeof in, cell->in_bytes),
             spell_bytes(out, sizeof out, cell->out_bytes));
}

int set_ballast(const char *value, struct cell *cell, char *error)
{
    char part[SPEC_MAX], bytes[32], share[40] = "";
    size_t length = spec_name_length(value);
    snprintf(part, sizeof part, "%.*s", (int)length, value);
    if (param_parse(&ballast_range, part, &cell->ballast_bytes, error))
        return -EINVAL;
    cell->ballast_thp = false;
    cell->ballast_write_ppm = 0;
    for (value += length; *value; value += length) {
        value++;
        length = spec_name_length(value);
        snprintf(part, sizeof part, "%.*s", (int)length, value);
        if (!strcmp(part, "thp"))
            cell->ballast_thp = true;
        else if (strncmp(part, "write=", 6) != 0)
            return refuse(error, "'%s' is not thp or write=SHARE, expected BYTES[:thp][:write=10%%]", part);
        else if (param_parse(&write_range, part + 6, &cell->ballast_write_ppm, error))
            return refuse_at(error, "write");
    }
    spell_bytes(bytes, sizeof bytes, cell->ballast_bytes);
    if (cell->ballast_write_ppm) {
        memcpy(share, ":write=", 8);
        spell_share(share + 7, sizeof share - 7, cell->ballast_write_ppm);
    }
    snprintf(cell->ballast_spec, SPEC_MAX, "%s%s%s", bytes, cell->ballast_thp ? ":thp" : "", share);
    return 0;
}

void spell_ballast(const struct cell *cell, char *text)
{
    snprintf(text, SPEC_MAX, "%s", cell->ballast_spec);
}

int set_timing(const char *value, struct cell *cell, char *error)
{
    int64_t choice;
    int rc = param_parse(&timing_words, value, &choice, error);
    if (!rc)
        cell->timed = choice;
    return rc;
}

void spell_timing(const struct cell *cell, char *text)
{
    param_spell(&timing_words, cell->timed, text, SPEC_MAX);
}
