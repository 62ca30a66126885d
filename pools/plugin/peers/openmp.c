/* openmp: one OpenMP task a task, made by one thread of a parallel region, which works too while it waits (taskwait).
 * --workers is the size of the team, the submitter included: with one worker, tasks run where they are made. */
#include <omp.h>
#include <poolbench/pool.h>
#include <stdlib.h>

struct omp {
    const struct poolbench_host *host;
    unsigned workers;
};

static const char *openmp_shape(unsigned workers, const int64_t *params, struct poolbench_shape *shape)
{
    (void)params;
    shape->threads = workers - 1; /* beside the submitter */
    return NULL;
}

static int openmp_open(const struct poolbench_host *host, const struct poolbench_config *config, void **pool)
{
    struct omp *omp = malloc(sizeof *omp);
    if (!omp)
        return host->refuse(host, "out of memory");
    *omp = (struct omp){host, config->workers};
    omp_set_dynamic(0);
    *pool = omp;
    return 0;
}

static int openmp_enter(void *pool, void (*body)(void *arg), void *arg)
{
    struct omp *omp = pool;
    int team = 0;
#pragma omp parallel num_threads(omp->workers)
    {
        omp->host->worker(omp->host, (unsigned)omp_get_thread_num());
#pragma omp master
        {
            team = omp_get_num_threads();
            if ((unsigned)team == omp->workers)
                body(arg);
        }
    }
    return (unsigned)team == omp->workers
               ? 0
               : omp->host->refuse(omp->host, "a team of %u was asked for and %d came", omp->workers, team);
}

static int openmp_submit(void *pool, struct poolbench_task *const *tasks, unsigned n)
{
    (void)pool;
    for (unsigned i = 0; i < n; i++) {
        struct poolbench_task *task = tasks[i];
#pragma omp task firstprivate(task)
        task->run(task);
    }
    return (int)n;
}

static int openmp_help(void *pool, unsigned min, uint64_t until_ns)
{
    (void)pool, (void)min, (void)until_ns; /* a taskwait ends when all are done, and not before */
#pragma omp taskwait
    return 1;
}

static int openmp_close(void *pool)
{
    free(pool);
    return 0;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "openmp",
    .summary = "OpenMP: a task each, made by one of a team, waited for with taskwait",
    .traits = POOLBENCH_SUBMITTER_WORKS,
    .handover_ns = 150,
    .shape = openmp_shape,
    .open = openmp_open,
    .submit = openmp_submit,
    .close = openmp_close,
    .enter = openmp_enter,
    .help = openmp_help,
};
