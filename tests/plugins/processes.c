/* A pool of processes, forked when it opens, which read the numbers of slots from one pipe: tasks run in memory that is
 * shared, at the same address. Those that die are noticed by the submitter, who reports their tasks. */
#include <errno.h>
#include <poolbench/pool.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct pool {
    int slots[2]; /* a pipe */
    unsigned workers;
    pid_t pid[];
};

static const char *pool_shape(unsigned workers, const int64_t *params, struct poolbench_shape *shape)
{
    (void)params;
    shape->processes = workers;
    shape->threads = 0;
    return workers > 64 ? "more than 64 processes" : NULL;
}

static _Noreturn void work(const struct poolbench_host *host, const struct pool *pool, unsigned number)
{
    uint32_t slot;
    close(pool->slots[1]);
    host->worker(host, number);
    while (read(pool->slots[0], &slot, sizeof slot) == (ssize_t)sizeof slot)
        poolbench_task_run(host->task(host, slot));
    _exit(0);
}

static int pool_close(void *argument)
{
    struct pool *pool = argument;
    close(pool->slots[0]);
    close(pool->slots[1]);
    for (unsigned i = 0; i < pool->workers; i++)
        while (waitpid(pool->pid[i], NULL, 0) < 0 && errno == EINTR)
            ;
    free(pool);
    return 0;
}

static int pool_open(const struct poolbench_host *host, const struct poolbench_config *config, void **result)
{
    struct pool *pool = calloc(1, sizeof *pool + config->workers * sizeof *pool->pid);
    if (!pool || pipe(pool->slots) < 0) {
        free(pool);
        return host->refuse(host, "a pipe: %s", strerror(errno));
    }
    for (; pool->workers < config->workers; pool->workers++) {
        pid_t pid = fork();
        if (pid == 0)
            work(host, pool, pool->workers);
        if (pid < 0) {
            pool_close(pool);
            return host->refuse(host, "fork: %s", strerror(errno));
        }
        pool->pid[pool->workers] = pid;
    }
    *result = pool;
    return 0;
}

/* At most as many as fit a pipe: config->depth numbers of 4 bytes do. */
static int pool_submit(void *argument, struct poolbench_task *const *tasks, unsigned n)
{
    struct pool *pool = argument;
    for (unsigned i = 0; i < n; i++)
        if (write(pool->slots[1], &tasks[i]->slot, sizeof tasks[i]->slot) != (ssize_t)sizeof tasks[i]->slot)
            return -EPIPE;
    return (int)n;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "processes",
    .summary = "processes that read slots from a pipe",
    .shape = pool_shape,
    .open = pool_open,
    .submit = pool_submit,
    .close = pool_close,
};
