/* libuv: uv_queue_work on a loop of the submitter's. A task is back when its after-work callback has run, which is
 * where users of libuv get their results: the pool has a reap of its own that runs the loop. */
#include <errno.h>
#include <poll.h>
#include <poolbench/pool.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { THREADS_MAX = 1024 }; /* of libuv */

struct request {
    uv_work_t work; /* first: the callbacks get this */
    struct poolbench_task *task;
};

struct pool {
    const struct poolbench_host *host;
    uv_loop_t loop;
    unsigned in_flight, back;
    struct poolbench_task **list; /* those that are back */
    struct request request[];     /* one a slot */
};

static const char *libuv_shape(unsigned workers, const int64_t *params, struct poolbench_shape *shape)
{
    (void)params, (void)shape;
    return workers > THREADS_MAX ? "libuv has at most 1024 threads" : NULL;
}

static int libuv_open(const struct poolbench_host *host, const struct poolbench_config *config, void **result)
{
    char workers[16];
    struct pool *pool = calloc(1, sizeof *pool + config->depth * sizeof *pool->request);
    struct poolbench_task **list = calloc(config->depth, sizeof *list);
    int rc = pool && list ? uv_loop_init(&pool->loop) : UV_ENOMEM;
    if (rc < 0) {
        free(pool);
        free(list);
        return host->refuse(host, "uv_loop_init: %s", uv_strerror(rc));
    }
    snprintf(workers, sizeof workers, "%u", config->workers);
    setenv("UV_THREADPOOL_SIZE", workers, 1); /* read with the first task of the process */
    pool->host = host;
    pool->list = list;
    *result = pool;
    return 0;
}

static void work(uv_work_t *work)
{
    struct poolbench_task *task = ((struct request *)work)->task;
    task->work(task, task->in, task->out);
}

static void after_work(uv_work_t *work, int status)
{
    struct pool *pool = work->data;
    (void)status; /* only a cancelled one has another than 0 */
    pool->in_flight--;
    pool->list[pool->back++] = ((struct request *)work)->task;
}

static int libuv_submit(void *argument, struct poolbench_task *const *tasks, unsigned n)
{
    struct pool *pool = argument;
    for (unsigned i = 0; i < n; i++) {
        struct request *request = &pool->request[tasks[i]->slot];
        request->task = tasks[i];
        request->work.data = pool;
        int rc = uv_queue_work(&pool->loop, &request->work, work, after_work);
        if (rc < 0)
            return pool->host->refuse(pool->host, "uv_queue_work: %s", uv_strerror(rc));
        pool->in_flight++;
    }
    return (int)n;
}

/* The loop's own timers have milliseconds; a loop that is embedded is asked when its descriptor says so. */
static void loop_wait(struct pool *pool, uint64_t left_ns)
{
    const struct timespec timeout = {(time_t)(left_ns / 1000000000), (long)(left_ns % 1000000000)};
    struct pollfd fd = {uv_backend_fd(&pool->loop), POLLIN, 0};
    ppoll(&fd, 1, &timeout, NULL); /* interrupted or failed: the loop is looked at anyway */
    uv_run(&pool->loop, UV_RUN_NOWAIT);
}

static int libuv_reap(void *argument, struct poolbench_task **tasks, unsigned min, unsigned max, uint64_t until_ns)
{
    struct pool *pool = argument;
    while (pool->back < min && pool->in_flight) {
        if (until_ns == UINT64_MAX) {
            uv_run(&pool->loop, UV_RUN_ONCE);
            continue;
        }
        uint64_t now_ns = until_ns ? pool->host->now_ns() : 0;
        loop_wait(pool, now_ns < until_ns ? until_ns - now_ns : 0);
        if (now_ns >= until_ns)
            break;
    }
    unsigned count = pool->back < max ? pool->back : max;
    for (unsigned i = 0; i < count; i++)
        tasks[i] = pool->list[i];
    pool->back -= count;
    for (unsigned i = 0; i < pool->back; i++)
        pool->list[i] = pool->list[count + i];
    return (int)count;
}

static int libuv_close(void *argument)
{
    struct pool *pool = argument;
    while (pool->in_flight)
        uv_run(&pool->loop, UV_RUN_ONCE);
    int rc = uv_loop_close(&pool->loop);
    uv_library_shutdown(); /* joins the threads */
    free(pool->list);
    free(pool);
    return rc == UV_EBUSY ? -EBUSY : 0;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "libuv",
    .summary = "libuv: uv_queue_work, back with the after-work callback on the loop",
    .handover_ns = 400,
    .shape = libuv_shape,
    .open = libuv_open,
    .submit = libuv_submit,
    .close = libuv_close,
    .reap = libuv_reap,
};
