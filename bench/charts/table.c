/* All charts, in the order of reports. */
#include "bench/charts/chart.h"

extern const struct chart chart_throughput, chart_efficiency, chart_time, chart_latency, chart_order, chart_workers,
    chart_winner, chart_nested, chart_scaling;

const struct chart *const chart_table[] = {
    &chart_throughput, &chart_efficiency, &chart_time,   &chart_latency, &chart_order,
    &chart_workers,    &chart_winner,     &chart_nested, &chart_scaling, NULL,
};
