/* What theory says of a queue, see queue.h. */
#include "bench/stats/queue.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_roots.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS   1e9
#define ROOT_STEPS  200
#define ROOT_EXACT  1e-7
#define LATTICE     4096 /* steps on which times are summed */
#define STATES      4096 /* of the numbers of tasks at most */
#define COMES_MOST  2048
#define STEADY      1e-12
#define NOTHING     1e-18 /* a probability that does not count */
#define STEADY_MOST 200000
#define MDC_MOST    0.98

double queue_erlang_c(unsigned workers, double load)
{
    double blocked = 1; /* Erlang B */
    if (load >= workers)
        return 1;
    for (unsigned i = 1; i <= workers; i++)
        blocked = load * blocked / (i + load * blocked);
    return blocked / (1 - load / workers * (1 - blocked));
}

/* ---- M/M/c ---- */

struct mmc {
    double waits, spare, p; /* spare: workers - load */
};

/* The share of tasks that take longer than x mean service times. */
static double mmc_longer(double x, const struct mmc *mmc)
{
    double left = mmc->spare - 1;
    double growth = fabs(left) < 1e-9 ? x : -expm1(-left * x) / left;
    return exp(-x) * (1 + mmc->waits * growth);
}

static double mmc_miss(double x, void *mmc)
{
    return mmc_longer(x, mmc) - (1 - ((struct mmc *)mmc)->p);
}

/* Where function crosses 0 between 0 and hi, or beyond: hi is doubled until it does. NAN: nowhere. */
static double root(gsl_function *function, double hi)
{
    double lo = 0;
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    for (int i = 0; i < 64 && GSL_FN_EVAL(function, hi) > 0; i++) {
        lo = hi;
        hi *= 2;
    }
    int rc = !solver || GSL_FN_EVAL(function, hi) > 0 ? GSL_EINVAL : gsl_root_fsolver_set(solver, function, lo, hi);
    for (int i = 0; i < ROOT_STEPS && rc == GSL_SUCCESS; i++) {
        rc = gsl_root_fsolver_iterate(solver);
        lo = gsl_root_fsolver_x_lower(solver);
        hi = gsl_root_fsolver_x_upper(solver);
        if (gsl_root_test_interval(lo, hi, 0, ROOT_EXACT) == GSL_SUCCESS)
            break;
    }
    if (solver)
        gsl_root_fsolver_free(solver);
    return rc == GSL_SUCCESS ? (lo + hi) / 2 : NAN;
}

double queue_mmc_percentile(unsigned workers, double rate, double mean_ns, double p)
{
    const double load = rate * mean_ns / SECOND_NS;
    struct mmc mmc = {queue_erlang_c(workers, load), workers - load, p};
    gsl_function function = {mmc_miss, &mmc};
    return load < workers ? mean_ns * root(&function, 1) : NAN;
}

/* ---- M/G/1 ---- */

double queue_mg1_mean(double rate, double mean_ns, double mean_square_ns2)
{
    const double a_ns = rate / SECOND_NS, load = a_ns * mean_ns;
    return load < 1 ? mean_ns + a_ns * mean_square_ns2 / (2 * (1 - load)) : NAN;
}

/* Of service times: moments, and the share that is longer than ns; within a bucket they are spread evenly. */
struct times {
    const struct bucket *bucket;
    size_t count;
    double all, mean_ns, square_ns2;
};

static struct times times_of(const struct bucket *bucket, size_t count)
{
    struct times times = {.bucket = bucket, .count = count};
    for (size_t i = 0; i < count; i++)
        times.all += (double)bucket[i].count;
    for (size_t i = 0; i < count && times.all > 0; i++) {
        double share = (double)bucket[i].count / times.all, lo = (double)bucket[i].lo_ns,
               hi = fmax((double)bucket[i].hi_ns - 1, lo);
        times.mean_ns += share * (lo + hi) / 2;
        times.square_ns2 += share * (lo * lo + lo * hi + hi * hi) / 3;
    }
    return times;
}

/* The mean of what is left of a service time beyond ns, E[max(S - ns, 0)]. */
static double left_beyond(const struct times *times, double ns)
{
    double sum = 0;
    for (size_t i = 0; i < times->count; i++) {
        double lo = (double)times->bucket[i].lo_ns, hi = fmax((double)times->bucket[i].hi_ns - 1, lo),
               n = (double)times->bucket[i].count;
        if (ns <= lo)
            sum += n * ((lo + hi) / 2 - ns);
        else if (ns < hi)
            sum += n * (hi - ns) * (hi - ns) / (2 * (hi - lo));
    }
    return sum / times->all;
}

/* The share of service times of at most ns. */
static double within(const struct times *times, double ns)
{
    double sum = 0;
    for (size_t i = 0; i < times->count; i++) {
        double lo = (double)times->bucket[i].lo_ns, hi = fmax((double)times->bucket[i].hi_ns - 1, lo);
        sum += (double)times->bucket[i].count * (ns >= hi ? 1 : ns > lo ? (ns - lo) / (hi - lo) : 0);
    }
    return sum / times->all;
}

/* wait[k]: the probability to wait k steps. A step of the residual, r[k], is rounded to the nearest lattice point. */
static void lattice_wait(const struct times *times, double load, double step_ns, double *r, double *wait)
{
    double before = 0;
    for (size_t k = 0; k < LATTICE; k++) {
        double upto = 1 - left_beyond(times, ((double)k + 0.5) * step_ns) / times->mean_ns;
        r[k] = upto - before;
        before = upto;
    }
    for (size_t k = 0; k < LATTICE; k++) {
        double sum = k ? 0 : 1 - load;
        for (size_t j = 1; j <= k; j++)
            sum += load * r[j] * wait[k - j];
        wait[k] = sum / (1 - load * r[0]);
    }
}

struct lattice {
    const struct times *times;
    const double *wait;
    double step_ns, p;
};

static double lattice_miss(double ns, void *arg)
{
    const struct lattice *lattice = arg;
    double done = 0;
    for (size_t k = 0; k < LATTICE && (double)k * lattice->step_ns <= ns; k++)
        done += lattice->wait[k] * within(lattice->times, ns - (double)k * lattice->step_ns);
    return lattice->p - done;
}

double queue_mg1_percentile(double rate, const struct bucket *service, size_t buckets, double p)
{
    const struct times times = times_of(service, buckets);
    const double load = rate / SECOND_NS * times.mean_ns;
    if (!(times.all > 0) || load >= 1)
        return NAN;
    /* Kingman's exponential tail, and a service time beside it, is where p lies; twice that is far enough. */
    double mean_ns = queue_mg1_mean(rate, times.mean_ns, times.square_ns2);
    double wait_ns = (mean_ns - times.mean_ns) / load, reach_ns = 2 * wait_ns * log(1 / (1 - p));
    for (size_t i = 0; i < buckets; i++)
        if (service[i].count)
            reach_ns = fmax(reach_ns, (double)service[i].hi_ns);
    double *room = calloc(2 * LATTICE, sizeof *room);
    if (!room)
        return NAN;
    struct lattice lattice = {&times, room, reach_ns / LATTICE, p};
    lattice_wait(&times, load, lattice.step_ns, room + LATTICE, room);
    gsl_function function = {lattice_miss, &lattice};
    double ns = root(&function, mean_ns);
    free(room);
    return ns;
}

/* ---- M/D/c ---- */

/* How many tasks there are, by their state a service time earlier: up to c of them have left, and those that have come
 * meanwhile are there. state[j]: the probability of j, iterated until it stays. */
static int mdc_steady(unsigned workers, double load, double *state, double *next)
{
    double come[COMES_MOST];
    size_t comes = (size_t)(load + 12 * sqrt(load) + 40), top = 1; /* states below top are what there is */
    if (comes > COMES_MOST)
        return -1;
    for (size_t j = 0; j < comes; j++)
        come[j] = gsl_ran_poisson_pdf((unsigned)j, load);
    while (comes > 1 && come[comes - 1] < NOTHING)
        comes--;
    state[0] = 1;
    for (size_t step = 0; step < STEADY_MOST; step++) {
        const size_t most = top + comes < STATES ? top + comes : STATES;
        double change = 0;
        memset(next, 0, most * sizeof *next);
        for (size_t i = 0; i < top; i++) {
            const size_t left = i > workers ? i - workers : 0, end = left + comes < STATES ? comes : STATES - left;
            for (size_t j = 0; j < end; j++)
                next[left + j] += state[i] * come[j];
        }
        for (top = most; next[top - 1] < NOTHING;)
            top--;
        for (size_t i = 0; i < most; i++)
            change += fabs(next[i] - state[i]);
        memcpy(state, next, most * sizeof *state);
        if (change < STEADY)
            return 0;
    }
    return -1;
}

struct mdc {
    unsigned workers;
    double load, p;     /* load: rate x service time */
    const double *upto; /* upto[j]: the probability that there are at most j tasks */
};

/* The share of tasks that wait at most x service times (Franx), missing from p. */
static double mdc_miss(double x, void *arg)
{
    const struct mdc *mdc = arg;
    const double k = floor(x) + 1, mean = mdc->load * (k - x);
    const size_t last = (size_t)k * mdc->workers - 1;
    double sum = 0;
    for (size_t j = 0; j <= last; j++)
        sum += mdc->upto[(size_t)fmin((double)(last - j + mdc->workers), STATES - 1)] *
               gsl_ran_poisson_pdf((unsigned)j, mean);
    return mdc->p - sum;
}

double queue_mdc_percentile(unsigned workers, double rate, double service_ns, double p)
{
    const double load = rate * service_ns / SECOND_NS;
    if (!workers || load >= MDC_MOST * workers)
        return NAN;
    double *state = calloc(2 * STATES, sizeof *state), ns = NAN;
    if (!state)
        return NAN;
    if (!mdc_steady(workers, load, state, state + STATES)) {
        for (size_t j = 1; j < STATES; j++)
            state[j] += state[j - 1];
        struct mdc mdc = {workers, load, p, state};
        gsl_function function = {mdc_miss, &mdc};
        double wait = mdc_miss(0, &mdc) <= 0 ? 0 : root(&function, 1);
        ns = service_ns * (1 + wait);
    }
    free(state);
    return ns;
}
