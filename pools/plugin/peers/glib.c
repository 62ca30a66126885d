/* glib: an exclusive GThreadPool, which has its threads from the start. */
#include <glib.h>
#include <poolbench/pool.h>

static void task_run(gpointer task, gpointer unused)
{
    (void)unused;
    poolbench_task_run(task);
}

static int glib_open(const struct poolbench_host *host, const struct poolbench_config *config, void **pool)
{
    GError *error = NULL;
    *pool = g_thread_pool_new(task_run, NULL, (int)config->workers, TRUE, &error);
    if (!error)
        return 0;
    int rc = host->refuse(host, "g_thread_pool_new: %s", error->message);
    g_error_free(error);
    if (*pool)
        g_thread_pool_free(*pool, TRUE, TRUE);
    return rc;
}

static int glib_submit(void *pool, struct poolbench_task *const *tasks, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        g_thread_pool_push(pool, tasks[i],
                           NULL); /* tells of threads that could not be made: an exclusive pool has them */
    return (int)n;
}

static int glib_close(void *pool)
{
    g_thread_pool_free(pool, FALSE, TRUE);
    return 0;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "glib",
    .summary = "GLib: GThreadPool, exclusive",
    .handover_ns = 400,
    .open = glib_open,
    .submit = glib_submit,
    .close = glib_close,
};
