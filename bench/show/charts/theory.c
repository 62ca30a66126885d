/* See theory.h: one queue, tasks at random times, workers of which each has a CPU, or needs none. */
#include "bench/show/charts/theory.h"
#include "bench/model/host.h"
#include "bench/stats/queue.h"
#include <math.h>
#include <string.h>

#define UTILISED_MOST 0.98 /* above, the formula goes too long a way */

double theory_percentile(const struct run_data *run, const struct summary_row *row, double service_ns, double rate,
                         double p, char *words)
{
    const bool constant = !strcmp(row->f.size_dist, "fixed"), exponential = !strcmp(row->f.size_dist, "exponential");
    const bool sleeps = !strncmp(row->f.workload, "sleep", 5), spins = !strncmp(row->f.workload, "spin", 4);
    const unsigned workers = (unsigned)row->f.workers;
    if (!(constant || exponential) || !(sleeps || (spins && row->f.workers <= host_cpus(run->host))) ||
        isnan(service_ns)) {
        snprintf(words, THEORY_WORDS, "no theory: workers share CPUs, or service times are others");
        return NAN;
    }
    snprintf(words, THEORY_WORDS, "predicted: theory, M/%c/%u", constant ? 'D' : 'M', workers);
    if (!(rate * service_ns < workers * UTILISED_MOST * 1e9))
        return NAN;
    return constant ? queue_mdc_percentile(workers, rate, service_ns, p)
                    : queue_mmc_percentile(workers, rate, service_ns, p);
}
