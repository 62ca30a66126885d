/* The values of factors, from text into a cell and back. Ranges live here, as parameters like those of pools. */
#include "bench/model/factors.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/launch/plugin.h"
#include "bench/launch/program.h"
#include "bench/machine/nodes.h"
#include "bench/machine/place.h"
#include "bench/model/dist.h"
#include "bench/model/rare.h"
#include <stdio.h>
#include <stdlib.h>

#define WORKERS_MAX 65535
#define PAYLOAD_MAX (1ll << 30)
#define BALLAST_MAX (1ll << 44)

static const struct param tasks_range = {.kind = PARAM_COUNT, .min = 1, .max = TASK_WARMUP_FIRST - 1};
const struct param workers_range = {.kind = PARAM_COUNT, .min = 1, .max = WORKERS_MAX};
static const struct param payload_range = {.kind = PARAM_BYTES, .min = 0, .max = PAYLOAD_MAX};
static const struct param ballast_range = {.kind = PARAM_BYTES, .min = 0, .max = BALLAST_MAX};
static const struct param write_range = {.kind = PARAM_SHARE, .min = 0, .max = 1000000};

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
    snprintf(cell->f.pool, SPEC_MAX, "%.*s%.*s", (int)strlen(label), label, (int)(SPEC_MAX - 1 - strlen(label)),
             canonical);
    return 0;
}

void spell_pool(const struct cell *cell, char *text)
{
    if (cell->pool->file)
        spell_with_file(cell->f.pool, cell->pool->file, text);
    else
        snprintf(text, SPEC_MAX, "%s", cell->f.pool);
}

bool cell_staff(struct cell *cell)
{
    const struct workload_ops *workload = cell->workload;
    double cpu_held = workload->cpu_held   ? workload->cpu_held(cell->workload_params)
                      : workload->classify ? 0.5
                                           : workload->class != TASK_SLEEP;
    char ignored[ERROR_MAX];
    struct spec spec = {.name = cell->pool->name, .params = cell->pool->params};
    if (cell->pool->traits & POOL_IGNORES_WORKERS)
        cell->f.workers = 1;
    if (!cell->pool->staff || spec_parse(spec_behind_label(cell->f.pool), &spec, ignored))
        return true;
    memcpy(cell->pool_params, spec.values, sizeof cell->pool_params);
    cell->f.workers = cell->pool->staff((unsigned)cell->f.workers, cpu_held, cell->pool_params);
    return cell->f.workers > 0;
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
    spec_spell(&spec, cell->f.workload);
    return 0;
}

void spell_workload(const struct cell *cell, char *text)
{
    if (cell->workload->file)
        spell_with_file(cell->f.workload, cell->workload->file, text);
    else
        snprintf(text, SPEC_MAX, "%s", cell->f.workload);
}

/* ---- by whom ---- */

/* Another program is there to be compared with our own, which runs what it runs; what was comes first, as a baseline.
 */
int expand_trial_program(const char *text, const struct machine *machine, struct words *values, char *error)
{
    (void)machine;
    if (words_add(values, text, strlen(text)) || words_add(values, PROGRAM_OWN, strlen(PROGRAM_OWN)))
        return refuse(error, "out of memory");
    return 0;
}

int set_trial_program(const char *value, struct cell *cell, char *error)
{
    const bool is_own = !strcmp(value, PROGRAM_OWN);
    cell->program = is_own ? NULL : trial_program_named(value, error);
    if (!is_own && !cell->program)
        return -EINVAL;
    snprintf(cell->f.trial_program, sizeof cell->f.trial_program, "%s", is_own ? PROGRAM_OWN : cell->program->label);
    if (!is_own)
        rare_note(OPTION_TRIAL_PROGRAM);
    return 0;
}

void spell_trial_program(const struct cell *cell, char *text)
{
    if (cell->program)
        snprintf(text, VALUE_MAX, "%s=%s", cell->program->label, cell->program->file);
    else
        snprintf(text, VALUE_MAX, PROGRAM_OWN);
}

/* ---- tasks ---- */

int set_size_dist(const char *value, struct cell *cell, char *error)
{
    return dist_parse(value, &cell->dist, cell->f.size_dist, error);
}

void spell_size_dist(const struct cell *cell, char *text)
{
    snprintf(text, SPEC_MAX, "%s", cell->f.size_dist);
}

static int tasks_parse(const char *text, void *field, char *error)
{
    int64_t *tasks = field;
    *tasks = -1;
    return strcmp(text, "auto") ? param_parse(&tasks_range, text, tasks, error) : 0;
}

static void tasks_spell(const void *field, char *text)
{
    const int64_t *tasks = field;
    if (*tasks < 0)
        snprintf(text, SPEC_MAX, "auto");
    else
        snprintf(text, SPEC_MAX, "%lld", (long long)*tasks);
}

const struct spelling tasks_spelling = {tasks_parse, tasks_spell};

static int queue_limit_parse(const char *text, void *field, char *error)
{
    int64_t *limit = field;
    *limit = 0;
    return strcmp(text, "none") ? param_parse(&tasks_range, text, limit, error) : 0;
}

static void queue_limit_spell(const void *field, char *text)
{
    const int64_t *limit = field;
    if (*limit)
        snprintf(text, SPEC_MAX, "%lld", (long long)*limit);
    else
        snprintf(text, SPEC_MAX, "none");
}

const struct spelling queue_limit_spelling = {queue_limit_parse, queue_limit_spell};

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

int expand_place(const char *text, const struct machine *machine, struct words *values, char *error)
{
    return place_each(machine, text, values) ? refuse(error, "out of memory") : 0;
}

/* A place with a ? in front may give way to none; auto is the default with one. */
int set_place(const char *value, struct cell *cell, char *error)
{
    if (strlen(value) >= sizeof cell->f.place)
        return refuse(error, "'%.40s...' is longer than %zu letters", value, sizeof cell->f.place - 1);
    if (!strcmp(value, "auto"))
        value = "?" PLACE_DEFAULT;
    cell->place_explicit = *value != '?';
    snprintf(cell->f.place, sizeof cell->f.place, "%s", value + !cell->place_explicit);
    return 0;
}

void spell_place(const struct cell *cell, char *text)
{
    const bool is_default = !cell->place_explicit && !strcmp(cell->f.place, PLACE_DEFAULT);
    if (is_default)
        snprintf(text, SPEC_MAX, "auto");
    else
        snprintf(text, SPEC_MAX, "%s%.*s", cell->place_explicit ? "" : "?", SPEC_MAX - 2, cell->f.place);
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

static const struct param draw_words = {.kind = PARAM_CHOICE, .choices = "levelled|plain"};

int set_draw(const char *value, struct cell *cell, char *error)
{
    return param_parse(&draw_words, value, &cell->draw, error);
}

void spell_draw(const struct cell *cell, char *text)
{
    param_spell(&draw_words, cell->draw, text, SPEC_MAX);
}

static int payload_parse(const char *text, void *field, char *error)
{
    struct payload *payload = field;
    char in[64];
    const char *colon = strchr(text, ':');
    if (!colon)
        return refuse(error, "'%s' is not IN:OUT, bytes handed to and returned by each task", text);
    snprintf(in, sizeof in, "%.*s", (int)(colon - text), text);
    return param_parse(&payload_range, in, &payload->in, error) ||
                   param_parse(&payload_range, colon + 1, &payload->out, error)
               ? -EINVAL
               : 0;
}

static void payload_spell(const void *field, char *text)
{
    const struct payload *payload = field;
    char in[32], out[32];
    snprintf(text, SPEC_MAX, "%s:%s", spell_bytes(in, sizeof in, payload->in),
             spell_bytes(out, sizeof out, payload->out));
}

const struct spelling payload_spelling = {payload_parse, payload_spell};

static int ballast_parse(const char *text, void *field, char *error)
{
    struct ballast *ballast = field;
    char part[SPEC_MAX];
    size_t length = spec_name_length(text);
    snprintf(part, sizeof part, "%.*s", (int)length, text);
    *ballast = (struct ballast){0};
    if (param_parse(&ballast_range, part, &ballast->bytes, error))
        return -EINVAL;
    for (text += length; *text; text += length) {
        text++;
        length = spec_name_length(text);
        snprintf(part, sizeof part, "%.*s", (int)length, text);
        if (!strcmp(part, "thp"))
            ballast->thp = true;
        else if (strncmp(part, "write=", 6) != 0)
            return refuse(error, "'%s' is not thp or write=SHARE, expected BYTES[:thp][:write=10%%]", part);
        else if (param_parse(&write_range, part + 6, &ballast->write_ppm, error))
            return refuse_at(error, "write");
    }
    return 0;
}

static void ballast_spell(const void *field, char *text)
{
    const struct ballast *ballast = field;
    char bytes[32], share[40] = "";
    spell_bytes(bytes, sizeof bytes, ballast->bytes);
    if (ballast->write_ppm) {
        memcpy(share, ":write=", 8);
        spell_share(share + 7, sizeof share - 7, ballast->write_ppm);
    }
    snprintf(text, SPEC_MAX, "%s%s%s", bytes, ballast->thp ? ":thp" : "", share);
}

const struct spelling ballast_spelling = {ballast_parse, ballast_spell};

/* ---- memory nodes ---- */

#define NODE_PREFIX "node:"
static const struct param node_range = {.kind = PARAM_COUNT, .min = 0, .max = NUMA_NODES_MAX - 1};
static const char *const numa_words[] = {
    [NUMA_AS_MADE] = "as-made", [NUMA_LOCAL] = "local", [NUMA_INTERLEAVE] = "interleave"};

static int numa_parse(const char *text, void *field, char *error)
{
    struct numa *numa = field;
    *numa = (struct numa){0};
    for (int64_t kind = NUMA_AS_MADE; kind < NUMA_NODE; kind++)
        if (!strcmp(text, numa_words[kind])) {
            numa->kind = kind;
            return 0;
        }
    numa->kind = NUMA_NODE;
    if (!strncmp(text, NODE_PREFIX, strlen(NODE_PREFIX)))
        return param_parse(&node_range, text + strlen(NODE_PREFIX), &numa->node, error);
    return refuse(error, "'%s' is not local, interleave, node:N or as-made", text);
}

static void numa_spell(const void *field, char *text)
{
    const struct numa *numa = field;
    if (numa->kind == NUMA_NODE)
        snprintf(text, SPEC_MAX, NODE_PREFIX "%lld", (long long)numa->node);
    else
        snprintf(text, SPEC_MAX, "%s", numa_words[numa->kind]);
}

const struct spelling numa_spelling = {numa_parse, numa_spell};

int expand_numa(const char *text, const struct machine *machine, struct words *values, char *error)
{
    char one[32];
    int rc = 0;
    if (strcmp(text, NODE_PREFIX "all") != 0)
        return words_add(values, text, strlen(text)) ? refuse(error, "out of memory") : 0;
    for (hwloc_obj_t node = NULL;
         rc == 0 && (node = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_NUMANODE, node));) {
        const int length = snprintf(one, sizeof one, NODE_PREFIX "%u", node->os_index);
        if (node_is_ours(machine, node))
            rc = words_add(values, one, (size_t)length);
    }
    return rc ? refuse(error, "out of memory") : 0;
}
