/* The line of a calibration, see calibrate.h: ns = fixed + slope x iterations + ticks x (ns - 1 ms, where above 0). The
 * last term is for what interrupts long tasks only: the median of tasks of some microseconds has no timer tick in it,
 * one of many milliseconds has them all. */
#include "bench/measure/calibrate.h"
#include <errno.h>
#include <gsl/gsl_multifit.h>
#include <math.h>

#define TICKS_FROM_NS 1e6

enum { FIXED, SLOPE, TICKS, PARAMETERS, POINTS_MOST = 64 };

static double beyond(double ns)
{
    return fmax(ns - TICKS_FROM_NS, 0);
}

double calibration_ns(const struct calibration *calibration, double iterations)
{
    double ns = calibration->fixed_ns + calibration->ns_per_iteration * iterations;
    return ns + beyond(ns) * calibration->ticks / (1 - calibration->ticks); /* ticks are of all the time */
}

uint64_t calibration_iterations(const struct calibration *calibration, int64_t size_ns)
{
    if (size_ns <= 0)
        return 0;
    double ns = (double)size_ns - calibration->ticks * beyond((double)size_ns);
    double iterations = (ns - calibration->fixed_ns) / calibration->ns_per_iteration;
    return iterations < 1 ? 1 : (uint64_t)llround(iterations);
}

/* Least squares of the relative error, of those parameters that are in use; the others are 0. */
static int parameters_fit(const double *iterations, const double *ns, unsigned points, const bool *in_use,
                          double *parameters)
{
    size_t count = 0, columns[PARAMETERS] = {0};
    double chisq;
    for (size_t p = 0; p < PARAMETERS; p++)
        if (in_use[p])
            columns[count++] = p;
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(points, count);
    gsl_matrix *x = gsl_matrix_alloc(points, count), *covariance = gsl_matrix_alloc(count, count);
    gsl_vector *y = gsl_vector_alloc(points), *found = gsl_vector_alloc(count);
    int rc = work && x && covariance && y && found ? 0 : -ENOMEM;
    for (unsigned i = 0; i < points && !rc; i++) {
        const double row[PARAMETERS] = {1, iterations[i], beyond(ns[i])};
        gsl_vector_set(y, i, 1);
        for (size_t c = 0; c < count; c++)
            gsl_matrix_set(x, i, c, row[columns[c]] / ns[i]);
    }
    if (!rc && gsl_multifit_linear(x, y, found, covariance, &chisq, work))
        rc = -EINVAL;
    for (size_t p = 0; p < PARAMETERS; p++)
        parameters[p] = 0;
    for (size_t c = 0; c < count && !rc; c++)
        parameters[columns[c]] = gsl_vector_get(found, c);
    gsl_multifit_linear_free(work);
    gsl_matrix_free(x);
    gsl_matrix_free(covariance);
    gsl_vector_free(y);
    gsl_vector_free(found);
    return rc;
}

int calibration_fit(const double *iterations, const double *ns, unsigned points, struct calibration *calibration)
{
    double parameters[PARAMETERS] = {0};
    bool in_use[PARAMETERS] = {true, true, false};
    unsigned longer = 0;
    if (points < 2 || points > POINTS_MOST)
        return -EINVAL;
    for (unsigned i = 0; i < points; i++) {
        if (!(ns[i] > 0) || !(iterations[i] > 0))
            return -EINVAL;
        longer += ns[i] > TICKS_FROM_NS;
    }
    in_use[TICKS] = longer && points >= longer + 2; /* else no short ones tell what is without ticks */
    int rc = parameters_fit(iterations, ns, points, in_use, parameters);
    /* no task starts before it starts, and ticks take time: what comes out below 0 is noise, and is left out */
    for (int p = TICKS; p >= 0 && !rc; p--)
        if (p != SLOPE && parameters[p] < 0) {
            in_use[p] = false;
            rc = parameters_fit(iterations, ns, points, in_use, parameters);
            p = PARAMETERS; /* from the beginning */
        }
    if (rc || !(parameters[SLOPE] > 0) || !(parameters[TICKS] < 1))
        return rc == -ENOMEM ? rc : -EINVAL;
    *calibration = (struct calibration){
        .fixed_ns = parameters[FIXED], .ns_per_iteration = parameters[SLOPE], .ticks = parameters[TICKS]};
    for (unsigned i = 0; i < points; i++)
        calibration->residual =
            fmax(calibration->residual, fabs(calibration_ns(calibration, iterations[i]) - ns[i]) / ns[i]);
    return 0;
}
