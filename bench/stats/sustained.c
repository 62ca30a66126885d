/* The highest rate that is sustained, see sustained.h. */
#include "bench/stats/sustained.h"
#include "workloads/mix.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP       1.05 /* of rates, and of scales whose capacity is worked out */
#define SCALE_MOST 40.0 /* no task takes longer by a larger factor, nor shorter */
#define HALVINGS   12   /* of the search for a scale */
#define AROUND     0.3  /* logarithms of rates: what is farther from the capacity does not count */
#define LOST       0.5  /* what a trial that did not end in time says of the capacity: a part of its rate */
#define PARTS      4    /* of the long run, whose capacities say how well it is known */

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

static int number_order(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
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

/* What the queue makes of the same arrivals, when tasks take `scale` times what they were seen to. */
static int simulated_ns(const struct rate_trial *trials, size_t count, size_t without, double scale, struct work *work,
                        double *ns)
{
    size_t tasks = 0;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct rate_trial *trial = &trials[i];
        if (i == without)
            continue;
        for (size_t t = 0; t < trial->tasks; t++)
            work->service_ns[t] = scale * trial->service_ns[t];
        rc = queue_simulate(&work->queue, trial->due_ns, work->service_ns, trial->tasks, work->latency_ns + tasks);
        tasks += trial->tasks;
    }
    qsort(work->latency_ns, tasks, sizeof *work->latency_ns, number_order);
    *ns = tasks ? work->latency_ns[(size_t)fmax(ceil(work->question->share * (double)tasks) - 1, 0)] : NAN;
    return rc;
}

/* The capacity of the queue in the long run, its tasks taking `scale` times what they were seen to. NAN: no memory. */
static double capacity_of(const struct work *work, double scale)
{
    const double middle = (LONG_RUN_SCALES - 1) / 2.0, at = log(scale) / log(STEP) + middle;
    const size_t below = (size_t)fmax(fmin(floor(at), LONG_RUN_SCALES - 2), 0);
    struct long_run *run = work->run;
    for (size_t i = below; i <= below + 1; i++) {
        struct queue_sample scaled = run->sample;
        double rate;
        if (run->known[i])
            continue;
        scaled.service_ns = run->scaled_ns;
        for (size_t t = 0; t < scaled.tasks; t++)
            scaled.service_ns[t] = run->sample.service_ns[t] * pow(STEP, (double)i - middle);
        if (queue_rate_for_percentile(&work->queue, &scaled, work->question->share, work->question->deadline_ns, &rate))
            return NAN;
        run->known[i] = fmax(rate, 1e-9); /* 0: the deadline is never kept */
    }
    const double *known = run->known + below;
    return known[0] * pow(known[1] / known[0], at - (double)below);
}

int long_run_make(const struct rate_trial *trials, size_t count, size_t tasks, uint64_t seed, struct long_run *run)
{
    size_t buckets = 0, taken = 0;
    for (size_t i = 0; i < count; i++)
        buckets += trials[i].service_count;
    *run = (struct long_run){.scaled_ns = calloc(tasks, sizeof(double))};
    struct bucket *service = calloc(buckets + 1, sizeof *service);
    int rc = run->scaled_ns && service ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && rc == 0; i++)
        for (size_t b = 0; b < trials[i].service_count; b++)
            service[taken++] = trials[i].service[b];
    if (rc == 0) {
        qsort(service, taken, sizeof *service, bucket_order);
        rc = queue_draw(service, taken, true, seed, tasks, &run->sample);
    }
    free(service);
    return rc;
}

void long_run_release(struct long_run *run)
{
    queue_sample_release(&run->sample);
    free(run->scaled_ns);
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
        double scale = sqrt(least * most), ns;
        rc = simulated_ns(trials, count, without, scale, work, &ns);
        if (ns < latency)
            least = scale;
        else
            most = scale;
    }
    if (!isnan(latency) && rc == 0)
        *capacity = capacity_of(work, sqrt(least * most));
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

/* The mean of what rates around the crossing say, weighted by tasks and nearness: near it the queue only takes out what
 * the draw of arrivals did, and what it gets wrong of the pool does not count. */
static double middle(const struct rate_point *point, size_t points)
{
    const double at = crossing(point, points);
    double sum = 0, weights = 0;
    for (size_t p = 0; p < points; p++) {
        double weight = (double)point[p].tasks * fmax(1 - fabs(log(point[p].rate) - at) / AROUND, 0);
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
        sum += log(fmax(rate, 1e-9));
        squared += log(fmax(rate, 1e-9)) * log(fmax(rate, 1e-9));
    }
    *result = fmax(squared - sum * sum / PARTS, 0) / (PARTS - 1) / PARTS;
    return rc;
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
                 sqrt(differ + lasting) * gsl_cdf_tdist_Pinv((1 + question->level) / 2, fmax((double)count - 1, 1)));
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
