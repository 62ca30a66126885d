/* zeromq: processes that take the numbers of slots from a PUSH socket and give them back to a PULL socket, the
 * ventilator and sink of ZeroMQ's guide, over ipc. PUSH deals tasks out in turn, whoever is busy.
 *
 * Workers are forked before there is a context, which would not survive that. The name of a socket is in the abstract
 * namespace: no file is left. Payload is read and written in place: what is measured is the passing of messages. */
#include <errno.h>
#include <poll.h>
#include <poolbench/pool.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#define READY UINT32_MAX /* in place of a slot: a worker is there */

struct pool {
    const struct poolbench_host *host;
    void *context, *tasks, *results;
    int results_fd;
    unsigned in_flight, workers;
    pid_t pid[];
};

static const char *zeromq_shape(unsigned workers, const int64_t *params, struct poolbench_shape *shape)
{
    (void)params;
    shape->processes = workers;
    shape->threads = 0;
    return NULL;
}

static void name_of(char *text, size_t size, const char *what, pid_t submitter)
{
    snprintf(text, size, "ipc://@poolbench-%d-%s", (int)submitter, what);
}

static _Noreturn void work(const struct poolbench_host *host, pid_t submitter, unsigned number)
{
    char tasks_name[64], results_name[64];
    uint32_t slot = READY;
    void *context = zmq_ctx_new(), *tasks = zmq_socket(context, ZMQ_PULL), *results = zmq_socket(context, ZMQ_PUSH);
    name_of(tasks_name, sizeof tasks_name, "tasks", submitter);
    name_of(results_name, sizeof results_name, "results", submitter);
    host->worker(host, number); /* after the context: its own thread is not pinned */
    if (zmq_connect(tasks, tasks_name) < 0 || zmq_connect(results, results_name) < 0)
        _exit(1);
    while (zmq_send(results, &slot, sizeof slot, 0) >= 0 && zmq_recv(tasks, &slot, sizeof slot, 0) == sizeof slot) {
        struct poolbench_task *task = host->task(host, slot);
        task->work(task, task->in, task->out);
    }
    _exit(1);
}

static int zeromq_close(void *argument)
{
    struct pool *pool = argument;
    for (unsigned i = 0; i < pool->workers; i++)
        kill(pool->pid[i], SIGKILL); /* there is no message that reaches each of them */
    for (unsigned i = 0; i < pool->workers; i++)
        while (waitpid(pool->pid[i], NULL, 0) < 0 && errno == EINTR)
            ;
    const int linger = 0;
    void *sockets[] = {pool->tasks, pool->results};
    for (unsigned i = 0; i < 2; i++)
        if (sockets[i]) {
            zmq_setsockopt(sockets[i], ZMQ_LINGER, &linger, sizeof linger);
            zmq_close(sockets[i]);
        }
    if (pool->context)
        zmq_ctx_term(pool->context);
    free(pool);
    return 0;
}

static void *socket_bind(struct pool *pool, int type, const char *what)
{
    char name[64];
    void *socket = zmq_socket(pool->context, type);
    name_of(name, sizeof name, what, getpid());
    if (socket && zmq_bind(socket, name) < 0) {
        zmq_close(socket);
        return NULL;
    }
    return socket;
}

static int sockets_open(struct pool *pool)
{
    size_t size = sizeof pool->results_fd;
    pool->context = zmq_ctx_new();
    if (!pool->context || !(pool->tasks = socket_bind(pool, ZMQ_PUSH, "tasks")) ||
        !(pool->results = socket_bind(pool, ZMQ_PULL, "results")) ||
        zmq_getsockopt(pool->results, ZMQ_FD, &pool->results_fd, &size) < 0)
        return pool->host->refuse(pool->host, "a socket: %s", zmq_strerror(zmq_errno()));
    for (unsigned ready = 0; ready < pool->workers; ready++) {
        uint32_t slot;
        while (zmq_recv(pool->results, &slot, sizeof slot, 0) < 0)
            if (zmq_errno() != EINTR)
                return pool->host->refuse(pool->host, "workers that say hello: %s", zmq_strerror(zmq_errno()));
    }
    return 0;
}

static int zeromq_open(const struct poolbench_host *host, const struct poolbench_config *config, void **result)
{
    pid_t submitter = getpid();
    int rc = 0;
    struct pool *pool = calloc(1, sizeof *pool + config->workers * sizeof *pool->pid);
    if (!pool)
        return host->refuse(host, "out of memory");
    pool->host = host;
    while (pool->workers < config->workers && rc == 0) {
        pid_t pid = fork();
        if (pid == 0)
            work(host, submitter, pool->workers);
        if (pid < 0)
            rc = host->refuse(host, "fork: %s", strerror(errno));
        else
            pool->pid[pool->workers++] = pid;
    }
    rc = rc < 0 ? rc : sockets_open(pool);
    if (rc < 0)
        zeromq_close(pool);
    else
        *result = pool;
    return rc;
}

static int zeromq_submit(void *argument, struct poolbench_task *const *tasks, unsigned n)
{
    struct pool *pool = argument;
    unsigned taken = 0;
    /* room is told of late: when no task is on its way it is there, and the first one waits until that is known */
    int flags = pool->in_flight ? ZMQ_DONTWAIT : 0;
    while (taken < n && zmq_send(pool->tasks, &tasks[taken]->slot, sizeof tasks[taken]->slot, flags) >= 0) {
        taken++;
        flags = ZMQ_DONTWAIT;
    }
    pool->in_flight += taken;
    return taken || zmq_errno() == EAGAIN ? (int)taken : -zmq_errno();
}

/* Until there may be news. The descriptor tells of a change once, after everything that was there has been taken. */
static void news_wait(struct pool *pool, uint64_t left_ns)
{
    const struct timespec timeout = {(time_t)(left_ns / 1000000000), (long)(left_ns % 1000000000)};
    struct pollfd fd = {pool->results_fd, POLLIN, 0};
    ppoll(&fd, 1, &timeout, NULL);
}

static int zeromq_reap(void *argument, struct poolbench_task **tasks, unsigned min, unsigned max, uint64_t until_ns)
{
    struct pool *pool = argument;
    unsigned count = 0;
    bool is_last = until_ns == 0;
    while (count < max && pool->in_flight) {
        uint32_t slot;
        bool may_block = count < min && until_ns == UINT64_MAX;
        if (zmq_recv(pool->results, &slot, sizeof slot, may_block ? 0 : ZMQ_DONTWAIT) == sizeof slot) {
            tasks[count++] = pool->host->task(pool->host, slot);
            pool->in_flight--;
        } else if (zmq_errno() == EINTR) {
            continue;
        } else if (zmq_errno() != EAGAIN) {
            return -zmq_errno();
        } else if (count >= min || is_last) {
            break;
        } else {
            uint64_t now_ns = pool->host->now_ns();
            is_last = now_ns >= until_ns;
            news_wait(pool, is_last ? 0 : until_ns - now_ns);
        }
    }
    return (int)count;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "zeromq",
    .summary = "ZeroMQ: PUSH and PULL to forked processes over ipc, a message each task",
    .handover_ns = 1500,
    .shape = zeromq_shape,
    .open = zeromq_open,
    .submit = zeromq_submit,
    .close = zeromq_close,
    .reap = zeromq_reap,
};
