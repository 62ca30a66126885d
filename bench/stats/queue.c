/* A queue in simulated time, see queue.h. */
#include "bench/stats/queue.h"
#include "workloads/mix.h"
#include <errno.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1e9
#define FEW       20    /* a tail is at most one part in so many */
#define RATE_STEP 1.001 /* to which a rate is found */
#define SALT_GAP  0x676170u
#define SALT_MIX  0x6d6978u

/* A task that is worked on: when it ends, on the clock that its work goes by. */
struct running {
    double ends;
    size_t task;
};

/* Tasks that are worked on advance alike, so one clock of work does for all; it runs slower than time while they share
 * CPUs. Those that end first are the root of a heap. */
struct service {
    const struct queue *queue;
    struct running *heap;
    size_t count;
    double now_ns, work_ns;
};

static double speed(const struct service *service)
{
    const struct queue *queue = service->queue;
    double wanted = (double)service->count * queue->cpu_share;
    return queue->cpus > 0 && wanted > queue->cpus ? queue->cpus / wanted : 1;
}

static void push(struct service *service, double ends, size_t task)
{
    size_t at = service->count++;
    for (; at && service->heap[(at - 1) / 2].ends > ends; at = (at - 1) / 2)
        service->heap[at] = service->heap[(at - 1) / 2];
    service->heap[at] = (struct running){ends, task};
}

static void pop(struct service *service)
{
    struct running last = service->heap[--service->count];
    size_t at = 0;
    for (size_t child = 1; child < service->count; child = 2 * at + 1) {
        child += child + 1 < service->count && service->heap[child + 1].ends < service->heap[child].ends;
        if (service->heap[child].ends >= last.ends)
            break;
        service->heap[at] = service->heap[child];
        at = child;
    }
    service->heap[at] = last;
}

/* When the first of them ends. */
static double next_end(const struct service *service)
{
    return service->now_ns + (service->heap[0].ends - service->work_ns) / speed(service);
}

static void finish(struct service *service, const double *due_ns, double *latency_ns)
{
    const size_t task = service->heap[0].task;
    service->now_ns = next_end(service);
    service->work_ns = service->heap[0].ends;
    latency_ns[task] = service->now_ns - due_ns[task] + service->queue->beside_ns;
    pop(service);
}

static void wait_until(struct service *service, double ns)
{
    if (ns <= service->now_ns)
        return;
    service->work_ns += (ns - service->now_ns) * speed(service);
    service->now_ns = ns;
}

int queue_simulate(const struct queue *queue, const double *due_ns, const double *service_ns, size_t tasks,
                   double *latency_ns)
{
    struct service service = {.queue = queue, .heap = calloc((size_t)queue->workers + 1, sizeof *service.heap)};
    double handed_ns = 0;
    if (!service.heap)
        return -ENOMEM;
    for (size_t i = 0; i < tasks; i++) {
        handed_ns = fmax(handed_ns, due_ns[i]) + queue->handover_ns;
        while (service.count && (service.count == queue->workers || next_end(&service) <= handed_ns))
            finish(&service, due_ns, latency_ns);
        wait_until(&service, handed_ns);
        push(&service, service.work_ns + service_ns[i], i);
    }
    while (service.count)
        finish(&service, due_ns, latency_ns);
    free(service.heap);
    return 0;
}

/* ---- what is drawn once ---- */

static void shuffle(double *values, size_t count, uint64_t seed)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)mix_below(mix64(seed, i), i);
        double value = values[i - 1];
        values[i - 1] = values[other];
        values[other] = value;
    }
}

/* Each quantile once: the mean is that of the histogram, whatever was drawn. */
static int draw_service(const struct bucket *service, size_t buckets, struct queue_sample *sample)
{
    int64_t all = 0, before = 0;
    size_t at = 0;
    for (size_t i = 0; i < buckets; i++)
        all += service[i].count;
    if (all <= 0)
        return -EDOM;
    for (size_t i = 0; i < sample->tasks; i++) {
        double rank = ((double)i + 0.5) / (double)sample->tasks * (double)all;
        while (at + 1 < buckets && (double)(before + service[at].count) <= rank)
            before += service[at++].count;
        const double lo = (double)service[at].lo_ns, width = (double)(service[at].hi_ns - service[at].lo_ns - 1);
        double within = service[at].count ? (rank - (double)before) / (double)service[at].count : 0;
        sample->service_ns[i] = lo + width * fmin(within, 1);
    }
    return 0;
}

static void draw_gaps(bool poisson, uint64_t seed, struct queue_sample *sample)
{
    double sum = 0;
    for (size_t i = 0; i < sample->tasks; i++) {
        double draw = ((double)(mix64(seed ^ SALT_GAP, i) >> 11) + 1) * 0x1p-53; /* in (0, 1] */
        sample->gap[i] = poisson ? -log(draw) : 1;
        sum += sample->gap[i];
    }
    for (size_t i = 0; i < sample->tasks; i++)
        sample->gap[i] *= (double)sample->tasks / sum;
}

int queue_draw(const struct bucket *service, size_t buckets, bool poisson, uint64_t seed, size_t tasks,
               struct queue_sample *sample)
{
    *sample = (struct queue_sample){.tasks = tasks};
    if (!tasks)
        return -EDOM;
    sample->gap = calloc(4 * tasks, sizeof *sample->gap);
    if (!sample->gap)
        return -ENOMEM;
    sample->service_ns = sample->gap + tasks;
    sample->due_ns = sample->gap + 2 * tasks;
    sample->latency_ns = sample->gap + 3 * tasks;
    draw_gaps(poisson, seed, sample);
    int rc = draw_service(service, buckets, sample);
    shuffle(sample->service_ns, tasks, seed ^ SALT_MIX);
    return rc;
}

void queue_sample_release(struct queue_sample *sample)
{
    free(sample->gap);
    *sample = (struct queue_sample){.tasks = 0};
}

/* ---- what is asked of it ---- */

double queue_rate_most(const struct queue *queue, const struct queue_sample *sample)
{
    double mean_ns = 0, parallel = queue->workers;
    for (size_t i = 0; i < sample->tasks; i++)
        mean_ns += sample->service_ns[i] / (double)sample->tasks;
    if (queue->cpus > 0 && queue->cpu_share > 0)
        parallel = fmin(parallel, queue->cpus / queue->cpu_share);
    return fmin(mean_ns > 0 ? parallel * SECOND_NS / mean_ns : INFINITY,
                queue->handover_ns > 0 ? SECOND_NS / queue->handover_ns : INFINITY);
}

/* The latencies of the sample at a rate below queue_rate_most(). */
static int latencies_make(const struct queue *queue, const struct queue_sample *sample, double rate)
{
    double at_ns = 0;
    for (size_t i = 0; i < sample->tasks; i++) {
        at_ns += sample->gap[i] * SECOND_NS / rate;
        sample->due_ns[i] = at_ns;
    }
    return queue_simulate(queue, sample->due_ns, sample->service_ns, sample->tasks, sample->latency_ns);
}

static size_t tasks_warm(const struct queue_sample *sample)
{
    return (size_t)(QUEUE_WARM * (double)sample->tasks);
}

/* Which of so many sorted values the percentile is, from 0. */
static size_t percentile_index(size_t count, double p)
{
    return (size_t)fmin(ceil(p * (double)count) - 1, (double)count - 1);
}

int queue_percentile(const struct queue *queue, const struct queue_sample *sample, double rate, double p, double *ns)
{
    const size_t warm = tasks_warm(sample);
    *ns = INFINITY;
    if (rate >= queue_rate_most(queue, sample))
        return 0;
    int rc = latencies_make(queue, sample, rate);
    if (rc)
        return rc;
    const size_t count = sample->tasks - warm, index = percentile_index(count, p), above = count - index;
    double *latency_ns = sample->latency_ns + warm, *room = sample->due_ns;
    if (above > count / FEW) {
        stats_sort(latency_ns, count);
        *ns = latency_ns[index];
    } else { /* a long run does not have to be sorted for its tail */
        gsl_sort_largest(room, above, latency_ns, 1, count);
        *ns = room[above - 1];
    }
    return 0;
}

/* Whether the percentile is at most limit_ns at a rate below queue_rate_most(): by counting, which is cheaper than
 * sorting. */
static int is_within(const struct queue *queue, const struct queue_sample *sample, double rate, double p,
                     double limit_ns, bool *within)
{
    const size_t warm = tasks_warm(sample);
    size_t fast = 0;
    int rc = latencies_make(queue, sample, rate);
    for (size_t i = warm; i < sample->tasks && rc == 0; i++)
        fast += sample->latency_ns[i] <= limit_ns;
    *within = fast > percentile_index(sample->tasks - warm, p);
    return rc;
}

/* With the same gaps and times a higher rate never makes a task faster, but where CPUs are shared, and there hardly: so
 * halving finds it. */
int queue_rate_for_percentile(const struct queue *queue, const struct queue_sample *sample, double p, double limit_ns,
                              double *rate)
{
    double most = queue_rate_most(queue, sample), lo = most / 1e6, hi = most;
    bool within;
    *rate = 0;
    if (isinf(most))
        return *rate = most, 0;
    int rc = is_within(queue, sample, lo, p, limit_ns, &within);
    if (rc || !within)
        return rc;
    while (hi / lo > RATE_STEP) {
        double middle = hi / lo > 2 ? sqrt(lo * hi) : (lo + hi) / 2;
        if ((rc = is_within(queue, sample, middle, p, limit_ns, &within)))
            return rc;
        *(within ? &lo : &hi) = middle;
    }
    *rate = lo;
    return 0;
}
