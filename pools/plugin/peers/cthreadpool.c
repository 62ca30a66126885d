/* cthreadpool: the small thread pool that comes up first when one looks for "C thread pool". Its package is source: it
 * is compiled into this plug-in, as into any program that uses it. */
#include <cthreadpool/thpool.h>
#include <poolbench/pool.h>

static int cthreadpool_open(const struct poolbench_host *host, const struct poolbench_config *config, void **pool)
{
    *pool = thpool_init((int)config->workers);
    return *pool ? 0 : host->refuse(host, "thpool_init failed");
}

static int cthreadpool_submit(void *pool, struct poolbench_task *const *tasks, unsigned n)
{
    unsigned taken = 0;
    while (taken < n && thpool_add_work(pool, poolbench_task_run, tasks[taken]) == 0)
        taken++;
    return (int)taken;
}

static int cthreadpool_close(void *pool)
{
    thpool_destroy(pool);
    return 0;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "cthreadpool",
    .summary = "cthreadpool (thpool): a list with one lock, a malloc each task",
    .handover_ns = 400,
    .open = cthreadpool_open,
    .submit = cthreadpool_submit,
    .close = cthreadpool_close,
};
