/* Loading plug-ins: the one place that calls dlopen. What comes out has been checked as far as that can be done without
 * running it. */
#include "bench/trial/trial.h"
#include "pools/plugin/adapter.h"
#include "workloads/adapter.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* The sizes at POOLBENCH_ABI 1: what every plug-in of it has. */
#define POOL_SIZE_1     (offsetof(struct poolbench_pool, reap) + sizeof(void *))
#define WORKLOAD_SIZE_1 (offsetof(struct poolbench_workload, release) + sizeof(void *))

struct reason {
    char *text;
    size_t size;
};

/* NULL with words. dlerror() begins with the file as often as not: people have read it already. */
static const void *symbol_find(const char *file, const char *name, const struct reason *reason)
{
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    const char *why = handle ? NULL : dlerror();
    if (why) {
        size_t length = strlen(file);
        if (!strncmp(why, file, length) && !strncmp(why + length, ": ", 2))
            why += length + 2;
        snprintf(reason->text, reason->size, "cannot be loaded: %s", why);
        return NULL;
    }
    const void *symbol = dlsym(handle, name);
    if (!symbol)
        snprintf(reason->text, reason->size, "does not define %s", name);
    return symbol;
}

/* abi and size stand first in both tables. */
static bool version_check(const uint32_t *head, size_t least, size_t most, const struct reason *reason)
{
    if (head[0] != POOLBENCH_ABI)
        snprintf(reason->text, reason->size, "was built for interface %u of plug-ins, this poolbench has %u", head[0],
                 POOLBENCH_ABI);
    else if (head[1] < least || head[1] > most)
        snprintf(reason->text, reason->size, "its table has %u bytes, this poolbench reads %zu%s", head[1], most,
                 head[1] > most ? ": it was built for a newer one" : "");
    else
        return true;
    return false;
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

static bool is_name(const char *name)
{
    size_t length = name ? strspn(name, letters) : 0;
    return length && !name[length] && length <= 31;
}

static bool text_check(const char *name, const char *summary, const struct reason *reason)
{
    if (!is_name(name))
        snprintf(reason->text, reason->size, "its name is not 1 .. 31 lower-case letters, digits, - _");
    else if (!summary)
        snprintf(reason->text, reason->size, "its table has no summary");
    else
        return true;
    return false;
}

static bool params_check(const struct poolbench_param *param, const struct reason *reason)
{
    for (unsigned i = 0; param && param->name; i++, param++) {
        if (i == POOLBENCH_PARAMS)
            snprintf(reason->text, reason->size, "has more than %d params, or no row without a name ends them",
                     POOLBENCH_PARAMS);
        else if (!is_name(param->name))
            snprintf(reason->text, reason->size,
                     "param '%.31s': its name is not 1 .. 31 lower-case letters, digits, - _", param->name);
        else if (param->kind > POOLBENCH_CHOICE)
            snprintf(reason->text, reason->size, "param %.31s: there is no kind %u", param->name, param->kind);
        else if (!param->preset || !param->help || (param->kind == POOLBENCH_CHOICE && !param->choices))
            snprintf(reason->text, reason->size, "param %.31s: preset, help or choices are missing", param->name);
        else
            continue;
        return false;
    }
    return true;
}

static bool functions_check(const void *const *functions, const char *const *names, const struct reason *reason)
{
    for (; *names; functions++, names++)
        if (!*functions) {
            snprintf(reason->text, reason->size, "its table has no %s", *names);
            return false;
        }
    return true;
}

const struct pool_ops *plugin_load_pool(const char *file, char *reason, size_t size)
{
    const struct reason told = {reason, size};
    static const char *const names[] = {"open", "submit", "close", NULL};
    const struct poolbench_pool *pool = symbol_find(file, "poolbench_pool_plugin", &told);
    if (!pool || !version_check(&pool->abi, POOL_SIZE_1, sizeof *pool, &told))
        return NULL;
    const void *const functions[] = {(const void *)pool->open, (const void *)pool->submit, (const void *)pool->close};
    if (!text_check(pool->name, pool->summary, &told) || !params_check(pool->params, &told) ||
        !functions_check(functions, names, &told))
        return NULL;
    return adapter_pool(pool);
}

const struct workload_ops *plugin_load_workload(const char *file, char *reason, size_t size)
{
    const struct reason told = {reason, size};
    static const char *const names[] = {"run", NULL};
    const struct poolbench_workload *workload = symbol_find(file, "poolbench_workload_plugin", &told);
    if (!workload || !version_check(&workload->abi, WORKLOAD_SIZE_1, sizeof *workload, &told))
        return NULL;
    const void *const functions[] = {(const void *)workload->run};
    if (!text_check(workload->name, workload->summary, &told) || !params_check(workload->params, &told) ||
        !functions_check(functions, names, &told))
        return NULL;
    if (workload->calibrate_as && !workload_find(workload->calibrate_as)) {
        snprintf(reason, size, "is to be calibrated as %.31s, and there is no such workload", workload->calibrate_as);
        return NULL;
    }
    return adapter_workload(workload);
}
