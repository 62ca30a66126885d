/* Throughput against workers, with what the CPUs could do at best. */
#include "bench/model/summary_factors.h"
#include "bench/show/charts/panels.h"
#include <math.h>

static double throughput(const struct trial_row *trial)
{
    return 1e9 * (double)trial->f.tasks / (double)trial->wall_ns;
}

static double throughput_ideal(const struct trial_row *trial)
{
    return trial->ideal_ns > 0 ? 1e9 * (double)trial->f.tasks / (double)trial->ideal_ns : NAN;
}

static const struct panels panels = {.x_label = "workers",
                                     .y_label = "tasks per second",
                                     .without =
                                         "no tasks were run well with two numbers of workers: the tables have what "
                                         "there is",
                                     .axis = FACTOR_WORKERS,
                                     .value = throughput,
                                     .bound = throughput_ideal};

const struct chart chart_throughput = {
    .name = "throughput",
    .title = "Throughput against workers",
    .caption = "Tasks per second of each pool against its number of workers. The dashed line is what the CPUs could do "
               "if handing over a task cost nothing.",
    .make = panels_make,
    .of = &panels,
};
