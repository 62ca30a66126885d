/* hybrid: processes and threads together, by one of two routes.
 *   class   CPU-bound tasks go to processes, sleep-bound tasks to threads of the submitter; one stream of completions.
 *           `--workers N` are N in all: by the time that tasks of a class hold a worker, at least one for each class
 *           there is; processes= and threads= say otherwise.
 *   nested  processes of several threads each, all drawing from one queue; processes x threads = workers. */
#include "pools/parts/channel.h"

enum { ROUTE_CLASS, ROUTE_NESTED };
enum { PARAM_ROUTE, PARAM_PROCESSES, PARAM_THREADS, PARAM_WAIT, PARAM_MAX_TASKS };

static const struct param params[] = {
    {"route", PARAM_CHOICE, "class", 0, 0, "class|nested",
     "by task class (cpu to processes, sleep to threads), or threads nested in processes"},
    {"processes", PARAM_COUNT, "", 1, 65535, NULL,
     "worker processes; class: a share of --workers; nested: the largest divisor of --workers up to its root"},
    {"threads", PARAM_COUNT, "", 1, 65535, NULL,
     "class: threads of the submitter, the rest of --workers; nested: of each process, --workers / processes"},
    WAIT_PARAM,
    MAX_TASKS_PARAM,
    {0},
};

static unsigned divisor_up_to_root(unsigned n)
{
    unsigned divisor = 1;
    for (unsigned d = 1; d <= n / d; d++)
        if (n % d == 0)
            divisor = d;
    return divisor;
}

/* Of the route by class: what is open of the two numbers. */
static unsigned hybrid_staff(unsigned workers, double cpu_held, int64_t *values)
{
    int64_t *processes = &values[PARAM_PROCESSES], *threads = &values[PARAM_THREADS];
    if (values[PARAM_ROUTE] != ROUTE_CLASS)
        return workers;
    if (*processes || *threads) {
        int64_t *open = !*processes ? processes : !*threads ? threads : NULL;
        if (open && *processes + *threads < workers)
            *open = workers - *processes - *threads;
        return (unsigned)(*processes + *threads);
    }
    const bool are_mixed = cpu_held > 0 && cpu_held < 1;
    if (are_mixed && workers < 2)
        return 0;
    *processes = (int64_t)(cpu_held * workers + 0.5);
    if (are_mixed && *processes < 1)
        *processes = 1;
    if (are_mixed && *processes == workers)
        *processes = workers - 1;
    *threads = workers - *processes;
    return workers;
}

static const char *hybrid_shape(unsigned workers, const int64_t *values, struct pool_shape *shape)
{
    uint64_t processes = (uint64_t)values[PARAM_PROCESSES], threads = (uint64_t)values[PARAM_THREADS];
    if (values[PARAM_ROUTE] == ROUTE_CLASS) {
        if (!processes && !threads)
            processes = workers; /* nobody has asked hybrid_staff: tasks are CPU-bound */
        if (processes + threads > 65535)
            return "processes and threads together are more than 65535 workers";
        *shape = (struct pool_shape){
            .workers = (unsigned)(processes + threads),
            .processes = (unsigned)processes,
            .threads = (unsigned)threads,
            .for_class = {[TASK_CPU] = (unsigned)processes, [TASK_SLEEP] = (unsigned)threads},
        };
        return NULL;
    }
    if (!processes)
        processes = threads ? workers / threads : divisor_up_to_root(workers);
    if (!threads)
        threads = processes ? workers / processes : 0;
    if (!processes || processes * threads != workers)
        return "route=nested needs processes x threads = workers";
    *shape = (struct pool_shape){.workers = workers, .processes = (unsigned)processes, .threads = (unsigned)workers};
    return NULL;
}

static int hybrid_open(const struct pool_config *config, const struct job *job, struct pool **pool)
{
    struct pool_shape shape;
    if (hybrid_shape(config->workers, config->params, &shape))
        return -EINVAL; /* the planner has asked before */
    struct channels channels = {
        .wait = (enum wait_mode)config->params[PARAM_WAIT],
        .max_tasks = (uint32_t)config->params[PARAM_MAX_TASKS],
    };
    if (config->params[PARAM_ROUTE] == ROUTE_NESTED) {
        channels.teams[channels.count++] =
            (struct team){shape.workers, shape.processes, shape.workers / shape.processes};
    } else {
        if (shape.processes)
            channels.teams[channels.count++] = (struct team){shape.processes, shape.processes, 1};
        if (shape.threads)
            channels.teams[channels.count++] = (struct team){.workers = shape.threads};
    }
    return channels_open(config, job, &channels, pool);
}

const struct pool_ops pool_hybrid = {
    .name = "hybrid",
    .summary = "processes for CPU-bound and threads for sleep-bound tasks, or threads nested in processes",
    .params = params,
    CHANNELS_OPS,
    .staff = hybrid_staff,
    .shape = hybrid_shape,
    .open = hybrid_open,
};
