/* openmpi: rank 0 of an Open MPI job is the submitter, the others are workers, on one machine. A task is an MPI_Send
 * of its slot's number, its result one back; up to inflight=N are on their way to a worker, or wait there.
 *
 * Ranks are processes that mpirun has started, and those would not have the memory that tasks are in. So each of them
 * is a shell that says its pid and waits; the process that is to be that rank, the submitter or a worker forked from
 * it, takes over its environment, which is all that MPI_Init goes by. What comes after is an MPI job as any: messages
 * through shared memory, ranks that poll, and yield where mpirun says that they are more than CPUs.
 *
 * Shells end when the pipe that they read is closed by the submitter or with it, and mpirun ends with them. Payload is
 * read and written in place: what is measured is the passing of messages. */
#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <poolbench/pool.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INFLIGHT };
enum { TASK_TAG = 1, STOP_TAG, POLLS_A_LOOK = 4096 };

/* $0: the process whose descriptor $1 is the pipe */
static const char shell_script[] = "echo \"$PMIX_RANK $$\"; read -r end <\"/proc/$0/fd/$1\"; exit 0";

static const struct poolbench_param params[] = {
    {"inflight", POOLBENCH_COUNT, "16", 1, 4096, "", "most tasks that a worker has been sent and not returned"},
    {0},
};

struct worker {
    pid_t pid, shell; /* of rank 1 + number */
    unsigned in_flight;
};

struct pool {
    const struct poolbench_host *host;
    unsigned workers, inflight, in_flight;
    unsigned depth, first, count; /* tasks that wait for room: a ring of slots */
    uint32_t *waiting;
    unsigned next;       /* the worker to look at first */
    pid_t mpirun, shell; /* shell: of rank 0 */
    int pipe[2];         /* shells wait for its end */
    bool is_up;          /* MPI is initialised, nothing has gone wrong */
    uint32_t slot;       /* where the result comes that is waited for */
    MPI_Request request; /* MPI_REQUEST_NULL: none is waited for */
    struct worker worker[];
};

static const char *openmpi_shape(unsigned workers, const int64_t *values, struct poolbench_shape *shape)
{
    (void)values;
    shape->processes = workers;
    shape->threads = 0;
    return NULL;
}

/* ---- ranks ---- */

/* Starts mpirun. Where the shells say who they are; or -errno, with words. */
static int mpirun_start(struct pool *pool)
{
    char ranks[16], pid[16], fd[16];
    int said[2];
    posix_spawn_file_actions_t actions;
    if (pipe2(pool->pipe, O_CLOEXEC) < 0 || pipe2(said, O_CLOEXEC) < 0)
        return pool->host->refuse(pool->host, "a pipe: %s", strerror(errno));
    snprintf(ranks, sizeof ranks, "%u", pool->workers + 1);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    snprintf(fd, sizeof fd, "%d", pool->pipe[0]);
    char *arguments[] = {
        "mpirun",
        "--allow-run-as-root",
        "--oversubscribe",
        "--bind-to",
        "none",
        "-np",
        ranks,
        "sh",
        "-c",
        (char *)shell_script,
        pid,
        fd,
        NULL,
    };
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, said[1], STDOUT_FILENO);
    int error = posix_spawnp(&pool->mpirun, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(said[1]);
    if (!error)
        return said[0];
    pool->mpirun = 0;
    close(said[0]);
    return pool->host->refuse(pool->host, "mpirun: %s (Debian: openmpi-bin)", strerror(error));
}

/* Fills in which shell is which rank. */
static int shells_read(struct pool *pool, int fd)
{
    FILE *said = fdopen(fd, "r");
    if (!said) {
        close(fd);
        return pool->host->refuse(pool->host, "out of memory");
    }
    unsigned known = 0, rank;
    int pid;
    while (known <= pool->workers && fscanf(said, "%u %d", &rank, &pid) == 2 && rank <= pool->workers && pid > 0) {
        *(rank ? &pool->worker[rank - 1].shell : &pool->shell) = pid;
        known++;
    }
    fclose(said);
    return known > pool->workers ? 0 : pool->host->refuse(pool->host, "mpirun ends before its ranks are there");
}

/* What was the environment of a process when it was executed becomes ours. 0 or -errno. */
static int environment_take(pid_t pid)
{
    char path[64], *line = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    while (getdelim(&line, &size, '\0', file) > 0) {
        char *equals = strchr(line, '=');
        if (equals) {
            *equals = '\0';
            setenv(line, equals + 1, 1);
        }
    }
    free(line);
    fclose(file);
    return 0;
}

/* From here on, a call of MPI that fails says so and ends the process: that is MPI's default. */
static int rank_become(pid_t shell)
{
    int rc = environment_take(shell);
    if (rc == 0)
        MPI_Init(NULL, NULL);
    return rc;
}

/* ---- workers ---- */

static _Noreturn void work(const struct pool *pool, unsigned number)
{
    const struct poolbench_host *host = pool->host;
    MPI_Status status;
    uint32_t slot;
    close(pool->pipe[1]);
    if (rank_become(pool->worker[number].shell) < 0)
        _exit(1);
    host->worker(host, number); /* after MPI_Init: threads that MPI has made are not pinned */
    MPI_Barrier(MPI_COMM_WORLD);
    while (MPI_Recv(&slot, 1, MPI_UINT32_T, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &status), status.MPI_TAG == TASK_TAG) {
        struct poolbench_task *task = host->task(host, slot);
        task->work(task, task->in, task->out);
        MPI_Send(&slot, 1, MPI_UINT32_T, 0, TASK_TAG, MPI_COMM_WORLD);
    }
    MPI_Finalize();
    _exit(0);
}

static int workers_fork(struct pool *pool)
{
    for (unsigned i = 0; i < pool->workers; i++) {
        pid_t pid = fork();
        if (pid == 0)
            work(pool, i);
        if (pid < 0)
            return pool->host->refuse(pool->host, "fork: %s", strerror(errno));
        pool->worker[i].pid = pid;
    }
    return 0;
}

/* An MPI job in which a process ended cannot go on. */
static int workers_look(struct pool *pool)
{
    for (unsigned i = 0; i < pool->workers; i++) {
        int status;
        if (waitpid(pool->worker[i].pid, &status, WNOHANG) <= 0)
            continue;
        pool->worker[i].pid = 0;
        pool->is_up = false;
        return pool->host->refuse(pool->host, "worker %u ended, with %s %d, and the MPI job with it", i,
                                  WIFSIGNALED(status) ? "signal" : "exit code",
                                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    return 0;
}

/* ---- the pool ---- */

static void end_wait(pid_t pid)
{
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int openmpi_close(void *argument)
{
    struct pool *pool = argument;
    bool is_well = pool->is_up && !pool->in_flight;
    for (unsigned i = 0; i < pool->workers; i++)
        if (is_well)
            MPI_Send(&pool->slot, 1, MPI_UINT32_T, (int)i + 1, STOP_TAG, MPI_COMM_WORLD);
        else if (pool->worker[i].pid > 0)
            kill(pool->worker[i].pid, SIGKILL);
    if (is_well)
        MPI_Finalize(); /* waits for all ranks: not after a failure */
    else if (pool->mpirun)
        kill(pool->mpirun, SIGTERM); /* it ends its shells and takes its files away */
    for (unsigned i = 0; i < pool->workers; i++)
        end_wait(pool->worker[i].pid);
    for (unsigned i = 0; i < 2; i++)
        if (pool->pipe[i] >= 0)
            close(pool->pipe[i]);
    end_wait(pool->mpirun);
    free(pool->waiting);
    free(pool);
    return 0;
}

static int openmpi_open(const struct poolbench_host *host, const struct poolbench_config *config, void **result)
{
    struct pool *pool = calloc(1, sizeof *pool + config->workers * sizeof *pool->worker);
    uint32_t *waiting = calloc(config->depth, sizeof *waiting);
    if (!pool || !waiting) {
        free(pool);
        free(waiting);
        return host->refuse(host, "out of memory");
    }
    pool->host = host;
    pool->depth = config->depth;
    pool->waiting = waiting;
    pool->workers = config->workers;
    pool->inflight = (unsigned)config->params[INFLIGHT];
    pool->pipe[0] = pool->pipe[1] = -1;
    pool->request = MPI_REQUEST_NULL;
    int said = mpirun_start(pool);
    int rc = said < 0 ? said : shells_read(pool, said);
    if (rc == 0)
        rc = workers_fork(pool);
    if (rc == 0 && rank_become(pool->shell) < 0)
        rc = host->refuse(host, "the environment of rank 0 cannot be read");
    if (rc == 0) {
        MPI_Barrier(MPI_COMM_WORLD);
        pool->is_up = true;
        *result = pool;
    } else {
        openmpi_close(pool);
    }
    return rc;
}

static void next_send(struct pool *pool, unsigned number)
{
    MPI_Send(&pool->waiting[pool->first], 1, MPI_UINT32_T, (int)number + 1, TASK_TAG, MPI_COMM_WORLD);
    pool->first = (pool->first + 1) % pool->depth;
    pool->count--;
    pool->worker[number].in_flight++;
}

/* Takes all, and sends to each worker in turn as far as there is room. */
static int openmpi_submit(void *argument, struct poolbench_task *const *tasks, unsigned n)
{
    struct pool *pool = argument;
    for (unsigned i = 0; i < n; i++)
        pool->waiting[(pool->first + pool->count++) % pool->depth] = tasks[i]->slot;
    pool->in_flight += n;
    for (unsigned full = 0; pool->count && full < pool->workers; pool->next = (pool->next + 1) % pool->workers)
        if (pool->worker[pool->next].in_flight < pool->inflight) {
            next_send(pool, pool->next);
            full = 0;
        } else {
            full++;
        }
    return (int)n;
}

/* The worker that has returned a task gets the next. */
static int openmpi_reap(void *argument, struct poolbench_task **tasks, unsigned min, unsigned max, uint64_t until_ns)
{
    struct pool *pool = argument;
    bool is_last = until_ns == 0;
    unsigned count = 0, polls = 0;
    while (count < max && pool->in_flight) {
        MPI_Status status;
        int is_there;
        if (pool->request == MPI_REQUEST_NULL)
            MPI_Irecv(&pool->slot, 1, MPI_UINT32_T, MPI_ANY_SOURCE, TASK_TAG, MPI_COMM_WORLD, &pool->request);
        MPI_Test(&pool->request, &is_there, &status);
        if (is_there) {
            unsigned number = (unsigned)status.MPI_SOURCE - 1;
            tasks[count++] = pool->host->task(pool->host, pool->slot);
            pool->worker[number].in_flight--;
            pool->in_flight--;
            if (pool->count)
                next_send(pool, number);
            continue;
        }
        int rc = ++polls % POLLS_A_LOOK ? 0 : workers_look(pool);
        if (rc < 0)
            return rc;
        if (count >= min || is_last)
            break;
        is_last = until_ns != UINT64_MAX && pool->host->now_ns() >= until_ns;
    }
    return (int)count;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "openmpi",
    .summary = "Open MPI: a message to a rank and one back for each task, on one machine",
    .params = params,
    .handover_ns = 1000,
    .shape = openmpi_shape,
    .open = openmpi_open,
    .submit = openmpi_submit,
    .close = openmpi_close,
    .reap = openmpi_reap,
};
