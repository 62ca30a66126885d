/* The verb capacity, measuring: a trial of each pool in every block, at the rate that says most by what was found. */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/job/histogram.h"
#include "bench/model/cell.h"
#include "bench/model/factors.h"
#include "bench/stats/design.h"
#include "bench/verbs/search/capacity.h"
#include "pools/parts/clock.h"
#include "workloads/sequence.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_RUN 20000 /* tasks of the queue in the long run, while it searches */

/* ---- a trial ---- */

static size_t buckets_copy(const uint32_t *counts, struct bucket *buckets)
{
    size_t count = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (counts[i] && buckets)
            buckets[count] = (struct bucket){(int64_t)histogram_lo(i), (int64_t)histogram_hi(i), (int64_t)counts[i]};
        count += counts[i] > 0;
    }
    return count;
}

/* Labels of the tasks; where they have none, all the same. */
static void labels_copy(const struct job_file *file, double *labels)
{
    const struct sequence sequence = {.seed = file->seed,
                                      .costs = (const struct cost *)((const char *)file + file->at.costs),
                                      .count = file->cost_count,
                                      .in_order = file->cost_in_order};
    for (uint32_t i = 0; i < file->tasks; i++)
        labels[i] = file->cost_count ? (double)sequence_cost(&sequence, i)->size_ns : 0;
}

/* What the queue is to be given: the same arrivals, which the trial program has turned into its clock, and tasks. */
static int load_copy(const struct job_file *file, uint64_t seed, struct rate_trial *trial)
{
    const uint64_t *due = (const uint64_t *)((const char *)file + file->at.due);
    double *due_ns = calloc(file->tasks, sizeof *due_ns), *service_ns = calloc(file->tasks, sizeof *service_ns),
           *labels = calloc(file->tasks, sizeof *labels);
    int rc = due_ns && service_ns && labels ? 0 : -ENOMEM;
    trial->due_ns = due_ns;
    trial->service_ns = service_ns;
    trial->tasks = file->tasks;
    for (uint32_t i = 0; i < file->tasks && rc == 0; i++)
        due_ns[i] = (double)clock_to_ns(due[i]);
    if (rc == 0) {
        labels_copy(file, labels);
        trial->unlabelled = true;
        for (uint32_t i = 1; i < file->tasks; i++)
            trial->unlabelled = trial->unlabelled && labels[i] == labels[0];
        rc = sustained_deal(trial->service, trial->service_count, labels, trial->tasks, seed, service_ns);
    }
    free(labels);
    return rc;
}

static int histogram_copy(const struct job_parts *parts, enum phase phase, const struct bucket **to, size_t *count)
{
    const uint32_t *counts = parts->histograms + (size_t)phase * HISTOGRAM_BUCKETS;
    struct bucket *buckets = calloc(buckets_copy(counts, NULL) + 1, sizeof *buckets);
    *to = buckets;
    *count = buckets ? buckets_copy(counts, buckets) : 0;
    return buckets ? 0 : -ENOMEM;
}

static struct capacity_pool *pool_of(struct capacity *capacity, const struct cell *cell)
{
    for (size_t i = 0; i < capacity->pools; i++)
        for (size_t c = 0; c < capacity->pool[i].cells; c++)
            if (capacity->session.plan.cells.cell[capacity->pool[i].cell[c]].number == cell->number)
                return &capacity->pool[i];
    return NULL;
}

/* Others had the CPUs that its tasks needed. */
static bool is_disturbed(const struct capacity *capacity, const struct trial_facts *facts, const struct trial_row *row)
{
    const struct workload_ops *workload = facts->cell->workload;
    const bool sleeps = !workload->classify && workload->class == TASK_SLEEP;
    const double there_ns = number_real(row->trial_ns) * capacity->session.machine.effective_cpus;
    return !sleeps && number_real(row->others_ns) > OUTSIDE_MOST * there_ns; /* NAN: not known */
}

/* Of session_block(), with the trial's job still there. */
static int trial_take(const struct trial_facts *facts, const struct trial_row *row, void *of)
{
    struct capacity *capacity = of;
    struct capacity_pool *pool = pool_of(capacity, facts->cell);
    char rate[32];
    if (!trial_is_ok(row))
        snprintf(pool->failure, sizeof pool->failure, "%s at %s/s: %.120s", trial_status_word(row->status),
                 format_rate(rate, sizeof rate, facts->cell->f.arrival.rate), row->reason);
    if (!trial_is_ok(row) && row->status != TRIAL_TIMEOUT)
        return 0;
    if (is_disturbed(capacity, facts, row)) {
        pool->disturbed++;
        return 0;
    }
    struct rate_trial *grown = realloc(pool->trial, (pool->trials + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    pool->trial = grown;
    struct rate_trial *trial = &grown[pool->trials++];
    *trial = (struct rate_trial){.rate = facts->cell->f.arrival.rate};
    if (!trial_is_ok(row))
        return 0;
    int rc = histogram_copy(&facts->parts, PHASE_LATENCY, &trial->latency, &trial->latency_count);
    if (rc == 0)
        rc = histogram_copy(&facts->parts, PHASE_SERVICE, &trial->service, &trial->service_count);
    return rc ? rc : load_copy(facts->parts.file, capacity->session.request.settings.seed + pool->trials, trial);
}

/* ---- cells ---- */

/* As many digits as files and screens show. */
static double rate_round(double rate)
{
    char text[32];
    snprintf(text, sizeof text, "%.4g", rate);
    return fmin(fmax(strtod(text, NULL), RATE_LEAST), RATE_MOST);
}

/* The number of the pool's cell at that rate, made if it has not been; or -errno. */
static int64_t cell_at(struct capacity *capacity, struct capacity_pool *pool, double rate, char *error)
{
    struct cells *cells = &capacity->session.plan.cells;
    for (size_t i = 0; i < pool->cells; i++)
        if (cells->cell[pool->cell[i]].f.arrival.rate == rate)
            return pool->cell[i];
    struct cell copy = *capacity_subject(capacity, pool);
    cell_forget(&copy);
    copy.f.tasks = capacity_tasks(capacity, pool, rate);
    copy.tasks_auto = false;
    copy.f.arrival.rate = rate;
    int rc = session_add(&capacity->session, &copy, error);
    if (rc)
        return rc;
    uint32_t *grown = realloc(pool->cell, (pool->cells + 1) * sizeof *grown);
    if (!grown)
        return refuse(error, "out of memory");
    pool->cell = grown;
    return grown[pool->cells++] = (uint32_t)cells->count - 1;
}

/* ---- blocks ---- */

static double left_ns(const struct capacity *capacity)
{
    const double done = (double)(clock_monotonic_ns() - capacity->session.start_ns);
    const unsigned left = capacity->rounds - capacity->block;
    double ns = session_left_ns(&capacity->session, capacity->budget_ns);
    return fmin(ns, capacity->block ? done / capacity->block * left : INFINITY) + capacity->session.closing_ns;
}

static void progress_say(struct capacity *capacity, const double *rates)
{
    const double left = left_ns(capacity);
    char line[512], rate[32];
    size_t used = (size_t)snprintf(line, sizeof line, "block %u of %u", capacity->block + 1, capacity->rounds);
    if (isfinite(left))
        used += (size_t)snprintf(line + used, sizeof line - used, "  ETA %.0f s", fmax(left, 0) / 1e9);
    for (size_t i = 0; i < capacity->pools && used < sizeof line; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, "  %.40s %s/s",
                                 capacity_subject(capacity, &capacity->pool[i])->f.pool,
                                 format_rate(rate, sizeof rate, rates[i]));
    status_say(&capacity->status, line);
}

static int block_run(struct capacity *capacity, uint32_t *order, uint32_t *cells, double *rates, char *error)
{
    struct session *session = &capacity->session;
    struct trial_row *found = calloc(capacity->pools, sizeof *found);
    int rc = found ? 0 : refuse(error, "out of memory");
    order_draw(mix64(session->request.settings.seed, capacity->block + 1), 1, (unsigned)capacity->pools, order);
    for (size_t i = 0; i < capacity->pools && rc == 0; i++) {
        struct capacity_pool *pool = &capacity->pool[order[i]];
        double rate = sustained_next(&pool->found, pool->guess, pool->from, pool->to, capacity->block);
        rates[order[i]] = rate_round(rate);
        int64_t number = cell_at(capacity, pool, rates[order[i]], error);
        rc = number < 0 ? (int)number : 0;
        cells[i] = (uint32_t)number;
    }
    if (rc == 0) {
        progress_say(capacity, rates);
        rc = session_block(session, capacity->block + 1, cells, capacity->pools, NULL, found, error);
    }
    if (rc == 0 && !session->over_budget && !session->interrupted)
        capacity->block++;
    free(found);
    return rc;
}

/* What the trials of a pool say; at the end with the interval. Until then the long run is a short one, of the first
 * trials that ended: it only says where to measure next. */
static int pool_look(const struct capacity *capacity, struct capacity_pool *pool, bool last)
{
    const struct sustained_question question = {.workers = pool->workers,
                                                .deadline_ns = capacity->deadline_ns,
                                                .share = capacity->share,
                                                .level = last ? 1 - FAMILY_ERROR / (double)capacity->pools : 0};
    int rc = 0;
    if (last || !pool->run.sample.tasks) {
        long_run_release(&pool->run);
        rc = long_run_make(pool->trial, pool->trials, last ? SUSTAINED_LONG_RUN : SHORT_RUN,
                           capacity->session.request.settings.seed, &pool->run);
    }
    if (rc == 0)
        rc = sustained_make(pool->trial, pool->trials, &question, &pool->run, &pool->found);
    else
        long_run_release(&pool->run);
    if (rc != -EDOM)
        return rc;
    pool->found = (struct sustained){.rate = NAN, .interval = {NAN, NAN}}; /* none ended: there is nothing to go by */
    return 0;
}

static int look(struct capacity *capacity, bool last, char *error)
{
    int rc = 0;
    for (size_t i = 0; i < capacity->pools && rc == 0; i++)
        rc = pool_look(capacity, &capacity->pool[i], last);
    return rc ? refuse_as(rc, error, "the fit over rates: %s", strerror(-rc)) : 0;
}

/* After a block that took so long: whether another one fits. Where it was longer than what is left has for each, as
 * trials are at a rate that is too high, those at further rates get shorter. */
static bool is_affordable(struct capacity *capacity, double block_ns)
{
    const double left = session_left_ns(&capacity->session, capacity->budget_ns);
    const double each_ns = left / (capacity->rounds - capacity->block);
    double shorter = 1;
    if (block_ns > each_ns) {
        shorter = fmax(each_ns / block_ns, 1 / capacity->times);
        capacity->times *= shorter;
    }
    return shorter * block_ns <= left;
}

int capacity_run(struct capacity *capacity, char *error)
{
    struct session *session = &capacity->session;
    uint32_t *cells = calloc(2 * capacity->pools, sizeof *cells);
    double *rates = calloc(capacity->pools, sizeof *rates);
    int rc = cells && rates ? 0 : refuse(error, "out of memory");
    capacity->status.verb = "capacity";
    session->on_trial = trial_take;
    session->on_trial_of = capacity;
    while (rc == 0 && capacity->block < capacity->rounds && !session->interrupted && !capacity->over_budget) {
        const uint64_t begun = clock_monotonic_ns();
        rc = block_run(capacity, cells + capacity->pools, cells, rates, error);
        capacity->over_budget = session->over_budget;
        const uint64_t since = clock_monotonic_ns();
        if (rc == 0)
            rc = look(capacity, false, error);
        if (capacity->block == 1) /* the last one has a longer queue to simulate, and once more in parts */
            session->closing_ns += 2.0 * SUSTAINED_LONG_RUN / SHORT_RUN * (double)(clock_monotonic_ns() - since);
        if (rc == 0 && capacity->block < capacity->rounds &&
            !is_affordable(capacity, (double)(clock_monotonic_ns() - begun)))
            capacity->over_budget = true;
    }
    session->on_trial = NULL;
    status_clear();
    if (rc == 0 && !session->interrupted)
        fprintf(stderr, "poolbench capacity: trials are done; the answer from them, charts and report, about %.0f s\n",
                ceil(session->closing_ns / 1e9));
    if (rc == 0)
        rc = look(capacity, true, error);
    free(cells);
    free(rates);
    return rc;
}

void capacity_close(struct capacity *capacity)
{
    session_close(&capacity->session);
    for (size_t i = 0; i < capacity->pools; i++) {
        struct capacity_pool *pool = &capacity->pool[i];
        for (size_t t = 0; t < pool->trials; t++) {
            free((void *)pool->trial[t].latency);
            free((void *)pool->trial[t].service);
            free((void *)pool->trial[t].due_ns);
            free((void *)pool->trial[t].service_ns);
        }
        long_run_release(&pool->run);
        free(pool->trial);
        free(pool->cell);
    }
    free(capacity->pool);
}
