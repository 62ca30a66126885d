/* All candidates by a queue in simulated time, and which of them are worth measuring. */
#include "bench/base/refuse.h"
#include "bench/model/arrivals.h"
#include "bench/verbs/advise/service.h"
#include "workloads/mix.h"
#include <math.h>
#include <stdlib.h>

#define SECOND_NS       1e9
#define AS_GOOD         1.05 /* a predicted latency that is longer by less is no reason for more workers */
#define PREDICTED_TASKS (QUEUE_TASKS / 2)
#define CPUS_LEAST      0.1

/* The queue of a candidate. What the submitter computes is not there for workers, where they share CPUs with it. */
static struct queue queue_of(const struct burst *burst, const struct cell *cell, double rate)
{
    double cpus = cell->placement.cpus, own = rate / SECOND_NS * burst->handover_ns;
    return (struct queue){.workers = cell->pool->traits & POOL_IGNORES_WORKERS ? 1 : (unsigned)cell->f.workers,
                          .cpus = fmax(cell->placement.spare_cpu ? cpus : cpus - own, CPUS_LEAST),
                          .cpu_share = burst->cpu_share,
                          .handover_ns = burst->handover_ns,
                          .beside_ns = burst->beside_ns};
}

/* Were all tasks slower by a factor, the queue would be that of a higher rate on a slower clock. */
static int percentile(const struct offer *offer, double rate, double slower, double *ns)
{
    int rc = queue_percentile(&offer->queue, &offer->burst->sample, rate * slower, SERVICE_P, ns);
    *ns *= slower;
    return rc;
}

/* How many tasks a second a candidate does within the limit, were they slower by that factor. */
static int edge_find(const struct service *service, const struct offer *offer, double slower, double *rate)
{
    *rate = offer->most / slower;
    if (!service->limit_ns)
        return 0;
    int rc =
        queue_rate_for_percentile(&offer->queue, &offer->burst->sample, SERVICE_P, service->limit_ns / slower, rate);
    *rate /= slower;
    return rc;
}

struct steady_queue offer_steady(const struct service *service, const struct offer *offer)
{
    const struct burst *burst = offer->burst;
    return (struct steady_queue){.rate = service->rate,
                                 .service_ns = burst->mean_ns,
                                 .workers = offer->most * burst->mean_ns / SECOND_NS,
                                 .arrivals_scv = arrivals_scv(&service->session.plan.cells.cell[0].f.arrival),
                                 .period_ns = arrivals_period_ns(&service->session.plan.cells.cell[0].f.arrival),
                                 .service_scv = burst->scv};
}

static int offer_make(const struct service *service, struct offer *offer)
{
    const struct cell *cell = &service->session.plan.cells.cell[offer->cell];
    const struct burst *burst = offer->burst;
    offer->queue = queue_of(burst, cell, service->rate);
    offer->most = queue_rate_most(&offer->queue, &burst->sample);
    offer->bytes = burst->all_bytes + burst->each_bytes * (double)offer->queue.workers;
    offer->commands = burst->command_bytes * (double)offer->queue.workers;
    offer->fits =
        !service->wish->memory_bytes || !(offer->bytes + offer->commands > (double)service->wish->memory_bytes);
    int rc = percentile(offer, service->rate, 1, &offer->p99_ns);
    if (!rc)
        rc = percentile(offer, service->rate, 1 - burst->doubt, &offer->lo_ns);
    return rc ? rc : percentile(offer, service->rate, 1 + burst->doubt, &offer->hi_ns);
}

static struct burst *burst_for(const struct service *service, const struct cell *cell)
{
    for (size_t i = 0; i < service->bursts; i++) {
        const struct cell *like = &service->session.plan.cells.cell[service->burst[i].like];
        if (!strcmp(cell->f.pool, like->f.pool) && !strcmp(cell->f.place, like->f.place))
            return service->burst[i].trials ? &service->burst[i] : NULL;
    }
    return NULL;
}

static size_t simplicity(const struct service *service, const struct offer *offer)
{
    const struct pool_ops *pool = service->session.plan.cells.cell[offer->cell].pool;
    size_t at = 0;
    while (pool_table[at] && pool_table[at] != pool)
        at++;
    return at;
}

static bool keeps(const struct service *service, const struct offer *offer)
{
    return service->limit_ns && offer->hi_ns <= service->limit_ns;
}

static unsigned workers_of(const struct service *service, const struct offer *offer)
{
    return (unsigned)service->session.plan.cells.cell[offer->cell].f.workers;
}

/* Of two of one pool: the one with fewer workers, unless more make it faster. Of two pools that keep to the limit: the
 * simpler one; else the faster. */
static bool is_better(const struct service *service, const struct offer *a, const struct offer *b)
{
    if (a->fits != b->fits)
        return a->fits;
    if (keeps(service, a) != keeps(service, b))
        return keeps(service, a);
    size_t x = simplicity(service, a), y = simplicity(service, b);
    if (x != y && keeps(service, a))
        return x < y;
    if (isinf(a->p99_ns) && isinf(b->p99_ns))
        return a->most != b->most ? a->most > b->most : x < y;
    if (a->p99_ns > AS_GOOD * b->p99_ns || b->p99_ns > AS_GOOD * a->p99_ns)
        return a->p99_ns < b->p99_ns;
    if (x != y)
        return x < y;
    return workers_of(service, a) < workers_of(service, b);
}

/* To be as good as another is no order: so the best is taken out again and again. */
static void offers_sort(struct service *service)
{
    for (size_t i = 0; i < service->offers; i++) {
        size_t best = i;
        for (size_t j = i + 1; j < service->offers; j++)
            if (is_better(service, &service->offer[j], &service->offer[best]))
                best = j;
        struct offer offer = service->offer[best];
        memmove(&service->offer[i + 1], &service->offer[i], (best - i) * sizeof offer);
        service->offer[i] = offer;
    }
}

/* The best, and the best of other pools, as far as there is room in --memory. */
static void finalists_choose(struct service *service)
{
    for (size_t i = 0; i < service->offers && service->finalists < MEASURE_MOST; i++) {
        const struct offer *offer = &service->offer[i];
        bool known = !offer->fits || offer->most <= service->rate;
        for (size_t j = 0; j < service->finalists && !known; j++)
            known = service->offer[service->finalist[j]].burst == offer->burst;
        if (!known)
            service->finalist[service->finalists++] = i;
    }
}

/* Of its pool and place. */
static bool is_farthest(const struct service *service, const struct offer *offer)
{
    for (size_t i = 0; i < service->offers && offer->fits; i++) {
        const struct offer *other = &service->offer[i];
        if (other->burst == offer->burst && other->fits &&
            (other->most > offer->most || (other->most >= offer->most && other < offer)))
            return false;
    }
    return offer->fits;
}

/* How far finalists are from the edge, and who goes farther. */
static int edges_find(struct service *service)
{
    int rc = 0;
    for (size_t i = 0; i < service->finalists && !rc; i++) {
        struct offer *offer = &service->offer[service->finalist[i]];
        rc = edge_find(service, offer, 1, &offer->edge);
        if (!rc)
            rc = edge_find(service, offer, 1 + offer->burst->doubt, &offer->edge_lo);
        if (!rc)
            rc = edge_find(service, offer, 1 - offer->burst->doubt, &offer->edge_hi);
    }
    for (size_t i = 0; i < service->offers && !rc; i++) {
        struct offer *offer = &service->offer[i];
        offer->is_farthest = is_farthest(service, offer);
        if (offer->is_farthest && isnan(offer->edge))
            rc = edge_find(service, offer, 1, &offer->edge);
    }
    return rc;
}

/* The arrivals of a long trial, as `run` draws them, in units of their mean gap. At another rate they are the same
 * ones, closer together. */
static int gaps_draw(const struct service *service, double *gap, char *error)
{
    const struct arrival *arrival = &service->session.plan.cells.cell[0].f.arrival;
    const struct trace *trace = NULL;
    uint64_t *due_ns = calloc(PREDICTED_TASKS, sizeof *due_ns);
    int rc = due_ns ? 0 : refuse(error, "out of memory");
    if (!rc && arrival->process == PROCESS_TRACE)
        rc = trace_of(arrival, &trace, error);
    if (!rc)
        arrivals_draw(arrival, trace, DRAW_LEVELLED, service->session.request.settings.seed, PREDICTED_TASKS, due_ns);
    for (size_t i = 0; i < PREDICTED_TASKS && !rc; i++)
        gap[i] = (double)(due_ns[i] - (i ? due_ns[i - 1] : 0)) / SECOND_NS * service->rate;
    free(due_ns);
    return rc;
}

/* What bursts have shown, as tasks with gaps between them: the same for all pools. */
static int samples_draw(struct service *service, char *error)
{
    const uint64_t seed = service->session.request.settings.seed;
    double *gap = calloc(PREDICTED_TASKS, sizeof *gap);
    int rc = gap ? gaps_draw(service, gap, error) : refuse(error, "out of memory");
    for (size_t i = 0; i < service->bursts && !rc; i++) {
        struct burst *burst = &service->burst[i];
        if (!burst->trials)
            continue;
        if (queue_draw(burst->service, burst->buckets, true, seed, PREDICTED_TASKS, &burst->sample))
            rc = refuse(error, "out of memory");
        else
            memcpy(burst->sample.gap, gap, PREDICTED_TASKS * sizeof *gap);
    }
    free(gap);
    return rc;
}

int offers_make(struct service *service, char *error)
{
    const struct plan *plan = &service->session.plan;
    int rc = samples_draw(service, error);
    if (rc)
        return rc;
    service->offer = calloc(service->candidates + 1, sizeof *service->offer);
    for (uint32_t i = 0; i < service->candidates && !rc && service->offer; i++) {
        const struct burst *burst = burst_for(service, &plan->cells.cell[i]);
        if (!burst)
            continue;
        struct offer *offer = &service->offer[service->offers++];
        *offer = (struct offer){.cell = i, .burst = burst, .measured = NOT_MEASURED, .edge = NAN};
        rc = offer_make(service, offer);
    }
    if (rc || !service->offer)
        return refuse(error, "out of memory");
    if (!service->offers)
        return refuse_as(-ENODATA, error, "no burst of any pool ended well%s%s", service->row_count ? ": " : "",
                         service->row_count ? service->rows[0].reason : "");
    offers_sort(service);
    finalists_choose(service);
    return edges_find(service) ? refuse(error, "out of memory") : 0;
}
