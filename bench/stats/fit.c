/* Least squares on the logarithms of median times, so that errors are relative, by GSL's Levenberg-Marquardt.
 * Parameters that cannot be negative are squares (or exponentials) of what GSL moves freely.
 *
 * Intervals are read off refits to resampled blocks. A block is drawn with all its points, so that what a block has in
 * common stays in it; a covariance from the few residuals of one fit would take points for independent, and what the
 * law cannot describe for noise. Percentiles of few blocks are too narrow: the level is raised by what Student's t is
 * wider than the normal distribution (Hesterberg 2015, expanded percentile intervals). */
#include "bench/stats/fit.h"
#include "bench/base/refuse.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define PARAMETERS_MAX 3
#define ITERATIONS_MAX 60
#define TOLERANCE      1e-7
#define SMALLEST       1e-3 /* where a square starts at least: at 0 it has no slope */
#define NOTHING        1e-6 /* what changes no time by more than this share is 0 */
#define ANYTHING       0.98 /* a share whose interval is that wide is not known */
#define MISFIT         0.20 /* a law that is off by more describes something else */
#define STEP           1.01 /* between numbers of workers that are tried for the best */
#define WORKERS_BEYOND 1e6  /* more than anybody has */

const struct fit_words fit_words[FIT_LAWS] = {
    [FIT_AMDAHL] = {"Amdahl's law",
                    3,
                    2,
                    3,
                    {{"one_worker_per_s", "tasks per second of one worker"},
                     {"sigma", "done one after another (sigma)"},
                     {"most_speedup", "largest speed-up there is"}}},
    [FIT_USL] = {"Universal Scalability Law",
                 4,
                 3,
                 4,
                 {{"one_worker_per_s", "tasks per second of one worker"},
                  {"sigma", "contention (sigma)"},
                  {"kappa", "coherence (kappa)"},
                  {"best_workers", "best number of workers"}}},
    [FIT_SLEEP] = {"sleeping tasks",
                   3,
                   2,
                   3,
                   {{"wait_ns", "a task holds its worker beyond its size for"},
                    {"handover_ns", "overhead per task, one after another"},
                    {"limit_per_s", "most tasks per second"}}},
};

/* One fit under way: natural parameters, and what GSL moves. */
struct problem {
    enum fit_law law;
    const struct fit_points *points;
    double *log_ns; /* of the points */
};

/* Amdahl and USL: ns of one worker, sigma, kappa; sleep: wait and hand-over. */
static double law_ns(enum fit_law law, const double *q, double size, double n)
{
    if (law == FIT_SLEEP)
        return (size + q[0]) / n + q[1];
    return q[0] * (1 + q[1] * (n - 1) + (law == FIT_USL ? q[2] * n * (n - 1) : 0)) / n;
}

static void law_slopes(enum fit_law law, const double *q, double n, double *slope)
{
    if (law == FIT_SLEEP) {
        slope[0] = 1 / n;
        slope[1] = 1;
        return;
    }
    slope[0] = law_ns(law, q, 0, n) / q[0];
    slope[1] = q[0] * (n - 1) / n;
    slope[2] = q[0] * (n - 1);
}

static void natural(const struct problem *problem, const gsl_vector *free, double *q)
{
    for (size_t i = 0; i < free->size; i++) {
        double p = gsl_vector_get(free, i);
        q[i] = problem->law == FIT_SLEEP ? problem->points->size_ns * p * p : i ? p * p : exp(p);
    }
}

static int residuals(const gsl_vector *free, void *context, gsl_vector *out)
{
    const struct problem *problem = context;
    double q[PARAMETERS_MAX];
    natural(problem, free, q);
    for (size_t i = 0; i < problem->points->count; i++)
        gsl_vector_set(out, i,
                       log(law_ns(problem->law, q, problem->points->size_ns, problem->points->workers[i])) -
                           problem->log_ns[i]);
    return GSL_SUCCESS;
}

static int jacobian(const gsl_vector *free, void *context, gsl_matrix *out)
{
    const struct problem *problem = context;
    const struct fit_points *points = problem->points;
    double q[PARAMETERS_MAX], slope[PARAMETERS_MAX];
    natural(problem, free, q);
    for (size_t i = 0; i < points->count; i++) {
        double ns = law_ns(problem->law, q, points->size_ns, points->workers[i]);
        law_slopes(problem->law, q, points->workers[i], slope);
        for (size_t j = 0; j < free->size; j++) {
            double p = gsl_vector_get(free, j);
            double inner = problem->law == FIT_SLEEP ? 2 * points->size_ns * p : j ? 2 * p : q[0];
            gsl_matrix_set(out, i, j, slope[j] * inner / ns);
        }
    }
    return GSL_SUCCESS;
}

/* What has no influence that could be seen is 0: squares come near it and do not reach it. */
static void smallest_to_zero(const struct problem *problem, double *q)
{
    const struct fit_points *points = problem->points;
    double most = points->workers[points->count - 1];
    if (problem->law == FIT_SLEEP) {
        q[0] = q[0] < NOTHING * points->size_ns ? 0 : q[0];
        q[1] = q[1] * most < NOTHING * points->size_ns ? 0 : q[1];
        return;
    }
    q[1] = q[1] * most < NOTHING ? 0 : q[1];
    if (problem->law == FIT_USL)
        q[2] = q[2] * most * most < NOTHING ? 0 : q[2];
}

static int solve(const struct problem *problem, gsl_multifit_nlinear_workspace *room, const double *start, double *q)
{
    size_t parameters = fit_words[problem->law].parameters;
    double p[PARAMETERS_MAX] = {0};
    int info;
    gsl_multifit_nlinear_fdf function = {
        .f = residuals, .df = jacobian, .n = problem->points->count, .p = parameters, .params = (void *)problem};
    for (size_t i = 0; i < parameters; i++) {
        double share = problem->law == FIT_SLEEP ? start[i] / problem->points->size_ns : start[i];
        p[i] = problem->law != FIT_SLEEP && !i ? log(start[0]) : fmax(sqrt(share), SMALLEST);
    }
    gsl_vector_const_view view = gsl_vector_const_view_array(p, parameters);
    gsl_multifit_nlinear_init(&view.vector, &function, room);
    /* Out of iterations is near enough: at a bound the last digits come slowly, and smallest_to_zero() takes them. */
    int result = gsl_multifit_nlinear_driver(ITERATIONS_MAX, TOLERANCE, TOLERANCE, 0, NULL, NULL, &info, room);
    if (result && result != GSL_EMAXITER && result != GSL_ENOPROG)
        return -EDOM;
    natural(problem, gsl_multifit_nlinear_position(room), q);
    for (size_t i = 0; i < parameters; i++)
        if (!isfinite(q[i]))
            return -EDOM;
    smallest_to_zero(problem, q);
    return 0;
}

static void values_fill(enum fit_law law, const double *q, double *value)
{
    if (law == FIT_SLEEP) {
        value[SLEEP_WAIT_NS] = q[0];
        value[SLEEP_HANDOVER_NS] = q[1];
        value[SLEEP_LIMIT_PER_S] = 1e9 / q[1];
        return;
    }
    value[FIT_ONE_PER_S] = 1e9 / q[0];
    value[FIT_SIGMA] = q[1];
    if (law == FIT_AMDAHL) {
        value[AMDAHL_MOST] = 1 / q[1];
    } else {
        value[USL_KAPPA] = q[2];
        value[USL_BEST] = q[1] >= 1 ? 1 : fmax(1, sqrt((1 - q[1]) / q[2]));
    }
}

static void q_of(const struct fit *fit, double *q)
{
    bool sleep = fit->law == FIT_SLEEP;
    q[0] = sleep ? fit->value[SLEEP_WAIT_NS] : 1e9 / fit->value[FIT_ONE_PER_S];
    q[1] = fit->value[1];
    q[2] = fit->law == FIT_USL ? fit->value[USL_KAPPA] : 0;
}

double fit_ns(const struct fit *fit, double workers)
{
    double q[PARAMETERS_MAX];
    q_of(fit, q);
    return law_ns(fit->law, q, fit->size_ns, workers);
}

/* Near enough for the first fit, by two points. */
static void start_guess(const struct problem *problem, double *q)
{
    const struct fit_points *points = problem->points;
    double n = points->workers[0], m = points->workers[points->count - 1];
    double first = exp(problem->log_ns[0]), last = exp(problem->log_ns[points->count - 1]);
    /* time = a / N + b */
    double b = fmax((last * m - first * n) / (m - n), 0), a = fmax((first - b) * n, first * n * 0.01);
    if (problem->law == FIT_SLEEP) {
        q[0] = fmax(a - points->size_ns, 0);
        q[1] = b;
        return;
    }
    q[0] = a + b;
    q[1] = fmin(b / (a + b), 0.9) / (problem->law == FIT_USL ? 2 : 1);
    q[2] = 0.5 * q[1] / m;
}

/* Of the blocks in `draw`; of all when it is NULL. */
static void medians_take(const struct problem *problem, const size_t *draw, double *room)
{
    const struct fit_points *points = problem->points;
    for (size_t i = 0; i < points->count; i++) {
        for (size_t b = 0; b < points->blocks; b++)
            room[b] = points->ns[i * points->blocks + (draw ? draw[b] : b)];
        problem->log_ns[i] = log(stats_median(room, stats_sort(room, points->blocks)));
    }
}

/* How much of the resamples an end leaves out. */
static double tail_of(size_t blocks)
{
    double n = (double)blocks, t = gsl_cdf_tdist_Qinv((1 - FIT_LEVEL) / 2, n - 1);
    return gsl_cdf_ugaussian_Q(sqrt(n / (n - 1)) * t);
}

/* Infinite values have their place in the order, so interpolating is left out. */
static struct interval interval_of(double *values, size_t count, double tail)
{
    size_t out = (size_t)(tail * (double)count);
    gsl_sort(values, 1, count);
    return (struct interval){values[out], values[count - 1 - out]};
}

static int resample(const struct problem *problem, const struct fit_bootstrap *bootstrap, const double *start,
                    gsl_multifit_nlinear_workspace *workspace, struct fit *fit)
{
    size_t blocks = problem->points->blocks, kept = 0, values = fit_words[problem->law].values;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    double *found = calloc(FIT_VALUES_MAX * bootstrap->resamples + 1, sizeof *found);
    double *room = calloc(blocks + 1, sizeof *room);
    size_t *draw = calloc(blocks + 1, sizeof *draw);
    int result = rng && found && room && draw ? 0 : -ENOMEM;
    if (rng)
        gsl_rng_set(rng, bootstrap->seed);
    for (size_t r = 0; r < bootstrap->resamples && !result; r++) {
        double q[PARAMETERS_MAX], value[FIT_VALUES_MAX];
        for (size_t b = 0; b < blocks; b++)
            draw[b] = gsl_rng_uniform_int(rng, blocks);
        medians_take(problem, draw, room);
        if (solve(problem, workspace, start, q))
            continue;
        values_fill(problem->law, q, value);
        for (size_t v = 0; v < values; v++)
            found[v * bootstrap->resamples + kept] = value[v];
        kept++;
    }
    if (!result && kept < bootstrap->resamples - bootstrap->resamples / 100)
        result = -EDOM;
    for (size_t v = 0; v < values && !result; v++)
        fit->interval[v] = interval_of(found + v * bootstrap->resamples, kept, tail_of(blocks));
    if (rng)
        gsl_rng_free(rng);
    free(found);
    free(room);
    free(draw);
    return result;
}

/* Resampling knows of noise alone. Where the law itself is off by `worst`, to either side, the best number of workers
 * may be any whose promise comes that near to the best one. */
static void best_widen(struct fit *fit)
{
    double best = fit->value[USL_BEST];
    double most_ns = fit_ns(fit, best) * (1 + fit->worst) / (1 - fit->worst);
    struct interval *interval = &fit->interval[USL_BEST];
    double lo = best, hi = best;
    if (!isfinite(best) || fit->worst > MISFIT)
        return;
    while (lo / STEP >= 1 && fit_ns(fit, lo / STEP) <= most_ns)
        lo /= STEP;
    while (hi < WORKERS_BEYOND && fit_ns(fit, hi * STEP) <= most_ns)
        hi *= STEP;
    *interval = (struct interval){fmin(interval->lo, lo), fmax(interval->hi, hi)};
}

static int misfit_judge(const struct fit *fit, char *why)
{
    if (fit->worst <= MISFIT)
        return 0;
    return refuse_as(-EDOM, why, "does not describe these: at %.0f workers it is %.0f %% off", fit->worst_workers,
                     100 * fit->worst);
}

/* A fit always ends somewhere; whether that says anything, its intervals tell, and how far it is off. */
static int fit_judge(const struct fit *fit, char *why)
{
    const struct interval *sigma = &fit->interval[FIT_SIGMA];
    if (fit->law == FIT_SLEEP)
        return misfit_judge(fit, why);
    if (sigma->lo <= 1 - ANYTHING && sigma->hi >= ANYTHING)
        return refuse_as(-EDOM, why, "not identified: sigma may be anything from %.2g to %.2g", sigma->lo, sigma->hi);
    if (fit->law == FIT_AMDAHL && sigma->lo > 1)
        return refuse_as(-EDOM, why, "throughput falls with workers, which this law does not know");
    if (sigma->hi >= 1 && sigma->lo <= 1 && (fit->law == FIT_AMDAHL || fit->interval[USL_KAPPA].lo == 0))
        return refuse_as(-EDOM, why, "flat: throughput does not depend on the workers as far as can be seen");
    return misfit_judge(fit, why);
}

static int points_check(enum fit_law law, const struct fit_points *points, char *why)
{
    const struct fit_words *words = &fit_words[law];
    if (points->count < words->counts)
        return refuse_as(-EDOM, why, "takes at least %zu different numbers of workers, there %s %zu", words->counts,
                         points->count == 1 ? "is" : "are", points->count);
    if (points->blocks < STATS_INTERVAL_MIN)
        return refuse_as(-EDOM, why, "takes at least %d blocks, there %s %zu", STATS_INTERVAL_MIN,
                         points->blocks == 1 ? "is" : "are", points->blocks);
    return 0;
}

int fit_make(enum fit_law law, const struct fit_points *points, const struct fit_bootstrap *bootstrap, struct fit *fit,
             char *why)
{
    gsl_multifit_nlinear_parameters settings = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_workspace *workspace = NULL;
    struct problem problem = {.law = law, .points = points};
    double *room = NULL, start[PARAMETERS_MAX] = {0}, q[PARAMETERS_MAX];
    int result = points_check(law, points, why);
    *fit = (struct fit){.law = law, .size_ns = points->size_ns};
    if (result)
        return result;
    workspace =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &settings, points->count, fit_words[law].parameters);
    problem.log_ns = calloc(points->count, sizeof *problem.log_ns);
    room = calloc(points->blocks, sizeof *room);
    if (!workspace || !problem.log_ns || !room) {
        result = -ENOMEM;
        goto done;
    }
    medians_take(&problem, NULL, room);
    start_guess(&problem, start);
    result = solve(&problem, workspace, start, q);
    if (result)
        goto done;
    values_fill(law, q, fit->value);
    for (size_t i = 0; i < points->count; i++) {
        double off = fabs(exp(problem.log_ns[i]) / fit_ns(fit, points->workers[i]) - 1);
        if (off > fit->worst) {
            fit->worst = off;
            fit->worst_workers = points->workers[i];
        }
    }
    result = resample(&problem, bootstrap, q, workspace, fit);
    if (!result && law == FIT_USL)
        best_widen(fit);
done:
    if (workspace)
        gsl_multifit_nlinear_free(workspace);
    free(problem.log_ns);
    free(room);
    if (result)
        refuse(why, "%s", result == -EDOM ? "the fit does not converge" : strerror(-result));
    return result ? result : fit_judge(fit, why);
}
