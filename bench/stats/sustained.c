/* The highest rate that is sustained, see sustained.h. */
#include "bench/stats/sustained.h"
#include "workloads/mix.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP       1.05 /* of rates */
#define IDLE_LEAST 1e-3 /* of workers, where the long run is looked at: */
#define NEVER      1e-9 /* a rate, for one at which not even a task at a time is fast enough */
#define SCALE_MOST 40.0 /* no task takes longer by a larger factor, nor shorter */
#define HALVINGS   12   /* of the search for a scale */
#define AROUND     0.3  /* logarithms of rates: what is farther from the capacity does not count */
#define LOST       0.5  /* what a trial that did not end in time says of the capacity: a part of its rate */
#define DEALS      8    /* of service times to tasks of which nothing is known, for as many tasks as this; */
#define DEALT_MOST 8000 /* more tasks level it out by themselves */
#define PARTS      5    /* of the long run, whose capacities say how well it is known */

/* What is needed on the way. */
struct work {
    const struct sustained_question *question;
    struct queue queue;
    struct long_run *run;
    double *service_ns, *latency_ns; /* room */
    struct bucket *buckets;
};

/* ---- one rate ---- */

static int bucket_order(const void *a, const void *b)
{
    const struct bucket *left = a, *right = b;
    return (left->lo_ns > right->lo_ns) - (left->lo_ns < right->lo_ns);
}

static double measured_ns(const struct rate_trial *trials, size_t count, size_t without, struct work *work)
{
    size_t buckets = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t b = 0; b < trials[i].latency_count && i != without; b++)
            work->buckets[buckets++] = trials[i].latency[b];
    qsort(work->buckets, buckets, sizeof *work->buckets, bucket_order);
    return stats_histogram_quantile(work->buckets, buckets, work->question->share);
}

/* The tasks of a trial that are faster than `latency_ns` in the queue, with the same arrivals, when they take `scale`
 * times what they were seen to. A mean over several deals, where any is as good as another. */
static int count_faster(const struct rate_trial *trial, double scale, double latency_ns, struct work *work, double *sum)
{
    const size_t deals = trial->unlabelled && trial->tasks * DEALS <= DEALT_MOST ? DEALS : 1;
    size_t below = 0;
    int rc = 0;
    for (size_t deal = 0; deal < deals && rc == 0; deal++) {
        const size_t first = deal * trial->tasks / deals;
        for (size_t t = 0; t < trial->tasks; t++)
            work->service_ns[t] = scale * trial->service_ns[(first + t) % trial->tasks];
        rc = queue_simulate(&work->queue, trial->due_ns, work->service_ns, trial->tasks, work->latency_ns);
        for (size_t t = 0; t < trial->tasks && rc == 0; t++)
            below += work->latency_ns[t] < latency_ns;
    }
    *sum += (double)below / (double)deals;
    return rc;
}

/* Whether the queue is faster than that for the question's share of the tasks. */
static int is_faster(const struct rate_trial *trials, size_t count, size_t without, double scale, double latency_ns,
                     struct work *work, bool *faster)
{
    double tasks = 0, below = 0;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (i == without)
            continue;
        rc = count_faster(&trials[i], scale, latency_ns, work, &below);
        tasks += (double)trials[i].tasks;
    }
    *faster = below >= work->question->share * tasks;
    return rc;
}

/* What a task of these trials took; of those alone: where one was slower than the others, its capacity was less. */
static double mean_service_ns(const struct rate_trial *trials, size_t count, size_t without)
{
    double sum = 0, tasks = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; t < trials[i].tasks && i != without; t++, tasks++)
            sum += trials[i].service_ns[t];
    return tasks > 0 ? sum / tasks : NAN;
}

/* The utilisation at a place of long_run.known: evenly over logarithms of what is left idle. */
static double utilisation_at(size_t place)
{
    return 1 - pow(IDLE_LEAST, ((double)place + 1) / LONG_RUN_PLACES);
}

static double long_latency(const struct work *work, size_t place, int *rc)
{
    struct long_run *run = work->run;
    double ns = NAN;
    if (!(run->known[place] > 0) && *rc == 0) {
        *rc =
            queue_percentile(&work->queue, &run->sample, utilisation_at(place) * run->most, work->question->share, &ns);
        run->known[place] = ns;
    }
    return run->known[place];
}

/* The capacity of the queue in the long run, its tasks taking `scale` times what they were seen to: that of a deadline
 * as many times shorter, as many times slower. 0: the deadline is never kept; NAN: no memory. */
static double capacity_of(const struct work *work, double scale)
{
    const double limit_ns = work->question->deadline_ns / scale;
    size_t kept = 0, missed = LONG_RUN_PLACES - 1;
    int rc = 0;
    work->run->most = queue_rate_most(&work->queue, &work->run->sample);
    if (long_latency(work, kept, &rc) > limit_ns)
        return rc ? NAN : NEVER;
    while (missed - kept > 1 && rc == 0) {
        size_t place = (kept + missed) / 2;
        *(long_latency(work, place, &rc) <= limit_ns ? &kept : &missed) = place;
    }
    const double lo = log(long_latency(work, kept, &rc)), hi = log(long_latency(work, missed, &rc));
    const double part = hi > lo ? fmin((log(limit_ns) - lo) / (hi - lo), 1) : 0, from = utilisation_at(kept);
    return rc ? NAN : work->run->most / scale * (from + part * (utilisation_at(missed) - from));
}

int long_run_make(const struct rate_trial *trials, size_t count, size_t tasks, uint64_t seed, struct long_run *run)
{
    size_t buckets = 0, taken = 0;
    for (size_t i = 0; i < count; i++)
        buckets += trials[i].service_count;
    *run = (struct long_run){0};
    struct bucket *service = calloc(buckets + 1, sizeof *service);
    int rc = service ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && rc == 0; i++)
        for (size_t b = 0; b < trials[i].service_count; b++)
            service[taken++] = trials[i].service[b];
    if (rc == 0) {
        qsort(service, taken, sizeof *service, bucket_order);
        rc = queue_draw(service, taken, true, seed, tasks, &run->sample);
    }
    for (size_t t = 0; t < tasks && rc == 0; t++)
        run->mean_ns += run->sample.service_ns[t] / (double)tasks;
    free(service);
    return rc;
}

void long_run_release(struct long_run *run)
{
    queue_sample_release(&run->sample);
    *run = (struct long_run){0};
}

/* The capacity by the trials of a rate: that of the queue whose latency, with their arrivals, is theirs. */
static int capacity_at(const struct rate_trial *trials, size_t count, size_t without, struct work *work,
                       double *capacity)
{
    double least = 1 / SCALE_MOST, most = SCALE_MOST;
    const double latency = measured_ns(trials, count, without, work);
    int rc = 0;
    *capacity = LOST * trials->rate;
    for (unsigned i = 0; i < HALVINGS && rc == 0 && !isnan(latency); i++) {
        double scale = sqrt(least * most);
        bool faster;
        rc = is_faster(trials, count, without, scale, latency, work, &faster);
        *(faster ? &least : &most) = scale;
    }
    if (!isnan(latency) && rc == 0)
        *capacity =
            capacity_of(work, sqrt(least * most) * mean_service_ns(trials, count, without) / work->run->mean_ns);
    if (isnan(*capacity))
        rc = -ENOMEM;
    return rc;
}

/* ---- all rates ---- */

/* Where the head room, capacity over rate, levelled out to what never rises with the rate, is 1: pool adjacent
 * violators, weighted by tasks (Barlow, Bartholomew, Bremner, Brunk: Statistical Inference under Order Restrictions,
 * 1972). On straight lines over logarithms; beyond the rates that were measured it falls as they rise. */
static double crossing(const struct rate_point *point, size_t points)
{
    double mean[SUSTAINED_RATES_MAX], weight[SUSTAINED_RATES_MAX], log_rate = 0, before = 0;
    size_t end[SUSTAINED_RATES_MAX], pools = 0;
    for (size_t p = 0; p < points; p++) {
        mean[pools] = log(point[p].capacity / point[p].rate);
        weight[pools] = (double)point[p].tasks;
        end[pools++] = p + 1;
        for (; pools > 1 && mean[pools - 2] < mean[pools - 1]; pools--) {
            double both = weight[pools - 2] + weight[pools - 1];
            mean[pools - 2] = (weight[pools - 2] * mean[pools - 2] + weight[pools - 1] * mean[pools - 1]) / both;
            weight[pools - 2] = both;
            end[pools - 2] = end[pools - 1];
        }
    }
    for (size_t pool = 0, p = 0; p < points; p++) {
        pool += p == end[pool];
        const double step = log(point[p].rate) - log_rate, level = mean[pool];
        if (level <= 0)
            return p ? log_rate + step * before / (before - level) : log(point[0].rate) + level;
        log_rate += step;
        before = level;
    }
    return log_rate + before;
}

static double weight_of(const struct rate_point *point, double at)
{
    return (double)point->tasks * fmax(1 - fabs(log(point->rate) - at) / AROUND, 0);
}

/* The mean of what rates around the crossing say, weighted by tasks and nearness: near it the queue only takes out what
 * the draw of arrivals did, and what it gets wrong of the pool does not count. */
static double middle(const struct rate_point *point, size_t points)
{
    const double at = crossing(point, points);
    double sum = 0, weights = 0;
    for (size_t p = 0; p < points; p++) {
        double weight = weight_of(&point[p], at);
        sum += weight * log(point[p].capacity);
        weights += weight;
    }
    return weights > 0 ? sum / weights : at;
}

static int rate_order(const void *a, const void *b)
{
    const struct rate_trial *left = a, *right = b;
    return (left->rate > right->rate) - (left->rate < right->rate);
}

static int points_make(const struct rate_trial *trials, size_t count, struct work *work, struct sustained *found)
{
    int rc = 0;
    for (size_t first = 0, end; first < count && rc == 0; first = end) {
        struct rate_point point = {.rate = trials[first].rate};
        for (end = first; end < count && trials[end].rate == point.rate; end++)
            point.tasks += (int64_t)trials[end].tasks;
        point.trials = end - first;
        point.latency_ns = measured_ns(trials + first, point.trials, SIZE_MAX, work);
        rc = found->points < SUSTAINED_RATES_MAX
                 ? capacity_at(trials + first, point.trials, SIZE_MAX, work, &point.capacity)
                 : -ERANGE;
        if (rc == 0)
            found->point[found->points++] = point;
    }
    return rc;
}

/* The variance of the answer, by leaving out one trial after the other (J. W. Tukey's jackknife; R. G. Miller: The
 * Jackknife, a Review, Biometrika 61, 1974). */
static int variance(const struct rate_trial *trials, struct work *work, const struct sustained *found, double *result)
{
    double sum = 0, squared = 0, n = (double)found->trials, whole = middle(found->point, found->points);
    int rc = 0;
    for (size_t p = 0, first = 0; p < found->points && rc == 0; first += found->point[p++].trials)
        for (size_t i = 0; i < found->point[p].trials && rc == 0; i++) {
            struct rate_point point[SUSTAINED_RATES_MAX];
            size_t points = found->points;
            memcpy(point, found->point, sizeof point);
            point[p].tasks -= (int64_t)trials[first + i].tasks;
            if (point[p].trials == 1)
                memmove(point + p, point + p + 1, (--points - p) * sizeof *point);
            else
                rc = capacity_at(trials + first, point[p].trials, i, work, &point[p].capacity);
            double off = middle(point, points) - whole;
            sum += off;
            squared += off * off;
        }
    *result = fmax(squared - sum * sum / n, 0) * (n - 1) / n;
    return rc;
}

/* The same by how far rates differ, which a jackknife does not see where a percentile rests on few tasks (it is not
 * consistent for quantiles: B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, 3.4). */
static double variance_between(const struct sustained *found)
{
    const double at = crossing(found->point, found->points), whole = middle(found->point, found->points);
    double squared = 0, weights = 0, n = (double)found->points;
    for (size_t p = 0; p < found->points; p++) {
        const double weight = weight_of(&found->point[p], at), off = weight * (log(found->point[p].capacity) - whole);
        squared += off * off;
        weights += weight;
    }
    return weights > 0 && n > 1 ? squared / (weights * weights) * n / (n - 1) : 0;
}

/* The variance of the long run's capacity, by those of its parts; at the scale of 1, next to which the answer is. */
static int long_variance(const struct work *work, double *result)
{
    double sum = 0, squared = 0;
    int rc = 0;
    for (size_t part = 0; part < PARTS && rc == 0; part++) {
        struct queue_sample sample = work->run->sample;
        double rate;
        sample.tasks /= PARTS;
        sample.gap += part * sample.tasks;
        sample.service_ns += part * sample.tasks;
        rc =
            queue_rate_for_percentile(&work->queue, &sample, work->question->share, work->question->deadline_ns, &rate);
        sum += log(fmax(rate, NEVER));
        squared += log(fmax(rate, NEVER)) * log(fmax(rate, NEVER));
    }
    *result = fmax(squared - sum * sum / PARTS, 0) / (PARTS - 1) / PARTS;
    return rc;
}

/* Of both together, the first of as many degrees of freedom as rates have, whose differences are in it. By F. E.
 * Satterthwaite: An Approximate Distribution of Estimates of Variance Components, Biometrics Bulletin 2, 1946. */
static double reach_of(double differ, size_t rates, double lasting, double level)
{
    const double both = differ + lasting, between = fmax((double)rates - 1, 1);
    const double freedom = both * both / (differ * differ / between + lasting * lasting / (PARTS - 1));
    if (!isfinite(both))
        return INFINITY;
    return both > 0 ? sqrt(both) * gsl_cdf_tdist_Pinv((1 + level) / 2, freedom) : 0;
}

/* What lies beyond the rates that were measured is not claimed: there the last of them is a bound. */
static void ends_set(struct sustained *found, double at, double reach)
{
    const double least = found->point[0].rate, most = found->point[found->points - 1].rate;
    const double lo = exp(at - reach), hi = exp(at + reach), rate = exp(at);
    found->rate = rate >= least && rate <= most ? rate : NAN;
    found->interval.lo = lo < least ? NAN : fmin(lo, most);
    found->interval.hi = hi > most ? NAN : fmax(hi, least);
}

/* Trials in the order of their rates, and room. */
static int work_make(const struct rate_trial *trials, size_t count, struct work *work, struct rate_trial **sorted)
{
    size_t tasks = 1, buckets = 1;
    for (size_t i = 0; i < count; i++) {
        tasks += trials[i].tasks;
        buckets += trials[i].latency_count;
    }
    work->service_ns = calloc(tasks, sizeof(double));
    work->latency_ns = calloc(tasks, sizeof(double));
    work->buckets = calloc(buckets, sizeof(struct bucket));
    *sorted = calloc(count + 1, sizeof **sorted);
    if (!work->service_ns || !work->latency_ns || !work->buckets || !*sorted)
        return -ENOMEM;
    memcpy(*sorted, trials, count * sizeof *trials);
    qsort(*sorted, count, sizeof *trials, rate_order);
    return 0;
}

int sustained_make(const struct rate_trial *trials, size_t count, const struct sustained_question *question,
                   struct long_run *run, struct sustained *found)
{
    struct rate_trial *sorted = NULL;
    struct work work = {.question = question, .queue = {.workers = question->workers}, .run = run};
    double differ = INFINITY, lasting = 0;
    *found = (struct sustained){.trials = count, .rate = NAN, .interval = {NAN, NAN}};
    int rc = work_make(trials, count, &work, &sorted);
    if (rc == 0)
        rc = points_make(sorted, count, &work, found);
    if (rc == 0 && question->level > 0 && count >= SUSTAINED_TRIALS_MIN)
        rc = variance(sorted, &work, found, &differ);
    if (rc == 0 && isfinite(differ))
        rc = long_variance(&work, &lasting);
    if (rc == 0 && count)
        ends_set(found, middle(found->point, found->points),
                 reach_of(differ + variance_between(found), found->points, lasting, question->level));
    free(work.service_ns);
    free(work.latency_ns);
    free(work.buckets);
    free(sorted);
    return rc;
}

struct labelled {
    double label;
    uint64_t draw; /* among equal labels */
    size_t task;
};

static int label_order(const void *a, const void *b)
{
    const struct labelled *left = a, *right = b;
    int order = (left->label > right->label) - (left->label < right->label);
    return order ? order : (left->draw > right->draw) - (left->draw < right->draw);
}

int sustained_deal(const struct bucket *service, size_t count, const double *labels, size_t tasks, uint64_t seed,
                   double *service_ns)
{
    struct labelled *order = calloc(tasks + 1, sizeof *order);
    int64_t all = 0, before = 0;
    size_t b = 0;
    for (size_t i = 0; i < count; i++)
        all += service[i].count;
    if (!order || !all) {
        free(order);
        return order ? -EDOM : -ENOMEM;
    }
    for (size_t i = 0; i < tasks; i++)
        order[i] = (struct labelled){labels[i], mix64(seed, i), i};
    qsort(order, tasks, sizeof *order, label_order);
    for (size_t i = 0; i < tasks; i++) {
        const double rank = ((double)i + 0.5) / (double)tasks * (double)all;
        while ((double)(before + service[b].count) < rank && b + 1 < count)
            before += service[b++].count;
        service_ns[order[i].task] = (double)(service[b].lo_ns + service[b].hi_ns - 1) / 2;
    }
    free(order);
    return 0;
}

double sustained_next(const struct sustained *found, double guess, double from, double to, unsigned round)
{
    static const double around[] = {0.94, 1.06, 0.86, 1.13};
    double rate = found->points ? exp(middle(found->point, found->points)) : guess;
    rate *= around[round % (sizeof around / sizeof around[0])];
    if (found->points) /* not far beyond what was measured: what one trial says may be wrong */
        rate = fmax(found->point[0].rate / 1.5, fmin(rate, found->point[found->points - 1].rate * 1.5));
    double steps = rint(log(rate / guess) / log(STEP)), most = SUSTAINED_RATES_MAX / 2 - 2;
    rate = guess * pow(STEP, fmax(-most, fmin(steps, most)));
    return fmax(from, fmin(rate, to));
}
