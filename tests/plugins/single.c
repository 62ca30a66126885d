/* A pool of one thread that holds one task at a time: it is full as soon as it has something to do. */
#include <errno.h>
#include <poolbench/pool.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

struct pool {
    const struct poolbench_host *host;
    pthread_t thread;
    sem_t vacant, filled;
    struct poolbench_task *task; /* NULL: stop */
};

static void *work(void *argument)
{
    struct pool *pool = argument;
    pool->host->worker(pool->host, 0);
    for (;;) {
        while (sem_wait(&pool->filled) < 0)
            ;
        struct poolbench_task *task = pool->task;
        if (!task)
            return NULL;
        task->work(task, task->in, task->out);
        sem_post(&pool->vacant); /* before anybody hears of it: who has all results back may hand in more */
        task->finish(task);
    }
}

static const char *pool_shape(unsigned workers, const int64_t *params, struct poolbench_shape *shape)
{
    (void)params;
    (void)shape;
    return workers > 1 ? "more than one worker" : NULL;
}

static int pool_open(const struct poolbench_host *host, const struct poolbench_config *config, void **result)
{
    struct pool *pool = calloc(1, sizeof *pool);
    (void)config;
    if (!pool)
        return -ENOMEM;
    pool->host = host;
    sem_init(&pool->vacant, 0, 1);
    sem_init(&pool->filled, 0, 0);
    int error = pthread_create(&pool->thread, NULL, work, pool);
    if (error) {
        free(pool);
        return host->refuse(host, "a thread: %s", strerror(error));
    }
    *result = pool;
    return 0;
}

static int pool_submit(void *argument, struct poolbench_task *const *tasks, unsigned n)
{
    struct pool *pool = argument;
    if (!n || sem_trywait(&pool->vacant) < 0)
        return 0;
    pool->task = tasks[0];
    sem_post(&pool->filled);
    return 1;
}

static int pool_close(void *argument)
{
    struct pool *pool = argument;
    pool->task = NULL;
    sem_post(&pool->filled);
    pthread_join(pool->thread, NULL);
    sem_destroy(&pool->vacant);
    sem_destroy(&pool->filled);
    free(pool);
    return 0;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "single",
    .summary = "one thread that holds one task",
    .shape = pool_shape,
    .open = pool_open,
    .submit = pool_submit,
    .close = pool_close,
};
