/* A structured runtime in small: all happens inside enter, the submitter is one of the workers and runs tasks in help;
 * the others are threads that enter has made. */
#include <poolbench/pool.h>
#include <pthread.h>
#include <stdlib.h>

struct pool {
    const struct poolbench_host *host;
    unsigned workers, depth, first, count, inside;
    struct poolbench_task **list;
    pthread_mutex_t lock;
    pthread_cond_t work;
    int stopping;
};

struct birth {
    struct pool *pool;
    unsigned number;
};

static const char *pool_shape(unsigned workers, const int64_t *params, struct poolbench_shape *shape)
{
    (void)params;
    shape->threads = workers - 1;
    return NULL;
}

static int pool_open(const struct poolbench_host *host, const struct poolbench_config *config, void **result)
{
    struct pool *pool = calloc(1, sizeof *pool);
    struct poolbench_task **list = calloc(config->depth, sizeof *list);
    if (!pool || !list) {
        free(pool);
        free(list);
        return host->refuse(host, "out of memory");
    }
    *pool = (struct pool){.host = host, .workers = config->workers, .depth = config->depth, .list = list};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    *result = pool;
    return 0;
}

/* The next task, waited for by those that have nothing else to do; NULL: none. */
static struct poolbench_task *next(struct pool *pool, int wait)
{
    struct poolbench_task *task = NULL;
    pthread_mutex_lock(&pool->lock);
    while (wait && !pool->count && !pool->stopping)
        pthread_cond_wait(&pool->work, &pool->lock);
    if (pool->count) {
        task = pool->list[pool->first];
        pool->first = (pool->first + 1) % pool->depth;
        pool->count--;
    }
    pthread_mutex_unlock(&pool->lock);
    return task;
}

static void *work(void *argument)
{
    struct birth *birth = argument;
    struct poolbench_task *task;
    birth->pool->host->worker(birth->pool->host, birth->number);
    while ((task = next(birth->pool, 1)))
        task->run(task);
    return NULL;
}

static int pool_enter(void *argument, void (*body)(void *arg), void *arg)
{
    struct pool *pool = argument;
    pthread_t thread[64];
    struct birth birth[64];
    unsigned count = 1;
    for (; count < pool->workers && count < 64; count++) {
        birth[count] = (struct birth){pool, count};
        if (pthread_create(&thread[count], NULL, work, &birth[count]))
            break;
    }
    pool->inside = 1;
    body(arg);
    pool->inside = 0;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = 1;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    while (--count)
        pthread_join(thread[count], NULL);
    return 0;
}

static int pool_submit(void *argument, struct poolbench_task *const *tasks, unsigned n)
{
    struct pool *pool = argument;
    if (!pool->inside)
        return pool->host->refuse(pool->host, "submit was called outside of enter");
    pthread_mutex_lock(&pool->lock);
    for (unsigned i = 0; i < n; i++)
        pool->list[(pool->first + pool->count++) % pool->depth] = tasks[i];
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    return (int)n;
}

static int pool_help(void *pool, unsigned min, uint64_t until_ns)
{
    struct poolbench_task *task = next(pool, 0);
    (void)min, (void)until_ns;
    if (task)
        task->run(task);
    return task != NULL;
}

static int pool_close(void *argument)
{
    struct pool *pool = argument;
    free(pool->list);
    free(pool);
    return 0;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "inside",
    .summary = "a runtime that is entered, whose submitter works",
    .traits = POOLBENCH_SUBMITTER_WORKS,
    .shape = pool_shape,
    .open = pool_open,
    .submit = pool_submit,
    .close = pool_close,
    .enter = pool_enter,
    .help = pool_help,
};
