/* floor-fork: fork, exit, wait, and nothing around it: what pool fork could cost at best in this program. */
#include "pools/floors/floor.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { STAGED_MAX = 4096 };

struct pool {
    const struct pool_config *config;
    const struct job *job;
    uint32_t staged[STAGED_MAX], head, tail, alive;
    pid_t *pids;       /* by worker; 0: free */
    struct done *done; /* by worker, shared */
};

static int fork_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    if (floor_refuses(job))
        return -ENOTSUP;
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return -ENOMEM;
    pool->config = config;
    pool->job = job;
    pool->pids = calloc(config->workers, sizeof *pool->pids);
    pool->done = memory_share(config->workers * sizeof *pool->done, -1);
    if (!pool->pids || !pool->done) {
        if (pool->done)
            munmap(pool->done, config->workers * sizeof *pool->done);
        free(pool->pids);
        free(pool);
        return -ENOMEM;
    }
    *result = pool;
    return 0;
}

static int fork_one(struct pool *pool, unsigned worker)
{
    uint32_t task = pool->staged[pool->head % STAGED_MAX];
    pid_t pid = fork();
    if (pid == 0) {
        place_apply(&pool->config->places, worker);
        task_run(pool->job, task, NULL, NULL, &pool->done[worker]);
        _exit(0);
    }
    if (pid < 0)
        return -errno;
    pool->pids[worker] = pid;
    pool->head++;
    pool->alive++;
    return 0;
}

static int fork_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    unsigned taken = 0;
    while (taken < n && pool->tail - pool->head < STAGED_MAX)
        pool->staged[pool->tail++ % STAGED_MAX] = tasks[taken++];
    return (int)taken;
}

/* The child that has ended, in its worker's place. */
static bool wait_one(struct pool *pool, struct done *done, int options)
{
    int status;
    pid_t pid = waitpid(-1, &status, options);
    unsigned worker = 0;
    if (pid <= 0)
        return false;
    while (pool->pids[worker] != pid)
        worker++;
    *done = pool->done[worker];
    if (status)
        task_ended(status, done);
    done->worker = (uint16_t)worker;
    done->pid = pid;
    pool->pids[worker] = 0;
    pool->alive--;
    return true;
}

/* It cannot wait for a child and a time at once: until_ns is 0 or for ever. */
static int fork_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    unsigned count = 0, worker = 0;
    for (;;) {
        for (; pool->head != pool->tail && pool->alive < pool->config->workers; worker++) {
            if (worker == pool->config->workers)
                worker = 0;
            int rc = pool->pids[worker] ? 0 : fork_one(pool, worker);
            if (rc < 0)
                return rc;
        }
        worker = 0;
        if (count == max || !pool->alive || (count && count >= min))
            return (int)count;
        if (!wait_one(pool, &done[count], until_ns ? 0 : WNOHANG))
            return (int)count;
        count++;
    }
}

static int fork_close(struct pool *pool)
{
    struct done done;
    while (pool->alive)
        wait_one(pool, &done, 0);
    munmap(pool->done, pool->config->workers * sizeof *pool->done);
    free(pool->pids);
    free(pool);
    return 0;
}

const struct pool_ops floor_fork = {
    .name = "floor-fork",
    .summary = "fork, exit, wait: a bare loop",
    .traits = POOL_FLOOR | POOL_TASK_IS_PROCESS,
    .handover_ns = 150000,
    .shape = shape_of_processes,
    .open = fork_open,
    .submit = fork_submit,
    .reap = fork_reap,
    .usage = floor_usage,
    .close = fork_close,
};
