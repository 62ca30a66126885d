/* The verb capacity, before it measures: where to look, by queueing theory, and what there is time for. */
#include "bench/base/units.h"
#include "bench/measure/forecast/pilot.h"
#include "bench/model/factors.h"
#include "bench/stats/pooled.h"
#include "bench/verbs/search/capacity.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_LEAST   8  /* blocks, unless fewer are asked for */
#define ROUNDS_FEW     12 /* where there is time for so many: then trials get longer, */
#define ROUNDS_MOST    32 /* until they are as long as they may be */
#define ROUNDS_FREE    12 /* without a budget */
#define TRIAL_S        0.25
#define TRIAL_MOST_S   12 /* nobody waits longer for a word */
#define TASKS_LEAST    50 /* of a trial, at the first guess; */
#define TASKS_FEWEST   8  /* at any rate: what takes so long is no rate that anybody asks for */
#define TASKS_MOST     10000
#define DEADLINES      5   /* a trial lasts for so many */
#define DISTURBED      2   /* what the workers could do at best, over the least that is thought of a pool */
#define RANGE_LO       20  /* times below what theory says */
#define RANGE_HI       1.2 /* times what the workers could do at best */
#define PILOTS_FREE_NS 3e9 /* without a budget */
#define SECOND_NS      1e9

/* Workers and CPUs that tasks run on, as a queue. What handing over costs is part of how long a task takes. */
static struct queue queue_of(const struct cell *cell)
{
    const struct pool_shape *shape = &cell->shape;
    double share = cell->workload->classify ? 0.5 : cell->workload->class == TASK_SLEEP ? 0 : 1;
    double workers = fmin(shape->workers, fmax((double)cell->f.workers, fmax(shape->processes, shape->threads)));
    return (struct queue){.workers = (unsigned)fmax(workers, 1),
                          .cpus = share > 0 ? fmax(cell->placement.cpus, 1) : 0,
                          .cpu_share = share};
}

/* What a task takes by its label; where it has none, as it was found. */
static double label_ns(const struct cell *cell, double seen_ns)
{
    return cell->f.size_ns > 0 ? (double)cell->f.size_ns : seen_ns;
}

static int size_order(const void *a, const void *b)
{
    const struct bucket *left = a, *right = b;
    return (left->lo_ns > right->lo_ns) - (left->lo_ns < right->lo_ns);
}

static int sample_draw(const struct cell *cell, double seen_ns, uint64_t seed, struct queue_sample *sample)
{
    const uint32_t count = cell->cost_count ? cell->cost_count : 1;
    struct bucket *sizes = calloc(count, sizeof *sizes);
    for (uint32_t i = 0; i < count && sizes; i++) {
        int64_t ns = cell->cost_count && cell->costs[i].size_ns ? (int64_t)cell->costs[i].size_ns
                                                                : (int64_t)label_ns(cell, seen_ns);
        sizes[i] = (struct bucket){ns, ns + 1, 1};
    }
    if (sizes)
        qsort(sizes, count, sizeof *sizes, size_order);
    int rc = sizes ? queue_draw(sizes, count, true, seed, QUEUE_TASKS, sample) : -ENOMEM;
    free(sizes);
    return rc;
}

/* Times their labels: how long tasks take when all workers are busy. */
static double scale_of(const struct cell *cell, const struct queue *queue, const struct queue_sample *sample)
{
    const double least_ns = SECOND_NS / queue_rate_most(queue, sample);
    return cell->forecast.measured ? fmax(cell->forecast.task_ns / least_ns, 0.5) : 1;
}

/* What theory says of a queue whose tasks take `scale` times their labels. */
static int rates_guess(const struct capacity *capacity, const struct queue *queue, struct queue_sample *sample,
                       double scale, double *guess)
{
    for (size_t t = 0; t < sample->tasks; t++)
        sample->service_ns[t] *= scale;
    return queue_rate_for_percentile(queue, sample, capacity->share, capacity->deadline_ns, guess);
}

static int pool_guess(const struct capacity *capacity, struct capacity_pool *pool, double from, double to, char *error)
{
    const struct cell *cell = capacity_subject(capacity, pool);
    const struct queue queue = queue_of(cell);
    const double at_once = queue.cpus ? fmin(queue.workers, queue.cpus / queue.cpu_share) : queue.workers;
    const bool known = cell->f.size_ns > 0 || cell->forecast.measured;
    struct queue_sample sample = {0};
    double guess = 0, most = 0;
    if (!known && !(from > 0))
        return refuse(error, "--range: expected one such as 100..5k, as nothing is known of how long a task takes");
    pool->workers = queue.workers;
    pool->label_ns = known ? cell->forecast.task_ns * at_once : SECOND_NS * at_once / to;
    int rc = sample_draw(cell, pool->label_ns, capacity->session.request.settings.seed, &sample);
    if (rc == 0) {
        const double scale = scale_of(cell, &queue, &sample);
        most = queue_rate_most(&queue, &sample) / fmin(scale, 1);
        rc = rates_guess(capacity, &queue, &sample, scale, &guess);
    }
    queue_sample_release(&sample);
    if (rc)
        return refuse(error, "out of memory");
    guess = fmax(guess, most / DISTURBED); /* pilots are short: what they took may have been somebody else's doing */
    pool->from = from > 0 ? from : fmax(guess / RANGE_LO, RATE_LEAST);
    pool->to = from > 0 ? to : fmin(RANGE_HI * most, RATE_MOST);
    pool->guess = fmax(pool->from, fmin(guess, pool->to));
    return 0;
}

int capacity_guess(struct capacity *capacity, double from, double to, char *error)
{
    struct cells *cells = &capacity->session.plan.cells;
    double most_ns = capacity->budget_ns ? PILOTS_SHARE * (double)capacity->budget_ns : PILOTS_FREE_NS;
    int rc = pilots_run(capacity->session.calibrations, cells, capacity->session.request.settings.seed, true, most_ns,
                        error);
    for (size_t i = 0; i < capacity->pools && rc == 0; i++)
        rc = pool_guess(capacity, &capacity->pool[i], from, to, error);
    return rc;
}

/* ---- time ---- */

/* The shortest trial of a pool that is of any use. */
static double least_ns(const struct capacity *capacity, const struct capacity_pool *pool)
{
    double ns = fmax(TRIAL_S * SECOND_NS, TASKS_LEAST / pool->guess * SECOND_NS);
    return fmax(ns, fmin(DEADLINES * capacity->deadline_ns, TRIAL_MOST_S * SECOND_NS));
}

/* A block whose trials are `times` as long as the shortest, with what is beside them. */
static double block_ns(const struct capacity *capacity, double times)
{
    double ns = 0;
    for (size_t i = 0; i < capacity->pools; i++)
        ns += times * least_ns(capacity, &capacity->pool[i]) +
              capacity_subject(capacity, &capacity->pool[i])->forecast.beside_ns;
    return ns;
}

/* What as many blocks must take at least, for enough tasks in all. */
static double whole_ns(const struct capacity *capacity, unsigned rounds)
{
    double slowest = INFINITY, tasks = POOLED_SLOWER / (1 - capacity->share), times = 1;
    for (size_t i = 0; i < capacity->pools; i++) {
        slowest = fmin(slowest, capacity->pool[i].guess);
        times = fmax(times, tasks / slowest * SECOND_NS / (rounds * least_ns(capacity, &capacity->pool[i])));
    }
    return rounds * block_ns(capacity, times);
}

static int refuse_budget(const struct capacity *capacity, unsigned rounds, double around_ns, char *error)
{
    char budget[32], least[32];
    double ns = whole_ns(capacity, rounds) + around_ns;
    return refuse(error,
                  "--budget: %s is too short for %u blocks of %zu trial%s (%.0f tasks a pool, for the percentile) and "
                  "what is around them, expected %s or more",
                  spell_duration(budget, sizeof budget, capacity->budget_ns), rounds, capacity->pools,
                  capacity->pools == 1 ? "" : "s", POOLED_SLOWER / (1 - capacity->share),
                  spell_duration(least, sizeof least, (int64_t)ceil(ns / SECOND_NS) * (int64_t)SECOND_NS));
}

/* Few long trials rather than many short ones: they begin with an empty queue, and near the capacity it takes seconds
 * to fill. */
static unsigned rounds_of(const struct capacity *capacity, double left_ns)
{
    const double longest_ns = (double)capacity->pools * TRIAL_MOST_S * SECOND_NS;
    const double most = fmin(fmax(ROUNDS_FEW, floor(left_ns / longest_ns)), ROUNDS_MOST);
    return (unsigned)fmax(ROUNDS_LEAST, fmin(floor(left_ns / block_ns(capacity, 1)), most));
}

int capacity_plan(struct capacity *capacity, char *error)
{
    const double left_ns = session_left_ns(&capacity->session, capacity->budget_ns);
    const double around_ns = (double)capacity->budget_ns - left_ns;
    unsigned least = capacity->rounds_asked ? capacity->rounds_asked : ROUNDS_LEAST;
    capacity->rounds = capacity->rounds_asked ? capacity->rounds_asked : ROUNDS_FREE;
    if (capacity->budget_ns && whole_ns(capacity, least) + around_ns > BUDGET_SLACK * (double)capacity->budget_ns)
        return refuse_budget(capacity, least, around_ns, error);
    if (capacity->budget_ns && !capacity->rounds_asked)
        capacity->rounds = rounds_of(capacity, left_ns);
    const double block =
        capacity->budget_ns ? left_ns / capacity->rounds : whole_ns(capacity, capacity->rounds) / capacity->rounds;
    const double beside = block_ns(capacity, 0);
    capacity->times = fmax(1, (block - beside) / (block_ns(capacity, 1) - beside));
    return 0;
}

/* As long as planned, but no more tasks than tell anything, and no less than some. */
int64_t capacity_tasks(const struct capacity *capacity, const struct capacity_pool *pool, double rate)
{
    double seconds = fmin(capacity->times * least_ns(capacity, pool) / SECOND_NS, TRIAL_MOST_S);
    double most = fmax(TASKS_MOST, TRIAL_S * rate);
    return llround(fmax(fmin(rate * seconds, most), TASKS_FEWEST));
}
