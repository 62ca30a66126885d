/* Lengths of trials under rate in words, see lengths.h. */
#include "bench/measure/lengths.h"
#include "bench/base/units.h"
#include "bench/measure/forecast/forecast.h"
#include <math.h>
#include <stdio.h>

/* How long arrivals of a trial last. */
static double lasts_ns(const struct cell *cell)
{
    return (double)cell->f.tasks * 1e9 / cell->f.arrival.rate;
}

bool lengths_short(const struct cells *cells, char *text, size_t size)
{
    double worst = STEADY_ENOUGH;
    size_t short_ones = 0;
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell *cell = &cells->cell[i];
        struct steady_queue queue;
        const double needed_ns = forecast_steady_ns(cell, &queue), share = lasts_ns(cell) / needed_ns;
        char label[SPEC_MAX], needed[32], have[32];
        if (!(needed_ns > 0) || !(share < STEADY_ENOUGH))
            continue;
        short_ones++;
        if (share >= worst)
            continue;
        worst = share;
        cell_label(cell, label, sizeof label);
        snprintf(text, size,
                 "%s: trials would need %s to be steady (workers busy for %.0f %% of the time), and have %s: "
                 "percentiles will be of a queue that still fills",
                 label, format_duration(needed, sizeof needed, needed_ns), 100 * steady_utilisation(&queue),
                 format_duration(have, sizeof have, lasts_ns(cell)));
    }
    const size_t used = short_ones > 1 ? strlen(text) : size;
    if (used < size)
        snprintf(text + used, size - used, "; so do %zu more cells", short_ones - 1);
    return short_ones;
}

bool lengths_say(const struct cells *cells, char *text, size_t size)
{
    double least_ns = INFINITY, most_ns = 0, steady_ns = 0;
    int64_t fewest = INT64_MAX, most = 0;
    char from[32], to[32], steady[32];
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell *cell = &cells->cell[i];
        struct steady_queue queue;
        if (cell->f.arrival.kind != ARRIVAL_RATE)
            continue;
        least_ns = fmin(least_ns, lasts_ns(cell));
        most_ns = fmax(most_ns, lasts_ns(cell));
        steady_ns = fmax(steady_ns, forecast_steady_ns(cell, &queue) * STEADY_WARMUP / (STEADY_WARMUP + STEADY_RUN));
        fewest = cell->f.tasks < fewest ? cell->f.tasks : fewest;
        most = cell->f.tasks > most ? cell->f.tasks : most;
    }
    if (!(most_ns > 0))
        return false;
    int length = snprintf(text, size, "%s", format_duration(from, sizeof from, least_ns));
    if (most_ns > 1.05 * least_ns)
        length += snprintf(text + length, size - (size_t)length, " .. %s", format_duration(to, sizeof to, most_ns));
    length += snprintf(text + length, size - (size_t)length, " (%lld", (long long)fewest);
    if (most > fewest)
        length += snprintf(text + length, size - (size_t)length, " .. %lld", (long long)most);
    length += snprintf(text + length, size - (size_t)length, " tasks) under rate");
    if (steady_ns > 0 && steady_ns < least_ns)
        snprintf(text + length, size - (size_t)length, ", of which the first %s, at most, fill the queue",
                 format_duration(steady, sizeof steady, steady_ns));
    return true;
}
