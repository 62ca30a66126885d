/* All charts, in the order of reports. */
#include "bench/show/charts/chart.h"

extern const struct chart chart_throughput, chart_efficiency, chart_winner, chart_scaling, chart_nested, chart_time,
    chart_latency, chart_costs, chart_order, chart_workers, chart_forest, chart_ballast, chart_metg, chart_capacity,
    chart_faults, chart_course, chart_rates, chart_places;

const struct chart *const chart_table[] = {
    &chart_metg,   &chart_capacity, &chart_rates,   &chart_throughput, &chart_efficiency, &chart_forest,
    &chart_winner, &chart_scaling,  &chart_nested,  &chart_places,     &chart_time,       &chart_latency,
    &chart_course, &chart_costs,    &chart_ballast, &chart_faults,     &chart_order,      &chart_workers,
    NULL,
};
