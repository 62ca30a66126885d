/* Plug-ins, see plugin.h: finding, probing and remembering them. */
#include "bench/launch/plugin.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/launch/peers.h"
#include "bench/launch/plugin_probe.h"
#include "workloads/text.h"
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Where workers and params lead to was asked before. */
struct shaped {
    unsigned workers;
    int64_t params[PARAM_MAX];
    struct pool_shape shape;
    char misfit[MISFIT_MAX];
    bool rehearsed;
    struct shaped *next;
};

struct plugin {
    char file[PLUGIN_PATH_MAX], base[64];
    bool is_pool;
    struct probe about; /* holds the texts of what follows */
    struct param params[PARAM_MAX + 1];
    struct pool_ops pool;
    struct workload_ops workload;
    uint64_t hash;
    int64_t bytes;
    struct shaped *shaped;
    struct plugin *next;
};

static struct plugin *plugins; /* all that were named, until the program ends */

char *plugin_base_name(const char *file, char *text, size_t size)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    size_t length = strlen(base);
    if (length > 3 && !strcmp(base + length - 3, ".so"))
        length -= 3;
    snprintf(text, size, "%.*s", (int)length, base);
    return text;
}

static struct plugin *plugin_of(const char *file, bool is_pool)
{
    struct plugin *plugin = plugins;
    while (plugin && (plugin->is_pool != is_pool || strcmp(plugin->file, file) != 0))
        plugin = plugin->next;
    return plugin;
}

/* ---- finding ---- */

static bool is_path(const char *name)
{
    size_t length = strlen(name);
    return strchr(name, '/') || (length > 3 && !strcmp(name + length - 3, ".so"));
}

struct search {
    const char *name;
    char *found; /* PLUGIN_PATH_MAX */
    struct nearest *nearest;
};

static void search_visit(const char *path, void *arg)
{
    struct search *search = arg;
    char base[64];
    plugin_base_name(path, base, sizeof base);
    if (search->nearest)
        nearest_offer(search->nearest, base);
    if (!search->found[0] && !strcmp(base, search->name))
        snprintf(search->found, PLUGIN_PATH_MAX, "%s", path);
}

/* The absolute path of a plug-in; file: PLUGIN_PATH_MAX. */
static int plugin_find(const char *name, char *file, char *error)
{
    char full[PATH_MAX];
    struct stat stat_of;
    if (!realpath(name, full))
        return refuse(error, "%s: %s", name, strerror(errno));
    if (strlen(full) >= PLUGIN_PATH_MAX || strpbrk(full, ":,="))
        return refuse(error, "%.200s: expected a path of up to %d letters without : , =", full, PLUGIN_PATH_MAX - 1);
    if (stat(full, &stat_of) < 0)
        return refuse(error, "%s: %s", name, strerror(errno));
    if (!S_ISREG(stat_of.st_mode))
        return refuse(error, "%s: is no file", name);
    if (text_wrong(full))
        return refuse(error, "%.200s: its path %s", full, text_wrong(full));
    memcpy(file, full, strlen(full) + 1);
    return 0;
}

/* ---- what a plug-in is ---- */

static void params_take(struct plugin *plugin)
{
    for (unsigned i = 0; i < plugin->about.params && i < PARAM_MAX; i++) {
        const struct probe_param *param = &plugin->about.param[i];
        plugin->params[i] = (struct param){
            param->name, (enum param_kind)param->kind, param->preset, param->min, param->max, param->choices,
            param->help};
    }
}

/* "": none. What stands there is otherwise what a user could write. */
static int presets_check(const struct plugin *plugin, char *error)
{
    int64_t value;
    for (const struct param *param = plugin->params; param->name; param++)
        if (param->preset[0] && param_parse(param, param->preset, &value, error))
            return refuse_at(error, "param %s: its default", param->name);
    return 0;
}

static const char *text_or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void ops_make(struct plugin *plugin)
{
    const struct probe *about = &plugin->about;
    params_take(plugin);
    plugin->pool = (struct pool_ops){
        .name = plugin->base,
        .file = plugin->file,
        .summary = about->summary,
        .params = about->params ? plugin->params : NULL,
        .traits = about->traits,
        .handover_ns = about->handover_ns,
    };
    plugin->workload = (struct workload_ops){
        .name = plugin->base,
        .file = plugin->file,
        .summary = about->summary,
        .params = about->params ? plugin->params : NULL,
        .traits = about->traits,
        .unit = text_or_null(about->unit),
        .calibrate_as = text_or_null(about->calibrate_as),
        .class = about->is_sleep ? TASK_SLEEP : TASK_CPU,
        .classify = about->classifies ? plugin_classify_elsewhere : NULL,
    };
}

static struct plugin *plugin_named(const char *given, bool is_pool, char *error)
{
    char file[PLUGIN_PATH_MAX];
    if (plugin_find(given, file, error))
        return NULL;
    struct plugin *plugin = plugin_of(file, is_pool);
    if (plugin)
        return plugin;
    plugin = calloc(1, sizeof *plugin);
    if (!plugin) {
        refuse(error, "out of memory");
        return NULL;
    }
    plugin->is_pool = is_pool;
    snprintf(plugin->file, sizeof plugin->file, "%s", file);
    plugin_base_name(file, plugin->base, sizeof plugin->base);
    struct probe_order order = {.file = plugin->file, .is_pool = is_pool, .depth = PROBE_DESCRIBE};
    int rc = plugin_file_hash(file, &plugin->hash, &plugin->bytes);
    if (rc < 0) {
        refuse(error, "%s: %s", given, strerror(-rc));
    } else if (plugin_probe(&order, &plugin->about, error) || (ops_make(plugin), presets_check(plugin, error))) {
        refuse_at(error, "%s", given);
    } else {
        plugin->next = plugins;
        plugins = plugin;
        return plugin;
    }
    free(plugin);
    return NULL;
}

static struct plugin *plugin_by_name(const char *name, bool is_pool, struct nearest *nearest, char *error)
{
    char found[PLUGIN_PATH_MAX] = "", hint[288];
    struct search search = {name, found, nearest};
    if (is_path(name))
        return plugin_named(name, is_pool, error);
    plugin_files(search_visit, &search);
    if (found[0])
        return plugin_named(found, is_pool, error);
    const struct peer *peer = peer_find(name, is_pool);
    if (peer) {
        refuse(error, "%s is not built here; `make peers` does that, with %s", name, peer->needs);
        return NULL;
    }
    refuse(error, "no %s is called '%s'%s", is_pool ? "pool" : "workload", name,
           nearest_advice(nearest, hint, sizeof hint));
    return NULL;
}

const struct pool_ops *pool_named(const char *name, char *error)
{
    struct nearest nearest;
    const struct pool_ops *pool = is_path(name) ? NULL : pool_find(name);
    if (pool)
        return pool;
    nearest_init(&nearest, name);
    for (size_t i = 0; pool_table[i]; i++)
        nearest_offer(&nearest, pool_table[i]->name);
    for (size_t i = 0; pool_peers[i]; i++)
        nearest_offer(&nearest, pool_peers[i]->name);
    for (size_t i = 0; floor_table[i] && !strncmp(name, "floor", 5); i++) /* to those who seem to mean one */
        nearest_offer(&nearest, floor_table[i]->name);
    struct plugin *plugin = plugin_by_name(name, true, &nearest, error);
    return plugin ? &plugin->pool : NULL;
}

bool peer_is_missing(const char *spec)
{
    char name[NAME_MAX_LEN], found[PLUGIN_PATH_MAX] = "";
    struct search search = {name, found, NULL};
    spec = spec_behind_label(spec);
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(spec), spec);
    if (!peer_find(name, true))
        return false;
    plugin_files(search_visit, &search);
    return !found[0];
}

const struct workload_ops *workload_named(const char *name, char *error)
{
    struct nearest nearest;
    const struct workload_ops *workload = is_path(name) ? NULL : workload_find(name);
    if (workload)
        return workload;
    nearest_init(&nearest, name);
    for (size_t i = 0; workload_table[i]; i++)
        nearest_offer(&nearest, workload_table[i]->name);
    struct plugin *plugin = plugin_by_name(name, false, &nearest, error);
    return plugin ? &plugin->workload : NULL;
}

uint64_t plugin_hash(const char *file)
{
    const struct plugin *plugin = plugins;
    while (plugin && strcmp(plugin->file, file) != 0)
        plugin = plugin->next;
    return plugin ? plugin->hash : 0;
}

/* ---- shapes ---- */

static struct shaped *shaped_of(struct plugin *plugin, unsigned workers, const int64_t *params, enum probe_step depth,
                                char *error)
{
    struct shaped *shaped = plugin->shaped;
    while (shaped && (shaped->workers != workers || memcmp(shaped->params, params, sizeof shaped->params) != 0))
        shaped = shaped->next;
    if (shaped && (shaped->rehearsed || depth < PROBE_OPEN))
        return shaped;
    struct probe_order order = {plugin->file, true, depth, workers, params, 0};
    struct probe probe;
    if (shaped)
        order.shape_workers = shaped->shape.workers;
    if (plugin_probe(&order, &probe, error)) {
        refuse_at(error, "%s", plugin->file);
        return NULL;
    }
    if (!shaped) {
        shaped = calloc(1, sizeof *shaped);
        if (!shaped) {
            refuse(error, "out of memory");
            return NULL;
        }
        shaped->workers = workers;
        memcpy(shaped->params, params, sizeof shaped->params);
        shaped->shape = probe.shape;
        memcpy(shaped->misfit, probe.misfit, sizeof shaped->misfit);
        shaped->next = plugin->shaped;
        plugin->shaped = shaped;
    }
    shaped->rehearsed = depth >= PROBE_OPEN;
    return shaped;
}

int pool_shape_of(const struct pool_ops *pool, unsigned workers, const int64_t *params, struct pool_shape *shape,
                  char *misfit, char *error)
{
    misfit[0] = '\0';
    if (!pool->file) {
        const char *why = pool->shape(workers, params, shape);
        snprintf(misfit, MISFIT_MAX, "%s", why ? why : "");
        return 0;
    }
    const struct shaped *shaped = shaped_of(plugin_of(pool->file, true), workers, params, PROBE_SHAPE, error);
    if (!shaped)
        return -EINVAL;
    *shape = shaped->shape;
    memcpy(misfit, shaped->misfit, MISFIT_MAX);
    return 0;
}

int pool_rehearse(const struct pool_ops *pool, unsigned workers, const int64_t *params, char *error)
{
    if (!pool->file)
        return 0;
    struct plugin *plugin = plugin_of(pool->file, true);
    /* first how many workers that comes to: the job has a row for each */
    const struct shaped *shaped = shaped_of(plugin, workers, params, PROBE_SHAPE, error);
    if (shaped && !shaped->misfit[0])
        shaped = shaped_of(plugin, workers, params, PROBE_CLOSE, error);
    return shaped ? 0 : -EINVAL;
}

json_t *plugins_json(void)
{
    json_t *list = json_array();
    char hash[32];
    for (const struct plugin *plugin = plugins; plugin && list; plugin = plugin->next) {
        snprintf(hash, sizeof hash, "fnv1a64:%016llx", (unsigned long long)plugin->hash);
        json_t *entry =
            json_pack("{s:s, s:s, s:s, s:I, s:s}", "file", plugin->file, "kind", plugin->is_pool ? "pool" : "workload",
                      "name", plugin->about.name, "bytes", (json_int_t)plugin->bytes, "hash", hash);
        if (!entry || json_array_insert_new(list, 0, entry) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
