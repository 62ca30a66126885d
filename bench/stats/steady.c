/* Lengths of trials under rate, see steady.h. */
#include "bench/stats/steady.h"
#include <math.h>

#define PI        3.14159265358979323846
#define SCV_LEAST 0.2 /* of gaps and times together: nothing on a machine is quite even */

double steady_utilisation(const struct steady_queue *queue)
{
    return queue->rate * queue->service_ns / 1e9 / queue->workers;
}

double steady_relaxation_ns(const struct steady_queue *queue)
{
    const double utilisation = steady_utilisation(queue), root = sqrt(utilisation);
    const double rate = 1 + utilisation - 2 * root * (queue->limit > 0 ? cos(PI / (queue->limit + 1)) : 1);
    if (!(utilisation < 1) && !(queue->limit > 0))
        return NAN;
    const double scv = fmax(queue->arrivals_scv + queue->service_scv, SCV_LEAST);
    return fmax(queue->service_ns, scv * queue->service_ns / queue->workers / (2.8 * rate));
}

double steady_needed_ns(const struct steady_queue *queue)
{
    const double constant_ns = steady_relaxation_ns(queue), needed_ns = (STEADY_WARMUP + STEADY_RUN) * constant_ns;
    return queue->period_ns > 0 && !isnan(needed_ns)
               ? fmin(needed_ns, fmax(queue->period_ns, STEADY_WARMUP * constant_ns))
               : needed_ns;
}
