/* A pool of poolbench made of a library with add and wait (threads.h).
 *
 *     cc -shared -fPIC -pthread $(pkg-config --cflags poolbench) -o threads.so threads_pool.c threads.c
 *     poolbench conformance --pool ./threads.so
 *     poolbench run --pool pthread,./threads.so --size 10us */
#include "threads.h"
#include <poolbench/pool.h>

static int pool_open(const struct poolbench_host *host, const struct poolbench_config *config, void **pool)
{
    *pool = threads_new(config->workers);
    return *pool ? 0 : host->refuse(host, "no %u threads to be had", config->workers);
}

static int pool_submit(void *pool, struct poolbench_task *const *tasks, unsigned n)
{
    unsigned taken = 0;
    while (taken < n && threads_add(pool, poolbench_task_run, tasks[taken]) == 0)
        taken++;
    return (int)taken;
}

static int pool_close(void *pool)
{
    threads_free(pool);
    return 0;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "threads",
    .summary = "threads that share a list with one lock",
    .open = pool_open,
    .submit = pool_submit,
    .close = pool_close,
};
