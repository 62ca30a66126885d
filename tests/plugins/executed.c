/* A pool of processes that are executed when it opens: each gets the numbers of slots through a pipe of its own, finds
 * the tasks in memory that it has mapped by then (attach), and writes the numbers back to one pipe for all. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <poolbench/pool.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct worker {
    pid_t pid;
    int slots[2];
};

struct pool {
    const struct poolbench_host *host;
    int results[2];
    unsigned workers, next, in_flight;
    struct worker worker[];
};

static const char *pool_shape(unsigned workers, const int64_t *params, struct poolbench_shape *shape)
{
    (void)params;
    shape->processes = workers;
    shape->threads = 0;
    return workers > 64 ? "more than 64 processes" : NULL;
}

/* In the process that was executed: NAME NUMBER SLOTS RESULTS. */
static int pool_attach(const struct poolbench_host *host, const struct poolbench_config *config, int argc, char **argv)
{
    uint32_t slot;
    if (argc != 4 || !config->workers || host->program)
        return host->refuse(host, "expected three arguments");
    int slots = atoi(argv[2]), results = atoi(argv[3]);
    host->worker(host, (unsigned)atoi(argv[1]));
    while (read(slots, &slot, sizeof slot) == (ssize_t)sizeof slot) {
        struct poolbench_task *task = host->task(host, slot);
        task->work(task, task->in, task->out);
        if (write(results, &slot, sizeof slot) != (ssize_t)sizeof slot)
            return 1;
    }
    return 0;
}

static int pool_close(void *argument)
{
    struct pool *pool = argument;
    for (unsigned i = 0; i < pool->workers; i++)
        close(pool->worker[i].slots[1]);
    for (unsigned i = 0; i < pool->workers; i++)
        while (waitpid(pool->worker[i].pid, NULL, 0) < 0 && errno == EINTR)
            ;
    close(pool->results[0]);
    close(pool->results[1]);
    free(pool);
    return 0;
}

static int worker_start(struct pool *pool)
{
    struct worker *worker = &pool->worker[pool->workers];
    char number[16], slots[16], results[16];
    posix_spawn_file_actions_t actions;
    if (pipe(worker->slots) < 0)
        return errno;
    snprintf(number, sizeof number, "%u", pool->workers);
    snprintf(slots, sizeof slots, "%d", worker->slots[0]);
    snprintf(results, sizeof results, "%d", pool->results[1]);
    char *arguments[] = {(char *)"worker", number, slots, results, NULL};
    posix_spawn_file_actions_init(&actions);
    for (unsigned i = 0; i <= pool->workers; i++) /* else no worker sees the end */
        posix_spawn_file_actions_addclose(&actions, pool->worker[i].slots[1]);
    int error = posix_spawn(&worker->pid, pool->host->program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(worker->slots[0]);
    if (error)
        close(worker->slots[1]);
    else
        pool->workers++;
    return error;
}

static int pool_open(const struct poolbench_host *host, const struct poolbench_config *config, void **result)
{
    struct pool *pool = calloc(1, sizeof *pool + config->workers * sizeof *pool->worker);
    if (!pool || pipe(pool->results) < 0) {
        free(pool);
        return host->refuse(host, "a pipe: %s", strerror(errno));
    }
    pool->host = host;
    while (pool->workers < config->workers) {
        int error = worker_start(pool);
        if (error) {
            pool_close(pool);
            return host->refuse(host, "%s: %s", host->program, strerror(error));
        }
    }
    *result = pool;
    return 0;
}

/* At most as many as fit a pipe: config->depth numbers of 4 bytes do. */
static int pool_submit(void *argument, struct poolbench_task *const *tasks, unsigned n)
{
    struct pool *pool = argument;
    for (unsigned i = 0; i < n; i++) {
        int slots = pool->worker[pool->next++ % pool->workers].slots[1];
        if (write(slots, &tasks[i]->slot, sizeof tasks[i]->slot) != (ssize_t)sizeof tasks[i]->slot)
            return -EPIPE;
    }
    pool->in_flight += n;
    return (int)n;
}

static int pool_reap(void *argument, struct poolbench_task **tasks, unsigned min, unsigned max, uint64_t until_ns)
{
    struct pool *pool = argument;
    unsigned count = 0;
    while (count < max && pool->in_flight) {
        uint32_t slot;
        uint64_t now_ns = pool->host->now_ns(), left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
        const struct timespec left = {(time_t)(left_ns / 1000000000), (long)(left_ns % 1000000000)}, none = {0, 0};
        struct pollfd fd = {pool->results[0], POLLIN, 0};
        if (ppoll(&fd, 1, count >= min ? &none : until_ns == UINT64_MAX ? NULL : &left, NULL) <= 0)
            break;
        if (read(fd.fd, &slot, sizeof slot) != (ssize_t)sizeof slot)
            return -EPIPE;
        tasks[count++] = pool->host->task(pool->host, slot);
        pool->in_flight--;
    }
    return (int)count;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "executed",
    .summary = "processes that are executed and read slots from pipes",
    .shape = pool_shape,
    .open = pool_open,
    .submit = pool_submit,
    .close = pool_close,
    .reap = pool_reap,
    .attach = pool_attach,
};
