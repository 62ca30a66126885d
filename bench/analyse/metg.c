/* METG from trials, see metg.h. */
#include "bench/analyse/metg.h"
#include "bench/model/summary_factors.h"
#include <math.h>

#define ALIKE                                                                                                          \
    (FACTOR_WORKLOAD | FACTOR_SIZE_DIST | FACTOR_WORKERS | FACTOR_PLACE | FACTOR_ARRIVAL | FACTOR_PAYLOAD |            \
     FACTOR_BALLAST | FACTOR_FAULTS)

double metg_throughput(const struct trial_row *trial)
{
    const struct factors *f = &trial->f;
    int64_t work = f->iterations > 0 ? f->iterations : f->size_ns;
    return trial_has_time(trial) && work > 0 ? (double)work * (double)f->tasks / (double)trial->wall_ns : NAN;
}

double metg_granularity_ns(const struct trial_row *trial, int64_t cpus)
{
    int64_t busy = cpus > 0 && cpus < trial->f.workers ? cpus : trial->f.workers;
    return trial_has_time(trial) ? (double)trial->wall_ns * (double)busy / (double)trial->f.tasks : NAN;
}

double metg_highest(const struct run_data *run, size_t cell, size_t block)
{
    double highest = NAN;
    for (size_t c = 0; c < run->count; c++) {
        size_t trial = run->rows[c].f.size_ns == METG_REFERENCE_NS ? run_data_at(run, c, block) : RUN_NOTHING;
        if (trial != RUN_NOTHING && factors_equal(&run->rows[c], &run->rows[cell], ALIKE))
            highest = fmax(highest, metg_throughput(&run->trials[trial])); /* ignores that it was NAN */
    }
    return highest;
}

double metg_of(const struct metg_point *points, size_t count, double level)
{
    const struct metg_point *above = NULL;
    for (size_t i = count; i-- > 0;) {
        const struct metg_point *at = &points[i];
        if (isnan(at->efficiency) || isnan(at->granularity_ns))
            return NAN;
        if (at->efficiency < level) {
            if (!above)
                return INFINITY;
            double share = (level - at->efficiency) / (above->efficiency - at->efficiency);
            return at->granularity_ns * pow(above->granularity_ns / at->granularity_ns, share);
        }
        above = at;
    }
    return above ? above->granularity_ns : NAN;
}
