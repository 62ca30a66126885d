/* Plug-in pools, see adapter.h: the pool contract on one side, the plug-in's on the other, handles between them. */
#include "pools/plugin/adapter.h"
#include "pools/parts/clock.h"
#include "pools/plugin/handles.h"
#include "pools/plugin/handles_usage.h"
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256 };

struct pool {
    struct handles handles;
    struct poolbench_host host; /* the first argument of its functions leads back here */
    struct poolbench_config config;
    void *plugin; /* its own */
};

static struct poolbench_pool plugin;
static struct pool_ops ops;
static char reason[160];
static uint32_t strangers;

const char *adapter_reason(void)
{
    return reason;
}

uint32_t adapter_strangers(void)
{
    return strangers;
}

/* ---- what the plug-in may call ---- */

static struct pool *pool_of(const struct poolbench_host *host)
{
    return (struct pool *)((char *)(uintptr_t)host - offsetof(struct pool, host));
}

static int host_refuse(const struct poolbench_host *host, const char *format, ...)
{
    va_list arguments;
    (void)host;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static void host_log(const struct poolbench_host *host, const char *format, ...)
{
    char line[512];
    va_list arguments;
    (void)host;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    dprintf(STDERR_FILENO, "%s: %s\n", plugin.name, line);
}

static int host_worker(const struct poolbench_host *host, unsigned number)
{
    return handles_worker(&pool_of(host)->handles, number);
}

static void host_died(const struct poolbench_host *host, struct poolbench_task *task, int wait_status)
{
    (void)host;
    handles_died(task, wait_status);
}

static struct poolbench_task *host_task(const struct poolbench_host *host, uint32_t slot)
{
    return handles_task(&pool_of(host)->handles, slot);
}

static const struct poolbench_host host_table = {
    .abi = POOLBENCH_ABI,
    .size = sizeof host_table,
    .refuse = host_refuse,
    .log = host_log,
    .worker = host_worker,
    .died = host_died,
    .task = host_task,
    .now_ns = clock_monotonic_ns,
};

/* ---- the pool contract ---- */

static const char *adapter_shape(unsigned workers, const int64_t *params, struct pool_shape *shape)
{
    struct poolbench_shape theirs = {.workers = workers, .threads = workers};
    const char *misfit = plugin.shape ? plugin.shape(workers, params, &theirs) : NULL;
    *shape = (struct pool_shape){
        .workers = theirs.workers,
        .processes = theirs.processes,
        .threads = theirs.threads,
        .for_class = {[TASK_CPU] = theirs.cpu_workers, [TASK_SLEEP] = theirs.sleep_workers},
    };
    if (!misfit && (theirs.workers < 1 || theirs.workers > UINT16_MAX))
        misfit = "the pool's shape has no worker, or more than 65535";
    return misfit;
}

static int broken(struct pool *pool)
{
    return handles_complaint(&pool->handles, reason, sizeof reason);
}

/* Without handles. NULL: out of memory, or a shape that the planner has refused before. */
static struct pool *pool_new(const struct pool_config *config, const struct job *job)
{
    struct pool_shape shape;
    struct pool *pool = adapter_shape(config->workers, config->params, &shape) ? NULL : calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    reason[0] = '\0';
    pool->handles = (struct handles){.job = job, .config = config, .workers = shape.workers};
    return pool;
}

/* What the plug-in is told. */
static void pool_describe(struct pool *pool)
{
    const struct job *job = pool->handles.job;
    const struct pool_config *config = pool->handles.config;
    pool->host = host_table;
    pool->config = (struct poolbench_config){
        .size = sizeof pool->config,
        .workers = config->workers,
        .params = config->params,
        .depth = pool->handles.depth,
        .spare_cpu = config->spare_cpu,
        .in_bytes = job->in_bytes,
        .out_bytes = job->out_bytes,
    };
}

/* Processes that are executed from here on find the handles. 0 or -errno. */
static int attach_offer(struct pool *pool)
{
    static char program[PATH_MAX], where[32];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return -errno;
    program[length] = '\0';
    pool->host.program = program;
    snprintf(where, sizeof where, "%d %d", (int)getpid(), pool->handles.fd);
    return setenv(HANDLES_WHERE, where, 1) < 0 ? -errno : 0;
}

static int adapter_attach(const struct pool_config *config, const struct job *job, struct attached where)
{
    struct pool *pool = pool_new(config, job);
    int rc = pool ? handles_attach(&pool->handles, where.fd) : -ENOMEM;
    close(where.fd); /* children of this process have the memory by being forked */
    if (rc < 0) {
        host_refuse(NULL, "the tasks cannot be mapped: %s", strerror(-rc));
        return rc;
    }
    pool_describe(pool);
    return plugin.attach(&pool->host, &pool->config, where.argc, where.argv);
}

static int adapter_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    unsigned traits = (plugin.traits & POOLBENCH_SUBMITTER_WORKS ? HANDLES_SUBMITTER_WORKS : 0) |
                      (plugin.attach ? HANDLES_IN_FILE : 0);
    struct pool *pool = pool_new(config, job);
    if (!pool)
        return -ENOMEM;
    int rc = handles_init(&pool->handles, traits);
    if (rc < 0)
        goto free_pool;
    pool_describe(pool);
    rc = plugin.attach ? attach_offer(pool) : 0;
    if (rc < 0)
        goto release_handles;
    rc = plugin.open(&pool->host, &pool->config, &pool->plugin);
    if (rc < 0)
        goto release_handles;
    *result = pool;
    return 0;
release_handles:
    handles_release(&pool->handles);
free_pool:
    free(pool);
    return rc;
}

static int adapter_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    struct poolbench_task *handed[BATCH];
    unsigned count = handles_hand(&pool->handles, tasks, n < BATCH ? n : BATCH, handed);
    int taken = count ? plugin.submit(pool->plugin, handed, count) : 0;
    if (taken < 0)
        return taken;
    if ((unsigned)taken > count) {
        host_refuse(NULL, "submit says that it took %d of %u tasks", taken, count);
        return -EPROTO;
    }
    int rc = handles_taken(&pool->handles, count, (unsigned)taken);
    if (rc < 0)
        broken(pool);
    return rc < 0 ? rc : taken;
}

/* A pool that has completions of its own. */
static int reap_theirs(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    struct poolbench_task *finished[BATCH];
    unsigned dead = handles_drain(&pool->handles, done, max); /* what `died` was said of */
    if (dead)
        return (int)dead;
    max = max < BATCH ? max : BATCH;
    int count = plugin.reap(pool->plugin, finished, min < max ? min : max, max, until_ns);
    if (count == 0)
        return (int)handles_drain(&pool->handles, done, max);
    if (count > (int)max) {
        host_refuse(NULL, "reap returned %d tasks where at most %u were asked for", count, max);
        return -EPROTO;
    }
    for (int i = 0; i < count; i++)
        if (handles_take(&pool->handles, finished[i], &done[i]) < 0)
            return broken(pool);
    return count;
}

static int adapter_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    struct handles *handles = &pool->handles;
    unsigned goal = min < handles->in_flight ? min : handles->in_flight;
    int rc = broken(pool);
    if (rc < 0)
        return rc;
    if (plugin.reap)
        return reap_theirs(pool, done, goal, max, until_ns);
    unsigned have = handles_drain(handles, done, max);
    while (have < goal && have < max && plugin.help) {
        rc = plugin.help(pool->plugin, goal - have, until_ns);
        have += handles_drain(handles, done + have, max - have);
        if (rc < 0 || (rc > 0 && have) || clock_is_past(until_ns))
            return rc < 0 ? rc : (int)have;
        if (rc == 0)
            break;
    }
    if (have >= goal || have == max || until_ns == 0)
        return (int)have;
    rc = handles_wait(handles, done, have, goal, max, until_ns);
    if (rc == -EPROTO)
        broken(pool);
    return rc;
}

static int adapter_usage(struct pool *pool, bool with_memory, struct usage *usage)
{
    return handles_usage(&pool->handles, with_memory, usage);
}

static int adapter_enter(struct pool *pool, void (*body)(void *arg), void *arg)
{
    return plugin.enter(pool->plugin, body, arg);
}

static int adapter_close(struct pool *pool)
{
    int rc = plugin.close(pool->plugin);
    if (!reason[0] && broken(pool) < 0)
        rc = -EPROTO; /* it came out after the last reap */
    strangers = pool->handles.shared->strangers;
    handles_release(&pool->handles);
    free(pool);
    return rc;
}

const struct pool_ops *adapter_pool(const struct poolbench_pool *given)
{
    _Static_assert((int)POOL_SUBMITTER_WORKS == (int)POOLBENCH_SUBMITTER_WORKS, "the same traits");
    _Static_assert(sizeof(struct param) == sizeof(struct poolbench_param), "the same table");
    _Static_assert(offsetof(struct param, help) == offsetof(struct poolbench_param, help), "the same table");
    memcpy(&plugin, given, given->size < sizeof plugin ? given->size : sizeof plugin);
    ops = (struct pool_ops){
        .name = plugin.name,
        .summary = plugin.summary,
        .params = (const struct param *)plugin.params,
        .traits = plugin.traits & (POOL_IGNORES_WORKERS | POOL_TASK_IS_PROCESS | POOL_SUBMITTER_WORKS),
        .handover_ns = plugin.handover_ns ? plugin.handover_ns : 500,
        .shape = adapter_shape,
        .open = adapter_open,
        .submit = adapter_submit,
        .reap = adapter_reap,
        .usage = adapter_usage,
        .enter = plugin.enter ? adapter_enter : NULL,
        .attach = plugin.attach ? adapter_attach : NULL,
        .close = adapter_close,
    };
    return &ops;
}
