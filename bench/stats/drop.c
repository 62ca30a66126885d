/* Student's t, see drop.h. */
#include "bench/stats/drop.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

int drop_interval(const double *logs, size_t count, double error, struct interval *interval)
{
    *interval = (struct interval){NAN, NAN};
    if (count < DROP_LEAST)
        return -EDOM;
    double mean = gsl_stats_mean(logs, 1, count), n = (double)count;
    double reach = gsl_cdf_tdist_Qinv(error, n - 1) * gsl_stats_sd_m(logs, 1, count, mean) / sqrt(n);
    *interval = (struct interval){mean - reach, mean + reach};
    return 0;
}

bool drop_decides(const double *logs, size_t count)
{
    struct interval far, near;
    return !drop_interval(logs, count, DROP_ERROR, &far) && !drop_interval(logs, count, NEAR_ERROR, &near) &&
           (far.lo > log(DROP_RATIO) || near.lo > log(NEAR_RATIO));
}

bool drop_tells(const struct interval *interval)
{
    return interval->lo > log(DROP_RATIO) || interval->hi < -log(DROP_RATIO);
}
