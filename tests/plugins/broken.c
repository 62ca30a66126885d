/* Pools that break the contract, each in one way, for the tests: BREAK names it. */
#include <poolbench/pool.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define NOTHING          0
#define DROPS            1
#define DOUBLES          2
#define EARLY            3
#define INVENTS          4
#define CRASHES_IN_OPEN  5
#define HANGS_IN_OPEN    6
#define REFUSES          7
#define CRASHES_IN_SHAPE 8
#define CRASHES_IN_LOAD  9
#define NEVER_ENTERS     10
#define FINISHES_TWICE   11
#define IS_SLOW          12
#ifndef BREAK
#define BREAK NOTHING
#endif
#define TASK     500
#define HAS_REAP (BREAK == EARLY || BREAK == INVENTS || BREAK == FINISHES_TWICE)

#if BREAK == CRASHES_IN_LOAD
__attribute__((constructor)) static void crash(void)
{
    abort();
}
#endif

/* One worker thread, and a list in an array: as much as it takes. */
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct poolbench_task **list, **done;
    unsigned depth, first, count, done_first, done_count;
    int stopping;
    pthread_t thread;
};

static void run_one(struct pool *pool, struct poolbench_task *task)
{
    (void)pool;
    if (BREAK == DROPS && task->number == TASK)
        return;
    uint32_t number = task->number;
    if (BREAK == IS_SLOW)
        usleep(30000);
    task->run(task);
    if (BREAK == DOUBLES && number == TASK)
        task->run(task);
}

static void *work(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping || pool->count) {
        if (!pool->count) {
            pthread_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        struct poolbench_task *task = pool->list[pool->first];
        pool->first = (pool->first + 1) % pool->depth;
        pool->count--;
        pthread_mutex_unlock(&pool->lock);
        run_one(pool, task);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

#if BREAK == CRASHES_IN_SHAPE
static const char *pool_shape(unsigned workers, const int64_t *params, struct poolbench_shape *shape)
{
    (void)workers, (void)params, (void)shape;
    abort();
}
#endif

static int pool_open(const struct poolbench_host *host, const struct poolbench_config *config, void **result)
{
    if (BREAK == CRASHES_IN_OPEN)
        abort();
    if (BREAK == HANGS_IN_OPEN)
        for (;;)
            pause();
    if (BREAK == REFUSES)
        return host->refuse(host, "there is no %s to be had", "library");
    struct pool *pool = calloc(1, sizeof *pool);
    pool->depth = config->depth;
    pool->list = calloc(config->depth, sizeof *pool->list);
    pool->done = calloc(config->depth, sizeof *pool->done);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_create(&pool->thread, NULL, work, pool);
    *result = pool;
    return 0;
}

static int pool_submit(void *argument, struct poolbench_task *const *tasks, unsigned n)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    for (unsigned i = 0; i < n && !HAS_REAP; i++)
        pool->list[(pool->first + pool->count++) % pool->depth] = tasks[i];
    for (unsigned i = 0; i < n; i++)
        pool->done[(pool->done_first + pool->done_count++) % pool->depth] = tasks[i];
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    return (int)n;
}

#if HAS_REAP
/* Says of what was handed in that it is finished, whether or not it is. */
static int pool_reap(void *argument, struct poolbench_task **tasks, unsigned min, unsigned max, uint64_t until_ns)
{
    struct pool *pool = argument;
    unsigned count = 0;
    static struct poolbench_task stranger[2];
    (void)min, (void)until_ns;
    for (; count < max && pool->done_count; count++) {
        struct poolbench_task *task = pool->done[pool->done_first];
        pool->done_first = (pool->done_first + 1) % pool->depth;
        pool->done_count--;
        if (BREAK == FINISHES_TWICE && task->number == TASK)
            task->run(task);
        else if (BREAK == INVENTS || task->number != TASK)
            task->work(task, task->in, task->out);
        tasks[count] = BREAK == INVENTS && task->number == TASK ? &stranger[1] : task;
    }
    return (int)count;
}
#endif

#if BREAK == NEVER_ENTERS
static int pool_enter(void *pool, void (*body)(void *arg), void *arg)
{
    (void)pool, (void)body, (void)arg;
    return 0;
}
#endif

#ifdef PARAM
static const struct poolbench_param pool_params[] = {PARAM, {0}};
#endif

static int pool_close(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = 1;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    pthread_join(pool->thread, NULL);
    free(pool->list);
    free(pool->done);
    free(pool);
    return 0;
}

const struct poolbench_pool poolbench_pool_plugin = {
#ifdef WRONG_ABI
    .abi = POOLBENCH_ABI + 1,
#else
    .abi = POOLBENCH_ABI,
#endif
#ifdef WRONG_SIZE
    .size = sizeof(struct poolbench_pool) + 8,
#else
    .size = sizeof(struct poolbench_pool),
#endif
    .name = "broken",
    .summary = "a pool that breaks the contract",
    .open = pool_open,
    .submit = pool_submit,
    .close = pool_close,
#if BREAK == CRASHES_IN_SHAPE
    .shape = pool_shape,
#endif
#if HAS_REAP
    .reap = pool_reap,
#endif
#if BREAK == NEVER_ENTERS
    .enter = pool_enter,
#endif
#ifdef PARAM
    .params = pool_params,
#endif
};
